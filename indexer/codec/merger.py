"""New postings spliced into former ones: what a rebuild does instead of sorting everything.

Terms and publications keep their order from one generation to the next. So the postings that
stay are copied as they lie, those of publications that are gone are left out, and those of new
ones come in between: byte for byte what sorting everything gives, as long as an occurrence in
what stays is worth the same (`postings.means`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from indexer.codec.segment.array_file import Array, narrowest
from indexer.codec.segment.postings import Stretch, ranges

SLAB = 1 << 20
"""How many items are copied at a time: it bounds memory."""


class Former(NamedTuple):
    """The postings of one kind of terms in a former segment, and what has become of them.

    `arrays` are those of `Stretch` that the segment has, and `offsets`: those of term `t` lie at
    `offsets[t]:offsets[t + 1]`, but its positions at `position_offsets[t]` and on.
    `terms` has the number of each term now, and `documents` that of each publication: negative
    for those that are gone, ascending for those that stay.
    """

    arrays: Mapping[str, Array]
    terms: Array
    documents: Array


class Splice(NamedTuple):
    """Which items of an array are left out, and where new ones come in (int64, both ascending).

    `gone` are left out; each new item comes before the one that `places` names.
    """

    gone: Array
    places: Array

    def left(self, former: Array) -> Iterator[tuple[int, Array]]:
        """What is not left out, in slabs, each with the place at which it begins."""
        for first in range(0, len(former) + 1, SLAB):
            gone = _within(self.gone, first)
            yield first, np.delete(former[first : first + SLAB], self.gone[gone] - first)

    def fill(self, into: Array, left: Iterator[tuple[int, Array]], new: Array) -> None:
        """What is left and what is new, in order."""
        end = 0
        for first, slab in left:
            here = _within(self.places, first)
            places = self.places[here]
            places = places - first - np.searchsorted(self.gone[_within(self.gone, first)], places)
            both = np.insert(slab.astype(into.dtype, copy=False), places, new[here])
            into[end : end + len(both)] = both
            end += len(both)


def _within(ascending: Array, first: int) -> slice:
    """Those numbers that lie within the slab from `first` on."""
    return slice(*np.searchsorted(ascending, (first, first + SLAB)).tolist())


class Spliced:
    """Former postings, and those of a stretch of new publications: see `postings.Source`."""

    def __init__(self, former: Former, new: Stretch) -> None:
        self._former, self._new = former, new
        gone = np.flatnonzero((former.documents < 0).take(former.arrays["documents"]))
        self._postings = Splice(gone, _places(former, new))

    @cached_property
    def _positions(self) -> Splice:
        """The same for positions, of which a posting has as many as its frequency."""
        gone, places = self._postings
        frequencies = self._former.arrays["frequencies"]
        return Splice(
            ranges(_sums_before(frequencies, gone), frequencies[gone].astype(np.int64)),
            np.repeat(_sums_before(frequencies, places), self._new.frequencies),
        )

    @property
    def held(self) -> Array:
        """In how many publications each term stands."""
        return self._counts("offsets", self._postings.gone, self._new.held)

    @property
    def stands(self) -> Array:
        """How often each term stands anywhere."""
        return self._counts("position_offsets", self._positions.gone, self._new.stands)

    def _counts(self, name: str, gone: Array, new: Array) -> Array:
        """How many of the items, former and new, each term has."""
        terms, offsets = self._former.terms, self._former.arrays[name]
        left = np.diff(offsets).astype(np.int64)
        left -= np.bincount(np.searchsorted(offsets, gone, "right") - 1, minlength=len(terms))
        counts = new.astype(np.int64)
        counts[terms[terms >= 0]] += left[terms >= 0]
        return counts

    def dtype(self, name: str) -> np.dtype[Any]:
        """The narrowest dtype that holds an array."""
        new = getattr(self._new, name)
        if name in ("documents", "weights"):
            dtype: np.dtype[Any] = new.dtype
            return dtype
        left = self._splice(name).left(self._former.arrays[name])
        return narrowest(max(int(each.max(initial=0)) for each in (new, *(s for _, s in left))))

    def fill(self, name: str, into: Array) -> None:
        """What is left and what is new, in order."""
        splice = self._splice(name)
        left = splice.left(self._former.arrays[name])
        if name == "documents":
            left = ((first, self._former.documents.take(slab)) for first, slab in left)
        splice.fill(into, left, getattr(self._new, name))

    def _splice(self, name: str) -> Splice:
        return self._positions if name == "positions" else self._postings


def _places(former: Former, new: Stretch) -> Array:
    """Before which former posting each new one comes: in its term, where its publication does."""
    offsets = former.arrays["offsets"].astype(np.int64)
    staying = np.flatnonzero(former.terms >= 0)
    terms = np.repeat(np.arange(len(new.held)), new.held)
    at = np.searchsorted(former.terms[staying], terms)
    # Behind the last term that stays there is only the end.
    begins = np.append(offsets[staying], offsets[-1])[at]
    ends = np.append(offsets[staying + 1], offsets[-1])[at]
    is_known = np.append(former.terms[staying], -1)[at] == terms
    kept = np.flatnonzero(former.documents >= 0)
    following = np.searchsorted(former.documents[kept], new.documents)
    wanted = np.append(kept, len(former.documents))[following]
    ends = np.where(is_known, ends, begins)
    return _first_from(former.arrays["documents"], wanted, begins, ends)


def _first_from(numbers: Array, wanted: Array, low: Array, high: Array) -> Array:
    """In each range of ascending numbers, the place of the first that is not below the wanted."""
    while (is_open := low < high).any():
        middle = (low + high) // 2
        is_below = is_open & (numbers.take(middle, mode="clip") < wanted)
        low = np.where(is_below, middle + 1, low)
        high = np.where(is_open & ~is_below, middle, high)
    return low


def _sums_before(numbers: Array, places: Array) -> Array:
    """To each place, the sum of all numbers before it (int64)."""
    begins = np.unique(np.append(places, 0))
    inside = begins[begins < len(numbers)]
    sums = np.zeros(len(inside) + 1, np.int64)
    np.cumsum(np.add.reduceat(numbers, inside, dtype=np.int64), out=sums[1:])
    return sums[np.searchsorted(inside, places)]
