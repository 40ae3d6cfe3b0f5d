"""Facet filters: the documents that pass the selected values.

Selected values are OR-ed within a facet and AND-ed across facets. A facet with a child row is a
tree of two levels. A selected child narrows its selected parent to itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce

import numpy as np

from indexer.codec.segment.array_file import Array
from search_app.engine.arrays.toggle_counts import SelectedDocs
from search_app.engine.facet_selection import FacetSelection, Filters
from search_app.engine.snapshot.snapshot import DocNumbers, Snapshot


def select_facets(filters: Filters, snapshot: Snapshot) -> dict[str, SelectedDocs]:
    """Return the selection of each facet that has a selected value."""
    if not filters:
        return {}
    catalogue, children = snapshot.catalogue, snapshot.catalogue.children
    return {
        field.name: SelectedDocs(FacetSelection(field, filters, catalogue), snapshot)
        for field in catalogue.facets
        if filters.get(field.name)
        or (field.name in children and filters.get(children[field.name].name))
    }


class FilteredDocs:
    """Documents, and which of them pass each facet with a selection.

    `unfiltered` has all of them. `documents` pass every facet. `indexes` has their indexes in
    `unfiltered`, or None if nothing is selected.
    """

    def __init__(self, documents: DocNumbers, selections: Mapping[str, SelectedDocs]) -> None:
        self.unfiltered = documents
        self._passes = {
            name: selected.coverage.take(documents) > 0 for name, selected in selections.items()
        }
        self.indexes: Array | None = None
        self.documents = documents
        if self._passes:
            self.indexes = reduce(np.logical_and, self._passes.values()).nonzero()[0]
            self.documents = documents.take(self.indexes)

    def without_facet(self, facet: str) -> DocNumbers:
        """Return the documents that pass every facet except `facet`.

        The values of `facet` are counted over these.
        """
        if facet not in self._passes:
            return self.documents
        masks = [mask for name, mask in self._passes.items() if name != facet]
        if not masks:
            return self.unfiltered
        return self.unfiltered.take(reduce(np.logical_and, masks).nonzero()[0])
