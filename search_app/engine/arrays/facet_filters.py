"""Facet filters: the documents that pass the selected values.

Selected values are OR-ed within a facet, or AND-ed if all are needed, and AND-ed across facets. A
facet with a child row is a tree of two levels. A selected child narrows its selected parent to
itself. A document with an excluded value never passes.
"""

from __future__ import annotations

from functools import reduce

import numpy as np

from indexer.catalogue.schema import list_selectable_fields
from indexer.codec.segment.array_file import Array
from search_app.engine.arrays.toggle_counts import SelectedDocs, count_nodes, get_mask
from search_app.engine.facet_selection import FacetSelection, Node, list_nodes
from search_app.engine.request import SearchRequest
from search_app.engine.snapshot.snapshot import DocNumbers, Snapshot

EXCLUDED = "-"
"""The name of the excluded values among the facets. No facet has this name."""


def _select_facets(request: SearchRequest, snapshot: Snapshot) -> dict[str, SelectedDocs]:
    """Return the selection of each facet that has a selected value."""
    catalogue = snapshot.catalogue
    return {
        field.name: SelectedDocs(FacetSelection(field, request, catalogue), snapshot)
        for field in (catalogue.facets if request.filters else ())
        if any(request.filters.get(row.name) for row in catalogue.list_facet_rows(field))
    }


class FilteredDocs:
    """Documents, and which of them pass each facet with a selection, and the excluded values.

    `unfiltered` has all of them. `documents` pass every facet and have no excluded value. `indexes`
    has their indexes in `unfiltered`, or None if nothing is selected or excluded. `selections` has
    the selection of each facet with a selected value.
    """

    def __init__(self, documents: DocNumbers, request: SearchRequest, snapshot: Snapshot) -> None:
        self.unfiltered, self._snapshot = documents, snapshot
        self.selections = _select_facets(request, snapshot)
        self._passes = {
            name: selected.coverage.take(documents) >= selected.selection.least
            for name, selected in self.selections.items()
        }
        excluded = list_nodes(request.excluded, list_selectable_fields(snapshot.catalogue))
        self._excluded = excluded
        if excluded:
            key = (EXCLUDED, *excluded)
            counts = snapshot.masks.get(key, lambda: count_nodes(excluded, snapshot))
            self._exclusions = counts.take(documents)
            self._passes[EXCLUDED] = self._exclusions == 0
        self.indexes: Array | None = None
        self.documents = documents
        if self._passes:
            self.indexes = reduce(np.logical_and, self._passes.values()).nonzero()[0]
            self.documents = documents.take(self.indexes)

    def without_facet(self, facet: str) -> DocNumbers:
        """Return the documents that pass every facet except `facet`, and have no excluded value.

        The values of `facet` are counted over these.
        """
        if facet not in self._passes:
            return self.documents
        masks = [mask for name, mask in self._passes.items() if name != facet]
        if not masks:
            return self.unfiltered
        return self.unfiltered.take(reduce(np.logical_and, masks).nonzero()[0])

    def count_excluded(self) -> dict[Node, int]:
        """Return how many documents pass every facet and have this excluded value and no other."""
        if not self._excluded:
            return {}
        masks = [mask for name, mask in self._passes.items() if name != EXCLUDED]
        is_counted = reduce(np.logical_and, masks, self._exclusions == 1)
        documents = self.unfiltered.take(is_counted.nonzero()[0])
        return {
            node: int(np.count_nonzero(get_mask(node, self._snapshot).take(documents)))
            for node in self._excluded
        }
