"""Top hits: the hits of one page, selected without sorting the whole list.

It can also fold the editions of one title into the best edition.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from indexer.codec.segment.array_file import Array
from search_app.engine.request import Sort
from search_app.engine.snapshot.editions import NONE
from search_app.engine.snapshot.snapshot import Documents

CLOSE = 0.7
"""Minimum share of the best score at which a hit counts as one of the best matches."""


def best(
    documents: Documents,
    scores: NDArray[np.float32] | None,
    ranks: Mapping[str, Array],
    sort: Sort,
    page: slice,
) -> NDArray[np.intp]:
    """Return the indexes in `documents` of the hits of a page, in order.

    By relevance, higher scores come first and equal scores are ordered by date, newest first. The
    order is total, so no page repeats or skips a hit. Without scores, only `ranks` decide.
    """
    first, last = page.start, min(page.stop, len(documents))
    if first >= last:
        return np.zeros(0, np.intp)
    if sort != "relevance" or scores is None:
        ranked = ranks[sort][documents]
        return _smallest(ranked, last)[first:]
    among = _candidates(scores, last) if last < len(documents) else np.arange(len(documents))
    tied = ranks["newest"].take(documents.take(among))
    order = np.lexsort((tied, -scores.take(among)))
    return among.take(order[first:last])


def leveled(scores: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return scores in which those close to the best equal it, so that the newest come first."""
    best_score = scores.max(initial=0)
    return np.where(scores >= CLOSE * best_score, best_score, scores)


def folded(
    documents: Documents,
    scores: NDArray[np.float32] | None,
    ranks: Mapping[str, Array],
    sort: Sort,
    family: NDArray[np.int32],
) -> NDArray[np.intp]:
    """Return the indexes in `documents` of the hits that stay after editions are folded, ascending.

    Of each family, only the first edition in the order of `best` stays. `family` has the edition
    family of every document of the snapshot, or `editions.NONE` if it has no other edition.
    """
    families = family.take(documents)
    at = (families != NONE).nonzero()[0]
    theirs = None if scores is None else scores.take(at)
    order = best(documents.take(at), theirs, ranks, sort, slice(0, len(at)))
    in_order = at[order]
    _, firsts = np.unique(families[in_order], return_index=True)
    stays = families == NONE
    stays[in_order[firsts]] = True
    at_last: NDArray[np.intp] = stays.nonzero()[0]
    return at_last


def _smallest(ranked: Array, last: int) -> NDArray[np.intp]:
    if last < len(ranked):
        among = np.argpartition(ranked, last)[:last]
        return among[np.argsort(ranked[among])]
    return np.argsort(ranked)


def _candidates(scores: NDArray[np.float32], last: int) -> NDArray[np.intp]:
    """Return the indexes of the scores that are at least the `last`-th best score."""
    sifted, place = scores.copy(), len(scores) - last
    sifted.partition(place)
    at: NDArray[np.intp] = (scores >= sifted[place]).nonzero()[0]
    return at
