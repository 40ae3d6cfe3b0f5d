"""Pseudo-relevance feedback: re-score the best hits by the words that the first ones share.

The first hits are the feedback documents. The expansion terms are the words that score highest in
them. Each hit gets a share of the score, in proportion to the inner product of its expansion terms
with those of the feedback documents. This is Rocchio's method with the weights of BM25F. Source:
J. Rocchio, "Relevance Feedback in Information Retrieval" (1971).

Feedback changes the order of hits only. It adds and removes none, so counts and facets stay the
same. Recall still rises at any depth below RESCORED_HITS, because long queries match by any of
their words: the hits that share the subject move up. The first KEPT hits keep their order, because
a known publication is usually among them.
"""

from __future__ import annotations

from itertools import islice
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from whoosh import query

from indexer.codec.segment.array_file import Array
from indexer.codec.segment.editions import NO_FAMILY
from indexer.codec.segment.postings import expand_ranges
from search_app.engine.arrays.bm25f import compute_idfs, saturate
from search_app.engine.arrays.more_like_this import IGNORED_STEMS
from search_app.engine.arrays.top_hits import top_hits
from search_app.engine.query.nodes import clauses, drop_boosts
from search_app.engine.snapshot.snapshot import DocNumbers, Snapshot
from search_app.engine.store import StoreRequest

MIN_CLAUSES = 4
"""Minimum number of clauses of a query. Shorter ones often name a known publication, and the judged
queries of the catalogue did not gain from feedback with fewer."""
KEPT = 5
"""Number of first hits that keep their order. They get the full share."""
FEEDBACK_DOCS = 10
"""Number of feedback documents. A list that is not longer has no feedback."""
SCORE_POWER = 4
"""Exponent of the score as the weight of a feedback document, so that the best ones dominate."""
EXPANSION_TERMS = 16
"""Number of expansion terms."""
MIN_DOCS, MAX_DOC_SHARE = 2, 0.2
"""Limits on an expansion term: the minimum number of feedback documents with it, and the maximum
share of all documents."""
RESCORED_HITS = 500
"""Number of best hits that are re-scored. It bounds the time, and a greater number did not help."""
FULL_SHARE = 0.8
"""The greatest share that feedback adds to a score, as a fraction of the best score."""


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


def uses_feedback(ask: StoreRequest, tree: query.Query | None) -> bool:
    """Return whether a search is long enough, not literal, and ordered by relevance.

    `tree` is the evaluated tree.
    """
    words = islice(clauses(drop_boosts(tree)), MIN_CLAUSES)
    return ask.is_ranked and not ask.is_literal and sum(1 for _ in words) == MIN_CLAUSES


def compute_feedback(
    documents: DocNumbers, scores: NDArray[np.float32], snapshot: Snapshot
) -> Feedback | None:
    """Return the feedback for documents with scores; None if they are too few or share no words.

    Editions of one title count once among the feedback documents and the first hits.
    """
    best = top_hits(documents, scores, snapshot.ranks, "relevance", slice(0, RESCORED_HITS))
    ranked, scores = documents.take(best), scores.take(best)
    titles = _find_titles(ranked, snapshot)
    if len(titles) <= FEEDBACK_DOCS or scores[0] <= 0:
        return None
    chosen = titles[:FEEDBACK_DOCS]
    terms, weights = _choose_terms(ranked[chosen], scores[chosen] / scores[0], snapshot)
    order = ranked.argsort()
    rescored = ranked.take(order)
    similarities = _sum_scores(rescored, terms, weights, snapshot)
    greatest = similarities.max()
    if not greatest:
        return None
    similarities /= greatest
    similarities[order < titles[KEPT]] = 1
    return Feedback(rescored, similarities * np.float32(FULL_SHARE * scores[0]), terms)


def _find_titles(ranked: DocNumbers, snapshot: Snapshot) -> Array:
    """Return the indexes of the first edition of each title, ascending."""
    families = snapshot.editions.family.take(ranked)
    is_first = families == NO_FAMILY
    is_first[np.unique(families, return_index=True)[1]] = True
    titles: Array = is_first.nonzero()[0]
    return titles


def _choose_terms(
    feedback_docs: DocNumbers, scores: NDArray[np.float32], snapshot: Snapshot
) -> tuple[Array, NDArray[np.float32]]:
    """Return the stem numbers of the expansion terms, and their weights, greatest first."""
    stems, frequencies = _weigh_stems(feedback_docs, snapshot)
    terms = snapshot.segment.stems
    doc_counts = terms.offsets[stems + 1].astype(np.int64) - terms.offsets[stems]
    is_shared = np.count_nonzero(frequencies, axis=0) >= MIN_DOCS
    indexes = (is_shared & (doc_counts <= MAX_DOC_SHARE * snapshot.size)).nonzero()[0]
    stems, doc_counts = stems.take(indexes), doc_counts.take(indexes)
    idfs = compute_idfs(doc_counts, snapshot.size)
    doc_weights = scores**SCORE_POWER / (scores**SCORE_POWER).sum()
    weights = doc_weights @ saturate(frequencies[:, indexes], 1.0) * idfs**2
    telling = (
        index
        for index in np.lexsort((stems, -weights)).tolist()
        if _is_telling(terms.texts.get_text(int(stems[index])))
    )
    chosen = list(islice(telling, EXPANSION_TERMS))
    return stems[chosen], weights[chosen].astype(np.float32)


def _weigh_stems(doc_numbers: Array, snapshot: Snapshot) -> tuple[Array, NDArray[np.float32]]:
    """Return the stems of some documents, ascending, and their weighted frequencies.

    The frequencies (float32) have a row for each document and a column for each stem.
    """
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
    return distinct, sums.astype(np.float32).reshape(shape)


def _is_telling(stem: str) -> bool:
    return stem not in IGNORED_STEMS and not stem.isdigit()


def _sum_scores(
    documents: DocNumbers, terms: Array, weights: NDArray[np.float32], snapshot: Snapshot
) -> NDArray[np.float32]:
    """Return the sum of the saturated frequencies of the terms in each document, weighted."""
    sums = np.zeros(len(documents), np.float32)
    for term, weight in zip(terms.tolist(), weights.tolist(), strict=True):
        postings = snapshot.segment.stems.get_postings(term, term + 1)
        indexes = postings.documents.searchsorted(documents)
        matches = (postings.documents.take(indexes, mode="clip") == documents).nonzero()[0]
        sums[matches] += saturate(postings.weights.take(indexes.take(matches)), weight)
    return sums
