"""Retrieval: request → matching documents, before sorting, facet counts and passages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from search_app.engine import semantic
from search_app.engine.arrays import facets
from search_app.engine.arrays.bm25f import Ranking
from search_app.engine.arrays.facets import Sifted
from search_app.engine.arrays.matcher import matches
from search_app.engine.arrays.toggle_counts import Selection
from search_app.engine.deadline import Stopwatch
from search_app.engine.interpretation.interpreter import NONE, Understood, understood
from search_app.engine.query.year_expressions import Dated, dated
from search_app.engine.request import SearchRequest
from search_app.engine.semantic import Meant
from search_app.engine.snapshot.snapshot import Documents, Snapshot


class Finding(NamedTuple):
    """The matching documents of a search, and how the query was interpreted.

    `request` has the text with year expressions replaced by filters, and `dated` lists them.
    `meant` has the hits with semantic scores, if the search uses them. `sifted` has the documents
    that pass the filters, and `keys` (float32) their sort keys by relevance, or None without words.
    `chosen` has the selection of each facet with a selected value.
    """

    request: SearchRequest
    dated: Dated
    understood: Understood
    meant: Meant | None
    sifted: Sifted
    keys: NDArray[np.float32] | None
    chosen: Mapping[str, Selection]

    @property
    def base(self) -> Ranking | None:
        """The ranked documents before any filter, or None if no words were typed."""
        return self.meant.ranking if self.meant else self.understood.base

    @property
    def added(self) -> Documents:
        """The documents of `base` that match by semantic similarity alone."""
        return self.meant.added if self.meant else NONE

    @property
    def total(self) -> int:
        """The number of hits."""
        return len(self.sifted.documents)

    @property
    def as_typed(self) -> int:
        """The number of hits if the query was neither relaxed nor corrected, otherwise 0."""
        read = self.understood
        return 0 if read.relaxed or read.corrected else self.total


def found(request: SearchRequest, snapshot: Snapshot, watch: Stopwatch | None = None) -> Finding:
    """Return the documents that match a request. Raise OverBudget.

    Year expressions are filters. If no document passes them, they are searched for as words, and
    the result of that is returned if it has hits.
    """
    watch = watch or Stopwatch()
    typed = Dated(request.text)
    read = typed if request.exact else dated(request.text, snapshot.catalogue)
    finding = _found(request, read, snapshot, watch)
    if read != typed and not len(finding.sifted.given):
        literal = _found(request, typed, snapshot, watch)
        return literal if literal.as_typed or len(literal.understood.strict) else finding
    return finding


def _found(request: SearchRequest, read: Dated, snapshot: Snapshot, watch: Stopwatch) -> Finding:
    """Return the documents that match a request with the given reading of its years."""
    request = msgspec.structs.replace(request, text=read.text)
    understanding = understood(request, snapshot, watch)
    meant = semantic.meant(request, understanding, snapshot)
    if meant:
        watch.lap("meaning")
    base = meant.ranking if meant else understanding.base
    documents, keys = (base.documents, base.keys) if base else (snapshot.everything, None)
    for node in understanding.parsed.filters:
        kept = matches(node, snapshot).take(documents)
        documents, keys = documents[kept], None if keys is None else keys[kept]
    chosen = facets.ticked(request.filters, snapshot)
    sifted = Sifted(documents, chosen)
    if keys is not None and sifted.at is not None:
        keys = keys.take(sifted.at)
    watch.lap("match")
    return Finding(request, read, understanding, meant, sifted, keys, chosen)
