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
from indexer.codec.segment.array_file import Array, pick_dtype
from search_app.engine.request import parse_year_range
from search_app.engine.snapshot.facet_counts import Numbers, count_selected
from search_app.engine.snapshot.snapshot import DocNumbers, Mask, Snapshot

Filters = Mapping[str, Sequence[str]]
Node = tuple[str, str]
"""The name of a row, and one of its values or a range of them."""


class FacetSelection:
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
            for parent in self.get_parents(node):
                self.narrowing.setdefault(parent, set()).add(node[1])
        self.effective = frozenset(
            (row, value)
            for row, value in self.nodes
            if row != field.name or value not in self.narrowing
        )

    def get_parents(self, node: Node) -> tuple[str, ...]:
        """Return the values of the parent row that a child value belongs to. A parent has none."""
        is_child = self.child is not None and node[0] == self.child.name
        return self.snapshot.catalogue.groups.get(node[1], ()) if is_child else ()

    def find_ordinal(self, node: Node) -> int | None:
        """Return the ordinal of a value; None for a range or a value without documents."""
        return self.snapshot.columns[node[0]].ordinal_by_value.get(node[1])

    def get_mask(self, node: Node) -> Mask:
        """Return the mask of the documents that have one value, or a value in one range."""
        row, value = node
        ordinal = self.find_ordinal(node)
        if ordinal is not None:
            return self.snapshot.docs_with_values(row, (ordinal,))
        ends = (
            parse_year_range(value) if self.snapshot.catalogue.by_name[row].kind == "year" else None
        )
        column = self.snapshot.columns[row]
        between = column.find_between(ends[0], ends[1] or "9999") if ends else ()
        return self.snapshot.docs_with_values(row, between)

    @cached_property
    def coverage(self) -> Array:
        """The number of effective values of each document. Documents with at least one pass."""
        key = (self.field.name, *self.nodes)
        return self.snapshot.masks.get(key, lambda: self.count(self.effective))

    def count(self, nodes: Collection[Node]) -> Array:
        """Return how many of some values each document has."""
        counts = np.zeros(self.snapshot.size, pick_dtype(len(nodes)))
        for row in self.rows:
            row_nodes = [node for node in nodes if node[0] == row.name]
            ordinals = [
                ordinal for node in row_nodes if (ordinal := self.find_ordinal(node)) is not None
            ]
            if len(ordinals) > 1:
                counts += count_selected(self.snapshot.columns[row.name], ordinals)
            for node in row_nodes:
                if len(ordinals) == 1 or self.find_ordinal(node) is None:
                    counts += self.get_mask(node)
        return counts


class ToggleCounter:
    """The total after each possible click in a facet with a selection.

    `base` has the documents that match the query and pass all other facets. The facet table counts
    their values once for each number of effective values that a document has. All totals derive
    from these counts. A new value adds the documents without an effective value. A removed value
    drops those without another one.
    """

    def __init__(self, base: DocNumbers, selection: FacetSelection) -> None:
        self._base, self._selection = base, selection
        self._coverage = selection.coverage.take(base)
        self._current_total = int(np.count_nonzero(self._coverage))
        self._counts: dict[tuple[int, str], Numbers] = {}
        self._lost: dict[Set[Node], int] = {}

    def count_after_toggle(self, node: Node) -> int:
        """Return the number of hits after a value is toggled."""
        selection = self._selection
        upper = selection.field.name
        if node in selection.nodes:
            return self._count_without(node)
        if not selection.get_parents(node):
            # A parent replaces its selected children. All their publications have the parent too.
            replaced = selection.narrowing.get(node[1], set()) if node[0] == upper else set()
            return self._current_total + self._count_gained([node, *self._find_widened(replaced)])
        narrowed_parents = selection.effective & {
            (upper, parent) for parent in selection.get_parents(node)
        }
        # A document with the child has all its parents. It drops out if it has no other value.
        regained = self._count_having(len(narrowed_parents), node)
        return self._current_total - self._count_lost(narrowed_parents) + regained

    def count_value(self, node: Node) -> int:
        """Return how many documents of the base have a value, or a value in a range."""
        return int(np.count_nonzero(self._selection.get_mask(node).take(self._base)))

    def _count_without(self, node: Node) -> int:
        selection = self._selection
        if len(selection.nodes) == 1:
            return len(self._base)
        if selection.get_parents(node) and (wider := self._find_widened({node[1]})):
            # Each wider node is a parent of the removed child.
            return self._current_total + self._count_gained(wider)
        return self._current_total - self._count_lost(selection.effective & {node})

    def _find_widened(self, removed: Set[str]) -> list[Node]:
        """Return the selected parents that become effective if some children are removed."""
        selection = self._selection
        return [
            node
            for parent, children in selection.narrowing.items()
            if (node := (selection.field.name, parent)) in selection.nodes and children <= removed
        ]

    def _count_having(self, coverage: int, node: Node) -> int:
        """Count the documents of the base with a value and exactly `coverage` effective values."""
        row, ordinal = node[0], self._selection.find_ordinal(node)
        if ordinal is None:
            return 0
        if (coverage, row) not in self._counts:
            documents = self._base[self._coverage == coverage]
            table = self._selection.snapshot.table
            self._counts[coverage, row] = table.count_row(row, documents)
        return int(self._counts[coverage, row][ordinal])

    def _count_gained(self, nodes: Sequence[Node]) -> int:
        """Count the documents without an effective value that have any of some values."""
        if len(nodes) == 1:
            return self._count_having(0, nodes[0])
        with_any = self._selection.count(nodes).take(self._base) > 0
        return int(np.count_nonzero(with_any & (self._coverage == 0)))

    def _count_lost(self, nodes: Set[Node]) -> int:
        """Count the documents whose effective values are all among some effective values."""
        if not nodes:
            return 0
        if nodes not in self._lost:
            node = next(iter(nodes))
            if len(nodes) == 1 and self._selection.find_ordinal(node) is not None:
                self._lost[nodes] = self._count_having(1, node)
            else:
                node_counts = self._selection.count(nodes).take(self._base)
                is_lost = (node_counts == self._coverage) & (node_counts > 0)
                self._lost[nodes] = int(np.count_nonzero(is_lost))
        return self._lost[nodes]
