"""A search as queries of OpenSearch: the words, the typed filters, and the selected filters."""

from __future__ import annotations

from whoosh import query

from indexer.cluster.mapping import Json
from indexer.codec.segment.postings import K1
from search_app.engine.opensearch.generation import ClusterGeneration
from search_app.engine.opensearch.queries import EVERYTHING, NOTHING, filter_by
from search_app.engine.opensearch.selections import list_selected
from search_app.engine.query.cost import drop_expensive, limit_cost
from search_app.engine.query.nodes import Clause, clauses
from search_app.engine.store import StoreRequest

MAX_LEAVES = 960
"""Limit on the terms and phrases in fields that a query matches, with its typed filters. Lucene
allows 1,024 of them (`indices.query.bool.max_clause_count`), and selected filters need some."""
_LEAVES = frozenset({"match", "match_phrase", "terms", "match_all", "match_none"})
"""The kinds of query that Lucene counts as one clause."""


class PlannedSearch:
    """The queries of a search in one generation.

    `tree` is the evaluated tree with its boosts, without the clauses in `dropped`. `words`, `typed`
    and `selected` are the queries that a hit matches. `frequencies` has the document frequencies of
    the clauses, as far as they are known.
    """

    def __init__(self, ask: StoreRequest, generation: ClusterGeneration) -> None:
        self.ask, self.generation = ask, generation
        compiler = generation.compiler
        self.typed = [compiler.match(node) for node in ask.filters]
        self.selected = list_selected(ask.request.filters, generation.vocabulary)
        self.tree: query.Query | None = None
        self.dropped: tuple[str, ...] = ()
        self.words: Json = EVERYTHING
        if ask.tree is not None:
            most = MAX_LEAVES - count_leaves(self.typed)
            self.tree, self.dropped = _limit(ask.tree, generation, most)
            self.words = NOTHING if self.tree is None else compiler.match(self.tree)
            for boost in ask.boosts if self.tree is not None else ():
                self.tree = query.AndMaybe(self.tree, boost)
        self.frequencies = generation.frequencies.look_up(clauses(self.tree))

    @property
    def single_clause(self) -> Clause | None:
        """The tree if it is a single clause, otherwise None."""
        return self.tree if isinstance(self.tree, Clause) else None

    @property
    def matched(self) -> Json:
        """The query of the documents that match the words and pass the typed filters."""
        return filter_by([self.words, *self.typed])

    @property
    def hits(self) -> Json:
        """The query of the documents that pass all filters."""
        return filter_by([self.words, *self.typed, *self.selected])

    def make_ranked(self) -> Json:
        """Return the query of the documents that match the words, with their sort keys.

        For a single clause, these are the weighted frequencies. The score grows with them, and they
        differ where scores may be equal. The frequencies of all clauses must be known.
        """
        compiler, clause = self.generation.compiler, self.single_clause
        if self.tree is None:
            return self.words
        if clause is not None:
            return compiler.weigh(clause)
        return compiler.score(self.tree, self.frequencies.find_idf)

    def make_ranked_hits(self) -> Json:
        """Return the query of `make_ranked`, without what the typed filters exclude."""
        return {"bool": {"must": [self.make_ranked()], "filter": self.typed}}

    def to_score(self, key: float) -> float | None:
        """Return the score of a hit with a sort key; None without words."""
        clause = self.single_clause
        if self.tree is None or clause is None:
            return None if self.tree is None else key
        return key / (key + K1) * self.frequencies.find_idf(clause) * (K1 + 1)


def _limit(
    tree: query.Query, generation: ClusterGeneration, most_leaves: int
) -> tuple[query.Query | None, tuple[str, ...]]:
    """Return the tree without clauses that cost too much, and their texts."""
    kept, dropped = limit_cost(tree, generation.vocabulary)
    if kept is None:
        return None, dropped
    weigh = generation.compiler.weigh
    kept, further = drop_expensive(kept, lambda clause: count_leaves(weigh(clause)), most_leaves)
    return kept, dropped + further


def count_leaves(part: object) -> int:
    """Return the number of queries of single fields in a part of a query."""
    if isinstance(part, list):
        return sum(map(count_leaves, part))
    if not isinstance(part, dict):
        return 0
    return sum(
        1 if name in _LEAVES else 0 if name == "script" else count_leaves(inner)
        for name, inner in part.items()
    )
