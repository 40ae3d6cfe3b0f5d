"""Nearness: raise the hits in which neighboring words of a short query are near each other.

A pair of neighboring words of the query counts most if a title has it in order. It counts less if
another text has it in order, and least if the words are near each other in any order. This is a
simple form of the sequential dependence model. Source: D. Metzler and W. B. Croft, "A Markov Random
Field Model for Term Dependencies" (SIGIR 2005).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from indexer.analysis import tokenizer
from indexer.codec.segment.array_file import Array
from search_app.engine.query.vocabulary import Vocabulary
from search_app.engine.ranking.term_scores import compute_idfs
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

QueryWord = tuple[int, ...]
"""The stem numbers of a word of a query, one for each language that has another stem."""


def uses_nearness(ask: StoreRequest) -> bool:
    """Return whether a search is in the default mode, without operators, and ordered by score.

    A query that is the name of a facet value, such as an author, is ranked in the same way for any
    order of its words.
    """
    is_name = any(boost.text for boost in ask.boosts)
    return ask.raises_titles and not ask.is_literal and not is_name


def list_words(text: str, vocabulary: Vocabulary) -> list[QueryWord]:
    """Return the distinct words of a query.

    Stop words and words that the index does not have are left out. A query with fewer than
    MIN_WORDS or more than MAX_WORDS words raises no hit, so the list is empty.
    """
    words = (
        tuple(
            number
            for stem in vocabulary.list_stems(word)
            for number in vocabulary.find_numbers(stem)
        )
        for word in tokenizer.split_words(text)
        if not vocabulary.is_stop_word(word)
    )
    distinct: dict[QueryWord, None] = {}
    for stems in filter(None, words):
        distinct[stems] = None
        if len(distinct) > MAX_WORDS:
            return []
    return list(distinct) if len(distinct) >= MIN_WORDS else []


def compute_gains(
    words: Sequence[QueryWord],
    strengths: Sequence[NDArray[np.float64]],
    scores: Array,
    vocabulary: Vocabulary,
) -> NDArray[np.float64]:
    """Return what each hit gains in score.

    `strengths` has for each pair of neighboring words its greatest strength in each hit, and
    `scores` the score of each hit.
    """
    shares = np.average(strengths, axis=0, weights=_weigh_pairs(words, vocabulary))
    gains: NDArray[np.float64] = MAX_GAIN * shares * scores
    return gains


def _weigh_pairs(words: Sequence[QueryWord], vocabulary: Vocabulary) -> NDArray[np.float64]:
    """Return the weight of each pair of neighboring words: the idf of its more frequent word."""
    find_frequency = vocabulary.stems.doc_frequency
    frequencies = np.array([max(map(find_frequency, stems)) for stems in words])
    return compute_idfs(np.maximum(frequencies[:-1], frequencies[1:]), vocabulary.size)
