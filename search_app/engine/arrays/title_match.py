"""Title match in a local index: select the best hits, and read their words."""

from __future__ import annotations

from whoosh import query

from search_app.engine.arrays.bm25f import Ranking
from search_app.engine.arrays.top_hits import top_hits
from search_app.engine.ranking.title_match import DEPTH, compute_title_gain, read_title_query
from search_app.engine.snapshot.snapshot import Snapshot


def find_title_gains(
    ranking: Ranking, tree: query.Query | None, snapshot: Snapshot
) -> dict[int, float]:
    """Return what the first DEPTH hits gain in score by their title, by document number.

    `tree` is the evaluated tree.
    """
    title_query = read_title_query(tree, snapshot.vocabulary)
    if title_query is None:
        return {}
    best = top_hits(
        ranking.documents, ranking.sort_keys, snapshot.ranks, "relevance", slice(0, DEPTH)
    )
    gains = dict[int, float]()
    scores = ranking.sort_keys.take(best).tolist()
    for number, score in zip(ranking.documents.take(best).tolist(), scores, strict=True):
        words = snapshot.get_words(number).drop(title_query.abstract)
        if gain := compute_title_gain(title_query, words, score):
            gains[number] = gain
    return gains
