"""Nearness in a cluster: a search measures all pairs of words in the best hits.

Each fact about a pair has a power of two as its score. The score of a hit is their sum, which a
float32 has exactly.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

import numpy as np

from indexer.catalogue.fields import Field
from indexer.cluster.mapping import Json, make_term
from search_app.engine.opensearch.clause_limit import MAX_LEAVES
from search_app.engine.opensearch.client import Response
from search_app.engine.opensearch.combining import any_of
from search_app.engine.opensearch.document_scores import make_scoring, read_scores
from search_app.engine.opensearch.hits import RankedDoc
from search_app.engine.query.vocabulary import Vocabulary
from search_app.engine.ranking import (
    IN_ORDER,
    IN_TITLE,
    NEARBY,
    ORDERED_DISTANCE,
    WINDOW,
    QueryWord,
    compute_nearness_gains,
)

STRENGTHS = (IN_TITLE, IN_ORDER, NEARBY)
"""The strength of each fact about a pair, greatest first."""


def make_nearness_searches(
    words: Sequence[QueryWord], hits: Sequence[RankedDoc], vocabulary: Vocabulary
) -> list[Json]:
    """Return the bodies of the searches that measure the pairs of neighboring words in some hits.

    `words` are those of `ranking.list_near_words`, not empty. One search is enough, unless
    there are very many fields, or stems of a word.
    """
    pairs = [
        [_list_texts(word, vocabulary) for word in pair] for pair in pairwise(words)
    ]  # fmt: skip
    terms_by_field = len(STRENGTHS) * sum(len(stems) for pair in pairs for stems in pair)
    count = max(1, MAX_LEAVES // terms_by_field)
    fields, ids = vocabulary.catalogue.searchable, [hit.id for hit in hits]
    return [
        make_scoring(_score_facts(pairs, fields[start : start + count]), ids)
        for start in range(0, len(fields), count)
    ]


def read_nearness_gains(
    responses: Iterable[Response],
    words: Sequence[QueryWord],
    hits: Sequence[RankedDoc],
    vocabulary: Vocabulary,
) -> dict[str, float]:
    """Return what hits gain in score, by id, given the responses to `make_nearness_searches`."""
    facts, ids = np.zeros(len(hits), np.int64), [hit.id for hit in hits]
    for response in responses:
        facts |= read_scores(response, ids).astype(np.int64)
    strengths = [
        np.select([facts >> (first + bit) & 1 > 0 for bit in range(len(STRENGTHS))], STRENGTHS, 0.0)
        for first in range(0, (len(words) - 1) * len(STRENGTHS), len(STRENGTHS))
    ]
    scores = np.array([hit.key for hit in hits], np.float32)
    gains = compute_nearness_gains(words, strengths, scores, vocabulary).tolist()
    return {hit.id: gain for hit, gain in zip(hits, gains, strict=True) if gain}


def _score_facts(pairs: Sequence[Sequence[Sequence[str]]], fields: Sequence[Field]) -> Json:
    """Return the query for the facts about pairs of words, given by their stems, in some fields."""
    facts = [fact for first, second in pairs for fact in _list_facts(first, second, fields)]
    return any_of([
        {"constant_score": {"filter": fact, "boost": float(1 << bit)}}
        for bit, fact in enumerate(facts)
    ])  # fmt: skip


def _list_facts(
    first: Sequence[str], second: Sequence[str], fields: Sequence[Field]
) -> Iterator[Json]:
    """Yield the query of each fact about a pair, in the order of STRENGTHS."""
    for is_title in (True, False):
        yield any_of([
            _follow(f"pos_{field.name}", first, second, ORDERED_DISTANCE)
            for field in fields if (field.role == "title") == is_title
        ])  # fmt: skip
    # A search for both orders at once takes an occurrence of both words for a pair.
    yield any_of([
        _follow(f"pos_{field.name}", *stems, WINDOW)
        for field in fields for stems in ((first, second), (second, first))
    ])  # fmt: skip


def _list_texts(word: QueryWord, vocabulary: Vocabulary) -> list[str]:
    return [make_term(vocabulary.stems.texts.get_text(number)) for number in word]


def _follow(field: str, first: Sequence[str], second: Sequence[str], distance: int) -> Json:
    """Return the query for a word that follows another one at most `distance` words later."""
    clauses = [
        {"span_or": {"clauses": [{"span_term": {field: stem}} for stem in stems]}}
        for stems in (first, second)
    ]
    return {"span_near": {"clauses": clauses, "slop": distance - 1, "in_order": True}}
