"""The facet values of all documents in one table, for counting.

A row is a field of the catalogue. The values of all rows are numbered consecutively, so one
`bincount` over the table counts the values of all facets.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

from indexer.codec.segment.array_file import Array, narrowest
from indexer.codec.segment.facet_columns import Column

Numbers = NDArray[np.int64]
LARGEST_KEY = 1 << 62
"""Bound on combined keys, so that they fit into int64."""


class Rows:
    """The values of several rows, numbered consecutively, row after row.

    `values` has their names. The last value of each row means that a document has none. `parts` has
    the slice of each row, `at` its number. `unit` is the power of two above all value numbers.
    """

    def __init__(self, columns: Mapping[str, Column]) -> None:
        sizes = {name: len(column.values) for name, column in columns.items()}
        ends = accumulate(sizes.values())
        self.parts = {
            name: slice(end - sizes[name], end) for name, end in zip(sizes, ends, strict=True)
        }
        self.values = [value for column in columns.values() for value in column.values]
        self.at = {name: number for number, name in enumerate(sizes)}
        self.unit = 1 << len(self.values).bit_length()
        self._step = LARGEST_KEY // (len(sizes) + 2) // self.unit * self.unit

    @cached_property
    def keys(self) -> Numbers:
        """The sort key of each value (int64), before its count is subtracted.

        The low bits, below `unit`, are the number of the value, the others that of its row. The
        values for none sort after all rows.
        """
        keys = np.arange(len(self.values))
        for number, part in enumerate(self.parts.values()):
            keys[part] += number * self._step
            keys[part.stop - 1] = len(self.parts) * self._step + part.stop - 1
        return keys

    @cached_property
    def bounds(self) -> Numbers:
        """The boundaries between the keys of the rows, valid for all counts subtracted."""
        return np.arange(len(self.parts) + 1) * self._step - self._step // 2


class Counts:
    """The number of documents with each value of several rows.

    `held` has the counts row after row (int64). `counts[row]` has those of one row, by ordinal.
    """

    def __init__(self, held: Numbers, rows: Rows) -> None:
        self.held, self._rows = held, rows

    def __getitem__(self, row: str) -> Numbers:
        return self.held[self._rows.parts[row]]

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows.parts)

    def largest(self, row: str, most: int | None) -> list[tuple[str, int]]:
        """Return up to `most` values of a row that documents have, with their counts.

        The most frequent come first. Values with equal counts keep their order. The value for none
        is left out.
        """
        values, numbers, ends = self._ordered
        at, names = self._rows.at[row], self._rows.values
        here = slice(ends[at], ends[at + 1] if most is None else min(ends[at] + most, ends[at + 1]))
        return list(
            zip(map(names.__getitem__, values[here].tolist()), numbers[here].tolist(), strict=True)
        )

    @cached_property
    def _ordered(self) -> tuple[Numbers, Numbers, list[int]]:
        """The values that documents have, their counts, and the start of each row among them.

        All rows are sorted at once, each with its most frequent values first.
        """
        values = self.held.nonzero()[0]
        keys = self._rows.keys.take(values)
        keys -= self.held.take(values) * self._rows.unit
        keys.sort()
        values = keys & (self._rows.unit - 1)
        return values, self.held.take(values), keys.searchsorted(self._rows.bounds).tolist()


class Table:
    """A table of shape (documents, rows): the number of the first value of each document.

    As values are numbered consecutively, one count over the table counts all rows. Values beyond
    the first are in separate arrays. `kinds` groups documents with equal lines.
    """

    def __init__(self, columns: Mapping[str, Column], size: int) -> None:
        self._columns = columns
        self._rows = Rows(columns)
        self._first = np.empty((size, len(columns)), narrowest(len(self._rows.values)))
        further: list[tuple[Array, Array]] = []
        self._further_parts: dict[str, slice] = {}
        end = 0
        for at, (name, column) in enumerate(columns.items()):
            numbers = column.ordinals.astype(np.int32) + np.int32(self._rows.parts[name].start)
            self._first[:, at] = numbers[column.offsets[:-1]]
            if column.size < len(numbers):
                is_further = np.ones(len(numbers), np.bool_)
                is_further[column.offsets[:-1]] = False
                further.append((column.documents[is_further], numbers[is_further]))
                begin, end = end, end + len(further[-1][1])
                self._further_parts[name] = slice(begin, end)
        nothing = np.zeros(0, np.int32)
        self._further_documents = np.concatenate([nothing, *(each for each, _ in further)])
        self._further_numbers = np.concatenate([nothing, *(each for _, each in further)])
        self.kinds = Kinds(self._first, len(self._rows.values))

    def counts(self, documents: Array, others: Mapping[str, Array] = {}) -> Counts:
        """Return how many of the documents, without duplicates, have each value of each row.

        A row in `others` is counted over the documents given there.
        """
        is_all = len(documents) == len(self._first)
        if is_all and not others:
            return self._everything
        held = self._everything.held.copy() if is_all else self._counted(documents)
        for name, theirs in others.items():
            held[self._rows.parts[name]] = self.counts_of(name, theirs)
        return Counts(held, self._rows)

    def counts_of(self, row: str, documents: Array) -> Numbers:
        """Return how many of the documents, without duplicates, have each value of one row."""
        if len(documents) == len(self._first):
            return self._everything[row]
        part = self._rows.parts[row]
        firsts = self._columns[row].firsts.take(documents)
        found = np.bincount(firsts, minlength=part.stop - part.start)
        if row in self._further_parts:
            further = self._further(documents, self._further_parts[row])
            found += np.bincount(further - part.start, minlength=len(found))
        return found

    @cached_property
    def _everything(self) -> Counts:
        return Counts(self._counted(np.arange(len(self._first), dtype=np.int32)), self._rows)

    def _counted(self, documents: Array) -> Numbers:
        total = len(self._rows.values)
        if len(documents) > self.kinds.enough:
            found = self.kinds.counted(documents)
        else:
            firsts = self._first.take(documents, 0)
            found = np.bincount(firsts.ravel(), minlength=total)
        if len(self._further_documents):
            found += np.bincount(self._further(documents), minlength=total)
        return found

    def _further(self, documents: Array, part: slice = slice(None)) -> Array:
        """Return the values of the documents beyond the first, in all rows or in one."""
        held = np.zeros(len(self._first), np.bool_)
        held[documents] = True
        return self._further_numbers[part][held.take(self._further_documents[part])]


class Kinds:
    """Groups of documents with the same first value in every row.

    There are often far fewer kinds than documents. It is then faster to count the documents of each
    kind, and to sum these counts for each value. `enough` is the number of documents above which
    that is done.
    """

    def __init__(self, first: Array, total: int) -> None:
        size, rows = first.shape
        keys, bound = np.zeros(size, np.int64), 1
        for column in first.T:
            if bound > LARGEST_KEY // total:
                keys, bound = np.unique(keys, return_inverse=True)[1], size
            keys = keys * total + column
            bound *= total
        _, where, kind = np.unique(keys, return_index=True, return_inverse=True)
        self._size = len(where)
        self.enough = 2 * self._size if self._size else size
        self._kind = kind.astype(narrowest(self._size))
        # Each value also gets an extra kind without documents, because `np.add.reduceat` returns
        # a wrong sum for an empty range.
        numbers = np.concatenate([first[where].ravel(), np.arange(total)])
        kinds = np.concatenate([np.arange(self._size).repeat(rows), np.full(total, self._size)])
        order = numbers.argsort(kind="stable")
        self._having = kinds.take(order)
        self._begins = numbers.take(order).searchsorted(np.arange(total))

    def counted(self, documents: Array) -> Numbers:
        """Return how many of the documents have each value of each row as their first."""
        held = np.bincount(self._kind.take(documents), minlength=self._size + 1)
        found: Numbers = np.add.reduceat(held.take(self._having), self._begins)
        return found
