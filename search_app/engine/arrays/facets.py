"""Facet filtering and facet counts.

Selected values are OR-ed within a facet and AND-ed across facets. A facet with a child row is a
tree of two levels. A selected child narrows its selected parent to itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce

import numpy as np

from indexer.catalogue.fields import MISSING, Field
from indexer.codec.segment.array_file import Array
from search_app.engine.arrays.toggle_counts import Filters, Selection, Toggling
from search_app.engine.results import Bucket
from search_app.engine.snapshot.facet_table import Counts
from search_app.engine.snapshot.snapshot import Documents, Snapshot


def ticked(filters: Filters, snapshot: Snapshot) -> dict[str, Selection]:
    """Return the selection of each facet that has a selected value."""
    if not filters:
        return {}
    children = snapshot.catalogue.children
    return {
        field.name: Selection(field, filters, snapshot)
        for field in snapshot.catalogue.facets
        if filters.get(field.name)
        or (field.name in children and filters.get(children[field.name].name))
    }


class Sifted:
    """Documents, and which of them pass each facet with a selection.

    `given` has all of them. `documents` pass every facet. `at` has their indexes in `given`, or
    None if nothing is selected.
    """

    def __init__(self, documents: Documents, chosen: Mapping[str, Selection]) -> None:
        self.given = documents
        self._passes = {name: each.passes(documents) for name, each in chosen.items()}
        self.at: Array | None = None
        self.documents = documents
        if self._passes:
            self.at = reduce(np.logical_and, self._passes.values()).nonzero()[0]
            self.documents = documents.take(self.at)

    def but_for(self, facet: str) -> Documents:
        """Return the documents that pass every facet except `facet`.

        The values of `facet` are counted over these.
        """
        if facet not in self._passes:
            return self.documents
        others = [mask for name, mask in self._passes.items() if name != facet]
        if not others:
            return self.given
        return self.given.take(reduce(np.logical_and, others).nonzero()[0])


def buckets(
    base: Documents, counts: Counts, selection: Selection, most: int | None
) -> tuple[Bucket, ...]:
    """Return the values of a facet with their counts, in display order.

    `base` has the documents that match the query and pass every other facet. `counts` are the
    counts of their values. Values without documents are left out, unless they are selected. `most`
    limits a facet that is ordered by count and has no child row. Selected values are always
    included.
    """
    clicks = Toggling(base, selection) if selection.nodes else None
    tree = {row.name: _row(counts, selection, row, most, clicks) for row in selection.rows}
    top = tree[selection.field.name]
    if selection.child is not None:
        top = _with_children(top, tree[selection.child.name], selection)
    return tuple(sorted(top, key=lambda bucket: _place(bucket, selection.field)))


def left_out(given: Sequence[Bucket], counts: Counts, selection: Selection) -> int:
    """Return how many values of a facet have documents but are not among the given buckets."""
    if selection.child is not None:
        return 0
    held = int(np.count_nonzero(counts[selection.field.name]))
    return held - sum(bucket.count > 0 and ".." not in bucket.value for bucket in given)


def _row(
    counts: Counts, selection: Selection, row: Field, most: int | None, clicks: Toggling | None
) -> list[Bucket]:
    limit = most if row.order == "count" and selection.child is None else None
    shown = counts.largest(row.name, limit)
    without = int(counts[row.name][-1])
    # A publication with a region and no country is counted under its region.
    if without and row is not selection.child and (limit is None or len(shown) < limit):
        shown.append((MISSING, without))
    if clicks is None:
        return [Bucket(row.name, value, count, count) for value, count in shown]
    numbers = {(row.name, value): count for value, count in shown}
    for node in selection.nodes:
        if node[0] == row.name and node not in numbers:
            ordinal = selection.ordinal(node)
            numbers[node] = (
                clicks.count(node) if ordinal is None else int(counts[row.name][ordinal])
            )
    return [
        Bucket(*node, count, clicks.total(node), node in selection.nodes)
        for node, count in numbers.items()
    ]


def _with_children(
    parents: list[Bucket], children: list[Bucket], selection: Selection
) -> list[Bucket]:
    """Return the parents with their children, then the children that belong to no parent.

    `parents` has every parent of each child.
    """
    assert selection.child is not None
    groups = selection.snapshot.catalogue.groups
    under: dict[str, list[Bucket]] = {parent.value: [] for parent in parents}
    orphans = []
    for bucket in children:
        homes = [home for home in groups.get(bucket.value, ()) if home in under]
        for home in homes:
            under[home].append(bucket)
        if not homes:
            orphans.append(bucket)
    child = selection.child
    return [
        *(
            Bucket(
                each.field, each.value, each.count, each.total, each.selected,
                tuple(sorted(under[each.value], key=lambda bucket: _place(bucket, child))),
            )
            for each in parents
        ),
        *orphans,
    ]  # fmt: skip


def _place(bucket: Bucket, field: Field) -> tuple[object, ...]:
    """Return the sort key of a bucket. The missing value sorts last."""
    last = bucket.value == MISSING
    if field.order == "listed" and bucket.value in field.values:
        return (last, field.values.index(bucket.value), "")
    if field.order == "descending":
        return (last, tuple(-ord(character) for character in bucket.value), "")
    return (last, -bucket.count, bucket.value)
