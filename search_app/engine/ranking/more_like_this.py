"""More like this: the publications that are similar to one.

Similar publications are the best hits of an OR of its key terms, scored with BM25F. The key terms
are those that contribute most to the score of the publication itself. Similarity is the score of
a hit as a fraction of that score.
"""

from __future__ import annotations

from itertools import accumulate, islice
from typing import NamedTuple

import numpy as np

from indexer.analysis import stemming
from search_app.engine.document_words import DocumentWords
from search_app.engine.query.vocabulary import Vocabulary
from search_app.engine.ranking.term_scores import compute_idfs, saturate

MAX_SIMILAR = 6
"""Maximum number of similar publications."""
MIN_WORDS, MAX_WORDS = 3, 25
"""Limits on the number of key terms: fewer are not enough evidence, more cost time."""
MAX_POSTINGS = 100_000
"""Limit on the total postings of the key terms; the most frequent terms are dropped first."""
MIN_FREQUENCY = 2
"""A key term occurs in at least 2 documents."""
MIN_SIMILARITY = 0.2
"""Minimum similarity, as a fraction of the publication's own score.

Of randomly drawn documents, 1 in 80 reaches it among 103,514 papers, and 1 in 12 in a catalogue of
a single subject.
"""

COMMON_WORDS = frozenset(
    "about above after again all also among another any before being below between both can come "
    "could deal did do does done during each every few find finds found further gave get give "
    "given go goes he help helps her here him his i just less made make makes many may meant "
    "might more most much must new no one only other others our out over own same several she "
    "should since some still take taken tell tells them themselves through together too two under "
    "until up us use used uses various very we well who whom whose will within without would yet "
    "you".split()
)
"""English words that are searchable but too general to be key terms."""
IGNORED_STEMS = frozenset(
    stemming.stem(word, language)
    for language, words in (*stemming.STOP_WORDS.items(), ("en", COMMON_WORDS))
    for word in words
)
"""Stems that are never key terms: those of COMMON_WORDS, and of the stop words of all languages."""


class KeyTerm(NamedTuple):
    """A stem, its idf, and its score in the publication itself."""

    stem: str
    idf: float
    score: float


def choose_key_terms(words: DocumentWords, vocabulary: Vocabulary) -> list[KeyTerm]:
    """Return the key terms of a publication, highest score first.

    A publication with fewer than MIN_WORDS has no similar ones, so the list is empty.
    """
    stems, weights = words.weigh_stems()
    terms = vocabulary.stems
    frequencies = terms.offsets[stems + 1].astype(np.int64) - terms.offsets[stems]
    idfs = compute_idfs(frequencies, vocabulary.size)
    scores = saturate(weights, 1.0) * idfs
    texts = {
        index: terms.texts.get_text(int(stems[index]))
        for index in np.lexsort((stems, -scores)).tolist()
        if frequencies[index] >= MIN_FREQUENCY
    }
    key_terms = list(
        islice((index for index, text in texts.items() if is_telling(text)), MAX_WORDS)
    )
    rarest = sorted(key_terms, key=lambda index: int(frequencies[index]))
    totals = accumulate(int(frequencies[index]) for index in rarest)
    affordable = {
        index for index, total in zip(rarest, totals, strict=True) if total <= MAX_POSTINGS
    }
    chosen = [
        KeyTerm(texts[index], float(idfs[index]), float(scores[index]))
        for index in key_terms if index in affordable
    ]  # fmt: skip
    return chosen if len(chosen) >= MIN_WORDS else []


def is_telling(stem: str) -> bool:
    """Return whether a stem can be a key term. Common words, years and other numbers cannot."""
    return stem not in IGNORED_STEMS and not stem.isdigit()
