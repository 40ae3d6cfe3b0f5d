"""Buckets of a facet from the counts of its values, whatever store counted them.

A facet with a child row is a tree of two levels: the buckets of the parents have those of their
children.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import msgspec

from indexer.catalogue.fields import MISSING, Field
from search_app.engine.facet_selection import (
    FacetSelection,
    Node,
    NodeCounter,
    count_after_toggle,
)
from search_app.engine.results import Bucket


class ValueCounts(Protocol):
    """The number of documents with each value of some rows."""

    def list_largest(self, row: str, limit: int | None) -> list[tuple[str, int]]:
        """Return up to `limit` values of a row that documents have, with their counts.

        The most frequent come first, and values with equal counts in the order of their texts. The
        missing value is left out.
        """

    def count_missing(self, row: str) -> int:
        """Return the number of documents without a value of a row."""

    def count_distinct(self, row: str) -> int:
        """Return how many values of a row documents have. The missing value counts as one."""

    def find_count(self, node: Node) -> int | None:
        """Return the number of documents with a value; None for a range or an unknown value."""


class SelectionCounter(NodeCounter, Protocol):
    """A `NodeCounter` that counts ranges too."""

    def count_value(self, node: Node) -> int:
        """Return how many documents have a value, or a value in a range."""


def facet_buckets(
    selection: FacetSelection,
    counts: ValueCounts,
    toggles: SelectionCounter | None,
    limit: int | None,
    excluded: Sequence[Bucket] = (),
) -> tuple[Bucket, ...]:
    """Return the values of a facet with their counts, in display order.

    `counts` and `toggles` count the documents that match the query and pass every other facet. If
    all selected values are needed, `counts` counts only the hits, which have all of them.
    `toggles` is None if no value of the facet is selected. Values without documents are left out,
    unless they are selected. `limit` limits a facet that is ordered by count and has no child row.
    Selected values are always included, and so are the `excluded` ones of the facet.
    """
    tree = {
        row.name: [
            *_make_row(selection, row, counts, toggles, limit),
            *(bucket for bucket in excluded if bucket.field == row.name),
        ]
        for row in selection.rows
    }
    top = tree[selection.field.name]
    if selection.child is not None:
        top = _with_children(top, tree[selection.child.name], selection)
    return tuple(sorted(top, key=lambda bucket: _make_sort_key(bucket, selection.field)))


def make_excluded(counts: Mapping[Node, int], total: int) -> list[Bucket]:
    """Return the buckets of excluded values.

    `counts` has how many hits each exclusion alone removes, and `total` is the number of hits.
    """
    return [Bucket(*node, count, total + count, excluded=True) for node, count in counts.items()]


def count_hidden(buckets: Sequence[Bucket], counts: ValueCounts, selection: FacetSelection) -> int:
    """Return how many values of a facet have documents but are not among the given buckets."""
    if selection.child is not None:
        return 0
    value_count = counts.count_distinct(selection.field.name)
    return value_count - sum(
        bucket.count > 0 and not bucket.excluded and ".." not in bucket.value for bucket in buckets
    )


def _make_row(
    selection: FacetSelection,
    row: Field,
    counts: ValueCounts,
    toggles: SelectionCounter | None,
    limit: int | None,
) -> list[Bucket]:
    row_limit = limit if row.order == "count" and selection.child is None else None
    largest = counts.list_largest(row.name, row_limit)
    missing_count = counts.count_missing(row.name)
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
            # If all values are needed, each hit has the selected ones, ranges too.
            count = toggles.count_current() if selection.needs_all else counts.find_count(node)
            counts_by_node[node] = toggles.count_value(node) if count is None else count
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
            msgspec.structs.replace(
                parent,
                children=tuple(
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
