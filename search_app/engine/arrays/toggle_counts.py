"""Selection in one facet: the documents that pass it, and totals after toggling each value.

Values are OR-ed within a facet. A facet with a child row is a tree of two levels. A selected child
narrows its selected parent to itself. A publication with a child has its parents too, because the
build adds them.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence, Set
from functools import cached_property

import numpy as np

from indexer.catalogue.fields import Field
from indexer.codec.segment.array_file import Array, narrowest
from indexer.codec.segment.facet_columns import Column
from search_app.engine.request import year_range
from search_app.engine.snapshot.facet_table import Numbers
from search_app.engine.snapshot.snapshot import Documents, Mask, Snapshot

Filters = Mapping[str, Sequence[str]]
Node = tuple[str, str]
"""The name of a row, and one of its values or a range of them."""


class Selection:
    """The selected values of one facet.

    `nodes` has them in the order of the rows, without duplicates. `effective` has all except the
    parents that a selected child narrows. `narrowing` has the selected children of each parent.
    """

    def __init__(self, field: Field, filters: Filters, snapshot: Snapshot) -> None:
        self.field, self.snapshot = field, snapshot
        self.child = snapshot.catalogue.children.get(field.name)
        self.rows = [field] if self.child is None else [field, self.child]
        selected = [(row.name, value) for row in self.rows for value in filters.get(row.name, ())]
        self.nodes = dict.fromkeys(selected)
        self.narrowing: dict[str, set[str]] = {}
        for node in self.nodes:
            for parent in self.parents(node):
                self.narrowing.setdefault(parent, set()).add(node[1])
        self.effective = frozenset(
            (row, value)
            for row, value in self.nodes
            if row != field.name or value not in self.narrowing
        )

    def parents(self, node: Node) -> tuple[str, ...]:
        """Return the values of the parent row that a child value belongs to. A parent has none."""
        is_child = self.child is not None and node[0] == self.child.name
        return self.snapshot.catalogue.groups.get(node[1], ()) if is_child else ()

    def ordinal(self, node: Node) -> int | None:
        """Return the ordinal of a value; None for a range or a value without documents."""
        return self.snapshot.columns[node[0]].ordinal.get(node[1])

    def holds(self, node: Node) -> Mask:
        """Return the mask of the documents that have one value, or a value in one range."""
        row, value = node
        ordinal = self.ordinal(node)
        if ordinal is not None:
            return self.snapshot.holding(row, (ordinal,))
        ends = year_range(value) if self.snapshot.catalogue.by_name[row].kind == "year" else None
        column = self.snapshot.columns[row]
        between = column.between(ends[0], ends[1] or "9999") if ends else ()
        return self.snapshot.holding(row, between)

    @cached_property
    def covers(self) -> Array:
        """The number of effective values of each document. Documents with at least one pass."""
        key = (self.field.name, *self.nodes)
        return self.snapshot.mask(key, lambda: self.count(self.effective))

    def passes(self, documents: Documents) -> Mask:
        """Return which of the documents pass the selection."""
        return self.covers.take(documents) > 0

    def count(self, nodes: Collection[Node]) -> Array:
        """Return how many of some values each document has."""
        counted = np.zeros(self.snapshot.size, narrowest(len(nodes)))
        for row in self.rows:
            ours = [node for node in nodes if node[0] == row.name]
            ordinals = [each for node in ours if (each := self.ordinal(node)) is not None]
            if len(ordinals) > 1:
                counted += _times(self.snapshot.columns[row.name], ordinals)
            for node in ours:
                if len(ordinals) == 1 or self.ordinal(node) is None:
                    counted += self.holds(node)
        return counted


def _times(column: Column, ordinals: Sequence[int]) -> Array:
    """Return how many of some values each document has."""
    wanted = np.zeros(len(column.values), narrowest(len(ordinals)))
    wanted[ordinals] = 1
    held: Array = wanted.take(column.ordinals)
    if len(held) == column.size:
        return held
    return np.add.reduceat(held, column.offsets[:-1], dtype=held.dtype)


class Toggling:
    """The total after each possible click in a facet with a selection.

    `base` has the documents that match the query and pass all other facets. The facet table counts
    their values once for each number of effective values that a document has. All totals derive
    from these counts. A new value adds the documents without an effective value. A removed value
    drops those without another one.
    """

    def __init__(self, base: Documents, selection: Selection) -> None:
        self._base, self._selection = base, selection
        self._covers = selection.covers.take(base)
        self._now = int(np.count_nonzero(self._covers))
        self._counts: dict[tuple[int, str], Numbers] = {}
        self._lost: dict[Set[Node], int] = {}

    def total(self, node: Node) -> int:
        """Return the number of hits after a value is toggled."""
        selection = self._selection
        upper = selection.field.name
        if node in selection.nodes:
            return self._without(node)
        if not selection.parents(node):
            # A parent replaces its selected children. All their publications have the parent too.
            replaced = selection.narrowing.get(node[1], set()) if node[0] == upper else set()
            return self._now + self._bare([node, *self._widened(replaced)])
        narrowed = selection.effective & {(upper, each) for each in selection.parents(node)}
        # A document with the child has all its parents. It drops out if it has no other value.
        regained = self._having(len(narrowed), node)
        return self._now - self._only(narrowed) + regained

    def count(self, node: Node) -> int:
        """Return how many documents of the base have a value, or a value in a range."""
        return int(np.count_nonzero(self._selection.holds(node).take(self._base)))

    def _without(self, node: Node) -> int:
        selection = self._selection
        if len(selection.nodes) == 1:
            return len(self._base)
        if selection.parents(node) and (wider := self._widened({node[1]})):
            return self._now + self._bare(wider)  # each is a parent of the removed child
        return self._now - self._only(selection.effective & {node})

    def _widened(self, removed: Set[str]) -> list[Node]:
        """Return the selected parents that become effective if some children are removed."""
        selection = self._selection
        return [
            node
            for parent, children in selection.narrowing.items()
            if (node := (selection.field.name, parent)) in selection.nodes and children <= removed
        ]

    def _having(self, times: int, node: Node) -> int:
        """Count the documents of the base with a value and exactly `times` effective values."""
        row, ordinal = node[0], self._selection.ordinal(node)
        if ordinal is None:
            return 0
        counts = self._counts.get((times, row))
        if counts is None:
            documents = self._base[self._covers == times]
            counts = self._selection.snapshot.table.counts_of(row, documents)
            self._counts[times, row] = counts
        return int(counts[ordinal])

    def _bare(self, nodes: Sequence[Node]) -> int:
        """Count the documents without an effective value that have any of some values."""
        if len(nodes) == 1:
            return self._having(0, nodes[0])
        with_any = self._selection.count(nodes).take(self._base) > 0
        return int(np.count_nonzero(with_any & (self._covers == 0)))

    def _only(self, nodes: Set[Node]) -> int:
        """Count the documents whose effective values are all among some effective values."""
        if not nodes:
            return 0
        if nodes not in self._lost:
            node = next(iter(nodes))
            if len(nodes) == 1 and self._selection.ordinal(node) is not None:
                self._lost[nodes] = self._having(1, node)
            else:
                theirs = self._selection.count(nodes).take(self._base)
                lost = (theirs == self._covers) & (theirs > 0)
                self._lost[nodes] = int(np.count_nonzero(lost))
        return self._lost[nodes]
