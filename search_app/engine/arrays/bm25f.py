"""BM25F scoring of the documents that a query tree matches.

The frequency of a clause in each field is weighted, normalized by length, summed over the fields,
and saturated once. Its document frequency counts the documents that it matches in any field:

    tf  = sum over fields of  weight * frequency / (1 - b + b * length / mean length)
    idf = ln(1 + (N - df + 0.5) / (df + 0.5))
    score = idf * tf * (k1 + 1) / (k1 + tf)

Source: S. Robertson, H. Zaragoza and M. Taylor, "Simple BM25 Extension to Multiple Weighted Fields"
(CIKM 2004). AND and OR add the scores of their clauses. NOT, filters and ranges score nothing. The
build computes the first line (`indexer.codec.segment.postings`).
"""

from __future__ import annotations

from collections import Counter
from math import log
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from whoosh import query

from indexer.codec.segment.array_file import Array
from indexer.codec.segment.postings import K1
from indexer.codec.segment.reader import Postings
from search_app.engine.arrays.clause import Look, never, postings
from search_app.engine.arrays.matcher import Fetch, fetching, matches
from search_app.engine.query.nodes import Leaf, first_of_equals, leaves
from search_app.engine.snapshot.snapshot import Documents, Snapshot, places


class Found(NamedTuple):
    """Matching documents (int32, ascending) and the score of each (float32)."""

    documents: Documents
    scores: NDArray[np.float32]


