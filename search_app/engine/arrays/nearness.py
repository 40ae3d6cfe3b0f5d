"""Nearness in a local index: find the words of a query near each other by their positions."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from indexer.codec.segment.array_file import Array
from indexer.codec.segment.reader import Positions
from search_app.engine.arrays.bm25f import Ranking
from search_app.engine.arrays.top_hits import top_hits
from search_app.engine.ranking.nearness import (
    DEPTH,
    IN_ORDER,
    IN_TITLE,
    NEARBY,
    ORDERED_DISTANCE,
    WINDOW,
    compute_gains,
    list_words,
)
from search_app.engine.snapshot.snapshot import DocNumbers, Snapshot


def find_nearness_gains(text: str, ranking: Ranking, snapshot: Snapshot) -> dict[int, float]:
    """Return what the first DEPTH hits gain in score by nearness, by document number.

    A query of a single clause raises none.
    """
    words = list_words(text, snapshot.vocabulary)
    if ranking.idf is not None or not words:
        return {}
    best = np.sort(
        top_hits(ranking.documents, ranking.sort_keys, snapshot.ranks, "relevance", slice(0, DEPTH))
    )
    documents, scores = ranking.documents.take(best), ranking.sort_keys.take(best)
    places = [_find_places(stems, documents, snapshot) for stems in words]
    strengths = [_measure_pair(*pair, len(documents)) for pair in pairwise(places)]
    gains = compute_gains(words, strengths, scores, snapshot.vocabulary)
    raised = gains.nonzero()[0]
    return dict(zip(documents.take(raised).tolist(), gains.take(raised).tolist(), strict=True))


class _Places(NamedTuple):
    """The occurrences of a word in some documents.

    `documents` has indexes of documents. `offsets` ascend. Offsets in two fields or documents are
    more than WINDOW apart. `in_title` is the mask of those in a title.
    """

    documents: Array
    offsets: Array
    in_title: Array


def _find_places(stems: Sequence[int], documents: DocNumbers, snapshot: Snapshot) -> _Places:
    """Return the occurrences of a word, given by its stems, in documents that ascend."""
    segment = snapshot.segment
    found = [segment.find_positions_in(stem, documents) for stem in stems]
    positions = Positions(*map(np.concatenate, zip(*found, strict=True)))
    fields = segment.get_fields(positions)
    indexes = documents.searchsorted(positions.documents)
    spacing = (indexes * len(segment.fields) + fields) * (WINDOW + 1)
    offsets = positions.offsets + spacing
    order = offsets.argsort()
    is_title = np.array([field.role == "title" for field in snapshot.catalogue.searchable])
    return _Places(indexes.take(order), offsets.take(order), is_title.take(fields.take(order)))


def _measure_pair(first: _Places, second: _Places, size: int) -> NDArray[np.float64]:
    """Return the greatest strength of a pair of words in each of `size` documents."""
    strengths = np.zeros(size)
    if not len(second.offsets):
        return strengths
    last = len(second.offsets) - 1
    following = second.offsets.searchsorted(first.offsets, side="right")
    after = second.offsets.take(following, mode="clip") - first.offsets
    preceding = second.offsets.searchsorted(first.offsets) - 1
    before = first.offsets - second.offsets.take(np.maximum(preceding, 0))
    after[following > last] = before[preceding < 0] = WINDOW + 1
    is_ordered = after <= ORDERED_DISTANCE
    in_order = np.where(first.in_title, IN_TITLE, IN_ORDER)
    nearby = np.where(np.minimum(after, before) <= WINDOW, NEARBY, 0.0)
    np.maximum.at(strengths, first.documents, np.where(is_ordered, in_order, nearby))
    return strengths
