"""Facet filters, and facet buckets from the counts of `snapshot.facet_counts`.

Selected values are OR-ed within a facet and AND-ed across facets. A facet with a child row is a
tree of two levels. A selected child narrows its selected parent to itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce

import numpy as np

from indexer.catalogue.fields import MISSING, Field
from indexer.codec.segment.array_file import Array
from search_app.engine.arrays.toggle_counts import SelectedDocs, ToggleCounter
from search_app.engine.facet_selection import FacetSelection, Filters, count_after_toggle
from search_app.engine.results import Bucket
from search_app.engine.snapshot.facet_counts import FacetCounts
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


def facet_buckets(
    base: DocNumbers, counts: FacetCounts, selected: SelectedDocs, limit: int | None
) -> tuple[Bucket, ...]:
    """Return the values of a facet with their counts, in display order.

    `base` has the documents that match the query and pass every other facet. `counts` are the
    counts of their values. Values without documents are left out, unless they are selected. `limit`
    limits a facet that is ordered by count and has no child row. Selected values are always
    included.
    """
    selection = selected.selection
    toggles = ToggleCounter(base, selected) if selection.nodes else None
    tree = {row.name: _make_row(counts, selected, row, limit, toggles) for row in selection.rows}
    top = tree[selection.field.name]
    if selection.child is not None:
        top = _with_children(top, tree[selection.child.name], selection)
    return tuple(sorted(top, key=lambda bucket: _make_sort_key(bucket, selection.field)))


def count_hidden(buckets: Sequence[Bucket], counts: FacetCounts, selection: FacetSelection) -> int:
    """Return how many values of a facet have documents but are not among the given buckets."""
    if selection.child is not None:
        return 0
    value_count = int(np.count_nonzero(counts[selection.field.name]))
    return value_count - sum(bucket.count > 0 and ".." not in bucket.value for bucket in buckets)


def _make_row(
    counts: FacetCounts,
    selected: SelectedDocs,
    row: Field,
    limit: int | None,
    toggles: ToggleCounter | None,
) -> list[Bucket]:
    selection = selected.selection
    row_limit = limit if row.order == "count" and selection.child is None else None
    largest = counts.list_largest(row.name, row_limit)
    missing_count = int(counts[row.name][-1])
    # A publication with a region and no country is counted under its region.
    if (
        missing_count
        and row is not selection.child
        and (row_limit is None or len(largest) < row_limit)
    ):
        largest.append((MISSING, missing_count))
    if toggles is None:
        return [Bucket(row.name, value, count, count) for value, count in largest]
    counts_by_node = {(row.name, value): count for value, count in largest}
    for node in selection.nodes:
        if node[0] == row.name and node not in counts_by_node:
            ordinal = selected.find_ordinal(node)
            counts_by_node[node] = (
                toggles.count_value(node) if ordinal is None else int(counts[row.name][ordinal])
            )
    return [
        Bucket(*node, count, count_after_toggle(selection, node, toggles), node in selection.nodes)
        for node, count in counts_by_node.items()
    ]


def _with_children(
    parents: list[Bucket], children: list[Bucket], selection: FacetSelection
) -> list[Bucket]:
    """Return the parents with their children, then the children that belong to no parent.

    `parents` has every parent of each child.
    """
    assert selection.child is not None
    groups = selection.catalogue.groups
    children_of: dict[str, list[Bucket]] = {parent.value: [] for parent in parents}
    orphans = []
    for bucket in children:
        shown_parents = [parent for parent in groups.get(bucket.value, ()) if parent in children_of]
        for parent in shown_parents:
            children_of[parent].append(bucket)
        if not shown_parents:
            orphans.append(bucket)
    child = selection.child
    return [
        *(
            Bucket(
                parent.field,
                parent.value,
                parent.count,
                parent.total,
                parent.selected,
                tuple(
                    sorted(
                        children_of[parent.value], key=lambda bucket: _make_sort_key(bucket, child)
                    )
                ),
            )
            for parent in parents
        ),
        *orphans,
    ]


def _make_sort_key(bucket: Bucket, field: Field) -> tuple[object, ...]:
    """Return the sort key of a bucket. The missing value sorts last."""
    last = bucket.value == MISSING
    if field.order == "listed" and bucket.value in field.values:
        return (last, field.values.index(bucket.value), "")
    if field.order == "descending":
        return (last, tuple(-ord(character) for character in bucket.value), "")
    return (last, -bucket.count, bucket.value)
