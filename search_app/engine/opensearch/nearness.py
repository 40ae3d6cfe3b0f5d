"""Nearness in a cluster: one search measures all pairs of words in the best hits.

Each fact about a pair has a power of two as its score. The score of a hit is their sum, which a
float32 has exactly.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np

from indexer.cluster.mapping import MAX_TERM_CHARS, Json
from search_app.engine.opensearch.client import Response
from search_app.engine.opensearch.document_scores import make_scoring, read_scores
from search_app.engine.opensearch.hits import RankedDoc
from search_app.engine.opensearch.queries import any_of
from search_app.engine.query.vocabulary import Vocabulary
from search_app.engine.ranking.nearness import (
    IN_ORDER,
    IN_TITLE,
    NEARBY,
    ORDERED_DISTANCE,
    WINDOW,
    QueryWord,
    compute_gains,
)

STRENGTHS = (IN_TITLE, IN_ORDER, NEARBY)
"""The strength of each fact about a pair, greatest first."""


def make_nearness_search(
    words: Sequence[QueryWord], hits: Sequence[RankedDoc], vocabulary: Vocabulary
) -> Json:
    """Return the body of the search that measures the pairs of neighboring words in some hits.

    `words` are those of `ranking.nearness.list_words`, not empty.
    """
    facts = [fact for pair in pairwise(words) for fact in _list_facts(*pair, vocabulary)]
    queries: list[Json] = [
        {"constant_score": {"filter": fact, "boost": float(1 << bit)}}
        for bit, fact in enumerate(facts)
    ]
    return make_scoring(any_of(queries), [hit.id for hit in hits])


def read_nearness_gains(
    response: Response,
    words: Sequence[QueryWord],
    hits: Sequence[RankedDoc],
    vocabulary: Vocabulary,
) -> dict[str, float]:
    """Return what hits gain in score, by id, given the response to `make_nearness_search`."""
    facts = read_scores(response, [hit.id for hit in hits]).astype(np.int64)
    shifts = range(0, (len(words) - 1) * len(STRENGTHS), len(STRENGTHS))
    strengths = [
        np.select([facts >> (shift + bit) & 1 > 0 for bit in range(len(STRENGTHS))], STRENGTHS, 0.0)
        for shift in shifts
    ]
    scores = np.array([hit.key for hit in hits], np.float32)
    gains = compute_gains(words, strengths, scores, vocabulary).tolist()
    return {hit.id: gain for hit, gain in zip(hits, gains, strict=True) if gain}


def _list_facts(first: QueryWord, second: QueryWord, vocabulary: Vocabulary) -> Iterator[Json]:
    """Yield the query of each fact about a pair, in the order of STRENGTHS."""
    first_stems, second_stems = _list_texts(first, vocabulary), _list_texts(second, vocabulary)
    searchable = vocabulary.catalogue.searchable
    for is_title in (True, False):
        yield any_of([
            _follow(f"pos_{field.name}", first_stems, second_stems, ORDERED_DISTANCE)
            for field in searchable if (field.role == "title") == is_title
        ])  # fmt: skip
    # A search for both orders at once takes an occurrence of both words for a pair.
    yield any_of([
        _follow(f"pos_{field.name}", *stems, WINDOW)
        for field in searchable
        for stems in ((first_stems, second_stems), (second_stems, first_stems))
    ])  # fmt: skip


def _list_texts(word: QueryWord, vocabulary: Vocabulary) -> list[str]:
    return [vocabulary.stems.texts.get_text(number)[:MAX_TERM_CHARS] for number in word]


def _follow(field: str, first: Sequence[str], second: Sequence[str], distance: int) -> Json:
    """Return the query for a word that follows another one at most `distance` words later."""
    clauses = [
        {"span_or": {"clauses": [{"span_term": {field: stem}} for stem in stems]}}
        for stems in (first, second)
    ]
    return {"span_near": {"clauses": clauses, "slop": distance - 1, "in_order": True}}
