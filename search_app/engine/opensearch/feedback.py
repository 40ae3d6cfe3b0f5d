"""Feedback in a cluster: one search scores the expansion terms in the best hits.

The words of the feedback documents come from their stored publications.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from indexer.cluster.mapping import Json
from indexer.codec.segment.array_file import Array
from search_app.engine.matching import Words
from search_app.engine.opensearch.client import Response
from search_app.engine.opensearch.document_scores import make_scoring, read_scores
from search_app.engine.opensearch.field_queries import FieldQueries
from search_app.engine.opensearch.hits import RankedDoc
from search_app.engine.opensearch.stem_scores import score_stems
from search_app.engine.query.vocabulary import Vocabulary
from search_app.engine.ranking import (
    FEEDBACK_DOCS,
    KEPT,
    ExpansionTerms,
    choose_terms,
    compute_shares,
    find_titles,
)


class FeedbackHits(NamedTuple):
    """The hits that feedback re-scores, best first.

    `scores` (float32) has their scores, and `titles` the indexes of the first edition of each
    title.
    """

    hits: Sequence[RankedDoc]
    scores: Array
    titles: Array

    @property
    def documents(self) -> list[RankedDoc]:
        """The feedback documents."""
        return [self.hits[index] for index in self.titles[:FEEDBACK_DOCS]]


def select_hits(hits: Sequence[RankedDoc]) -> FeedbackHits | None:
    """Return the hits that feedback re-scores; None if there are too few.

    `hits` are the first RESCORED_HITS that pass the typed filters, best first. Their keys are their
    scores with the gains of title matches.
    """
    if not hits:
        return None
    scores = np.array([hit.key for hit in hits], np.float32)
    titles = find_titles(np.array([hit.group for hit in hits], np.int64), scores)
    return None if titles is None else FeedbackHits(hits, scores, titles)


def choose_expansion_terms(
    selected: FeedbackHits, words: Words, vocabulary: Vocabulary
) -> ExpansionTerms:
    """Return the expansion terms. `words` are those of the feedback documents, in order."""
    scores = selected.scores[selected.titles[:FEEDBACK_DOCS]] / selected.scores[0]
    return choose_terms(words, scores, vocabulary)


def make_feedback_search(
    selected: FeedbackHits, terms: ExpansionTerms, queries: FieldQueries, vocabulary: Vocabulary
) -> Json:
    """Return the body of the search that scores the expansion terms in the hits."""
    texts = map(vocabulary.stems.texts.get_text, terms.stems.tolist())
    stems = zip(texts, terms.weights.tolist(), strict=True)
    query = score_stems(stems, vocabulary.searchable, queries)
    return make_scoring(query, [hit.id for hit in selected.hits])


def read_feedback_shares(response: Response, selected: FeedbackHits) -> dict[str, float]:
    """Return what feedback adds to the score of each hit, by id.

    `response` is that to `make_feedback_search`.
    """
    similarities = read_scores(response, [hit.id for hit in selected.hits])
    is_kept = np.arange(len(selected.hits)) < selected.titles[KEPT]
    shares = compute_shares(similarities, is_kept, selected.scores[0])
    if shares is None:
        return {}
    return {hit.id: share for hit, share in zip(selected.hits, shares.tolist(), strict=True)}
