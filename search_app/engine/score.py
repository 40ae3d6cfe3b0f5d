"""How well a publication answers the words: BM25F.

A leaf's frequency in each field is weighed and length-normalised, added over the fields, and
saturated once; its rarity is that of the publications which it matches in any field:

    tf  = sum over fields of  weight * frequency / (1 - b + b * length / mean length)
    idf = ln(1 + (N - df + 0.5) / (df + 0.5))
    score = idf * tf * (k1 + 1) / (k1 + tf)

after S. Robertson, H. Zaragoza and M. Taylor, "Simple BM25 Extension to Multiple Weighted
Fields" (CIKM 2004). Scores of AND and OR add up; NOT, filters and ranges give nothing. The
first line is computed when the index is built (`indexer.columnar.postings`).
"""

from __future__ import annotations

from math import log
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from whoosh import query

from indexer.columnar import K1, Array, Postings
from search_app.engine.match import matches, postings
from search_app.engine.nodes import Leaf, leaves
from search_app.engine.snapshot import Documents, Snapshot, places


class Found(NamedTuple):
    """What a tree matches: `documents` (int32, ascending) and the score of each (float32)."""

    documents: Documents
    scores: NDArray[np.float32]


class Ranking(NamedTuple):
    """What a tree matches, and what it is ranked by: the greater, the better.

    For a single leaf these `keys` are its weighed frequencies. As a score grows with them, few
    need one: those that are shown. Else they are scores, and `rarity` is None.
    """

    documents: Documents
    keys: NDArray[np.float32]
    rarity: float | None = None

    def scores(self, keys: NDArray[np.float32]) -> NDArray[np.float32]:
        """The scores of some of the keys."""
        return keys if self.rarity is None else saturated(keys, self.rarity)


def ranked(node: query.Query, snapshot: Snapshot) -> Ranking:
    """The publications that a tree matches, and what they are ranked by.

    Raises UnknownNode.
    """
    if isinstance(node, Leaf):
        held = postings(node, snapshot)
        return Ranking(held.documents, held.weights, rarity(held, snapshot))
    return Ranking(*found(node, snapshot))


def found(node: query.Query, snapshot: Snapshot) -> Found:
    """The publications that a tree matches, with their scores.

    Raises UnknownNode.
    """
    if isinstance(node, Leaf):
        held = postings(node, snapshot)
        return Found(held.documents, saturated(held.weights, rarity(held, snapshot)))
    if isinstance(node, query.And | query.Or) and _can_score(node):
        return _all(node, snapshot) if isinstance(node, query.And) else _any(node, snapshot)
    if isinstance(node, query.AndMaybe):
        base, more = found(node.a, snapshot), found(node.b, snapshot)
        here, there = snapshot.common(base.documents, more.documents)
        base.scores[here] += more.scores[there]
        return base
    documents = np.flatnonzero(matches(node, snapshot)).astype(np.int32)
    return Found(documents, np.zeros(len(documents), np.float32))


def saturated(weights: Array, rarity: float) -> NDArray[np.float32]:
    """The score of each weighed frequency: it grows ever less, towards rarity * (k1 + 1)."""
    scores: NDArray[np.float32] = np.divide(weights, weights + np.float32(K1), dtype=np.float32)
    scores *= np.float32(rarity * (K1 + 1))
    return scores


def rarity(held: Postings, snapshot: Snapshot) -> float:
    """The rarity of what so many publications have."""
    frequency = len(held.documents)
    return log(1 + (snapshot.size - frequency + 0.5) / (frequency + 0.5))


def rarities(frequencies: Array, size: int) -> NDArray[np.float64]:
    """The rarity of words that are in so many publications each, of so many in all."""
    rare: NDArray[np.float64] = np.log(1 + (size - frequencies + 0.5) / (frequencies + 0.5))
    return rare


def _all(node: query.And, snapshot: Snapshot) -> Found:
    """From the rarest word on: those that hold everything. What can't score only sifts."""
    words = []
    for child in node.subqueries:
        if isinstance(child, Leaf):
            words.append(postings(child, snapshot))
            if not len(words[-1].documents):
                return Found(*words[-1])
    others = [child for child in node.subqueries if not isinstance(child, Leaf)]
    scoring = [found(child, snapshot) for child in others if _can_score(child)]
    documents, scores = _all_words(words, snapshot) if words else scoring.pop()
    for other in scoring:
        here, there = snapshot.common(documents, other.documents)
        documents, scores = documents[here], scores[here] + other.scores[there]
    for child in others:
        if not _can_score(child):
            kept = matches(child, snapshot)[documents]
            documents, scores = documents[kept], scores[kept]
    return Found(documents, scores)


def _can_score(node: query.Query) -> bool:
    return next(leaves(node), None) is not None


def _all_words(words: list[Postings], snapshot: Snapshot) -> Found:
    """The publications that hold all of some words, and the sum of what each word scores."""
    words = sorted(words, key=lambda word: len(word.documents))
    documents, weights = words[0].documents, [words[0].weights]
    for word in words[1:]:
        here, there = snapshot.common(documents, word.documents)
        documents = documents.take(here)
        weights = [*(each.take(here) for each in weights), word.weights.take(there)]
        if not len(documents):
            return Found(documents, np.zeros(0, np.float32))
    scores = saturated(weights[0], rarity(words[0], snapshot))
    for word, each in zip(words[1:], weights[1:], strict=True):
        scores += saturated(each, rarity(word, snapshot))
    return Found(documents, scores)


def _any(node: query.Or, snapshot: Snapshot) -> Found:
    """The scores of all that hold something, added up over all publications."""
    total = np.zeros(snapshot.size, np.float32)
    held, is_begun = None, False
    for child in node.subqueries:
        if isinstance(child, Leaf):
            documents, scores = found(child, snapshot)
        elif _can_score(child):
            documents, scores = found(child, snapshot)
            held = _marked(held, documents, snapshot)
        else:
            held = matches(child, snapshot) if held is None else held | matches(child, snapshot)
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
