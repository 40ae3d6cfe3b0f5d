"""Which publications the ticked values leave, and how many each value would.

Within a facet values are OR-ed, between facets AND-ed. A facet with a child row is a tree of
two levels: a child that is ticked under a ticked parent narrows the parent to itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce

import numpy as np

from indexer.columnar import Array
from indexer.fields import MISSING, Field
from search_app.engine.columns import Counts
from search_app.engine.match import holding
from search_app.engine.request import year_range
from search_app.engine.results import Bucket
from search_app.engine.snapshot import Documents, Mask, Snapshot

Filters = Mapping[str, Sequence[str]]


class Selection:
    """What is ticked in one facet, and the publications that it leaves."""

    def __init__(self, field: Field, filters: Filters, snapshot: Snapshot) -> None:
        self.field, self.snapshot = field, snapshot
        self.child = snapshot.catalogue.children.get(field.name)
        self.rows = [field] if self.child is None else [field, self.child]
        self.ticked = [
            (row.name, value) for row in self.rows for value in filters.get(row.name, ())
        ]

    @property
    def mask(self) -> Mask:
        """The publications that what is ticked leaves."""
        return self.leaves(self.ticked)

    def leaves(self, ticked: Sequence[tuple[str, str]]) -> Mask:
        """The publications that a choice of values leaves."""
        return self.snapshot.mask((self.field.name, *ticked), lambda: self._leaves(ticked))

    def _leaves(self, ticked: Sequence[tuple[str, str]]) -> Mask:
        masks = [self.holds(*node) for node in self._effective(ticked)]
        if not masks:
            return np.full(self.snapshot.size, not ticked)
        return reduce(np.logical_or, masks)

    def holds(self, row: str, value: str) -> Mask:
        """The publications that have one value, or a value in one range."""
        column = self.snapshot.columns[row]
        ordinal = column.ordinal.get(value)
        if ordinal is not None:
            return holding(row, (ordinal,), self.snapshot)
        ends = year_range(value) if self.snapshot.catalogue.by_name[row].kind == "year" else None
        between = column.between(ends[0], ends[1] or "9999") if ends else ()
        return holding(row, between, self.snapshot)

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
    tree = {row.name: _row(base, counts, selection, row, most) for row in selection.rows}
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
    base: Documents, counts: Counts, selection: Selection, row: Field, most: int | None
) -> list[Bucket]:
    limit = most if row.order == "count" and selection.child is None else None
    shown = counts.largest(row.name, limit)
    without = int(counts[row.name][-1])
    if without and (limit is None or len(shown) < limit):
        shown.append((MISSING, without))
    if selection.ticked:
        return _ticked_row(base, counts, selection, row, [value for value, _ in shown])
    return [
        Bucket(row.name, value, count, count)
        for value, count in shown
        if row is not selection.child or value != MISSING
    ]


def _ticked_row(
    base: Documents, counts: Counts, selection: Selection, row: Field, shown: list[str]
) -> list[Bucket]:
    """The buckets of a facet in which something is ticked: a click may do other than add."""
    column, held = selection.snapshot.columns[row.name], counts[row.name]
    is_left = selection.mask[base]
    more = selection.snapshot.table.counts_of(row.name, base[~is_left])
    now = int(np.count_nonzero(is_left))
    ticked = [value for name, value in selection.ticked if name == row.name]
    found = []
    for value in dict.fromkeys([*shown, *ticked]):
        if row is selection.child and value == MISSING and value not in ticked:
            continue  # what has a region and no country is counted under its region
        ordinal = column.ordinal.get(value)
        if ordinal is None:
            count = int(np.count_nonzero(selection.holds(row.name, value)[base]))
        else:
            count = int(held[ordinal])
        if value in ticked or selection.child is not None:
            total = _after_toggling(base, selection, (row.name, value))
        else:
            assert ordinal is not None
            total = now + int(more[ordinal])
        found.append(Bucket(row.name, value, count, total, value in ticked))
    return found


def _after_toggling(base: Documents, selection: Selection, node: tuple[str, str]) -> int:
    """The number of publications left once a value is ticked, or unticked.

    Ticking a parent takes the place of its ticked children: it widens the list to all of it.
    """
    ticked = selection.ticked
    if node in ticked:
        after = [each for each in ticked if each != node]
    else:
        after = [*(each for each in ticked if not selection.is_under(each, node)), node]
    return int(np.count_nonzero(selection.leaves(after)[base]))


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
