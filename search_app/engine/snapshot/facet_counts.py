"""The facet values of all documents in one table, for counting.

The values of all fields are numbered consecutively, so one `bincount` over the table counts the
values of all facets.
"""

from collections.abc import Mapping, Sequence
from functools import cached_property
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

from indexer.codec.segment.array_file import Array, pick_dtype
from indexer.codec.segment.facet_columns import FacetColumn

Numbers = NDArray[np.int64]


def count_selected(column: FacetColumn, ordinals: Sequence[int]) -> Array:
    """Return how many of some values each document has."""
    is_selected = np.zeros(len(column.values), pick_dtype(len(ordinals)))
    is_selected[list(ordinals)] = 1
    has_value: Array = is_selected.take(column.ordinals)
    if len(has_value) == column.size:
        return has_value
    return np.add.reduceat(has_value, column.offsets[:-1], dtype=has_value.dtype)


class FacetValues:
    """The values of several fields, numbered consecutively, field after field.

    `values` has their names. The last value of each field means that a document has none. `parts`
    gives the slice of each field.
    """

    def __init__(self, columns: Mapping[str, FacetColumn]) -> None:
        sizes = {name: len(column.values) for name, column in columns.items()}
        ends = accumulate(sizes.values())
        self.parts = {
            name: slice(end - sizes[name], end) for name, end in zip(sizes, ends, strict=True)
        }
        self.values = [value for column in columns.values() for value in column.values]


class FacetCounts:
    """The number of documents with each value of several fields: the `ValueCounts` of arrays.

    `counts` contains the counts field after field (int64). `counts[field]` contains those of one
    field, by ordinal.
    """

    def __init__(self, counts: Numbers, values: FacetValues) -> None:
        self.counts, self._values = counts, values

    def __getitem__(self, field: str) -> Numbers:
        return self.counts[self._values.parts[field]]

    def list_largest(self, field: str, limit: int | None) -> list[tuple[str, int]]:
        counts, first = self[field][:-1], self._values.parts[field].start
        numbers = counts.nonzero()[0]
        if limit and limit < len(numbers):  # sorting all values of an open facet takes long
            numbers = (counts >= np.partition(counts, -limit)[-limit]).nonzero()[0]
        numbers = numbers[(-counts.take(numbers)).argsort(kind="stable")[:limit]]
        values = [self._values.values[first + number] for number in numbers.tolist()]
        return list(zip(values, counts.take(numbers).tolist(), strict=True))

    def count_missing(self, field: str) -> int:
        return int(self[field][-1])

    def count_distinct(self, field: str) -> int:
        return int(np.count_nonzero(self[field]))


class FacetTable:
    """A table of shape (documents, fields): the number of the first value of each document.

    As values are numbered consecutively, one count over the table counts all fields. Values beyond
    the first are in separate arrays.
    """

    def __init__(self, columns: Mapping[str, FacetColumn], size: int) -> None:
        self._columns = columns
        self._values = FacetValues(columns)
        self._first = np.empty((size, len(columns)), pick_dtype(len(self._values.values)))
        further: list[tuple[Array, Array]] = []
        self._further_parts: dict[str, slice] = {}
        end = 0
        for index, (name, column) in enumerate(columns.items()):
            numbers = column.ordinals.astype(np.int32) + np.int32(self._values.parts[name].start)
            self._first[:, index] = numbers[column.offsets[:-1]]
            if column.size < len(numbers):
                is_further = np.ones(len(numbers), np.bool_)
                is_further[column.offsets[:-1]] = False
                further.append((column.documents[is_further], numbers[is_further]))
                start, end = end, end + len(further[-1][1])
                self._further_parts[name] = slice(start, end)
        empty = np.zeros(0, np.int32)
        self._further_documents = np.concatenate([empty, *(part for part, _ in further)])
        self._further_numbers = np.concatenate([empty, *(part for _, part in further)])

    def count(self, documents: Array, documents_by_field: Mapping[str, Array] = {}) -> FacetCounts:
        """Return how many of the documents, without duplicates, have each value of each field.

        A field in `documents_by_field` is counted over the documents given there.
        """
        is_all = len(documents) == len(self._first)
        if is_all and not documents_by_field:
            return self._everything
        counts = self._everything.counts.copy() if is_all else self._count_all(documents)
        for name, field_documents in documents_by_field.items():
            counts[self._values.parts[name]] = self.count_field(name, field_documents)
        return FacetCounts(counts, self._values)

    def count_field(self, field: str, documents: Array) -> Numbers:
        """Return how many of the documents, without duplicates, have each value of one field."""
        if len(documents) == len(self._first):
            return self._everything[field]
        part = self._values.parts[field]
        firsts = self._columns[field].first_ordinals.take(documents)
        counts = np.bincount(firsts, minlength=part.stop - part.start)
        if field in self._further_parts:
            further = self._get_further(documents, self._further_parts[field])
            counts += np.bincount(further - part.start, minlength=len(counts))
        return counts

    @cached_property
    def _everything(self) -> FacetCounts:
        return FacetCounts(
            self._count_all(np.arange(len(self._first), dtype=np.int32)), self._values
        )

    def _count_all(self, documents: Array) -> Numbers:
        total = len(self._values.values)
        counts = np.bincount(self._first.take(documents, 0).ravel(), minlength=total)
        if len(self._further_documents):
            counts += np.bincount(self._get_further(documents), minlength=total)
        return counts

    def _get_further(self, documents: Array, part: slice = slice(None)) -> Array:
        """Return the values of the documents beyond the first, in all fields or in one."""
        is_match = np.zeros(len(self._first), np.bool_)
        is_match[documents] = True
        return self._further_numbers[part][is_match.take(self._further_documents[part])]
