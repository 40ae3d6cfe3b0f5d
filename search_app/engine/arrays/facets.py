"""Which publications the ticked values leave, and how many each value would.

Within a facet values are OR-ed, between facets AND-ed. A facet with a child row is a tree of
two levels: a child that is ticked under a ticked parent narrows the parent to itself.
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
    """What is ticked, in each facet in which something is."""
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
    """Publications, and which of them each ticked facet leaves.

    `documents` are those that all of them leave, `at` their places among those `given`.
    """

    def __init__(self, documents: Documents, chosen: Mapping[str, Selection]) -> None:
        self.given = documents
        self._passes = {name: each.mask.take(documents) for name, each in chosen.items()}
        self.at: Array | None = None
        self.documents = documents
        if self._passes:
            self.at = reduce(np.logical_and, self._passes.values()).nonzero()[0]
            self.documents = documents.take(self.at)

    def but_for(self, facet: str) -> Documents:
        """Those that all facets leave but one: what that one's own values are counted over."""
        if facet not in self._passes:
            return self.documents
        others = [mask for name, mask in self._passes.items() if name != facet]
        if not others:
            return self.given
        return self.given.take(reduce(np.logical_and, others).nonzero()[0])


def buckets(
    base: Documents, counts: Counts, selection: Selection, most: int | None
) -> tuple[Bucket, ...]:
    """The values of a facet with their numbers, in the order in which they are shown.

    `base` has the publications that the query and all the other facets leave, and `counts`
    what they have. Values that none of them has are left out, unless they are ticked. Where
    the commonest come first, at most so many are given, and those that are ticked.
    """
    clicks = Toggling(base, selection) if selection.nodes else None
    tree = {row.name: _row(counts, selection, row, most, clicks) for row in selection.rows}
    top = tree[selection.field.name]
    if selection.child is not None:
        top = _with_children(top, tree[selection.child.name], selection)
    return tuple(sorted(top, key=lambda bucket: _place(bucket, selection.field)))


def left_out(given: Sequence[Bucket], counts: Counts, selection: Selection) -> int:
    """How many values of a facet have something and are not among those given."""
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
    """The parents, each with the children that belong under it; an orphan stands on its own.

    A parent is there whenever a child of it is.
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
    """What buckets are sorted by; that of a missing value is last."""
    last = bucket.value == MISSING
    if field.order == "listed" and bucket.value in field.values:
        return (last, field.values.index(bucket.value), "")
    if field.order == "descending":
        return (last, tuple(-ord(character) for character in bucket.value), "")
    return (last, -bucket.count, bucket.value)
