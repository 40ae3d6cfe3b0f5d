"""Combine queries of OpenSearch, and match terms and phrases of a field."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from indexer.cluster.mapping import SYNONYM_SEPARATOR, Json, make_term

MAX_SYNONYMS = 1000
"""Number of terms of one query of a field. Lucene allows 1,024 clauses."""
NOTHING: Json = {"match_none": {}}
INVERT = "params.boost / _score"
"""The reciprocal of a score, times a boost. The greatest reciprocal gives the lowest weight."""
EVERYTHING: Json = {"match_all": {"boost": 0}}


def match_terms(field: str, terms: Sequence[str], boost: float = 1.0) -> list[Json]:
    """Return queries that any of some terms in a field matches.

    The sum of their scores is the number of occurrences, multiplied by the boost.
    """
    cut = [*dict.fromkeys(map(make_term, terms))]
    return [
        {
            "match": {
                field: {
                    "query": SYNONYM_SEPARATOR.join(cut[start : start + MAX_SYNONYMS]),
                    "boost": boost,
                }
            }
        }
        for start in range(0, len(cut), MAX_SYNONYMS)
    ]


def match_boosted_terms(field: str, boosts: Mapping[str, float]) -> list[Json]:
    """Return queries that any of some terms in a field matches, given the boost of each."""
    by_boost: dict[float, list[str]] = defaultdict(list)
    for term, boost in boosts.items():
        by_boost[boost].append(term)
    return [each for boost, terms in by_boost.items() for each in match_terms(field, terms, boost)]


def match_phrase(field: str, terms: Sequence[str], boost: float = 1.0) -> Json:
    """Return the query of a phrase in a field.

    Its score is the number of occurrences, multiplied by the boost.
    """
    parameters: Json = {
        "query": " ".join(map(make_term, terms)),
        "analyzer": "space",
        # The similarity scores a phrase once for each of its words.
        "boost": boost / len(terms),
    }
    return {"match_phrase": {field: parameters}}


def any_of(queries: Sequence[Json]) -> Json:
    """Return the query that any of some queries matches. Scores add up."""
    if len(queries) == 1:
        return queries[0]
    return {"bool": {"should": queries, "minimum_should_match": 1}} if queries else NOTHING


def all_of(queries: Sequence[Json], boost: float) -> Json:
    """Return the query that all of some queries match. Its score is the lowest, times a boost."""
    inverted = [script_score(each, INVERT, {"boost": 1.0}) for each in queries]
    greatest: Json = {"bool": {"must": [{"dis_max": {"queries": inverted}}], "filter": queries}}
    return script_score(greatest, INVERT, {"boost": boost})


def script_score(scored: Json, source: str, parameters: Json) -> Json:
    """Return a query with another score, computed from its score."""
    script: Json = {"source": source, "params": parameters}
    return {"script_score": {"query": scored, "script": script}}


def filter_by(queries: Sequence[Json]) -> Json:
    """Return the query of the documents that all of some queries match. Its score is 0."""
    return {"bool": split_filters(queries)} if queries else EVERYTHING


def split_filters(queries: Iterable[Json]) -> Json:
    """Return the parts of a `bool` query with some filters. Exclusions are joined."""
    filters: dict[str, list[Json]] = defaultdict(list)
    for each in queries:
        match each:
            case {"bool": {"must_not": list(excluded), **others}} if not others:
                filters["must_not"] += excluded
            case _:
                filters["filter"].append(each)
    return dict(filters)


def drop_repeated(queries: Iterable[Json]) -> list[Json]:
    """Return queries without repeated objects: a word that is typed twice has one query."""
    return list({id(each): each for each in queries}.values())
