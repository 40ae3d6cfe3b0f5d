"""Evaluation of a query tree: the documents that it matches, and their scores with BM25F.

A tree is evaluated to a mask of documents, or to documents with scores.
The frequency of a clause in each field is weighted, normalized by length, summed over the fields,
and saturated once. Its document frequency counts the documents that it matches in any field:

    tf  = sum over fields of  weight * frequency / (1 - b + b * length / mean length)
    idf = ln(1 + (N - df + 0.5) / (df + 0.5))
    score = idf * tf * (k1 + 1) / (k1 + tf)

Source: S. Robertson, H. Zaragoza and M. Taylor, "Simple BM25 Extension to Multiple Weighted Fields"
(CIKM 2004). AND and OR add the scores of their clauses. NOT, filters and ranges score nothing. The
build computes the first line (`indexer.codec.segment.postings`).

The hits of one page are selected without sorting the whole list. The editions of one title can be
folded into the best one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from functools import reduce
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from whoosh import query

from indexer.codec.segment.array_file import Array
from indexer.codec.segment.editions import NO_FAMILY
from indexer.codec.segment.reader import Postings
from search_app.engine.arrays.clause import Checkpoint, clause_postings, ignore, sum_all
from search_app.engine.arrays.fulltext import FullTextMatcher
from search_app.engine.query.nodes import (
    Added,
    Clause,
    Filter,
    Several,
    UnknownNode,
    clauses,
)
from search_app.engine.ranking import compute_idf, saturate
from search_app.engine.request import Sort
from search_app.engine.snapshot.snapshot import DocNumbers, Mask, Snapshot, to_indexes


class ClausePostings(NamedTuple):
    """The documents that match a clause (int32), ascending, with their weighted frequencies.

    `inside` contains the documents whose full text matches, with what it adds to their frequencies.
    `doc_frequency` is the number of documents that decides the idf.
    """

    documents: DocNumbers
    weights: NDArray[np.float32]
    doc_frequency: int
    inside: Postings | None = None


Fetch = Callable[[Clause], ClausePostings]
"""Function from a clause to its postings."""


def make_fetch(
    snapshot: Snapshot, check: Checkpoint = ignore, texts: FullTextMatcher | None = None
) -> Fetch:
    """Return a function that fetches postings for one search, also of full texts if there are any.

    It caches them, so equal clauses are evaluated once.
    """
    cached: dict[Clause, ClausePostings] = {}

    def fetch(clause: Clause) -> ClausePostings:
        postings = cached.get(clause)
        if postings is None:
            found = clause_postings(clause, snapshot, check)
            postings = ClausePostings(*found, len(found.documents))
            if texts:
                inside = texts.find_postings(clause, check)
                postings = _add_inside(postings, inside, texts.weight, snapshot)
            cached[clause] = postings
        return postings

    return fetch


def _add_inside(
    postings: ClausePostings, inside: Postings, weight: float, snapshot: Snapshot
) -> ClausePostings:
    """Return postings with those of full texts added.

    The idf of a clause that fields contain stays that of the fields, so full texts never change
    what these decide. Words that are frequent in full texts add little: the weight is multiplied by
    the ratio of the two idfs, of which the greater is at most that of the fields.
    """
    count = len(inside.documents)
    if not count:
        return postings
    doc_frequency = len(postings.documents) or count
    ratio = compute_idf(count, snapshot.size) / compute_idf(doc_frequency, snapshot.size)
    added = inside._replace(weights=inside.weights * np.float32(weight * min(1.0, ratio)))
    fields = Postings(postings.documents, postings.weights)
    return ClausePostings(*sum_all([fields, added], snapshot.size), doc_frequency, added)


def match_mask(node: query.Query, snapshot: Snapshot, fetch: Fetch | None = None) -> Mask:
    """Return the documents that a tree matches, as a boolean mask of the size of the snapshot.

    Raise UnknownNode if a node has an unknown type.
    """
    fetch = fetch or make_fetch(snapshot)
    match node:
        case Clause():
            mask = np.zeros(snapshot.size, np.bool_)
            mask[fetch(node).documents] = True
        case Several():  # before Or, its base class
            counts = np.zeros(snapshot.size, np.int32)
            for child in node.subqueries:
                counts[match_mask(child, snapshot, fetch)] += node.weigh(child)
            mask = counts >= node.least
        case query.And() | query.Or():
            join = np.logical_and if isinstance(node, query.And) else np.logical_or
            mask = reduce(join, (match_mask(child, snapshot, fetch) for child in node.subqueries))
        case Added():  # before AndMaybe, its base class
            mask = match_mask(node.a, snapshot, fetch) | match_mask(node.b, snapshot, fetch)
        case query.AndMaybe():
            mask = match_mask(node.a, snapshot, fetch)
        case query.Not():
            mask = ~match_mask(node.query, snapshot, fetch)
        case query.Every():
            mask = np.ones(snapshot.size, np.bool_)
        case Filter():
            column = snapshot.columns[node.field]
            if node.values:
                found = map(column.find, node.values)
                ordinals = tuple(ordinal for ordinal in found if ordinal is not None)
            else:
                ordinals = column.find_between(node.low or "", node.high or "\U0010ffff")
            mask = snapshot.docs_with_values(node.field, ordinals)
        case _:
            raise UnknownNode(node)
    return mask


class ScoredDocs(NamedTuple):
    """Matching documents (int32, ascending) and the score of each (float32)."""

    documents: DocNumbers
    scores: NDArray[np.float32]


class Ranking(NamedTuple):
    """Matching documents and their sort keys, of which the greater rank first.

    For a single clause, `sort_keys` are its weighted frequencies and `idf` is its idf. The score
    grows with the frequency, so only the hits that are shown need a score. For any other tree,
    `sort_keys` are scores and `idf` is None.
    """

    documents: DocNumbers
    sort_keys: NDArray[np.float32]
    idf: float | None = None

    def to_scores(self, sort_keys: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the scores of some of the keys."""
        return sort_keys if self.idf is None else saturate(sort_keys, self.idf)


