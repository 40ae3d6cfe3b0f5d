"""The engine: it answers a `SearchRequest` with `Results`, and knows nothing of HTTP.

The way of a query: `parse` makes a tree of what was typed, `match` finds the publications,
`score` weighs them, `facets` counts them, `passages` shows where the words stand.
"""

from __future__ import annotations

import time
from pathlib import Path
from threading import Lock

import numpy as np
from numpy.typing import NDArray
from whoosh import query

from indexer import analysis, generations
from indexer.fields import Field
from indexer.record import Publication
from search_app.engine import facets, passages
from search_app.engine.columns import Mask
from search_app.engine.match import matches
from search_app.engine.parse import Parsed, Vocabulary, parse
from search_app.engine.request import SearchRequest, Sort
from search_app.engine.results import Hit, Results
from search_app.engine.score import Scores, scores
from search_app.engine.snapshot import Snapshot


class Engine:
    """Answers searches from the live generation of an index, and takes up the next.

    Whoever asks keeps the snapshot that the question began with, so that an answer is never
    mixed from two generations. Safe to share between threads.
    """

    def __init__(self, index: Path) -> None:
        self._index = index
        self._lock = Lock()
        self._snapshot: Snapshot | None = None

    def snapshot(self) -> Snapshot:
        """The live generation. Raises IndexMissing or IndexOutdated if none can be had."""
        held = self._snapshot
        try:
            name = generations.current_name(self._index)
            if held is not None and held.name == name:
                return held
            with self._lock:
                if self._snapshot is None or self._snapshot.name != name:
                    self._snapshot = Snapshot(generations.load(self._index, name))
                return self._snapshot
        except (generations.IndexUnusable, OSError):
            if held is None:
                raise
            return held

    def search(self, request: SearchRequest, snapshot: Snapshot | None = None) -> Results:
        """The answer to a search."""
        started = time.perf_counter()
        snapshot = snapshot or self.snapshot()
        parsed, relaxed = _read(request, snapshot)
        base = np.ones(snapshot.size, np.bool_)
        if parsed.words is not None:
            base = matches(parsed.words, snapshot)
        for node in parsed.filters:
            base = base & matches(node, snapshot)
        chosen = facets.selections(request.filters, snapshot)
        found = facets.filtered(base, chosen)
        weighed = scores(parsed.words, snapshot) if parsed.words is not None else None
        sort = request.sort or ("newest" if weighed is None else "relevance")
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
            generation=snapshot.name,
            took=round((time.perf_counter() - started) * 1000, 3),
        )

    def publication(self, identity: str) -> Publication | None:
        """The publication with an id, or None."""
        snapshot = self.snapshot()
        number = snapshot.number(identity)
        return None if number is None else snapshot.publication(number)


def open_engine(index: Path) -> Engine:
    """An engine on the live generation. Raises IndexMissing or IndexOutdated."""
    engine = Engine(index)
    engine.snapshot()
    return engine


def _read(request: SearchRequest, snapshot: Snapshot) -> tuple[Parsed, bool]:
    """The query, and whether it was relaxed: the words alone decide, before any filter."""
    vocabulary = Vocabulary(snapshot.catalogue, lambda field, text: _named(field, text, snapshot))
    joined = query.Or if request.match == "any" else query.And
    parsed = parse(request.text, vocabulary, joined)
    if request.match != "auto" or parsed.words is None or matches(parsed.words, snapshot).any():
        return parsed, False
    relaxed = parse(request.text, vocabulary, query.Or)
    return relaxed, relaxed.words != parsed.words


def _named(field: Field, text: str, snapshot: Snapshot) -> list[str]:
    wanted = analysis.fold(text)
    language = snapshot.catalogue.language
    return [
        value
        for value in snapshot.columns[field.name].values
        if wanted in (analysis.fold(value), analysis.fold(field.display(value, language)))
    ]


def _ordered(
    found: Mask, sort: Sort, weighed: Scores | None, snapshot: Snapshot
) -> NDArray[np.intp]:
    """The numbers of the publications found, in order; ties are newest first, then by id."""
    numbers = np.flatnonzero(found)
    if sort == "relevance" and weighed is not None:
        rank = snapshot.ranks["newest"][numbers]
        return numbers[np.lexsort((rank, -weighed[numbers]))]
    rank = snapshot.ranks["newest" if sort == "relevance" else sort][numbers]
    return numbers[np.argsort(rank)]


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
