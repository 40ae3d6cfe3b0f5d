"""Top hits: the hits of one page, selected without sorting the whole list.

It can also fold the editions of one title into the best edition.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from indexer.codec.segment.array_file import Array
from indexer.codec.segment.editions import NO_FAMILY
from search_app.engine.request import Sort
from search_app.engine.snapshot.snapshot import DocNumbers


def top_hits(
    documents: DocNumbers,
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
        ranks_of_docs = ranks[sort][documents]
        return _select_smallest(ranks_of_docs, last)[first:]
    candidates = (
        _select_candidates(scores, last) if last < len(documents) else np.arange(len(documents))
    )
    tie_ranks = ranks["newest"].take(documents.take(candidates))
    order = np.lexsort((tie_ranks, -scores.take(candidates)))
    return candidates.take(order[first:last])


def collapse_editions(
    documents: DocNumbers,
    scores: NDArray[np.float32] | None,
    ranks: Mapping[str, Array],
    sort: Sort,
    family: NDArray[np.int32],
) -> NDArray[np.intp]:
    """Return the indexes in `documents` of the hits that stay after editions are folded, ascending.

    Of each family, only the first edition in the order of `top_hits` stays. `family` has the
    edition family of every document of the snapshot, or `editions.NO_FAMILY` if it has no other
    edition.
    """
    families = family.take(documents)
    indexes = (families != NO_FAMILY).nonzero()[0]
    scores_of_editions = None if scores is None else scores.take(indexes)
    order = top_hits(
        documents.take(indexes), scores_of_editions, ranks, sort, slice(0, len(indexes))
    )
    ordered = indexes[order]
    _, firsts = np.unique(families[ordered], return_index=True)
    is_kept = families == NO_FAMILY
    is_kept[ordered[firsts]] = True
    kept_indexes: NDArray[np.intp] = is_kept.nonzero()[0]
    return kept_indexes


def _select_smallest(ranks: Array, count: int) -> NDArray[np.intp]:
    if count < len(ranks):
        candidates = np.argpartition(ranks, count)[:count]
        return candidates[np.argsort(ranks[candidates])]
    return np.argsort(ranks)


def _select_candidates(scores: NDArray[np.float32], count: int) -> NDArray[np.intp]:
    """Return the indexes of the scores that are at least the `count`-th best score."""
    partitioned, index = scores.copy(), len(scores) - count
    partitioned.partition(index)
    indexes: NDArray[np.intp] = (scores >= partitioned[index]).nonzero()[0]
    return indexes
