"""Costly searches go one at a time, and give way, so that ordinary ones stay quick beside them.

What a search costs is told before any of it is done, from the text alone, in postings: about
how many could be visited in that time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore, Condition, Lock
from time import monotonic

from whoosh import query

from indexer import analysis
from indexer.folding import as_written
from search_app.engine import expand
from search_app.engine.lexer import Token, tokens
from search_app.engine.request import SearchRequest
from search_app.engine.snapshot import Snapshot

COSTLY = 400_000
"""What costs more goes through the lane: five to ten milliseconds and up."""
SHORT = 60
"""A text of at most so many characters without a pattern has few words, and is never costly."""
WORD = 2000
"""A word costs so much besides its postings: its stems, its likely spellings, its marks."""
EXPLAINED = 1600
"""To find out why a publication was found costs so much for each word."""
WAITED, WAITING = 0.5, 8
"""So many seconds a costly search waits for those before it, and so many wait at most. Who is
refused at once asks again at once, which costs more than a thread that waits."""
GIVEN = 0.2
"""So many seconds in all a costly search stands aside while ordinary ones are answered."""


class Busy(Exception):
    """A costly search that was refused, as others are in the lane."""


class Lane:
    """Lets one costly search run, and some wait for it; more are refused.

    Threads share one lock of Python's, so that what runs beside a search makes it slower. The one
    in the lane therefore stands aside, wherever it can, while ordinary searches are answered.
    """

    def __init__(self) -> None:
        self._running, self._waiting = Lock(), BoundedSemaphore(WAITING)
        self._passing, self._passed = 0, Condition()  # how many ordinary ones are being answered
        self._left = 0.0  # how long the one in the lane may yet stand aside

    @contextmanager
    def entered(self, cost: int) -> Iterator[Callable[[], bool]]:
        """Holds the lane, if a search costs so much that it must; gives what lets others pass.

        Raises Busy.
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


def estimate(request: SearchRequest, snapshot: Snapshot) -> int:
    """About what a search costs, in postings."""
    text = request.text
    if len(text) <= SHORT and not request.explain and "*" not in text and "~" not in text:
        return 0
    found = list(tokens(text))
    words = [raw for each in found for raw in analysis.words(each.text)]
    cost = len(words) * (WORD + EXPLAINED * request.size * request.explain)
    cost += sum(_expanded(each, snapshot) for each in found if each.kind == "word")
    if cost <= COSTLY:
        cost += sum(snapshot.frequency(snapshot.stems(raw)[0]) for raw in words)
    return cost


def _expanded(token: Token, snapshot: Snapshot) -> int:
    """What it costs to find the terms that a beginning, a pattern or a likeness stands for."""
    beginning, star, rest = token.text.partition("*")
    if "~" in token.text or (star and (rest or not beginning)):
        terms = (snapshot.segment.words, snapshot.segment.stems)
        return sum(len(each.texts) for each in terms) * expand.LOOKED_AT
    if not star:
        return 0
    return expand.size(query.Prefix("", analysis.WRITTEN + as_written(beginning)), snapshot)
