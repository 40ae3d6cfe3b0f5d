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

from indexer.analysis import stemming, tokenizer
from indexer.analysis.folding import fold
from search_app.engine.arrays import term_expansion
from search_app.engine.arrays.cost import PLACE, stands
from search_app.engine.query.lexer import Token, tokens
from search_app.engine.query.literal import SHAPE
from search_app.engine.request import SearchRequest
from search_app.engine.snapshot.snapshot import Snapshot

COSTLY = 500_000
"""Searches that cost more go through the lane: from about 2 ms on, as a posting takes 4 ns."""
WORD = 2500
"""A word costs so much besides its postings: its stems, its likely spellings, its marks."""
SHOWN = 6000
"""A publication that is shown costs so much: its texts are read and marked."""
EXPLAINED = 6000
"""To find out why a publication was found costs so much for each word."""
SELECTED = 10_000
"""Cost of a selected value of a facet, in postings: its totals, and a longer URL in every link."""
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
    found = list(tokens(request.text))
    words = [tokenizer.words(token.text) for token in found]
    pieces = sum(max(len(each), 1) for each in words)  # parentheses take time, too
    cost = pieces * (WORD + EXPLAINED * request.size * request.explain) + SHOWN * request.size
    cost += sum(_compared(each, snapshot) for each in found if each.field)
    cost += SELECTED * sum(map(len, request.filters.values()))
    cost += sum(_expanded(each, snapshot) for each in found if each.kind == "word")
    if cost > COSTLY:
        return cost
    dropped = stemming.stop_words(snapshot.catalogue.language)
    are_fields = any(token.field and token.kind == "open" for token in found)
    plain, in_fields = set[str](), set[str]()
    for token, raws in zip(found, words, strict=True):
        stems = [snapshot.stems(raw)[0] for raw in raws]
        if len(raws) > 1:
            cost += min(stands(stem, snapshot) for stem in stems) * (PLACE + len(raws))
        if token.kind == "word":
            (in_fields if are_fields or token.field else plain).update(stems)
    kept = {stem for stem in plain if stem not in dropped} or plain
    cost += sum(map(snapshot.frequency, kept))
    return cost + PLACE * sum(stands(stem, snapshot) for stem in in_fields)


def _compared(token: Token, snapshot: Snapshot) -> int:
    """Return what it costs to compare a text with the values of the facet before its colon."""
    row = snapshot.catalogue.by_query_name.get((token.field or "").lower())
    column = snapshot.columns.get(row.name) if row else None
    return len(column.values) * term_expansion.LOOKED_AT if column else 0


def _expanded(token: Token, snapshot: Snapshot) -> int:
    """What it costs to find the terms that a beginning, a pattern or a likeness stands for."""
    if "~" not in token.text and "*" not in token.text:
        return 0
    terms = (snapshot.segment.words, snapshot.segment.stems)
    all_terms = sum(len(each.texts) for each in terms) * term_expansion.LOOKED_AT
    cost = all_terms * ("~" in token.text)
    for shape in SHAPE.findall(fold(token.text)):
        beginning, star, rest = shape.partition("*")
        if star and beginning and not rest:
            cost += term_expansion.size(query.Prefix("", tokenizer.WRITTEN + beginning), snapshot)
        else:
            cost += all_terms * bool(star)
    return cost
