"""Facets on arrays: the documents that pass the selected values, and counts without each of them.

Selected values are OR-ed within a facet, or AND-ed if all are needed, and AND-ed across facets. A
facet with a child field is a tree of two levels. A selected child narrows its selected parent to
itself. A document with an excluded value never passes.
"""

from collections.abc import Collection
from functools import reduce

import numpy as np

from indexer.codec.segment.array_file import Array, pick_dtype
from search_app.engine.facets import FacetSelection, Node, list_nodes
from search_app.engine.request import SearchRequest, parse_year_range
from search_app.engine.results import Bucket
from search_app.engine.snapshot.facet_counts import count_selected
from search_app.engine.snapshot.snapshot import DocNumbers, Mask, Snapshot

EXCLUDED = "-"
"""The name of the excluded values among the facets. No facet has this name."""


def get_mask(node: Node, snapshot: Snapshot) -> Mask:
    """Return the mask of the documents that have one value, or a value in one range."""
    field, value = node
    column = snapshot.columns[field]
    ordinal = column.ordinal_by_value.get(value)
    if ordinal is not None:
        return snapshot.docs_with_values(field, (ordinal,))
    is_year = snapshot.catalogue.by_name[field].kind == "year"
    ends = parse_year_range(value) if is_year else None
    between = column.find_between(ends[0], ends[1] or "9999") if ends else ()
    return snapshot.docs_with_values(field, between)


def count_nodes(nodes: Collection[Node], snapshot: Snapshot) -> Array:
    """Return how many of some values each document has."""
    counts = np.zeros(snapshot.size, pick_dtype(len(nodes)))
    for field in dict.fromkeys(field for field, _ in nodes):
        column = snapshot.columns[field]
        by_node = {node: column.ordinal_by_value.get(node[1]) for node in nodes if node[0] == field}
        ordinals = [ordinal for ordinal in by_node.values() if ordinal is not None]
        if ordinals:
            counts += count_selected(column, ordinals)
        for node, ordinal in by_node.items():
            if ordinal is None:
                counts += get_mask(node, snapshot)
    return counts


class FilteredDocs:
    """Documents, and which of them pass each facet with a selection, and the excluded values.

    `unfiltered` contains all of them. `documents` pass every facet and have no excluded value.
    `indexes` has their indexes in `unfiltered`, or None if nothing is selected or excluded.
    `selections` gives the selection of each facet with a selected value.
    """

    def __init__(self, documents: DocNumbers, request: SearchRequest, snapshot: Snapshot) -> None:
        self.unfiltered, self._snapshot = documents, snapshot
        catalogue = snapshot.catalogue
        self.selections = {
            field.name: FacetSelection(field, request, catalogue)
            for field in (catalogue.facets if request.filters else ())
            if any(request.filters.get(each.name) for each in catalogue.list_facet_fields(field))
        }
        self._excluded = list_nodes(request.excluded, catalogue.selectable)
        self._coverages = {
            name: self._count_values(name, selection.effective)
            for name, selection in self.selections.items()
        }
        self._passes = {
            name: coverage >= self.selections[name].least
            for name, coverage in self._coverages.items()
        }
        if self._excluded:
            self._coverages[EXCLUDED] = self._count_values(EXCLUDED, self._excluded)
            self._passes[EXCLUDED] = self._coverages[EXCLUDED] == 0
        self.indexes: Array | None = None
        self.documents = documents
        if self._passes:
            self.indexes = reduce(np.logical_and, self._passes.values()).nonzero()[0]
            self.documents = documents.take(self.indexes)

    def without_facet(self, facet: str) -> DocNumbers:
        """Return the documents that pass all facets but one. Its values are counted over these."""
        return self.unfiltered[self._pass_others(facet)]

    def list_restricted(self) -> list[Bucket]:
        """Return the selected and excluded values.

        `count` of a selected value counts the documents that pass every other facet, or all facets
        if all selected values are needed.
        """
        size, found = len(self.documents), list[Bucket]()
        for facet, selection in self.selections.items():
            base = self._pass_others(facet)
            documents, coverage = self.unfiltered[base], self._coverages[facet][base]
            least = selection.least - (selection.needs_all or len(selection.nodes) == 1)
            for node in selection.nodes:
                has_node = get_mask(node, self._snapshot).take(documents)
                after = selection.list_effective(selection.nodes.keys() - {node})
                passes = coverage - (has_node & (node in selection.effective)) >= least
                for added in after - selection.effective:
                    passes |= get_mask(added, self._snapshot).take(documents)
                count = size if selection.needs_all else int(np.count_nonzero(has_node))
                found.append(Bucket(*node, count, int(np.count_nonzero(passes)), selected=True))
        if self._excluded:
            removed = self._pass_others(EXCLUDED) & (self._coverages[EXCLUDED] == 1)
            documents = self.unfiltered[removed]
            for node in self._excluded:
                count = int(np.count_nonzero(get_mask(node, self._snapshot).take(documents)))
                found.append(Bucket(*node, count, size + count, excluded=True))
        return found

    def _pass_others(self, facet: str) -> Mask:
        """Return which documents pass every facet except `facet`."""
        masks = [mask for name, mask in self._passes.items() if name != facet]
        return reduce(np.logical_and, masks, np.ones(len(self.unfiltered), np.bool_))

    def _count_values(self, facet: str, nodes: Collection[Node]) -> Array:
        key, snapshot = (facet, frozenset(nodes)), self._snapshot
        return snapshot.masks.get(key, lambda: count_nodes(nodes, snapshot)).take(self.unfiltered)
