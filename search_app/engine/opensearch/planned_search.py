"""A search as queries of OpenSearch: the words, the typed filters, and the selected filters."""

from __future__ import annotations

from whoosh import query

from indexer.cluster.mapping import Json
from indexer.codec.segment.postings import K1
from search_app.engine.opensearch.clause_limit import (
    MAX_LEAVES,
    FittedTree,
    count_leaves,
    fit_tree,
)
from search_app.engine.opensearch.combining import EVERYTHING, NOTHING, filter_by
from search_app.engine.opensearch.counts import make_count
from search_app.engine.opensearch.generation import ClusterGeneration
from search_app.engine.opensearch.selections import list_selected
from search_app.engine.query.cost import limit_cost
from search_app.engine.query.nodes import Clause, clauses, drop_boosts
from search_app.engine.store import StoreRequest


class PlannedSearch:
    """The queries of a search in one generation.

    `tree` is the evaluated tree with its boosts, without the clauses in `dropped`, and without some
    names of those in `truncated`. `words`, `typed` and `selected` are the queries that a hit
    matches. `frequencies` has the document frequencies of the clauses, as far as they are known.
    """

    def __init__(self, ask: StoreRequest, generation: ClusterGeneration) -> None:
        self.ask, self.generation = ask, generation
        compiler = generation.compiler
        typed = [compiler.match(node) for node in ask.filters]
        self.typed = [filter_by(typed)] if typed else []
        self.selected = list_selected(ask.request, generation.vocabulary)
        self.tree: query.Query | None = None
        self.dropped: tuple[str, ...] = ()
        self.truncated: tuple[tuple[str, int], ...] = ()
        self.words: Json = EVERYTHING
        if ask.tree is not None:
            self.tree, self.dropped, self.truncated = self._limit(ask.tree)
            if texts := compiler.texts:
                counted = ((each.text, texts.count_dropped(each)) for each in clauses(self.tree))
                self.truncated += tuple(each for each in counted if each[1])
            self.words = NOTHING if self.tree is None else compiler.match(self.tree)
            for boost in ask.boosts if self.tree is not None else ():
                self.tree = query.AndMaybe(self.tree, boost)
        self.frequencies = generation.frequencies.look_up(clauses(self.tree))

    def _limit(self, tree: query.Query) -> FittedTree:
        """Return the tree without clauses and names that cost too much."""
        compiler, vocabulary = self.generation.compiler, self.generation.vocabulary
        only_named = compiler.texts is not None and compiler.texts.only_named
        kept, dropped = limit_cost(tree, vocabulary, only_named=only_named)
        if kept is None:
            return FittedTree(None, dropped)
        boosts = [compiler.match(boost) for boost in self.ask.boosts]
        most = MAX_LEAVES - count_leaves([*boosts, *self.typed, *self.selected])
        fitted = fit_tree(kept, compiler, vocabulary, most)
        return fitted._replace(dropped=dropped + fitted.dropped)

    @property
    def single_clause(self) -> Clause | None:
        """The tree if it is a single clause, otherwise None."""
        return self.tree if isinstance(self.tree, Clause) else None

    def make_counts(self) -> list[Json]:
        """Return the searches that count publications, and clauses of unknown frequency.

        The first one counts those that match the words, pass the typed filters, and pass all. If
        there are full texts, the second one is that of `make_fields_count`.
        """
        body = make_count(self.words, filter_by(self.typed), filter_by(self.selected))
        by_fields = [self.make_fields_count()] if self.generation.compiler.texts else []
        return [body, *by_fields, *self.frequencies.bodies]

    def make_fields_count(self) -> Json:
        """Return the search that counts the publications whose fields match the words."""
        tree = drop_boosts(self.tree)
        compiler = self.generation.compiler.without_texts
        return make_count(NOTHING if tree is None else compiler.match(tree))

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
            return compiler.weigh(clause, self.frequencies.weigh_texts(clause))
        return compiler.score(self.tree, self.frequencies)

    def make_ranked_hits(self) -> Json:
        """Return the query of `make_ranked`, without what the typed filters exclude."""
        return {"bool": {"must": [self.make_ranked()], "filter": self.typed}}

    def to_score(self, key: float) -> float | None:
        """Return the score of a hit with a sort key; None without words."""
        clause = self.single_clause
        if self.tree is None or clause is None:
            return None if self.tree is None else key
        return key / (key + K1) * self.frequencies.find_idf(clause) * (K1 + 1)
