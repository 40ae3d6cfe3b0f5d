"""Translate query trees into queries of OpenSearch, with the scores of BM25F."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Protocol

from whoosh import query

from indexer.cluster.mapping import Json
from search_app.engine.cache import Cache
from search_app.engine.opensearch.bm25f import saturate
from search_app.engine.opensearch.combining import (
    EVERYTHING,
    any_of,
    drop_repeated,
    filter_by,
    split_filters,
)
from search_app.engine.opensearch.field_queries import MAX_CACHED, FieldQueries
from search_app.engine.opensearch.fulltext import FullTextQueries
from search_app.engine.opensearch.selections import list_between, match_values
from search_app.engine.query.nodes import Clause, Filter, Several, UnknownNode, clauses, rejoin
from search_app.engine.query.vocabulary import Vocabulary


class ClauseStatistics(Protocol):
    """The statistics of clauses that decide their scores."""

    def find_idf(self, clause: Clause) -> float:
        """Return the idf of a clause."""

    def weigh_texts(self, clause: Clause) -> float:
        """Return the greatest weight that a full text adds to a clause."""


class QueryCompiler:
    """Translates the trees of one generation. Threads may share it.

    `fields` and `texts` have the queries of clauses. Without `texts`, full texts do not match.
    """

    def __init__(
        self, vocabulary: Vocabulary, fields: FieldQueries, texts: FullTextQueries | None = None
    ) -> None:
        self._vocabulary, self.fields, self.texts = vocabulary, fields, texts
        # A node with equal clauses has the same object for each: see `drop_repeated`.
        self._matching: Cache[Clause, Json] = Cache(MAX_CACHED)

    @property
    def without_texts(self) -> QueryCompiler:
        """The compiler for matches in fields only."""
        return QueryCompiler(self._vocabulary, self.fields) if self.texts else self

    def weigh(self, clause: Clause, text_weight: float = 1.0) -> Json:
        """Return the query of a clause. Its score is the weighted frequency.

        `text_weight` is the greatest weight that a full text adds.
        """
        in_fields = self.fields.weigh(clause)
        inside = self.texts.weigh(clause, text_weight) if self.texts else None
        return any_of([in_fields, inside]) if inside else in_fields

    def _match_clause(self, clause: Clause) -> Json:
        if not (clause.text and self.texts):
            return self.weigh(clause)
        return self._matching.get(clause, lambda: self.weigh(clause))

    def score(self, node: query.Query, statistics: ClauseStatistics) -> Json:
        """Return the query of a tree, with its scores. Raise UnknownNode."""
        if isinstance(node, Clause):
            return self._score_clause(node, statistics)
        if isinstance(node, query.AndMaybe):
            base, boost = self.score(node.a, statistics), self.score(node.b, statistics)
            return {"bool": {"must": [base], "should": [boost]}}
        if not (isinstance(node, query.And | query.Or) and _can_score(node)):
            return filter_by([self.match(node)])
        scored = [
            self._score_clause(clause, statistics, times) for clause, times in _count_distinct(node)
        ]
        others = [child for child in node.subqueries if not isinstance(child, Clause)]
        scored += [self.score(child, statistics) for child in others if _can_score(child)]
        if isinstance(node, Several):
            return {"bool": {"should": scored, "filter": [self.match(node)]}}
        unscored = [child for child in others if not _can_score(child)]
        if isinstance(node, query.And):
            filters = [each for each in unscored if not isinstance(each, query.Every)]
            return {"bool": {"must": scored, **split_filters(map(self.match, filters))}}
        if unscored:
            scored.append(filter_by([self._match_any(unscored)]))
        return any_of(scored)

    def _score_clause(self, clause: Clause, statistics: ClauseStatistics, times: int = 1) -> Json:
        """Return the query of a clause that occurs several times, with its score."""
        weighed = self.weigh(clause, statistics.weigh_texts(clause))
        return saturate(weighed, times * statistics.find_idf(clause))

    def match(self, node: query.Query) -> Json:
        """Return the query of the documents that a tree matches. Its score has no meaning.

        Raise UnknownNode if a node has an unknown type.
        """
        match node := _simplify(node):
            case Clause():
                matching = self._match_clause(node)
            case query.And():
                matching = filter_by(drop_repeated(map(self.match, node.subqueries)))
            case Several():  # before Or, its base class
                matching = self._match_several(node)
            case query.Or():
                matching = self._match_any(node.subqueries)
            case query.AndMaybe():
                matching = self.match(node.a)
            case query.Not():
                matching = {"bool": {"must_not": [self.match(node.query)]}}
            case query.Every():
                matching = EVERYTHING
            case Filter():
                ends = node.low or "", node.high or "\U0010ffff"
                values = node.values or list_between(self._vocabulary, node.row, *ends)
                matching = match_values(node.row, [*values])
            case _:
                raise UnknownNode(node)
        return matching

    def _match_several(self, node: Several) -> Json:
        """Return the query of the documents that several nodes match. Raise UnknownNode."""
        matching = [self.match(child) for child in node.subqueries]
        several: Json = {"bool": {"should": matching, "minimum_should_match": node.least}}
        enough = [child for child in node.subqueries if node.weigh(child) >= node.least]
        return any_of([several, *drop_repeated(map(self.match, enough))])

    def _match_any(self, nodes: Iterable[query.Query]) -> Json:
        """Return the query of the documents that any node matches. Raise UnknownNode.

        The values of a row are one query, because a name may be that of thousands of values. So are
        the exclusions: Lucene counts one more clause for each query that only excludes.
        """
        values: dict[str, list[str]] = defaultdict(list)
        others: list[Json] = []
        excluded: list[Json] = []
        for node in map(_simplify, nodes):
            if isinstance(node, Filter) and node.values:
                values[node.row] += node.values
            elif isinstance(node, query.Not):
                excluded.append(self.match(node.query))
            else:
                others.append(self.match(node))
        if excluded:
            others.append({"bool": {"must_not": [filter_by(excluded)]}})
        of_rows = [match_values(row, texts) for row, texts in values.items()]
        return any_of(of_rows + drop_repeated(others))


def _simplify(node: query.Query) -> query.Query:
    """Return a node without double negation, and without what does not change a conjunction.

    Exclusions in parentheses come with a node that matches everything.
    """
    if isinstance(node, query.Not):
        excluded = _simplify(node.query)
        return excluded.query if isinstance(excluded, query.Not) else query.Not(excluded)
    if not isinstance(node, query.And | query.Or):
        return node
    children = node.subqueries
    if isinstance(node, query.And):
        children = [each for each in children if not isinstance(each, query.Every)] or children[:1]
    return _simplify(children[0]) if len(children) == 1 else rejoin(node, children)


def _can_score(node: query.Query) -> bool:
    return next(clauses(node), None) is not None


def _count_distinct(node: query.CompoundQuery) -> list[tuple[Clause, int]]:
    """Return the distinct clauses of a node, each with the number of times it occurs."""
    return [*Counter(child for child in node.subqueries if isinstance(child, Clause)).items()]
