"""Which publications the ticked values leave, and how many each value would.

Within a facet values are OR-ed, between facets AND-ed. A facet with a child row is a tree of
two levels: a child that is ticked under a ticked parent narrows the parent to itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from indexer.fields import MISSING, Field
from search_app.engine.columns import Column, Mask
from search_app.engine.request import year_range
from search_app.engine.results import Bucket
from search_app.engine.snapshot import Snapshot

Filters = Mapping[str, Sequence[str]]


class Selection:
    """What is ticked in one facet, and the publications that it leaves.

    A facet without a tick leaves all.
    """

    def __init__(self, field: Field, filters: Filters, snapshot: Snapshot) -> None:
        self.field, self.snapshot = field, snapshot
        self.child = snapshot.catalogue.children.get(field.name)
        self.rows = [row for row in (field, self.child) if row is not None]
        self.ticked = [
            (row.name, value) for row in self.rows for value in filters.get(row.name, ())
        ]
        self.mask = self.leaves(self.ticked)

    def leaves(self, ticked: Sequence[tuple[str, str]]) -> Mask:
        """The publications that a choice of values leaves."""
        masks = [self.holds(*node) for node in self._effective(ticked)]
        if not masks:
            return np.full(self.snapshot.size, not ticked)
        return reduce(np.logical_or, masks)

    def holds(self, row: str, value: str) -> Mask:
        """The publications that have one value, or a value in one range."""
        column = self.snapshot.columns[row]
        ordinal = column.ordinal.get(value)
        if ordinal is None and self.snapshot.catalogue.by_name[row].kind == "year":
            return column.holds(_range(column, value))
        return column.holds([] if ordinal is None else [ordinal])

    def is_under(self, node: tuple[str, str], parent: tuple[str, str]) -> bool:
        """Whether a value is a child of another in the facet's tree."""
        in_tree = self.child is not None and (node[0], parent[0]) == (
            self.child.name,
            self.field.name,
        )
        return in_tree and parent[1] in self.snapshot.catalogue.groups.get(node[1], ())

    def _effective(self, ticked: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
        """The ticked values without the parents that a ticked child narrows."""
        if self.child is None:
            return list(ticked)
        groups = self.snapshot.catalogue.groups
        narrowed = {
            (self.field.name, parent)
            for row, value in ticked if row == self.child.name
            for parent in groups.get(value, ())
        }  # fmt: skip
        return [node for node in ticked if node not in narrowed]


def _range(column: Column, value: str) -> list[int]:
    ends = year_range(value)
    return column.between(ends[0], ends[1] or "9999") if ends else []


def selections(filters: Filters, snapshot: Snapshot) -> dict[str, Selection]:
    """What is ticked in each facet of the catalogue."""
    return {field.name: Selection(field, filters, snapshot) for field in snapshot.catalogue.facets}


def filtered(base: Mask, chosen: Mapping[str, Selection], leave_out: str | None = None) -> Mask:
    """The publications of `base` that every selection leaves, but for that of one facet."""
    masks = (each.mask for name, each in chosen.items() if name != leave_out and each.ticked)
    return reduce(np.logical_and, masks, base)


def buckets(base: Mask, selection: Selection) -> tuple[Bucket, ...]:
    """The values of a facet with their numbers, in the order in which they are shown.

    `base` has the publications that the query and all the other facets leave. Values that
    none of them has are left out, unless they are ticked.
    """
    tree = {row.name: _row(base, selection, row) for row in selection.rows}
    top = tree[selection.field.name]
    if selection.child is not None:
        top = _with_children(top, tree[selection.child.name], selection)
    return tuple(sorted(top, key=lambda bucket: _place(bucket, selection.field)))


def _row(base: Mask, selection: Selection, row: Field) -> list[Bucket]:
    column = selection.snapshot.columns[row.name]
    counts = column.counts(base)
    chosen = base & selection.mask
    more = column.counts(base & ~selection.mask) if selection.ticked else counts
    now = int(np.count_nonzero(chosen)) if selection.ticked else 0
    ticked = [value for name, value in selection.ticked if name == row.name]
    in_tree = selection.child is not None  # ticking a value may do other than add it
    shown = [value for value, count in zip(column.values, counts, strict=True) if count]
    found = []
    for value in dict.fromkeys([*shown, *ticked]):
        if row is selection.child and value == MISSING and value not in ticked:
            continue  # what has a region and no country is counted under its region
        count = _count(base, selection, row, value, counts)
        if value in ticked or (in_tree and selection.ticked):
            total = _after_toggling(base, selection, (row.name, value))
        else:
            total = now + int(more[column.ordinal[value]])
        found.append(Bucket(row.name, value, count, total, value in ticked))
    return found


def _count(
    base: Mask, selection: Selection, row: Field, value: str, counts: NDArray[np.int64]
) -> int:
    ordinal = selection.snapshot.columns[row.name].ordinal.get(value)
    if ordinal is not None:
        return int(counts[ordinal])
    return int(np.count_nonzero(base & selection.holds(row.name, value)))


def _after_toggling(base: Mask, selection: Selection, node: tuple[str, str]) -> int:
    """The number of publications left once a value is ticked, or unticked.

    Ticking a parent takes the place of its ticked children: it widens the list to all of it.
    """
    ticked = selection.ticked
    if node in ticked:
        after = [each for each in ticked if each != node]
    else:
        after = [*(each for each in ticked if not selection.is_under(each, node)), node]
    return int(np.count_nonzero(base & selection.leaves(after)))


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
