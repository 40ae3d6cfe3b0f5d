"""Pseudo-relevance feedback: re-score the best hits by the words that the first ones share.

The first hits are the feedback documents. The expansion terms are the words that score highest in
them. Each hit gets a share of the score, in proportion to the inner product of its expansion terms
with those of the feedback documents. This is Rocchio's method with the weights of BM25F. Source:
J. Rocchio, "Relevance Feedback in Information Retrieval" (1971).

Feedback changes the order of hits only. It adds and removes none, so counts and facets stay the
same. Recall still rises at any depth below RESCORED_HITS, because long queries match by any of
their words: the hits that share the subject move up. The first KEPT hits keep their order, because
a known publication is usually among them. Editions of one title count once among the feedback
documents and the first hits.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from whoosh import query

from indexer.codec.segment.array_file import Array
from indexer.codec.segment.editions import NO_FAMILY
from search_app.engine.document_words import DocumentWords
from search_app.engine.query.nodes import clauses, drop_boosts
from search_app.engine.query.vocabulary import Vocabulary
from search_app.engine.ranking.more_like_this import is_telling
from search_app.engine.ranking.term_scores import compute_idfs, saturate
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


class WeighedStems(NamedTuple):
    """The stems of some documents, ascending, and their weighted frequencies.

    `frequencies` (float32) has a row for each document and a column for each stem.
    """

    stems: Array
    frequencies: NDArray[np.float32]


class ExpansionTerms(NamedTuple):
    """The stem numbers of the expansion terms, greatest weight first, and their weights."""

    stems: Array
    weights: NDArray[np.float32]


def uses_feedback(ask: StoreRequest, tree: query.Query | None) -> bool:
    """Return whether a search is long enough, not literal, and ordered by relevance.

    `tree` is the evaluated tree.
    """
    words = islice(clauses(drop_boosts(tree)), MIN_CLAUSES)
    return ask.is_ranked and not ask.is_literal and sum(1 for _ in words) == MIN_CLAUSES


def find_titles(families: Array, scores: NDArray[np.float32]) -> Array | None:
    """Return the indexes of the first edition of each title; None if there is no feedback.

    `families` has the family of each hit, best first: a number that its editions share, or
    NO_FAMILY. `scores` has the score of each hit. The feedback documents are the first
    FEEDBACK_DOCS of the indexes.
    """
    is_first = families == NO_FAMILY
    is_first[np.unique(families, return_index=True)[1]] = True
    titles: Array = is_first.nonzero()[0]
    return titles if len(titles) > FEEDBACK_DOCS and scores[0] > 0 else None


def stack_stems(words: Sequence[DocumentWords]) -> WeighedStems:
    """Return the stems of several publications."""
    weighed = [each.weigh_stems() for each in words]
    stems = np.unique(np.concatenate([each_stems for each_stems, _ in weighed]))
    frequencies = np.zeros((len(weighed), len(stems)), np.float32)
    for row, (each_stems, weights) in zip(frequencies, weighed, strict=True):
        row[stems.searchsorted(each_stems)] = weights
    return WeighedStems(stems, frequencies)


def choose_terms(
    words: WeighedStems, scores: NDArray[np.float32], vocabulary: Vocabulary
) -> ExpansionTerms:
    """Return the expansion terms of the feedback documents.

    `words` are theirs, and `scores` are their scores as a share of the best one.
    """
    terms, (stems, frequencies) = vocabulary.stems, words
    doc_counts = terms.offsets[stems + 1].astype(np.int64) - terms.offsets[stems]
    is_shared = np.count_nonzero(frequencies, axis=0) >= MIN_DOCS
    indexes = (is_shared & (doc_counts <= MAX_DOC_SHARE * vocabulary.size)).nonzero()[0]
    stems, doc_counts = stems.take(indexes), doc_counts.take(indexes)
    idfs = compute_idfs(doc_counts, vocabulary.size)
    doc_weights = scores**SCORE_POWER / (scores**SCORE_POWER).sum()
    weights = doc_weights @ saturate(frequencies[:, indexes], 1.0) * idfs**2
    telling = (
        index
        for index in np.lexsort((stems, -weights)).tolist()
        if is_telling(terms.texts.get_text(int(stems[index])))
    )
    chosen = list(islice(telling, EXPANSION_TERMS))
    return ExpansionTerms(stems[chosen], weights[chosen].astype(np.float32))


def compute_shares(
    similarities: NDArray[np.float32], is_kept: NDArray[np.bool_], best_score: float
) -> NDArray[np.float32] | None:
    """Return what feedback adds to the score of each hit; None if no hit has an expansion term.

    `similarities` has for each hit the sum of the scores of the expansion terms in it, and
    `is_kept` is True for those before the title number KEPT, counted from 0.
    """
    greatest = similarities.max()
    if not greatest:
        return None
    shares: NDArray[np.float32] = similarities / greatest
    shares[is_kept] = 1
    shares *= np.float32(FULL_SHARE * best_score)
    return shares
