"""The engine: it answers a `SearchRequest` with `Results`, and knows nothing of HTTP.

The way of a query: `parse` makes a tree of what was typed, `match` finds the publications,
`score` weighs them, `facets` counts them, `passages` shows where the words stand.
"""

from __future__ import annotations

import logging
import time
from contextlib import suppress
from pathlib import Path
from threading import Lock

import numpy as np
from numpy.typing import NDArray
from whoosh import query

from indexer import analysis, generations
from indexer.fields import MISSING, Field
from search_app.engine import facets, passages
from search_app.engine.columns import Mask
from search_app.engine.match import matches
from search_app.engine.parse import Parsed, Vocabulary, parse
from search_app.engine.request import SearchRequest, Sort
from search_app.engine.results import Hit, Results
from search_app.engine.score import Scores, scores
from search_app.engine.snapshot import Snapshot

log = logging.getLogger(__name__)


class Engine:
    """Answers searches from the live generation of an index, and takes up the next.

    Whoever asks keeps the snapshot that the question began with, so that an answer is never
    mixed from two generations. While the next one is being opened, others get the one held.
    A generation that can't be opened is told once, and the one held stays. Safe to share
    between threads.

    `held` is the snapshot in use, if there is one; `failed` the name of a live generation
    that could not be taken up, empty where the index is gone.
    """

    def __init__(self, index: Path) -> None:
        self._index = index
        self._lock = Lock()
        self.held: Snapshot | None = None
        self.failed: str | None = None

    def snapshot(self) -> Snapshot:
        """The live generation. Raises IndexMissing or IndexOutdated if none can be had."""
        held, live = self.held, self._live_name()
        if held is not None and live == held.name:
            self.failed = None
            return held
        if held is not None and live == self.failed:
            return held
        if not self._lock.acquire(blocking=held is None):
            assert held is not None
            return held
        try:
            return self._take_up()
        finally:
            self._lock.release()

    def _live_name(self) -> str:
        with suppress(generations.IndexUnusable, OSError):
            return generations.current_name(self._index)
        return ""

    def _take_up(self) -> Snapshot:
        """Opens the live generation, unless another thread just has."""
        try:
            name = generations.current_name(self._index)
            if self.held is None or self.held.name != name:
                self.held = Snapshot(generations.verified(self._index, name))
                self.failed = None
            return self.held
        except (generations.IndexUnusable, OSError) as error:
            if self.held is None:
                raise
            self.failed = self._live_name()
            log.error("%s stays in use: %s", self.held.name, error)
            return self.held

    def search(self, request: SearchRequest, snapshot: Snapshot | None = None) -> Results:
        """The answer to a search."""
        started = time.perf_counter()
        snapshot = snapshot or self.snapshot()
        parsed, base, relaxed = _read(request, snapshot)
        for node in parsed.filters:
            base = base & matches(node, snapshot)
        chosen = facets.selections(request.filters, snapshot)
        found = facets.filtered(base, chosen)
        weighed = scores(parsed.words, snapshot) if parsed.words is not None else None
        sort = _sort(request, is_scored=weighed is not None)
        ordered = _ordered(found, sort, weighed, snapshot)
        first = (request.page - 1) * request.size
        hits = [
            _hit(int(number), parsed.words, weighed, snapshot)
            for number in ordered[first : first + request.size]
        ]
        counted = {
            name: facets.buckets(facets.filtered(base, chosen, leave_out=name), selection)
            for name, selection in chosen.items()
        }
        return Results(
            total=len(ordered),
            hits=tuple(hits),
            facets=counted,
            relaxed=relaxed,
            scored=weighed is not None,
            sort=sort,
            ignored=parsed.ignored,
            unknown=parsed.unknown,
            is_read=not request.text or parsed.words is not None or bool(parsed.filters),
            generation=snapshot.name,
            took=round((time.perf_counter() - started) * 1000, 3),
        )


def open_engine(index: Path) -> Engine:
    """An engine on the live generation. Raises IndexMissing or IndexOutdated."""
    engine = Engine(index)
    engine.snapshot()
    return engine


def _read(request: SearchRequest, snapshot: Snapshot) -> tuple[Parsed, Mask, bool]:
    """The query, what its words find, and whether it was relaxed.

    The words alone decide that, before any filter.
    """
    vocabulary = Vocabulary(snapshot.catalogue, lambda field, text: _named(field, text, snapshot))
    joined = query.Or if request.match == "any" else query.And
    parsed = parse(request.text, vocabulary, joined)
    found = _found(parsed.words, snapshot)
    if request.match != "auto" or found.any():
        return parsed, found, False
    relaxed = parse(request.text, vocabulary, query.Or)
    return relaxed, _found(relaxed.words, snapshot), relaxed.words != parsed.words


def _found(words: query.Query | None, snapshot: Snapshot) -> Mask:
    return np.ones(snapshot.size, np.bool_) if words is None else matches(words, snapshot)


def _named(field: Field, text: str, snapshot: Snapshot) -> list[str]:
    """The values that a text names, as a code or a label; else those that have its words."""
    language = snapshot.catalogue.language
    labels = {
        value: analysis.fold(field.missing if value == MISSING else field.display(value, language))
        for value in snapshot.columns[field.name].values
    }
    wanted = analysis.fold(text)
    exactly = [value for value in labels if wanted in (labels[value], analysis.fold(value))]
    words = set(wanted.split())
    return exactly or [value for value in labels if words and words <= set(labels[value].split())]


def _sort(request: SearchRequest, *, is_scored: bool) -> Sort:
    """The order asked for; without words nothing is more relevant than another."""
    if is_scored:
        return request.sort or "relevance"
    return request.sort if request.sort and request.sort != "relevance" else "newest"


def _ordered(
    found: Mask, sort: Sort, weighed: Scores | None, snapshot: Snapshot
) -> NDArray[np.intp]:
    """The numbers of the publications found, in order; ties are newest first, then by id."""
    numbers = np.flatnonzero(found)
    if sort == "relevance" and weighed is not None:
        rank = snapshot.ranks["newest"][numbers]
        return numbers[np.lexsort((rank, -weighed[numbers]))]
    return numbers[np.argsort(snapshot.ranks[sort][numbers])]


def _hit(number: int, words: query.Query | None, weighed: Scores | None, snapshot: Snapshot) -> Hit:
    publication = snapshot.publication(number)
    title_row, summary_row = snapshot.catalogue.role("title"), snapshot.catalogue.role("summary")
    in_title = passages.marker(words, title_row.name if title_row else "")
    in_summary = passages.marker(words, summary_row.name if summary_row else "")
    return Hit(
        publication,
        None if weighed is None else round(float(weighed[number]), 4),
        passages.whole(publication.title, in_title),
        passages.passage(publication.summary or "", in_summary),
    )
