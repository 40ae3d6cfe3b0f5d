"""Feedback in a local index: the words of the feedback documents, and the scores of others."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from indexer.codec.segment.array_file import Array
from indexer.codec.segment.postings import expand_ranges
from search_app.engine.arrays.top_hits import top_hits
from search_app.engine.ranking.feedback import (
    FEEDBACK_DOCS,
    KEPT,
    RESCORED_HITS,
    ExpansionTerms,
    WeighedStems,
    choose_terms,
    compute_shares,
    find_titles,
)
from search_app.engine.ranking.term_scores import saturate
from search_app.engine.snapshot.snapshot import DocNumbers, Snapshot


class Feedback(NamedTuple):
    """The result of feedback.

    `documents` has the re-scored documents, ascending, and `shares` (float32) what is added to the
    score of each. `terms` has the stem numbers of the expansion terms, greatest weight first.
    """

    documents: DocNumbers
    shares: NDArray[np.float32]
    terms: Array

    def add_to(self, scores: NDArray[np.float32], documents: DocNumbers) -> NDArray[np.float32]:
        """Return the scores with the shares added. `documents` has those of `compute_feedback`."""
        total = scores.copy()
        total[documents.searchsorted(self.documents)] += self.shares
        return total

    def get_share(self, doc_number: int) -> float:
        """Return the part of the score of a document that comes from feedback."""
        index = int(self.documents.searchsorted(np.int32(doc_number)))
        is_rescored = index < len(self.documents) and self.documents[index] == doc_number
        return float(self.shares[index]) if is_rescored else 0.0


def compute_feedback(
    documents: DocNumbers, scores: NDArray[np.float32], snapshot: Snapshot
) -> Feedback | None:
    """Return the feedback for documents with scores; None if they are too few or share no words."""
    best = top_hits(documents, scores, snapshot.ranks, "relevance", slice(0, RESCORED_HITS))
    ranked, scores = documents.take(best), scores.take(best)
    titles = find_titles(snapshot.editions.family.take(ranked), scores)
    if titles is None:
        return None
    chosen = titles[:FEEDBACK_DOCS]
    words = _weigh_stems(ranked[chosen], snapshot)
    terms = choose_terms(words, scores[chosen] / scores[0], snapshot.vocabulary)
    order = ranked.argsort()
    rescored = ranked.take(order)
    similarities = _sum_scores(rescored, terms, snapshot)
    shares = compute_shares(similarities, order < titles[KEPT], scores[0])
    return None if shares is None else Feedback(rescored, shares, terms.stems)


def _weigh_stems(doc_numbers: Array, snapshot: Snapshot) -> WeighedStems:
    segment, starts = snapshot.segment, snapshot.segment.forward_index.starts
    field_starts = starts[doc_numbers].astype(np.int64)
    ends = starts[doc_numbers + 1, :1].astype(np.int64)
    spans = np.diff(field_starts, append=ends, axis=1)
    counts = spans.sum(axis=1)
    stems = segment.get_stems(expand_ranges(field_starts[:, 0], counts))
    word_weights = segment.norms[doc_numbers].reshape(-1).repeat(spans.reshape(-1))
    rows = np.arange(len(doc_numbers)).repeat(counts)
    is_word = stems >= 0
    distinct, columns = np.unique(stems[is_word], return_inverse=True)
    shape = len(doc_numbers), len(distinct)
    cells = rows[is_word] * shape[1] + columns
    sums = np.bincount(cells, word_weights[is_word], shape[0] * shape[1])
    return WeighedStems(distinct, sums.astype(np.float32).reshape(shape))


def _sum_scores(
    documents: DocNumbers, terms: ExpansionTerms, snapshot: Snapshot
) -> NDArray[np.float32]:
    """Return the sum of the saturated frequencies of the terms in each document, weighted."""
    sums = np.zeros(len(documents), np.float32)
    for term, weight in zip(terms.stems.tolist(), terms.weights.tolist(), strict=True):
        postings = snapshot.segment.stems.get_postings(term, term + 1)
        indexes = postings.documents.searchsorted(documents)
        matches = (postings.documents.take(indexes, mode="clip") == documents).nonzero()[0]
        sums[matches] += saturate(postings.weights.take(indexes.take(matches)), weight)
    return sums
