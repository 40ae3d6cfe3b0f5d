"""Which publications a search finds, before any is put in order, counted or shown."""

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
    """What a search finds: how it was read, and what the filters leave.

    `request` has the text with its years read as filters, and `dated` says which they were.
    `meant` says what it finds once meaning counts, if it does. `keys` has what each publication is
    ranked by, where words were typed. `chosen` has the facets in which something is ticked.
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
        """What was found before any filter; None where no words were typed."""
        return self.meant.ranking if self.meant else self.understood.base

    @property
    def added(self) -> Documents:
        """Those of it that only mean what was typed."""
        return self.meant.added if self.meant else NONE

    @property
    def total(self) -> int:
        """How many publications were found."""
        return len(self.sifted.documents)

    @property
    def as_typed(self) -> int:
        """How many have all that was typed, as it was typed."""
        read = self.understood
        return 0 if read.relaxed or read.corrected else self.total


def found(request: SearchRequest, snapshot: Snapshot, watch: Stopwatch | None = None) -> Finding:
    """Find the publications that answer a search.

    Years in the text are filters, unless these leave nothing and the text as typed finds something.
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
    """Find the publications that answer a text in which years were read in one way."""
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