def rank(node: query.Query, snapshot: Snapshot, fetch: Fetch) -> Ranking:
    """Return the documents that a tree matches, with their sort keys.

    Raise UnknownNode for an unknown type of node.
    """
    if isinstance(node, Clause):
        postings = fetch(node)
        return Ranking(postings.documents, postings.weights, idf(postings, snapshot))
    return Ranking(*score(node, snapshot, fetch))


def score(node: query.Query, snapshot: Snapshot, fetch: Fetch | None = None) -> ScoredDocs:
    """Return the documents that a tree matches, with their scores.

    Raise UnknownNode if a node has an unknown type.
    """
    fetch = fetch or make_fetch(snapshot)
    if isinstance(node, Clause):
        postings = fetch(node)
        return ScoredDocs(postings.documents, saturate(postings.weights, idf(postings, snapshot)))
    if isinstance(node, query.And | query.Or) and _can_score(node):
        if isinstance(node, Several):
            return _score_several(node, snapshot, fetch)
        score_compound = _score_and if isinstance(node, query.And) else _score_or
        return score_compound(node, snapshot, fetch)
    if isinstance(node, Added):
        base, added = score(node.a, snapshot, fetch), score(node.b, snapshot, fetch)
        total = np.zeros(snapshot.size, np.float32)
        for found in (added, base):
            total[found.documents] = found.scores
        either = np.union1d(base.documents, added.documents)
        return ScoredDocs(either, total.take(either))
    if isinstance(node, query.AndMaybe):
        base, optional = score(node.a, snapshot, fetch), score(node.b, snapshot, fetch)
        indexes_a, indexes_b = snapshot.find_common(base.documents, optional.documents)
        base.scores[indexes_a] += optional.scores[indexes_b]
        return base
    documents = np.flatnonzero(match_mask(node, snapshot, fetch)).astype(np.int32)
    return ScoredDocs(documents, np.zeros(len(documents), np.float32))


def idf(postings: ClausePostings, snapshot: Snapshot) -> float:
    """Return the idf of a clause with these postings."""
    return compute_idf(postings.doc_frequency, snapshot.size)


def _score_and(node: query.And, snapshot: Snapshot, fetch: Fetch) -> ScoredDocs:
    """Return the documents that match every subquery, starting from the rarest clause.

    Subqueries without a clause do not score. They only filter the result.
    """
    words = []
    for clause, times in _count_distinct(node):
        words.append((fetch(clause), times))
        if not len(words[-1][0].documents):
            return ScoredDocs(words[-1][0].documents, words[-1][0].weights)
    other_children = [child for child in node.subqueries if not isinstance(child, Clause)]
    scoring = [score(child, snapshot, fetch) for child in other_children if _can_score(child)]
    documents, scores = _score_clauses(words, snapshot) if words else scoring.pop()
    for scored in scoring:
        indexes_a, indexes_b = snapshot.find_common(documents, scored.documents)
        documents, scores = documents[indexes_a], scores[indexes_a] + scored.scores[indexes_b]
    for child in other_children:
        if not _can_score(child):
            is_match = match_mask(child, snapshot, fetch)[documents]
            documents, scores = documents[is_match], scores[is_match]
    return ScoredDocs(documents, scores)


