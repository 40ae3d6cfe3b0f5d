"""The signals that raise the best hits of a cluster, as rescore queries: see `engine.ranking`.

A node rescores its best hits by title match, then by nearness, and then by feedback. A title and
neighboring words multiply a score. Feedback adds to it what the hit shares with the first hits of
another list, the feedback documents, whose words are weighed in this process.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from indexer.cluster.mapping import Json, make_term
from indexer.codec.segment.array_file import Array
from indexer.codec.segment.postings import K1
from search_app.engine import ranking
from search_app.engine.matching import Words
from search_app.engine.opensearch.queries import (
    MAX_CLAUSES,
    QueryCompiler,
    any_of,
    at_least,
    match_intervals,
    saturate,
    score_evenly,
)
from search_app.engine.query import nodes
from search_app.engine.query.vocabulary import Vocabulary
from search_app.engine.ranking import ExpansionTerms, QueryWord, TitleQuery

_TITLE_GAIN = "1 + params.gain * Math.min(1, _score / doc['title_words'].value)"
"""The factor of a hit, if the score is the number of words of its title that clauses match."""


class Feedback(NamedTuple):
    """What feedback adds: `strength` times the share that a hit has of the expansion terms.

    `groups` are those of the first titles, which get all of it and so keep their order. Without
    feedback, `strength` is 0.
    """

    terms: ExpansionTerms
    strength: float = 0.0
    groups: Sequence[int] = ()

    def weigh(self, words: Words, groups: Sequence[int], vocabulary: Vocabulary) -> Array:
        """Return what feedback adds to the score of each hit: see `add_feedback`."""
        shares = ranking.compute_similarities(self.terms, words, vocabulary)
        return np.where(np.isin(groups, self.groups), 1, shares) * self.strength


NO_FEEDBACK = Feedback(ExpansionTerms(np.zeros(0, np.int64), np.zeros(0, np.float32)))


def raise_titles(title_query: TitleQuery, compiler: QueryCompiler) -> Json:
    """Return the rescore query of the hits whose title the clauses cover."""
    outside = compiler.fields - {title_query.abstract}
    title = frozenset((title_query.title,))
    somewhere, in_title, covered = list[Json](), list[Json](), list[Json]()
    for clause in title_query.clauses:
        somewhere.append(any_of(compiler.match_fields(clause.parts, outside)))
        words = [part for part in clause.parts if isinstance(part, nodes.Term | nodes.Phrase)]
        in_title.append(any_of(compiler.match_fields(words, title)))
        length = max(
            (len(each.stems) for each in words if isinstance(each, nodes.Phrase)), default=1
        )
        covered.append(score_evenly(in_title[-1], length))
    least = len(in_title) - ranking.MAX_ELSEWHERE
    matching = [*somewhere, at_least(least, in_title)]
    script: Json = {"source": _TITLE_GAIN, "params": {"gain": ranking.MAX_GAIN}}
    raised: Json = {"bool": {"filter": matching, "should": covered}}
    return _rescore(
        {"script_score": {"query": raised, "script": script}}, ranking.TITLE_DEPTH, "multiply"
    )


def raise_neighbors(near_words: Sequence[QueryWord], compiler: QueryCompiler) -> Json:
    """Return the rescore query of the hits with neighboring words of the query near each other."""
    vocabulary = compiler.vocabulary
    stems = [
        [make_term(vocabulary.stems.texts.get_text(number)) for number in word]
        for word in near_words
    ]
    weights = ranking.weigh_pairs(near_words, vocabulary)
    raised: list[Json] = [{"match_all": {}}]
    for pair, weight in zip(pairwise(stems), weights / weights.sum(), strict=True):
        nearest = [
            score_evenly(query, ranking.MAX_GAIN * strength * float(weight))
            for strength, query in _match_pair(pair, compiler)
        ]
        raised.append({"dis_max": {"queries": nearest}})
    return _rescore({"bool": {"should": raised}}, ranking.NEAR_DEPTH, "multiply")


def _match_pair(
    pair: tuple[Sequence[str], Sequence[str]], compiler: QueryCompiler
) -> Iterator[tuple[float, Json]]:
    """Yield the strengths of a pair of words, and the query of the documents with each."""
    words: list[Json] = [
        {"any_of": {"intervals": [{"match": {"query": stem}} for stem in stems]}} for stems in pair
    ]
    in_order: Json = {
        "all_of": {"intervals": words, "ordered": True, "max_gaps": ranking.ORDERED_DISTANCE - 1}
    }
    nearby: Json = {"all_of": {"intervals": words, "max_gaps": ranking.WINDOW - 1}}
    title, others = list[Json](), list[Json]()
    for field in compiler.vocabulary.catalogue.searchable:
        in_field = match_intervals(f"stems.{field.name}", [in_order])
        (title if field.role == "title" else others).append(in_field)
    anywhere = [match_intervals(f"stems.{field}", [nearby]) for field in sorted(compiler.fields)]
    for strength, queries in (
        (ranking.IN_TITLE, title), (ranking.IN_ORDER, others), (ranking.NEARBY, anywhere),
    ):  # fmt: skip
        yield strength, any_of(queries)


def choose_feedback(
    words: Words, scores: Array, groups: Sequence[int], compiler: QueryCompiler
) -> Feedback:
    """Return what feedback adds, given the first titles of a list.

    `words`, `scores` and `groups` are those of the titles, best first.
    """
    count = ranking.FEEDBACK_DOCS
    if len(scores) <= count or scores[0] <= 0:
        return NO_FEEDBACK
    documents, weights = words.take(slice(0, count)), scores[:count] / scores[0]
    terms = ranking.choose_terms(documents, weights, compiler.vocabulary)
    greatest = float(ranking.compute_similarities(terms, documents, compiler.vocabulary).max())
    if not greatest:
        return NO_FEEDBACK
    strength = ranking.FULL_SHARE * float(scores[0])
    shares = terms._replace(weights=terms.weights / np.float32(greatest))
    return Feedback(shares, strength, groups[: ranking.KEPT])


def score_terms(terms: ExpansionTerms, compiler: QueryCompiler, most: int) -> list[Json]:
    """Return queries whose scores add up to `ranking.compute_similarities`.

    They have at most `most` leaves.
    """
    (stems, weights), find_stem = terms, compiler.vocabulary.stems.texts.get_text
    scored, share = list[Json](), most // max(len(stems), 1)
    for number, weight in zip(stems.tolist(), weights.tolist(), strict=True):
        term = nodes.Clause([nodes.Term(find_stem(number), compiler.fields)])
        scored += saturate(compiler.weigh(term, share), weight * (K1 + 1))
    return scored


def add_feedback(feedback: Feedback, compiler: QueryCompiler) -> Json:
    """Return the rescore query that adds to a hit its share of the expansion terms."""
    terms = feedback.terms._replace(weights=feedback.terms.weights * np.float32(feedback.strength))
    kept: Json = {"terms": {"group": feedback.groups}}
    added: list[Json] = [
        score_evenly(kept, feedback.strength),
        {"bool": {"must_not": [kept], "should": score_terms(terms, compiler, MAX_CLAUSES)}},
    ]
    return _rescore(any_of(added), ranking.RESCORED_HITS, "total")


def _rescore(query: Json, depth: int, mode: str) -> Json:
    return {"window_size": depth, "query": {"rescore_query": query, "score_mode": mode}}
