"""Admission control: run expensive searches one at a time and pause them while cheap ones run.

`query.cost` estimates the cost of a search from the request before the search starts. Its unit is
the posting: the time that it takes to visit one.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore, Condition, Lock
from time import monotonic
from typing import TypeVar

Item = TypeVar("Item")

EXPENSIVE = 500_000
"""Cost in postings above which a search is expensive: about 2 ms, at 4 ns per posting."""
MAX_WAIT_SECONDS, MAX_WAITING = 0.5, 8
"""Limits on the queue of expensive searches: seconds that one waits, and number that wait.
A client that is refused at once retries at once. That costs more than a waiting thread."""
SLICE_SECONDS, MAX_PAUSE_SECONDS = 0.005, 0.02
"""Seconds for which an export computes before it looks for searches, and maximum seconds for which
it pauses then. Searches slow it down to a fifth, and never stop it."""
MAX_YIELD_SECONDS = 0.2
"""Seconds in total for which an expensive search pauses while cheap ones run."""


class TooBusy(Exception):
    """An expensive search was refused, because others are running or waiting."""


class AdmissionControl:
    """A queue that runs one expensive search at a time, and refuses those beyond its limits.

    All threads share Python's global interpreter lock, so concurrent searches slow each other down.
    The running expensive search therefore pauses between stages while cheap searches run.
    """

    def __init__(self) -> None:
        self._running, self._waiting = Lock(), BoundedSemaphore(MAX_WAITING)
        # The number of cheap searches that run, and the condition that none runs.
        self._cheap_running, self._cheap_finished = 0, Condition()
        self._yield_seconds_left = 0.0  # seconds that the expensive search may still pause

    @contextmanager
    def admit(self, cost: int) -> Iterator[Callable[[], bool]]:
        """Admit a search; an expensive one first waits for its turn.

        Yield a function that pauses it while cheap searches run, and returns whether it did. Raise
        TooBusy if the queue is full or the wait is too long.
        """
        if cost > EXPENSIVE:
            with self._run_alone():
                yield self._yield_to_others
            return
        self._count(1)
        try:
            yield lambda: False
        finally:
            self._count(-1)

    def pace(self, items: Iterable[Item]) -> Iterator[Item]:
        """Yield items, and pause between them while cheap searches run."""
        slice_end = monotonic() + SLICE_SECONDS
        for item in items:
            yield item
            if self._cheap_running and monotonic() > slice_end:
                with self._cheap_finished:
                    self._cheap_finished.wait_for(
                        lambda: not self._cheap_running, MAX_PAUSE_SECONDS
                    )
                slice_end = monotonic() + SLICE_SECONDS

    def _count(self, change: int) -> None:
        with self._cheap_finished:
            self._cheap_running += change
            if not self._cheap_running:
                self._cheap_finished.notify_all()

    def _yield_to_others(self) -> bool:
        if not self._cheap_running or self._yield_seconds_left <= 0:
            return False
        started = monotonic()
        with self._cheap_finished:
            self._cheap_finished.wait_for(lambda: not self._cheap_running, self._yield_seconds_left)
        self._yield_seconds_left -= monotonic() - started
        return True

    @contextmanager
    def _run_alone(self) -> Iterator[None]:
        if not self._waiting.acquire(blocking=False):
            raise TooBusy("too many expensive searches are waiting: try again later")
        try:
            is_free = self._running.acquire(timeout=MAX_WAIT_SECONDS)
        finally:
            self._waiting.release()
        if not is_free:
            raise TooBusy("another expensive search is running: try again later")
        self._yield_seconds_left = MAX_YIELD_SECONDS
        try:
            yield
        finally:
            self._running.release()
