"""More like this in a cluster: the best hits of the key terms of a stored publication."""

from __future__ import annotations

from collections.abc import Sequence

from indexer.cluster.mapping import Json
from search_app.engine.opensearch.client import Response
from search_app.engine.opensearch.field_queries import FieldQueries
from search_app.engine.opensearch.hits import ORDERS, RankedDoc, make_page, read_page
from search_app.engine.opensearch.stem_scores import score_stems
from search_app.engine.query.vocabulary import Vocabulary
from search_app.engine.ranking import MAX_SIMILAR, MIN_SIMILARITY, KeyTerm


def make_similar_search(
    key_terms: Sequence[KeyTerm], group: int, queries: FieldQueries, vocabulary: Vocabulary
) -> Json:
    """Return the body of the search for the publications that are similar to one.

    `key_terms` are its own, not empty. Its editions, which have the same `group`, are left out. Of
    the editions of another title, only the most similar one is a hit.
    """
    stems = [(term.stem, term.idf) for term in key_terms]
    scored = score_stems(stems, vocabulary.searchable, queries)
    query: Json = {"bool": {"must": [scored], "must_not": [{"term": {"group": group}}]}}
    return make_page(query, ORDERS["relevance"], slice(0, MAX_SIMILAR), folds=True)


def read_similar(response: Response, key_terms: Sequence[KeyTerm]) -> list[RankedDoc]:
    """Return the similar publications, most similar first, ties by newest.

    `response` is that to `make_similar_search`.
    """
    own_score = sum(term.score for term in key_terms)
    return [hit for hit in read_page(response) if hit.key >= own_score * MIN_SIMILARITY]
