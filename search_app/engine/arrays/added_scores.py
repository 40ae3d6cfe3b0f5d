"""The scores that are added to those of the clauses, to order the hits by relevance."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from whoosh import query

from search_app.engine.arrays.bm25f import Ranking, ScoredDocs
from search_app.engine.arrays.feedback import Feedback, compute_feedback
from search_app.engine.arrays.nearness import find_nearness_gains
from search_app.engine.arrays.semantic import SemanticHits
from search_app.engine.arrays.title_match import find_title_gains
from search_app.engine.explain import AddedToHit
from search_app.engine.ranking.feedback import uses_feedback
from search_app.engine.ranking.nearness import uses_nearness
from search_app.engine.snapshot.snapshot import Snapshot
from search_app.engine.store import StoreRequest

Gains = Mapping[int, float]
"""Score gains by document number."""


class AddedScores(NamedTuple):
    """The scores that are added by title matches, by nearness, and by feedback, if any."""

    title_gains: Gains
    nearness_gains: Gains
    feedback: Feedback | None

    def add_to(self, hits: ScoredDocs) -> NDArray[np.float32]:
        """Return the scores of hits with all of these added."""
        total = _add_gains(hits, self.title_gains, self.nearness_gains)
        return self.feedback.add_to(total, hits.documents) if self.feedback else total

    def get_of(self, doc_number: int, semantic: SemanticHits | None) -> AddedToHit:
        """Return what is added to the score of a hit, with its part in `semantic`, if any."""
        return AddedToHit(
            semantic.get_share(doc_number) if semantic else 0.0,
            self.title_gains.get(doc_number, 0.0),
            self.nearness_gains.get(doc_number, 0.0),
            self.feedback.get_share(doc_number) if self.feedback else 0.0,
        )


NOTHING_ADDED = AddedScores({}, {}, None)


def compute_added_scores(
    ask: StoreRequest,
    tree: query.Query | None,
    ranking: Ranking,
    hits: ScoredDocs,
    snapshot: Snapshot,
) -> AddedScores:
    """Return what is added to the scores of the hits.

    `tree` is the evaluated tree, and `ranking` has its documents. `hits` has those that pass the
    typed filters.
    """
    titles = find_title_gains(ranking, tree, snapshot) if ask.raises_titles else {}
    nearness = find_nearness_gains(ask.text, ranking, snapshot) if uses_nearness(ask) else {}
    feedback = None
    if uses_feedback(ask, tree):
        raised = _add_gains(hits, titles)
        feedback = compute_feedback(hits.documents, raised, snapshot)
    return AddedScores(titles, nearness, feedback)


def _add_gains(hits: ScoredDocs, *all_gains: Gains) -> NDArray[np.float32]:
    """Return the scores of hits with the gains of the documents among them."""
    documents, total = hits.documents, hits.scores.copy()
    for gains in all_gains if len(documents) else ():
        numbers = np.fromiter(gains, np.int32, len(gains))
        indexes = documents.searchsorted(numbers)
        is_hit = documents.take(indexes, mode="clip") == numbers
        values = np.fromiter(gains.values(), np.float32, len(gains))
        total[indexes[is_hit]] += values[is_hit]
    return total