class Ranking(NamedTuple):
    """Matching documents and their sort keys, of which the greater rank first.

    For a single clause, `keys` are its weighted frequencies and `rarity` is its idf. The score
    grows with the frequency, so only the hits that are shown need a score. For any other tree,
    `keys` are scores and `rarity` is None.
    """

    documents: Documents
    keys: NDArray[np.float32]
    rarity: float | None = None

    def scores(self, keys: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the scores of some of the keys."""
        return keys if self.rarity is None else saturated(keys, self.rarity)


def ranked(node: query.Query, snapshot: Snapshot, look: Look = never) -> Ranking:
    """Return the documents that a tree matches, with their sort keys.

    `look` is called as in `matcher.postings`. Raise UnknownNode if no rule evaluates a node.
    """
    if isinstance(node, Leaf):
        held = postings(node, snapshot, look)
        return Ranking(held.documents, held.weights, rarity(held, snapshot))
    return Ranking(*found(node, snapshot, fetching(snapshot, look)))


def found(node: query.Query, snapshot: Snapshot, fetch: Fetch | None = None) -> Found:
    """Return the documents that a tree matches, with their scores.

    Raise UnknownNode if no rule evaluates a node.
    """
    fetch = fetch or fetching(snapshot)
    if isinstance(node, Leaf):
        held = fetch(node)
        return Found(held.documents, saturated(held.weights, rarity(held, snapshot)))
    if isinstance(node, query.And | query.Or) and _can_score(node):
        adds_up = _all if isinstance(node, query.And) else _any
        return adds_up(node, snapshot, fetch)
    if isinstance(node, query.AndMaybe):
        base, more = found(node.a, snapshot, fetch), found(node.b, snapshot, fetch)
        here, there = snapshot.common(base.documents, more.documents)
        base.scores[here] += more.scores[there]
        return base
    documents = np.flatnonzero(matches(node, snapshot, fetch)).astype(np.int32)
    return Found(documents, np.zeros(len(documents), np.float32))


def saturated(weights: Array, rarity: float) -> NDArray[np.float32]:
    """Return the score of each weighted frequency.

    It grows with the frequency, ever more slowly, up to the limit `rarity * (k1 + 1)`.
    """
    scores: NDArray[np.float32] = np.divide(weights, weights + np.float32(K1), dtype=np.float32)
    scores *= np.float32(rarity * (K1 + 1))
    return scores


def rarity(held: Postings, snapshot: Snapshot) -> float:
    """Return the idf of a clause with these postings."""
    frequency = len(held.documents)
    return log(1 + (snapshot.size - frequency + 0.5) / (frequency + 0.5))


def rarities(frequencies: Array, size: int) -> NDArray[np.float64]:
    """Return the idf of each document frequency in an index of `size` documents."""
    rare: NDArray[np.float64] = np.log(1 + (size - frequencies + 0.5) / (frequencies + 0.5))
    return rare


def _all(node: query.And, snapshot: Snapshot, fetch: Fetch) -> Found:
    """Return the documents that match every subquery, starting from the rarest clause.

    Subqueries without a clause do not score. They only filter the result.
    """
    words = []
    for leaf, times in _different(node):
        words.append((fetch(leaf), times))
        if not len(words[-1][0].documents):
            return Found(*words[-1][0])
    others = [child for child in node.subqueries if not isinstance(child, Leaf)]
    scoring = [found(child, snapshot, fetch) for child in others if _can_score(child)]
    documents, scores = _all_words(words, snapshot) if words else scoring.pop()
    for other in scoring:
        here, there = snapshot.common(documents, other.documents)
        documents, scores = documents[here], scores[here] + other.scores[there]
    for child in others:
        if not _can_score(child):
            kept = matches(child, snapshot, fetch)[documents]
            documents, scores = documents[kept], scores[kept]
    return Found(documents, scores)


def _can_score(node: query.Query) -> bool:
    return next(leaves(node), None) is not None


def _different(node: query.CompoundQuery) -> list[tuple[Leaf, int]]:
    """Return the distinct clauses of a node, each with the number of times it occurs."""
    own = [child for child in node.subqueries if isinstance(child, Leaf)]
    if len({leaf.said for leaf in own}) == len(own):  # equal clauses share their text
        return [(leaf, 1) for leaf in own]
    first = first_of_equals(own)
    times = Counter(id(first[id(leaf)]) for leaf in own)
    return [(leaf, times[id(leaf)]) for leaf in {id(one): one for one in first.values()}.values()]


def _all_words(words: list[tuple[Postings, int]], snapshot: Snapshot) -> Found:
    """Return the documents that match every clause, with the sum of the clauses' scores.

    Each clause comes with the number of times it was typed, which multiplies its score.
    """
    words = sorted(words, key=lambda each: len(each[0].documents))
    documents, weights = words[0][0].documents, [words[0][0].weights]
    for word, _ in words[1:]:
        here, there = snapshot.common(documents, word.documents)
        documents = documents.take(here)
        weights = [*(each.take(here) for each in weights), word.weights.take(there)]
        if not len(documents):
            return Found(documents, np.zeros(0, np.float32))
    scores, *others = (
        saturated(each, rarity(word, snapshot) * times)
        for (word, times), each in zip(words, weights, strict=True)
    )
    for other in others:
        scores += other
    return Found(documents, scores)


def _any(node: query.Or, snapshot: Snapshot, fetch: Fetch) -> Found:
    """Return the documents that match any subquery, with the sum of its scores."""
    total = np.zeros(snapshot.size, np.float32)
    held, is_begun = None, False
    others = [(child, 1) for child in node.subqueries if not isinstance(child, Leaf)]
    for child, times in [*_different(node), *others]:
        if isinstance(child, Leaf):
            word = fetch(child)
            documents = word.documents
            scores = saturated(word.weights, rarity(word, snapshot) * times)
        elif _can_score(child):
            documents, scores = found(child, snapshot, fetch)
            held = _marked(held, documents, snapshot)
        else:
            mask = matches(child, snapshot, fetch)
            held = mask if held is None else held | mask
            continue
        at = places(documents)
        total[at] = total.take(at) + scores if is_begun else scores
        is_begun = True
    is_found = total > 0 if held is None else (total > 0) | held
    found_at = is_found.nonzero()[0]
    return Found(found_at.astype(np.int32), total.take(found_at))


def _marked(held: Array | None, documents: Documents, snapshot: Snapshot) -> Array:
    marked = np.zeros(snapshot.size, np.bool_) if held is None else held.copy()
    marked[documents] = True
    return marked
