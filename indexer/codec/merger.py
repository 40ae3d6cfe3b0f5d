"""Merge new postings into those of the previous segment, instead of sorting all of them.

Terms and documents keep their order from one generation to the next. Postings that remain are
copied, postings of removed documents are dropped, and new postings are inserted. The result has the
same bytes as a full sort, provided that the weight of an occurrence in the remaining documents has
not changed (see `postings.means`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from indexer.codec.segment.array_file import Array, narrowest
from indexer.codec.segment.postings import Stretch, ranges

SLAB = 1 << 20
"""Number of items copied at a time. It bounds memory."""


class Former(NamedTuple):
    """The postings of one kind of term in the previous segment, and the new numbers.

    `arrays` has the arrays of `Stretch` that the segment stores, and two arrays of offsets. The
    postings of term `t` are at `offsets[t]:offsets[t + 1]`. Its positions start at
    `position_offsets[t]`.

    `terms` has the new number of each term, `documents` that of each document. Numbers of removed
    ones are negative, all others ascend.
    """

    arrays: Mapping[str, Array]
    terms: Array
    documents: Array


class Splice(NamedTuple):
    """The items to drop from an array, and where to insert new ones (int64, both ascending).

    `gone` lists the dropped items. `places` has, for each new item, the old item that it precedes.
    """

    gone: Array
    places: Array

    def left(self, former: Array) -> Iterator[tuple[int, Array]]:
        """Yield the remaining items in slabs, each with the index at which its slab starts."""
        for first in range(0, len(former) + 1, SLAB):
            gone = _within(self.gone, first)
            yield first, np.delete(former[first : first + SLAB], self.gone[gone] - first)

    def fill(self, into: Array, left: Iterator[tuple[int, Array]], new: Array) -> None:
        """Write the remaining and the new items into `into`, in order."""
        end = 0
        for first, slab in left:
            here = _within(self.places, first)
            places = self.places[here]
            places = places - first - np.searchsorted(self.gone[_within(self.gone, first)], places)
            both = np.insert(slab.astype(into.dtype, copy=False), places, new[here])
            into[end : end + len(both)] = both
            end += len(both)


def _within(ascending: Array, first: int) -> slice:
    """Return the slice of the numbers that fall into the slab that starts at `first`."""
    return slice(*np.searchsorted(ascending, (first, first + SLAB)).tolist())


class Spliced:
    """Previous postings merged with those of new documents.

    Implements `postings.Source`.
    """

    def __init__(self, former: Former, new: Stretch) -> None:
        self._former, self._new = former, new
        gone = np.flatnonzero((former.documents < 0).take(former.arrays["documents"]))
        self._postings = Splice(gone, _places(former, new))

    @cached_property
    def _positions(self) -> Splice:
        """The splice of the positions.

        A posting has as many positions as its frequency.
        """
        gone, places = self._postings
        frequencies = self._former.arrays["frequencies"]
        return Splice(
            ranges(_sums_before(frequencies, gone), frequencies[gone].astype(np.int64)),
            np.repeat(_sums_before(frequencies, places), self._new.frequencies),
        )

    @property
    def held(self) -> Array:
        """The number of documents that contain each term."""
        return self._counts("offsets", self._postings.gone, self._new.held)

    @property
    def stands(self) -> Array:
        """The number of occurrences of each term."""
        return self._counts("position_offsets", self._positions.gone, self._new.stands)

    def _counts(self, name: str, gone: Array, new: Array) -> Array:
        """Return the number of items of each term, previous and new."""
        terms, offsets = self._former.terms, self._former.arrays[name]
        left = np.diff(offsets).astype(np.int64)
        left -= np.bincount(np.searchsorted(offsets, gone, "right") - 1, minlength=len(terms))
        counts = new.astype(np.int64)
        counts[terms[terms >= 0]] += left[terms >= 0]
        return counts

    def dtype(self, name: str) -> np.dtype[Any]:
        """Return the narrowest dtype for an array."""
        new = getattr(self._new, name)
        if name in ("documents", "weights"):
            dtype: np.dtype[Any] = new.dtype
            return dtype
        left = self._splice(name).left(self._former.arrays[name])
        return narrowest(max(int(each.max(initial=0)) for each in (new, *(s for _, s in left))))

    def fill(self, name: str, into: Array) -> None:
        """Write the previous and the new items of an array into `into`, in order."""
        splice = self._splice(name)
        left = splice.left(self._former.arrays[name])
        if name == "documents":
            left = ((first, self._former.documents.take(slab)) for first, slab in left)
        splice.fill(into, left, getattr(self._new, name))

    def _splice(self, name: str) -> Splice:
        return self._positions if name == "positions" else self._postings


def _places(former: Former, new: Stretch) -> Array:
    """Return, for each new posting, the previous posting that it precedes.

    Postings are ordered by term, then by document.
    """
    offsets = former.arrays["offsets"].astype(np.int64)
    staying = np.flatnonzero(former.terms >= 0)
    terms = np.repeat(np.arange(len(new.held)), new.held)
    at = np.searchsorted(former.terms[staying], terms)
    # A new term after the last remaining one is inserted at the end.
    begins = np.append(offsets[staying], offsets[-1])[at]
    ends = np.append(offsets[staying + 1], offsets[-1])[at]
    is_known = np.append(former.terms[staying], -1)[at] == terms
    kept = np.flatnonzero(former.documents >= 0)
    following = np.searchsorted(former.documents[kept], new.documents)
    wanted = np.append(kept, len(former.documents))[following]
    ends = np.where(is_known, ends, begins)
    return _first_from(former.arrays["documents"], wanted, begins, ends)


def _first_from(numbers: Array, wanted: Array, low: Array, high: Array) -> Array:
    """Return, for each range of ascending numbers, the index of the first one >= `wanted`."""
    while (is_open := low < high).any():
        middle = (low + high) // 2
        is_below = is_open & (numbers.take(middle, mode="clip") < wanted)
        low = np.where(is_below, middle + 1, low)
        high = np.where(is_open & ~is_below, middle, high)
    return low


def _sums_before(numbers: Array, places: Array) -> Array:
    """Return the sum of all numbers before each place (int64)."""
    begins = np.unique(np.append(places, 0))
    inside = begins[begins < len(numbers)]
    sums = np.zeros(len(inside) + 1, np.int64)
    np.cumsum(np.add.reduceat(numbers, inside, dtype=np.int64), out=sums[1:])
    return sums[np.searchsorted(inside, places)]
