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

from itertools import compress
from math import log
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from whoosh import query

from indexer.columnar import K1, Array, Postings
from search_app.engine.match import matches, postings
from search_app.engine.nodes import Leaf, leaves
from search_app.engine.snapshot import Documents, Snapshot


class Found(NamedTuple):
    """What a tree matches: `documents` (int32, ascending) and the score of each (float32)."""

    documents: Documents
    scores: NDArray[np.float32]


def found(node: query.Query, snapshot: Snapshot) -> Found:
    """The publications that a tree matches, with their scores.

    Raises UnknownNode.
    """
    if isinstance(node, Leaf):
        held = postings(node, snapshot)
        return Found(held.documents, saturated(held.weights, _rarity(held, snapshot)))
    if isinstance(node, query.And | query.Or) and next(leaves(node), None) is not None:
        return _all(node, snapshot) if isinstance(node, query.And) else _any(node, snapshot)
    documents = np.flatnonzero(matches(node, snapshot)).astype(np.int32)
    return Found(documents, np.zeros(len(documents), np.float32))


def saturated(weights: Array, rarity: float) -> NDArray[np.float32]:
    """The score of each weighed frequency: it grows ever less, towards rarity * (k1 + 1)."""
    scores: NDArray[np.float32] = np.divide(weights, weights + np.float32(K1), dtype=np.float32)
    scores *= np.float32(rarity * (K1 + 1))
    return scores


def _rarity(held: Postings, snapshot: Snapshot) -> float:
    frequency = len(held.documents)
    return log(1 + (snapshot.size - frequency + 0.5) / (frequency + 0.5))


def _all(node: query.And, snapshot: Snapshot) -> Found:
    """From the rarest on: those that hold everything. What can't score only sifts."""
    is_scoring = [next(leaves(child), None) is not None for child in node.subqueries]
    scoring = list(compress(node.subqueries, is_scoring))
    words = [postings(child, snapshot) for child in scoring if isinstance(child, Leaf)]
    others = [found(child, snapshot) for child in scoring if not isinstance(child, Leaf)]
    rarities = [_rarity(each, snapshot) for each in words]
    by_size = sorted(range(len(words)), key=lambda at: len(words[at].documents))
    documents, weights = _held_by_all([words[at] for at in by_size], snapshot)
    scores = np.zeros(len(documents), np.float32)
    for at, each in zip(by_size, weights, strict=True):
        scores += saturated(each, rarities[at])
    for other in others:
        if not words and other is others[0]:
            documents, scores = other
            continue
        here, there = _common(documents, other.documents, snapshot)
        documents, scores = documents[here], scores[here] + other.scores[there]
    for child, scores_it in zip(node.subqueries, is_scoring, strict=True):
        if not scores_it:
            kept = matches(child, snapshot)[documents]
            documents, scores = documents[kept], scores[kept]
    return Found(documents, scores)


def _held_by_all(words: list[Postings], snapshot: Snapshot) -> tuple[Documents, list[Array]]:
    """The publications that hold all of some words, rarest first, and the weights of each."""
    if not words:
        return snapshot.everything[:0], []
    documents, weights = words[0].documents, [words[0].weights]
    for word in words[1:]:
        here, there = _common(documents, word.documents, snapshot)
        documents = documents[here]
        weights = [*(each[here] for each in weights), word.weights[there]]
    return documents, weights


def _common(few: Documents, many: Documents, snapshot: Snapshot) -> tuple[Array, Array]:
    """Where in each of two lists the publications stand that are in both."""
    if len(many) < len(few):
        there, here = _common(many, few, snapshot)
        return here, there
    if not len(few):
        return few, few
    at = np.searchsorted(many, few)
    at[-1:] -= at[-1:] == len(many)
    at = np.minimum(at, len(many) - 1)
    here = np.flatnonzero(many[at] == few)
    return here, at[here]


def _any(node: query.Or, snapshot: Snapshot) -> Found:
    """The scores of all that hold something, added up over all publications."""
    total = np.zeros(snapshot.size, np.float32)
    held = None
    for child in node.subqueries:
        if isinstance(child, Leaf):
            documents, scores = found(child, snapshot)
        elif next(leaves(child), None) is not None:
            documents, scores = found(child, snapshot)
            held = _marked(held, documents, snapshot)
        else:
            held = matches(child, snapshot) if held is None else held | matches(child, snapshot)
            continue
        total[documents] += scores
    is_found = total > 0 if held is None else (total > 0) | held
    documents = np.flatnonzero(is_found).astype(np.int32)
    return Found(documents, total[documents])


def _marked(held: Array | None, documents: Documents, snapshot: Snapshot) -> Array:
    marked = np.zeros(snapshot.size, np.bool_) if held is None else held.copy()
    marked[documents] = True
    return marked
