"""Facets on arrays: the documents that pass the selected values, and counts after a toggle.

Selected values are OR-ed within a facet, or AND-ed if all are needed, and AND-ed across facets. A
facet with a child field is a tree of two levels. A selected child narrows its selected parent to
itself. A document with an excluded value never passes.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import cached_property, reduce

import numpy as np

from indexer.codec.segment.array_file import Array, pick_dtype
from search_app.engine.facets import FacetSelection, Node, Nodes, list_nodes
from search_app.engine.request import SearchRequest, parse_year_range
from search_app.engine.snapshot.facet_counts import Numbers, count_selected
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


class SelectedDocs:
    """The documents with the values of a selection, as counts over a snapshot."""

    def __init__(self, selection: FacetSelection, snapshot: Snapshot) -> None:
        self.selection, self.snapshot = selection, snapshot

    @cached_property
    def coverage(self) -> Array:
        """The number of effective values of each document."""
        key = (self.selection.field.name, self.selection.effective)
        return self.snapshot.masks.get(
            key, lambda: count_nodes(self.selection.effective, self.snapshot)
        )


def _select_facets(request: SearchRequest, snapshot: Snapshot) -> dict[str, SelectedDocs]:
    """Return the selection of each facet that has a selected value."""
    catalogue = snapshot.catalogue
    return {
        field.name: SelectedDocs(FacetSelection(field, request, catalogue), snapshot)
        for field in (catalogue.facets if request.filters else ())
        if any(request.filters.get(each.name) for each in catalogue.list_facet_fields(field))
    }


class FilteredDocs:
    """Documents, and which of them pass each facet with a selection, and the excluded values.

    `unfiltered` contains all of them. `documents` pass every facet and have no excluded value.
    `indexes` has their indexes in `unfiltered`, or None if nothing is selected or excluded.
    `selections` gives the selection of each facet with a selected value.
    """

    def __init__(self, documents: DocNumbers, request: SearchRequest, snapshot: Snapshot) -> None:
        self.unfiltered, self._snapshot = documents, snapshot
        self.selections = _select_facets(request, snapshot)
        self._passes = {
            name: selected.coverage.take(documents) >= selected.selection.least
            for name, selected in self.selections.items()
        }
        excluded = list_nodes(request.excluded, snapshot.catalogue.selectable)
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


class ToggleCounter:
    """The `SelectionCounter` of a facet with a selection.

    `base` contains the documents that match the query and pass all other facets. The facet table
    counts their values once for each number of effective values that a document has.
    """

    def __init__(self, base: DocNumbers, selected: SelectedDocs) -> None:
        self._base, self._selected = base, selected
        self._coverage = selected.coverage.take(base)
        self._effective = selected.selection.effective
        passes = self._coverage >= selected.selection.least
        self._current_total = int(np.count_nonzero(passes))
        self._columns = selected.snapshot.columns
        self._counts: dict[tuple[int, str], Numbers] = {}
        self._several: dict[tuple[Nodes, Nodes], int] = {}

    def count_all(self) -> int:
        return len(self._base)

    def count_current(self) -> int:
        return self._current_total

    def count_value(self, node: Node) -> int:
        """Return how many documents of the base have a value, or a value in a range."""
        return int(np.count_nonzero(get_mask(node, self._selected.snapshot).take(self._base)))

    def count(self, nodes: Nodes, kept: Nodes) -> int:
        if len(nodes) == 1:
            [(field, value)] = nodes
            ordinal = self._columns[field].ordinal_by_value.get(value)
            if ordinal is not None:
                # A document with the value has all of `kept`.
                return int(self._count_field(len(kept), field)[ordinal])
        if (nodes, kept) not in self._several:
            snapshot = self._selected.snapshot
            with_any = count_nodes(nodes, snapshot).take(self._base) > 0
            kept_counts = count_nodes(kept, snapshot).take(self._base) if kept else 0
            is_counted = with_any & (kept_counts == self._coverage)
            self._several[nodes, kept] = int(np.count_nonzero(is_counted))
        return self._several[nodes, kept]

    def count_having_all(self, nodes: Nodes) -> int:
        changed, size = nodes ^ self._effective, len(self._effective)
        [(field, value), *others] = changed
        ordinal = self._columns[field].ordinal_by_value.get(value)
        if others or ordinal is None:
            counts = count_nodes(nodes, self._selected.snapshot).take(self._base)
            return int(np.count_nonzero(counts == len(nodes)))
        if changed <= nodes:
            return int(self._count_field(size, field)[ordinal])
        # Without the value, the documents pass that lack no other.
        lacking_one = int(np.count_nonzero(self._coverage == size - 1))
        return self._current_total + lacking_one - int(self._count_field(size - 1, field)[ordinal])

    def _count_field(self, coverage: int, field: str) -> Numbers:
        """Count the values of the documents that have exactly `coverage` effective values."""
        counts = self._counts.get((coverage, field))
        if counts is None:
            documents = self._base[self._coverage == coverage]
            counts = self._selected.snapshot.table.count_field(field, documents)
            self._counts[coverage, field] = counts
        return counts
