"""What stands beside a publication: its other editions, and publications like it.

Like it are those that a search for its most telling words would put first: the words that make
up most of what it scores against itself. That is an OR, scored as any other. How alike two are
is told by what the other scores, as a part of what the publication scores itself.
"""

from __future__ import annotations

from itertools import accumulate, islice
from typing import NamedTuple

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
LEAST_WORDS, MOST_WORDS = 3, 25
"""How many words a publication is likened by: few make no likeness, many cost time."""
MOST_POSTINGS = 100_000
"""How many postings these may have together; the commonest are left out first."""
LEAST_FREQUENCY = 2
"""A word that is in fewer publications likens nothing."""
BAR = 0.2
"""What is alike scores so much of what the publication scores itself: one in eighty that are
drawn by chance from 103,514 papers, one in twelve from a catalogue of a single subject."""

COMMON = frozenset(
    "about above after again all also among another any before being below between both can come "
    "could deal did do does done during each every few find finds found further gave get give "
    "given go goes he help helps her here him his i just less made make makes many may meant "
    "might more most much must new no one only other others our out over own same several she "
    "should since some still take taken tell tells them themselves through together too two under "
    "until up us use used uses various very we well who whom whose will within without would yet "
    "you".split()
)
"""English words that can be searched for, and yet liken nothing."""
UNLIKENING = frozenset(
    stemming.stem(word, language)
    for language, words in (*stemming.STOP_WORDS.items(), ("en", COMMON))
    for word in words
)
"""The stems of these, and of the stop words of all languages: a text may be in any."""


class Related(NamedTuple):
    """What stands beside a publication, by numbers.

    `editions` are its other editions, the newest first; `similar` is what is like it, the likest
    first.
    """

    editions: list[int]
    similar: list[int]


def related(number: int, snapshot: Snapshot) -> Related:
    """What stands beside the publication with a number."""
    others = snapshot.editions.others(number)
    newest_first = others[np.argsort(snapshot.ranks["newest"].take(others))]
    return Related(newest_first.tolist(), similar(number, snapshot).tolist())


def similar(number: int, snapshot: Snapshot) -> Documents:
    """The publications that are most like one, the likest first, those that tie by newest.

    Neither it nor an edition of it is among them, and of the editions of another only the likest.
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
    """The stems that tell most of a publication, those that tell more first."""
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
    """Whether two publications are more alike if both have a stem; years and numbers tell none."""
    return stem not in UNLIKENING and not stem.isdigit()


def _words(number: int, snapshot: Snapshot) -> tuple[Array, NDArray[np.float32]]:
    """The stems of a publication (ascending), and the weighed frequency of each: its postings."""
    segment = snapshot.segment
    starts = segment.layout.starts[number : number + 2].astype(np.int64)
    begins, end = starts[0], starts[1, 0]
    stems = segment.stems_at(np.arange(begins[0], end))
    worth = segment.scale[number].repeat(np.diff(begins, append=end))
    is_word = stems >= 0
    held, at = np.unique(stems[is_word], return_inverse=True)
    return held, np.bincount(at, worth[is_word], len(held)).astype(np.float32)
