"""The facet values of all publications in one table: what counting works on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from indexer.columnar import Array, Column

Counts = Mapping[str, NDArray[np.int64]]
"""To each row, how many publications have each of its values, by ordinal."""


class Table:
    """One line a publication, one column a row: the ordinal of its first value there.

    Each row's ordinals begin where those of the row before end, so that one count over a
    table counts all rows. The values beyond the first stand in a list beside the table.
    """

    def __init__(self, columns: Mapping[str, Column]) -> None:
        self.names = list(columns)
        sizes = [len(column.values) for column in columns.values()]
        self._ends = np.cumsum(sizes, dtype=np.int64)
        self._begins = self._ends - sizes
        # As wide as a pointer, for that is what NumPy counts with.
        self._first = np.empty(
            (max((each.size for each in columns.values()), default=0), len(sizes)), np.intp
        )
        further: list[tuple[Array, Array]] = []
        for at, column in enumerate(columns.values()):
            ordinals = column.ordinals.astype(np.intp) + self._begins[at]
            self._first[:, at] = ordinals[column.offsets[:-1]]
            if column.size < len(ordinals):
                is_further = np.ones(len(ordinals), np.bool_)
                is_further[column.offsets[:-1]] = False
                further.append((column.documents[is_further], ordinals[is_further]))
        documents, ordinals = zip(*further, strict=True) if further else ((), ())
        self._further_documents = np.concatenate([np.zeros(0, np.int32), *documents])
        self._further_ordinals = np.concatenate([np.zeros(0, np.intp), *ordinals])

    def counts(self, documents: Array) -> Counts:
        """How many of some publications (each named once) have each value of each row."""
        if len(documents) == len(self._first):
            return self._everything
        return self._counted(documents)

    @cached_property
    def _everything(self) -> Counts:
        return self._counted(np.arange(len(self._first)))

    def _counted(self, documents: Array) -> Counts:
        total = int(self._ends[-1]) if len(self._ends) else 0
        found = np.bincount(self._first.take(documents, axis=0).reshape(-1), minlength=total)
        if len(self._further_documents):
            held = np.zeros(len(self._first), np.bool_)
            held[documents] = True
            further = self._further_ordinals[held[self._further_documents]]
            found += np.bincount(further, minlength=total)
        return {
            name: found[begin:end]
            for name, begin, end in zip(self.names, self._begins, self._ends, strict=True)
        }


def largest(counts: Array, most: int | None) -> Sequence[int]:
    """The ordinals of the values that something has, the commonest first, at most so many.

    Values that as many have go by their order; the last, which stands for none, is left out.
    """
    held = np.flatnonzero(counts[:-1])
    keys = held - counts[held] * len(counts)
    if most is not None and most < len(held):
        best = np.argpartition(keys, most)[:most]
        held, keys = held[best], keys[best]
    ordinals: list[int] = held[np.argsort(keys)].tolist()
    return ordinals
