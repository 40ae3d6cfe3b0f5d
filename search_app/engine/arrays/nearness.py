"""Nearness: raise the hits in which neighboring words of a short query are near each other.

A pair of neighboring words of the query counts most if a title has it in order. It counts less if
another text has it in order, and least if the words are near each other in any order. This is a
simple form of the sequential dependence model. Source: D. Metzler and W. B. Croft, "A Markov Random
Field Model for Term Dependencies" (SIGIR 2005).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from indexer.analysis import tokenizer
from indexer.codec.segment.array_file import Array
from indexer.codec.segment.reader import Positions
from search_app.engine.arrays.bm25f import Ranking, compute_idfs
from search_app.engine.arrays.top_hits import top_hits
from search_app.engine.snapshot.snapshot import DocNumbers, Snapshot
from search_app.engine.store import StoreRequest

MIN_WORDS, MAX_WORDS = 2, 4
"""Limits on the words of a query, without stop words."""
DEPTH = 100
"""Number of best hits that may rise."""
MAX_GAIN = 0.3
"""Gain of a hit whose title has all pairs in order, as a share of its score."""
IN_TITLE, IN_ORDER, NEARBY = 1.0, 2 / 3, 1 / 3
"""Strength of a pair in order in a title, in order in another text, and in any order."""
ORDERED_DISTANCE = 2
"""Maximum distance of a pair in order, in words. One word may be between them, as in a name."""
WINDOW = 8
"""Maximum distance of a pair in any order, in words: about half a sentence."""


def uses_nearness(ask: StoreRequest) -> bool:
    """Return whether a search is in the default mode, without operators, and ordered by score.

    A query that is the name of a facet value, such as an author, is ranked in the same way for any
    order of its words.
    """
    is_name = any(boost.text for boost in ask.boosts)
    return ask.raises_titles and not ask.is_literal and not is_name


def find_nearness_gains(text: str, ranking: Ranking, snapshot: Snapshot) -> dict[int, float]:
    """Return what the first DEPTH hits gain in score by nearness, by document number.

    A query of a single clause, or with fewer than MIN_WORDS or more than MAX_WORDS words, raises
    none.
    """
    words = _list_stems(text, snapshot)
    if ranking.idf is not None or not MIN_WORDS <= len(words) <= MAX_WORDS:
        return {}
    best = np.sort(
        top_hits(ranking.documents, ranking.sort_keys, snapshot.ranks, "relevance", slice(0, DEPTH))
    )
    documents, scores = ranking.documents.take(best), ranking.sort_keys.take(best)
    places = [_find_places(stems, documents, snapshot) for stems in words]
    strengths = [_measure_pair(*pair, len(documents)) for pair in pairwise(places)]
    gains = MAX_GAIN * np.average(strengths, axis=0, weights=_weigh_pairs(words, snapshot)) * scores
    raised = gains.nonzero()[0]
    return dict(zip(documents.take(raised).tolist(), gains.take(raised).tolist(), strict=True))


def _weigh_pairs(words: Sequence[Sequence[int]], snapshot: Snapshot) -> NDArray[np.float64]:
    """Return the weight of each pair of neighboring words: the idf of its more frequent word."""
    find_frequency = snapshot.segment.stems.doc_frequency
    frequencies = np.array([max(map(find_frequency, stems)) for stems in words])
    return compute_idfs(np.maximum(frequencies[:-1], frequencies[1:]), snapshot.size)


class _Places(NamedTuple):
    """The occurrences of a word in some documents.

    `documents` has indexes of documents. `offsets` ascend. Offsets in two fields or documents are
    more than WINDOW apart. `in_title` is the mask of those in a title.
    """

    documents: Array
    offsets: Array
    in_title: Array


def _list_stems(text: str, snapshot: Snapshot) -> list[tuple[int, ...]]:
    """Return the stem numbers of each distinct word of a query, up to MAX_WORDS + 1 words.

    Stop words and words that the index does not have are left out.
    """
    vocabulary = snapshot.vocabulary
    words = (
        tuple(
            number
            for stem in vocabulary.list_stems(word)
            if (number := vocabulary.find_term(stem)) is not None
        )
        for word in tokenizer.split_words(text)
        if not vocabulary.is_stop_word(word)
    )
    distinct: dict[tuple[int, ...], None] = {}
    for stems in filter(None, words):
        distinct[stems] = None
        if len(distinct) > MAX_WORDS:
            break
    return list(distinct)


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
    before = first.offsets - second.offsets.take(np.maximum(following - 1, 0))
    after[following > last] = before[(following == 0) | (before == 0)] = WINDOW + 1
    is_ordered = after <= ORDERED_DISTANCE
    in_order = np.where(first.in_title, IN_TITLE, IN_ORDER)
    nearby = np.where(np.minimum(after, before) <= WINDOW, NEARBY, 0.0)
    np.maximum.at(strengths, first.documents, np.where(is_ordered, in_order, nearby))
    return strengths
