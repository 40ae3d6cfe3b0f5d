"""Admission control: run expensive searches one at a time and pause them while cheap ones run.

The cost of a search is estimated from the request before the search starts. Its unit is the
posting: the time that it takes to visit one.
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
"""Cost in postings above which a search is expensive: about 2 ms, at 4 ns per posting."""
WORD = 2500
"""Cost of a word in postings, besides its own: for stemming, spell checking and highlighting."""
SHOWN = 6000
"""Cost of a hit on the page, in postings: its texts are read and highlighted."""
EXPLAINED = 6000
"""Cost of explaining one word of one hit, in postings."""
SELECTED = 10_000
"""Cost of a selected facet value, in postings: for its totals, and for longer URLs in all links."""
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


def estimate(request: SearchRequest, snapshot: Snapshot) -> int:
    """Return the approximate cost of a search, in postings."""
    found = list(tokens(request.text))
    words = [tokenizer.words(token.text) for token in found]
    pieces = sum(max(len(each), 1) for each in words)  # parentheses take time as well
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
    """Return the cost of comparing a text with all values of the facet before its colon."""
    row = snapshot.catalogue.by_query_name.get((token.field or "").lower())
    column = snapshot.columns.get(row.name) if row else None
    return len(column.values) * term_expansion.LOOKED_AT if column else 0


def _expanded(token: Token, snapshot: Snapshot) -> int:
    """Return the cost of expanding a prefix, a wildcard or a fuzzy term."""
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
