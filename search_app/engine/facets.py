"""Facets without an index: selected values, the effect of toggling each, and buckets of counts.

Values are OR-ed within a facet, or AND-ed if the request needs all of them. A facet with a child
field is a tree of two levels. A selected child narrows its selected parent to itself. A publication
with a child has its parents too, because the build adds them. The buckets of the parents have those
of their children.

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

import msgspec

from indexer.catalogue.fields import MISSING, Catalogue, Field
from search_app.engine.request import Filters, SearchRequest
from search_app.engine.results import Bucket

Node = tuple[str, str]
"""The name of a field, and one of its values or a range of them."""
Nodes = frozenset[Node]
NO_NODES: Nodes = frozenset()


def list_nodes(filters: Filters, fields: Iterable[Field]) -> list[Node]:
    """Return the values of some fields, in the order of the fields, without duplicates."""
    nodes = [(field.name, value) for field in fields for value in filters.get(field.name, ())]
    return list(dict.fromkeys(nodes))


class FacetSelection:
    """The selected values of one facet.

    `nodes` has them in the order of the fields, without duplicates. A document passes if it has any
    of the `effective` ones, or all of them if it `needs_all`. Parents that a selected child narrows
    are effective only if all are needed, as each document with the child has them. `narrowing`
    gives the selected children of each parent.
    """

    def __init__(self, field: Field, request: SearchRequest, catalogue: Catalogue) -> None:
        self.field, self.catalogue = field, catalogue
        self.child = catalogue.children.get(field.name)
        self.fields = catalogue.list_facet_fields(field)
        self.nodes = dict.fromkeys(list_nodes(request.filters, self.fields))
        self.needs_all = bool(self.nodes) and field.name in request.all_of
        self.narrowing: dict[str, set[str]] = {}
        for node in self.nodes:
            for parent in self.get_parents(node):
                self.narrowing.setdefault(parent, set()).add(node[1])
        self.effective = frozenset(
            (name, value)
            for name, value in self.nodes
            if self.needs_all or name != field.name or value not in self.narrowing
        )

    @property
    def least(self) -> int:
        """How many effective values a document needs to pass."""
        return len(self.effective) if self.needs_all else 1

    def get_parents(self, node: Node) -> tuple[str, ...]:
        """Return the parents that a child value belongs to. A parent has none."""
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


class ValueCounts(Protocol):
    """The number of documents with each value of some fields."""

    def list_largest(self, field: str, limit: int | None) -> list[tuple[str, int]]:
        """Return up to `limit` values of a field that documents have, with their counts.

        The most frequent come first, and values with equal counts in the order of their texts. The
        missing value is left out.
        """

    def count_missing(self, field: str) -> int:
        """Return the number of documents without a value of a field."""

    def count_distinct(self, field: str) -> int:
        """Return how many values of a field documents have. The missing value counts as one."""

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
    unless they are selected. `limit` limits a facet ordered by count and without a child field.
    Selected values are always included, and so are the `excluded` ones of the facet.
    """
    tree = {
        field.name: [
            *_list_buckets(selection, field, counts, toggles, limit),
            *(bucket for bucket in excluded if bucket.field == field.name),
        ]
        for field in selection.fields
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


def _list_buckets(
    selection: FacetSelection,
    field: Field,
    counts: ValueCounts,
    toggles: SelectionCounter | None,
    limit: int | None,
) -> list[Bucket]:
    own_limit = limit if field.order == "count" and selection.child is None else None
    largest = counts.list_largest(field.name, own_limit)
    missing_count = counts.count_missing(field.name)
    # A publication with a region and no country is counted under its region.
    if (
        missing_count
        and field is not selection.child
        and (own_limit is None or len(largest) < own_limit)
    ):
        largest.append((MISSING, missing_count))
    if toggles is None:
        return [Bucket(field.name, value, count, count) for value, count in largest]
    counts_by_node = {(field.name, value): count for value, count in largest}
    for node in selection.nodes:
        if node[0] == field.name and node not in counts_by_node:
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
