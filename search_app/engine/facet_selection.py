"""Selection in one facet, and the effect of toggling each value, without an index.

Values are OR-ed within a facet, or AND-ed if the request needs all of them. A facet with a child
row is a tree of two levels. A selected child narrows its selected parent to itself. A publication
with a child has its parents too, because the build adds them.

`FacetSelection.toggle` says which values a click adds or removes. `count_after_toggle` derives the
total from counts of documents. The counts of all values derive from few sets of documents: a store
counts the values of each set at once. If all selected values are needed, the other values are
counted among the hits.

Excluded values are no selection. A document with one of them is no hit, and is in no count of any
facet, not even of their own. So the counts are those of an index without these documents.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from typing import Protocol

from indexer.catalogue.fields import Catalogue, Field
from search_app.engine.request import SearchRequest

Filters = Mapping[str, Sequence[str]]
Node = tuple[str, str]
"""The name of a row, and one of its values or a range of them."""
Nodes = frozenset[Node]
NO_NODES: Nodes = frozenset()


def list_nodes(filters: Filters, rows: Iterable[Field]) -> list[Node]:
    """Return the values of some rows, in the order of the rows, without duplicates."""
    nodes = [(row.name, value) for row in rows for value in filters.get(row.name, ())]
    return list(dict.fromkeys(nodes))


class FacetSelection:
    """The selected values of one facet.

    `nodes` has them in the order of the rows, without duplicates. A document passes if it has any
    of the `effective` ones, or all of them if it `needs_all`. Parents that a selected child narrows
    are effective only if all are needed, as each document with the child has them. `narrowing` has
    the selected children of each parent.
    """

    def __init__(self, field: Field, request: SearchRequest, catalogue: Catalogue) -> None:
        self.field, self.catalogue = field, catalogue
        self.child = catalogue.children.get(field.name)
        self.rows = catalogue.list_facet_rows(field)
        self.nodes = dict.fromkeys(list_nodes(request.filters, self.rows))
        self.needs_all = bool(self.nodes) and field.name in request.all_of
        self.narrowing: dict[str, set[str]] = {}
        for node in self.nodes:
            for parent in self.get_parents(node):
                self.narrowing.setdefault(parent, set()).add(node[1])
        self.effective = frozenset(
            (row, value)
            for row, value in self.nodes
            if self.needs_all or row != field.name or value not in self.narrowing
        )

    @property
    def least(self) -> int:
        """How many effective values a document needs to pass."""
        return len(self.effective) if self.needs_all else 1

    def get_parents(self, node: Node) -> tuple[str, ...]:
        """Return the values of the parent row that a child value belongs to. A parent has none."""
        is_child = self.child is not None and node[0] == self.child.name
        return self.catalogue.groups.get(node[1], ()) if is_child else ()

    def toggle(self, node: Node) -> tuple[Nodes, Nodes]:
        """Return the effective values that toggling a value removes, and those that it adds.

        Another value must be selected, and any value must be enough. A value is not removed if all
        documents with it have an added value. All documents with an added value have all removed
        ones.
        """
        parents = self.get_parents(node)
        if node in self.nodes:
            if parents and (wider := self._find_widened({node[1]})):
                # Each wider node is a parent of the removed child.
                return NO_NODES, wider
            return self.effective & {node}, NO_NODES
        if parents:
            upper = self.field.name
            narrowed = self.effective & {(upper, parent) for parent in parents}
            return narrowed, frozenset((node,))
        if node[0] == self.field.name and (replaced := self.narrowing.get(node[1])):
            # A parent replaces its selected children. All their publications have the parent too.
            return NO_NODES, self._find_widened(replaced) | {node}
        return NO_NODES, frozenset((node,))

    def list_after_toggle(self, node: Node) -> Nodes:
        """Return the values that are selected after a value is toggled."""
        if node in self.nodes:
            return frozenset(self.nodes) - {node}
        # A parent replaces its selected children.
        replaced = self.narrowing.get(node[1], ()) if node[0] == self.field.name else ()
        kept = (
            each for each in self.nodes if each[0] == self.field.name or each[1] not in replaced
        )
        return frozenset((*kept, node))

    def _find_widened(self, removed: Set[str]) -> Nodes:
        """Return the selected parents that become effective if some children are removed."""
        return frozenset(
            node
            for parent, children in self.narrowing.items()
            if (node := (self.field.name, parent)) in self.nodes and children <= removed
        )


class NodeCounter(Protocol):
    """Counts of documents that match a query and pass the other facets.

    The effective values are those of the selection. `count` serves a selection of which any value
    is enough, and `count_having_all` one that needs all.
    """

    def count_all(self) -> int:
        """Return the number of all these documents."""

    def count_current(self) -> int:
        """Return how many pass the selection."""

    def count(self, nodes: Nodes, kept: Nodes) -> int:
        """Return how many have any of `nodes`, and no effective value except those in `kept`.

        `kept` are effective values that each document with a value in `nodes` has, or `nodes`
        itself, or none.
        """

    def count_having_all(self, nodes: Nodes) -> int:
        """Return how many have all of `nodes`, which are selected after a value is toggled."""


def count_after_toggle(selection: FacetSelection, node: Node, counter: NodeCounter) -> int:
    """Return the number of hits after a value is toggled."""
    if node in selection.nodes and len(selection.nodes) == 1:
        return counter.count_all()
    if selection.needs_all:
        return counter.count_having_all(selection.list_after_toggle(node))
    removed, added = selection.toggle(node)
    total = counter.count_current()
    if removed:
        total -= counter.count(removed, removed)
    if added:
        total += counter.count(added, removed)
    return total
