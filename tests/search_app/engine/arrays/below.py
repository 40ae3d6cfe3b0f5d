"""Access to the arrays of a searcher of a local index."""

from typing import cast

import numpy as np

from search_app.engine import Searcher, SearchRequest, ranking
from search_app.engine.arrays.scoring import Ranking, top_hits
from search_app.engine.arrays.store import ArrayReply, ArrayStore
from search_app.engine.interpretation.interpreter import retrieve
from search_app.engine.snapshot.snapshot import Snapshot


def snapshot_of(searcher: Searcher) -> Snapshot:
    """Return the snapshot that a searcher reads."""
    return cast(ArrayStore, searcher.store).snapshot


def reply_to(request: SearchRequest, searcher: Searcher) -> ArrayReply:
    """Return the reply of the store to a search."""
    return cast(ArrayReply, retrieve(request, searcher.interpreter).reply)


def find_nearness_gains(text: str, words: Ranking, snapshot: Snapshot) -> dict[int, float]:
    """Return what the best documents gain in score by nearness, by document number."""
    near_words = ranking.list_near_words(text, snapshot.vocabulary)
    first = slice(0, ranking.NEAR_DEPTH)
    best = top_hits(words.documents, words.sort_keys, snapshot.ranks, "relevance", first)
    documents, scores = words.documents.take(best), words.sort_keys.take(best)
    if words.idf is not None or not near_words or not len(documents):
        return {}
    strengths = ranking.measure_pairs(near_words, snapshot.gather(documents), snapshot.vocabulary)
    gains = ranking.compute_nearness_gains(near_words, strengths, scores, snapshot.vocabulary)
    pairs = zip(documents.tolist(), gains.tolist(), strict=True)
    return {number: gain for number, gain in pairs if gain}


def compute_feedback(
    documents: np.ndarray, scores: np.ndarray, snapshot: Snapshot
) -> tuple[dict[int, float], list[int]] | None:
    """Return what feedback adds to each document, by its number, and the expansion terms."""
    first = slice(0, ranking.RESCORED_HITS)
    best = top_hits(documents, scores, snapshot.ranks, "relevance", first)
    ranked = documents.take(best)
    families = snapshot.editions.family.take(ranked)
    found = ranking.compute_feedback(
        np.arange(len(ranked)), scores.take(best), families, snapshot.gather(ranked),
        snapshot.vocabulary,
    )  # fmt: skip
    return found and (dict(zip(ranked.tolist(), found[0].tolist(), strict=True)), found[1])
