"""Facet values as ordinals, by publication: what counting and filtering work on."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from indexer.fields import MISSING

Mask = NDArray[np.bool_]
Ordinals = NDArray[np.int32]


class Column:
    """One row's values for every publication.

    `values` are the distinct values in ascending order, and last `none`, which stands for
    having no value. Publication `d` has the values at `ordinals[offsets[d]:offsets[d + 1]]`
    (int32); `documents` (int32) names the publication of each ordinal.
    """

    def __init__(self, values_by_document: Sequence[Sequence[str]]) -> None:
        known = sorted({value for values in values_by_document for value in values})
        self.values = [*known, MISSING]
        self.ordinal = {value: number for number, value in enumerate(self.values)}
        absent = len(known)
        rows = [
            [self.ordinal[value] for value in values] or [absent] for values in values_by_document
        ]
        lengths = np.fromiter((len(row) for row in rows), np.int64, len(rows))
        self.offsets = np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)])
        self.ordinals: Ordinals = np.fromiter(
            (ordinal for row in rows for ordinal in row), np.int32, int(lengths.sum())
        )
        self.documents: Ordinals = np.repeat(np.arange(len(rows), dtype=np.int32), lengths)

    @property
    def size(self) -> int:
        """The number of publications."""
        return len(self.offsets) - 1

    def counts(self, mask: Mask) -> NDArray[np.int64]:
        """How many of the publications in the mask have each value, in order of `values`."""
        return np.bincount(self.ordinals[mask[self.documents]], minlength=len(self.values))

    def holds(self, ordinals: Sequence[int]) -> Mask:
        """The publications that have at least one of the values."""
        wanted = np.zeros(len(self.values), np.bool_)
        wanted[list(ordinals)] = True
        mask = np.zeros(self.size, np.bool_)
        mask[self.documents[wanted[self.ordinals]]] = True
        return mask

    def between(self, low: str, high: str) -> list[int]:
        """The ordinals of the values from `low` to `high`, as text; both ends count."""
        return [
            ordinal for value, ordinal in self.ordinal.items()
            if value != MISSING and low <= value <= high
        ]  # fmt: skip
