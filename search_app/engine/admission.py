"""Admission control: run expensive searches one at a time and pause them while cheap ones run.

The store estimates the cost of a search from the request before the search starts. Its unit is the
posting: the time that it takes to visit one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore, Condition, Lock
from time import monotonic

COSTLY = 500_000
"""Cost in postings above which a search is expensive: about 2 ms, at 4 ns per posting."""
WAITED, WAITING = 0.5, 8
"""Limits on the queue of expensive searches: seconds that one waits, and how many wait. A client
that is refused at once retries at once, which costs more than a waiting thread."""
GIVEN = 0.2
"""Seconds in total for which an expensive search pauses while cheap ones run."""


class Busy(Exception):
    """An expensive search was refused, because others are running or waiting."""


class Lane:
    """A queue that runs one expensive search at a time, and refuses those beyond its limits.

    All threads share Python's global interpreter lock, so concurrent searches slow each other down.
    The running expensive search therefore pauses between stages while cheap searches run.
    """

    def __init__(self) -> None:
        self._running, self._waiting = Lock(), BoundedSemaphore(WAITING)
        self._passing, self._passed = 0, Condition()  # number of cheap searches that run
        self._left = 0.0  # seconds that the expensive search may still pause

    @contextmanager
    def entered(self, cost: int) -> Iterator[Callable[[], bool]]:
        """Admit a search; an expensive one first waits for its turn.

        Yield a function that pauses it while cheap searches run, and returns whether it did. Raise
        Busy if the queue is full or the wait is too long.
        """
        if cost > COSTLY:
            with self._alone():
                yield self._give_way
            return
        self._count(1)
        try:
            yield lambda: False
        finally:
            self._count(-1)

    def _count(self, more: int) -> None:
        with self._passed:
            self._passing += more
            if not self._passing:
                self._passed.notify_all()

    def _give_way(self) -> bool:
        if not self._passing or self._left <= 0:
            return False
        began = monotonic()
        with self._passed:
            self._passed.wait_for(lambda: not self._passing, self._left)
        self._left -= monotonic() - began
        return True

    @contextmanager
    def _alone(self) -> Iterator[None]:
        if not self._waiting.acquire(blocking=False):
            raise Busy("many costly searches wait already")
        try:
            is_free = self._running.acquire(timeout=WAITED)
        finally:
            self._waiting.release()
        if not is_free:
            raise Busy("a costly search is at work")
        self._left = GIVEN
        try:
            yield
        finally:
            self._running.release()