def _can_score(node: query.Query) -> bool:
    return next(clauses(node), None) is not None


def _count_distinct(node: query.CompoundQuery) -> list[tuple[Clause, int]]:
    """Return the distinct clauses of a node, each with the number of times it occurs."""
    return [*Counter(child for child in node.subqueries if isinstance(child, Clause)).items()]


def _score_clauses(words: list[tuple[ClausePostings, int]], snapshot: Snapshot) -> ScoredDocs:
    """Return the documents that match every clause, with the sum of the clauses' scores.

    Each clause comes with the number of times it was typed, which multiplies its score.
    """
    words = sorted(words, key=lambda postings_and_times: len(postings_and_times[0].documents))
    documents, weights = words[0][0].documents, [words[0][0].weights]
    for word, _ in words[1:]:
        indexes_a, indexes_b = snapshot.find_common(documents, word.documents)
        documents = documents.take(indexes_a)
        weights = [
            *(weights_of_word.take(indexes_a) for weights_of_word in weights),
            word.weights.take(indexes_b),
        ]
        if not len(documents):
            return ScoredDocs(documents, np.zeros(0, np.float32))
    scores, *other_scores = (
        saturate(word_weights, idf(word, snapshot) * times)
        for (word, times), word_weights in zip(words, weights, strict=True)
    )
    for further_scores in other_scores:
        scores += further_scores
    return ScoredDocs(documents, scores)


def _score_or(node: query.Or, snapshot: Snapshot, fetch: Fetch) -> ScoredDocs:
    """Return the documents that match any subquery, with the sum of its scores."""
    total = np.zeros(snapshot.size, np.float32)
    matched_mask, has_scores = None, False
    other_children = [(child, 1) for child in node.subqueries if not isinstance(child, Clause)]
    for child, times in [*_count_distinct(node), *other_children]:
        if isinstance(child, Clause):
            word = fetch(child)
            documents = word.documents
            scores = saturate(word.weights, idf(word, snapshot) * times)
        elif _can_score(child):
            documents, scores = score(child, snapshot, fetch)
            matched_mask = _mark(matched_mask, documents, snapshot)
        else:
            mask = match_mask(child, snapshot, fetch)
            matched_mask = mask if matched_mask is None else matched_mask | mask
            continue
        indexes = to_indexes(documents)
        total[indexes] = total.take(indexes) + scores if has_scores else scores
        has_scores = True
    is_match = total > 0 if matched_mask is None else (total > 0) | matched_mask
    match_indexes = is_match.nonzero()[0]
    return ScoredDocs(match_indexes.astype(np.int32), total.take(match_indexes))


def _score_several(node: Several, snapshot: Snapshot, fetch: Fetch) -> ScoredDocs:
    """Return the documents that several subqueries match, with the sum of the scores of all."""
    documents = np.flatnonzero(match_mask(node, snapshot, fetch)).astype(np.int32)
    scores = np.zeros(len(documents), np.float32)
    children = [child for child in node.subqueries if not isinstance(child, Clause)]
    for clause, times in _count_distinct(node):
        word = fetch(clause)
        indexes_a, indexes_b = snapshot.find_common(documents, word.documents)
        weights = word.weights.take(indexes_b)
        scores[indexes_a] += saturate(weights, idf(word, snapshot) * times)
    for child in filter(_can_score, children):
        scored = score(child, snapshot, fetch)
        indexes_a, indexes_b = snapshot.find_common(documents, scored.documents)
        scores[indexes_a] += scored.scores.take(indexes_b)
    return ScoredDocs(documents, scores)


def _mark(mask: Array | None, documents: DocNumbers, snapshot: Snapshot) -> Array:
    marked = np.zeros(snapshot.size, np.bool_) if mask is None else mask.copy()
    marked[documents] = True
    return marked


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

    Of each family, only the first edition in the order of `top_hits` stays. `family` gives the
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
