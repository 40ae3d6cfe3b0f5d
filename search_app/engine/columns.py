"""The facet values of all publications in one table: what counting works on."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from itertools import accumulate

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

    def __init__(self, columns: Mapping[str, Column], size: int) -> None:
        self.names = list(columns)
        sizes = [len(column.values) for column in columns.values()]
        ends = list(accumulate(sizes))
        self._total = sum(sizes)
        self._parts = {
            name: slice(end - length, end)
            for name, length, end in zip(self.names, sizes, ends, strict=True)
        }
        self._first = np.empty((size, len(sizes)), np.int32)
        further: list[tuple[Array, Array]] = []
        for at, column in enumerate(columns.values()):
            ordinals = column.ordinals.astype(np.int32) + np.int32(ends[at] - sizes[at])
            self._first[:, at] = ordinals[column.offsets[:-1]]
            if column.size < len(ordinals):
                is_further = np.ones(len(ordinals), np.bool_)
                is_further[column.offsets[:-1]] = False
                further.append((column.documents[is_further], ordinals[is_further]))
        self._rows = {
            name: np.ascontiguousarray(self._first[:, at] - self._parts[name].start)
            for at, name in enumerate(self.names)
        }
        nothing = np.zeros(0, np.int32)
        self._further_documents = np.concatenate([nothing, *(each for each, _ in further)])
        self._further_ordinals = np.concatenate([nothing, *(each for _, each in further)])

    def counts(self, documents: Array) -> Counts:
        """How many of some publications (each named once) have each value of each row."""
        if len(documents) == len(self._first):
            return self._everything
        return self._counted(documents)

    @cached_property
    def _everything(self) -> Counts:
        return self._counted(np.arange(len(self._first), dtype=np.int32))

    def _counted(self, documents: Array) -> Counts:
        if not self.names:
            return {}
        found = np.bincount(self._first.take(documents, 0).ravel(), minlength=self._total)
        if len(self._further_documents):
            further = self._further_ordinals[self._among(documents)]
            found += np.bincount(further, minlength=self._total)
        return {name: found[part] for name, part in self._parts.items()}

    def _among(self, documents: Array) -> Array:
        """Which of the further values belong to some publications (bool)."""
        held = np.zeros(len(self._first), np.bool_)
        held[documents] = True
        return held.take(self._further_documents)

    def row_counts(self, name: str, documents: Array) -> NDArray[np.int64]:
        """How many of some publications have each value of one row."""
        if len(documents) == len(self._first):
            return self._everything[name]
        part = self._parts[name]
        found = np.bincount(self._rows[name].take(documents), minlength=part.stop - part.start)
        if len(self._further_documents):
            further = self._further_ordinals[self._among(documents)]
            here = further[(further >= part.start) & (further < part.stop)]
            found += np.bincount(here - part.start, minlength=part.stop - part.start)
        return found


def largest(counts: Array, most: int | None) -> NDArray[np.int64]:
    """The ordinals of the values that something has, the commonest first, at most so many.

    Values that as many have go by their order; the last, which stands for none, is left out.
    """
    values = len(counts) - 1
    keys = np.arange(values)
    keys -= counts[:-1] * values
    if most is not None and most < values:
        best = keys.argpartition(most)[:most]
        order = best.take(keys.take(best).argsort())
    else:
        order = keys.argsort()
    return order[keys.take(order) < 0]
