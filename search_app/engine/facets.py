"""Facets without an index: selected values, and buckets of counts.

Values are OR-ed within a facet, or AND-ed if the request needs all of them. A facet with a child
field is a tree of two levels. A selected child narrows its selected parent to itself. A publication
with a child has its parents too, because the build adds them. The buckets of the parents have those
of their children. If all selected values are needed, the other values are counted among the hits.

Excluded values are no selection. A document with one of them is no hit, and is in no count of any
facet, not even of their own. So the counts are those of an index without these documents.
"""

from collections.abc import Iterable, Sequence
from functools import partial
from typing import Protocol

import msgspec

from indexer.catalogue.fields import MISSING, Catalogue, Field
from search_app.engine.request import Filters, SearchRequest
from search_app.engine.results import Bucket

Node = tuple[str, str]
"""The name of a field, and one of its values or a range of them."""


def list_nodes(filters: Filters, fields: Iterable[Field]) -> list[Node]:
    """Return the values of some fields, in the order of the fields, without duplicates."""
    nodes = [(field.name, value) for field in fields for value in filters.get(field.name, ())]
    return list(dict.fromkeys(nodes))


class FacetSelection:
    """The selected values of one facet.

    `nodes` has them in the order of the fields, without duplicates. A document passes if it has any
    of the `effective` ones, or all of them if it `needs_all`. Parents that a selected child narrows
    are effective only if all are needed, as each document with the child has them.
    """

    def __init__(self, field: Field, request: SearchRequest, catalogue: Catalogue) -> None:
        self.field, self.catalogue = field, catalogue
        self.child = catalogue.children.get(field.name)
        self.fields = catalogue.list_facet_fields(field)
        self.nodes = dict.fromkeys(list_nodes(request.filters, self.fields))
        self.needs_all = bool(self.nodes) and field.name in request.all_of
        self.effective = self.list_effective(self.nodes)

    def list_effective(self, nodes: Iterable[Node]) -> frozenset[Node]:
        """Return the effective values of some that are selected, such as all but one."""
        selected = frozenset(nodes)
        if self.needs_all or self.child is None:
            return selected
        groups = self.catalogue.groups
        children = [value for name, value in selected if name == self.child.name]
        narrowed = (parent for child in children for parent in groups.get(child, ()))
        return selected - {(self.field.name, parent) for parent in narrowed}

    @property
    def least(self) -> int:
        """How many effective values a document needs to pass."""
        return len(self.effective) if self.needs_all else 1


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


def facet_buckets(
    selection: FacetSelection, counts: ValueCounts, restricted: Sequence[Bucket], limit: int | None
) -> tuple[Bucket, ...]:
    """Return the values of a facet with their counts, in display order.

    `counts` counts the documents that match the query and pass every other facet, or the hits if
    all selected values are needed. Values without documents are left out. `limit` limits a facet
    ordered by count and without a child field. The `restricted` values of the facet, which are
    selected or excluded, are always included.
    """
    top, *below = (
        [
            *_list_buckets(selection, field, counts, limit),
            *(bucket for bucket in restricted if bucket.field == field.name),
        ]
        for field in selection.fields
    )
    if selection.child is not None:
        children = sorted(*below, key=partial(_make_sort_key, field=selection.child))
        top = _with_children(top, children, selection.catalogue)
    return tuple(sorted(top, key=partial(_make_sort_key, field=selection.field)))


def count_hidden(buckets: Sequence[Bucket], counts: ValueCounts, selection: FacetSelection) -> int:
    """Return how many values of a facet have documents but are not among the given buckets."""
    if selection.child is not None:
        return 0
    value_count = counts.count_distinct(selection.field.name)
    return value_count - sum(
        bucket.count > 0 and not bucket.excluded and ".." not in bucket.value for bucket in buckets
    )


def _list_buckets(
    selection: FacetSelection, field: Field, counts: ValueCounts, limit: int | None
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
    return [
        Bucket(field.name, value, count)
        for value, count in largest
        if (field.name, value) not in selection.nodes
    ]


def _with_children(
    parents: Sequence[Bucket], children: Iterable[Bucket], catalogue: Catalogue
) -> list[Bucket]:
    """Return the parents with their children, then the children that belong to no parent."""
    children_of: dict[str, list[Bucket]] = {parent.value: [] for parent in parents}
    orphans: list[Bucket] = []
    for bucket in children:
        shown = [each for each in catalogue.groups.get(bucket.value, ()) if each in children_of]
        for siblings in [children_of[parent] for parent in shown] or [orphans]:
            siblings.append(bucket)
    replace = msgspec.structs.replace
    whole = [replace(each, children=tuple(children_of[each.value])) for each in parents]
    return whole + orphans


def _make_sort_key(bucket: Bucket, field: Field) -> tuple[object, ...]:
    """Return the sort key of a bucket. The missing value sorts last."""
    last = bucket.value == MISSING
    if field.order == "listed" and bucket.value in field.values:
        return (last, field.values.index(bucket.value), "")
    if field.order == "descending":
        return (last, tuple(-ord(character) for character in bucket.value), "")
    return (last, -bucket.count, bucket.value)
