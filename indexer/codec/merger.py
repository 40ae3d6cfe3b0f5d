"""Merge new postings into those of the previous segment, instead of sorting all of them.

Terms and documents keep their order from one generation to the next. Postings that remain are
copied, postings of removed documents are dropped, and new postings are inserted. The result has the
same bytes as a full sort, provided that the weight of an occurrence in the remaining documents has
not changed (see `postings.compute_means`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from indexer.codec.segment.array_file import Array, pick_dtype
from indexer.codec.segment.postings import SortedRun
from indexer.codec.segment.string_table import expand_ranges

SLAB = 1 << 20
"""Number of items copied at a time. It bounds memory."""


class MergePlan(NamedTuple):
    """The items to drop from an array, and where to insert new ones (int64, both ascending).

    `removed` lists the dropped items. `insertions` has, for each new item, the old item that it
    precedes.
    """

    removed: Array
    insertions: Array

    def drop_removed(self, values: Array) -> Iterator[tuple[int, Array]]:
        """Yield the remaining items in slabs, each with the index at which its slab starts."""
        for first in range(0, len(values) + 1, SLAB):
            removed = _slice_of(self.removed, first)
            yield first, np.delete(values[first : first + SLAB], self.removed[removed] - first)

    def fill(self, into: Array, remaining: Iterator[tuple[int, Array]], new: Array) -> None:
        """Write the remaining and the new items into `into`, in order."""
        end = 0
        for first, slab in remaining:
            slab_part = _slice_of(self.insertions, first)
            insertions = self.insertions[slab_part]
            insertions = (
                insertions
                - first
                - np.searchsorted(self.removed[_slice_of(self.removed, first)], insertions)
            )
            merged = np.insert(slab.astype(into.dtype, copy=False), insertions, new[slab_part])
            into[end : end + len(merged)] = merged
            end += len(merged)


def _slice_of(ascending: Array, first: int) -> slice:
    """Return the slice of the numbers that fall into the slab that starts at `first`."""
    return slice(*np.searchsorted(ascending, (first, first + SLAB)).tolist())


class MergedPostings:
    """Previous postings of one kind of term, merged with those of new documents.

    `arrays` has the arrays of `SortedRun` that the previous segment stores, and two arrays of
    offsets. The postings of term `t` are at `offsets[t]:offsets[t + 1]`. Its positions start at
    `position_offsets[t]`.

    `terms` has the new number of each previous term, `documents` that of each previous document.
    Numbers of removed ones are negative, all others ascend.
    """

    def __init__(
        self, arrays: Mapping[str, Array], terms: Array, documents: Array, new: SortedRun
    ) -> None:
        self._arrays, self._terms, self._documents, self._new = arrays, terms, documents, new
        removed = np.flatnonzero((documents < 0).take(arrays["documents"]))
        self._postings = MergePlan(removed, self._find_insertions())

    def _find_insertions(self) -> Array:
        """Return, for each new posting, the previous posting that it precedes.

        Postings are ordered by term, then by document.
        """
        offsets = self._arrays["offsets"].astype(np.int64)
        staying = np.flatnonzero(self._terms >= 0)
        terms = np.repeat(np.arange(len(self._new.doc_counts)), self._new.doc_counts)
        indexes = np.searchsorted(self._terms[staying], terms)
        # A new term after the last remaining one is inserted at the end.
        begins = np.append(offsets[staying], offsets[-1])[indexes]
        is_known = np.append(self._terms[staying], -1)[indexes] == terms
        ends = np.where(is_known, np.append(offsets[staying + 1], offsets[-1])[indexes], begins)
        staying_docs = np.flatnonzero(self._documents >= 0)
        following = np.searchsorted(self._documents[staying_docs], self._new.documents)
        targets = np.append(staying_docs, len(self._documents))[following]
        return _search_ranges(self._arrays["documents"], targets, begins, ends)

    @cached_property
    def _positions(self) -> MergePlan:
        """The merge plan of the positions.

        A posting has as many positions as its frequency.
        """
        removed, insertions = self._postings
        frequencies = self._arrays["frequencies"]
        return MergePlan(
            expand_ranges(_sum_before(frequencies, removed), frequencies[removed].astype(np.int64)),
            np.repeat(_sum_before(frequencies, insertions), self._new.frequencies),
        )

    @property
    def doc_counts(self) -> Array:
        """The number of documents that contain each term."""
        return self._count_after("offsets", self._postings.removed, self._new.doc_counts)

    @property
    def position_counts(self) -> Array:
        """The number of occurrences of each term."""
        return self._count_after(
            "position_offsets", self._positions.removed, self._new.position_counts
        )

    def _count_after(self, name: str, removed: Array, new: Array) -> Array:
        """Return the number of items of each term, previous and new."""
        terms, offsets = self._terms, self._arrays[name]
        remaining = np.diff(offsets).astype(np.int64)
        remaining -= np.bincount(
            np.searchsorted(offsets, removed, "right") - 1, minlength=len(terms)
        )
        counts = new.astype(np.int64)
        counts[terms[terms >= 0]] += remaining[terms >= 0]
        return counts

    def dtype(self, name: str) -> np.dtype[Any]:
        """Return the narrowest dtype for an array."""
        new: Array = getattr(self._new, name)
        if name in ("documents", "weights"):
            return new.dtype
        remaining = self._get_plan(name).drop_removed(self._arrays[name])
        return pick_dtype(
            max(int(slab.max(initial=0)) for slab in (new, *(rest for _, rest in remaining)))
        )

    def fill(self, name: str, into: Array) -> None:
        """Write the previous and the new items of an array into `into`, in order."""
        plan = self._get_plan(name)
        remaining = plan.drop_removed(self._arrays[name])
        if name == "documents":
            remaining = ((first, self._documents.take(slab)) for first, slab in remaining)
        plan.fill(into, remaining, getattr(self._new, name))

    def _get_plan(self, name: str) -> MergePlan:
        return self._positions if name == "positions" else self._postings


def _search_ranges(numbers: Array, targets: Array, low: Array, high: Array) -> Array:
    """Return, for each range of ascending numbers, the index of the first one >= `targets`."""
    while (is_open := low < high).any():
        middle = (low + high) // 2
        is_below = is_open & (numbers.take(middle, mode="clip") < targets)
        low = np.where(is_below, middle + 1, low)
        high = np.where(is_open & ~is_below, middle, high)
    return low


def _sum_before(numbers: Array, positions: Array) -> Array:
    """Return the sum of all numbers before each position (int64)."""
    begins = np.unique(np.append(positions, 0))
    inside = begins[begins < len(numbers)]
    sums = np.zeros(len(inside) + 1, np.int64)
    np.cumsum(np.add.reduceat(numbers, inside, dtype=np.int64), out=sums[1:])
    return sums[np.searchsorted(inside, positions)]
