"""More like this: the publications that are similar to one.

Similar publications are the best hits of an OR of its key terms, scored with BM25F. The key terms
are those that contribute most to the score of the publication itself. Similarity is the score of
a hit as a fraction of that score.
"""

from __future__ import annotations

from itertools import accumulate, islice

import numpy as np
from numpy.typing import NDArray
from whoosh import query

from indexer.analysis import stemming
from indexer.codec.segment.array_file import Array
from search_app.engine.arrays.bm25f import found, rarities, saturated
from search_app.engine.arrays.top_hits import best, folded
from search_app.engine.query.nodes import Leaf
from search_app.engine.snapshot.snapshot import Documents, Snapshot

MOST_SIMILAR = 6
"""Maximum number of similar publications."""
LEAST_WORDS, MOST_WORDS = 3, 25
"""Limits on the number of key terms: fewer are not enough evidence, more cost time."""
MOST_POSTINGS = 100_000
"""Limit on the total postings of the key terms; the most frequent terms are dropped first."""
LEAST_FREQUENCY = 2
"""A key term occurs in at least 2 documents."""
BAR = 0.2
"""Minimum similarity, as a fraction of the publication's own score.

Of randomly drawn documents, 1 in 80 reaches it among 103,514 papers, and 1 in 12 in a catalogue of
a single subject.
"""

COMMON = frozenset(
    "about above after again all also among another any before being below between both can come "
    "could deal did do does done during each every few find finds found further gave get give "
    "given go goes he help helps her here him his i just less made make makes many may meant "
    "might more most much must new no one only other others our out over own same several she "
    "should since some still take taken tell tells them themselves through together too two under "
    "until up us use used uses various very we well who whom whose will within without would yet "
    "you".split()
)
"""English words that are searchable but too general to be key terms."""
UNLIKENING = frozenset(
    stemming.stem(word, language)
    for language, words in (*stemming.STOP_WORDS.items(), ("en", COMMON))
    for word in words
)
"""The stems that are never key terms: those of COMMON, and of the stop words of all languages."""


def similar(number: int, snapshot: Snapshot) -> Documents:
    """Return up to MOST_SIMILAR similar documents, most similar first, ties by newest.

    The document itself and its editions are left out. Of the editions of another title, only the
    most similar one is returned.
    """
    words = telling(number, snapshot)
    if len(words) < LEAST_WORDS:
        return snapshot.everything[:0]
    fields = snapshot.segment.fields
    leaves = [Leaf([query.Term(field, word) for field in fields], word) for word in words]
    documents, scores = found(query.Or(leaves), snapshot)
    itself = documents.searchsorted(number)
    is_like = scores >= scores[itself] * np.float32(BAR)
    is_like[itself] = False
    documents, scores = documents[is_like], scores[is_like]
    editions = snapshot.editions
    if len(others := editions.others(number)):
        is_another = ~np.isin(documents, others)
        documents, scores = documents[is_another], scores[is_another]
    stays = folded(documents, scores, snapshot.ranks, "relevance", editions.family)
    documents, scores = documents.take(stays), scores.take(stays)
    order = best(documents, scores, snapshot.ranks, "relevance", slice(0, MOST_SIMILAR))
    found_alike: Documents = documents.take(order)
    return found_alike


def telling(number: int, snapshot: Snapshot) -> list[str]:
    """Return the stems that are the key terms of a document, highest score first."""
    stems, weights = _words(number, snapshot)
    terms = snapshot.segment.stems
    frequencies = terms.offsets[stems + 1].astype(np.int64) - terms.offsets[stems]
    scores = saturated(weights, 1.0) * rarities(frequencies, snapshot.size)
    texts = {
        at: terms.texts.text(int(stems[at]))
        for at in np.lexsort((stems, -scores)).tolist()
        if frequencies[at] >= LEAST_FREQUENCY
    }
    likening = (at for at, text in texts.items() if _likens(text))
    chosen = list(islice(likening, MOST_WORDS))
    rarest = sorted(chosen, key=lambda at: int(frequencies[at]))
    totals = accumulate(int(frequencies[at]) for at in rarest)
    within = {at for at, total in zip(rarest, totals, strict=True) if total <= MOST_POSTINGS}
    return [texts[at] for at in chosen if at in within]


def _likens(stem: str) -> bool:
    """Return whether a stem can be a key term. Years and other numbers cannot."""
    return stem not in UNLIKENING and not stem.isdigit()


def _words(number: int, snapshot: Snapshot) -> tuple[Array, NDArray[np.float32]]:
    """Return the stems of a document, ascending, and their weighted frequencies (float32)."""
    segment = snapshot.segment
    starts = segment.layout.starts[number : number + 2].astype(np.int64)
    begins, end = starts[0], starts[1, 0]
    stems = segment.stems_at(np.arange(begins[0], end))
    worth = segment.scale[number].repeat(np.diff(begins, append=end))
    is_word = stems >= 0
    held, at = np.unique(stems[is_word], return_inverse=True)
    return held, np.bincount(at, worth[is_word], len(held)).astype(np.float32)
