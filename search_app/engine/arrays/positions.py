"""Find which positions are among others, as those of the next word of a phrase."""

from __future__ import annotations

import numpy as np

from indexer.codec.segment.array_file import Array

MIN_MARKED, MARKS_AT_A_TIME = 1 << 17, 1 << 22
"""From this many positions of a phrase on, marking is faster than looking up. The marks of a block
take 4 MB."""


def find_members(positions: Array, others: Array) -> Array:
    """Return a mask of the positions that are among others. Both are ascending.

    Few positions are looked up. Many are compared with marks of the others, in linear time.
    """
    is_member = np.zeros(len(positions), np.bool_)
    if not len(positions) or not len(others):
        return is_member
    if len(positions) < MIN_MARKED:
        places = others.searchsorted(positions)
        return np.asarray(others.take(places, mode="clip") == positions)
    marks = np.zeros(MARKS_AT_A_TIME, np.bool_)
    starts = np.arange(positions[0], positions[-1] + 1 + MARKS_AT_A_TIME, MARKS_AT_A_TIME)
    bounds, bounds_of_others = positions.searchsorted(starts), others.searchsorted(starts)
    for number in np.flatnonzero(np.diff(bounds) * np.diff(bounds_of_others)).tolist():
        block = slice(*bounds[number : number + 2].tolist())
        marked = others[slice(*bounds_of_others[number : number + 2].tolist())] - starts[number]
        marks[marked] = True
        is_member[block] = marks.take(positions[block] - starts[number])
        marks[marked] = False
    return is_member
