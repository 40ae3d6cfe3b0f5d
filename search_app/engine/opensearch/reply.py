"""The reply of a cluster to one search: each step is asked when it is first needed.

The steps are the counts, and the page with the facets. A step is one request, whatever the number
of its searches.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple, Self

from whoosh import query

from indexer.catalogue.records import Publication
from indexer.cluster.mapping import Json
from search_app.engine.deadline import Deadline
from search_app.engine.explain import Explainer, limit_explained
from search_app.engine.matching import Words
from search_app.engine.opensearch import completions
from search_app.engine.opensearch.client import Response
from search_app.engine.opensearch.combining import filter_by
from search_app.engine.opensearch.completions import TitleSearch
from search_app.engine.opensearch.counts import Counts, make_count
from search_app.engine.opensearch.facets import plan_values
from search_app.engine.opensearch.found_pages import PageSearch, find_files
from search_app.engine.opensearch.generation import ClusterGeneration
from search_app.engine.opensearch.inside_weights import InsideWeights
from search_app.engine.opensearch.page import Facets, LoadedPage, load_page, make_aggregation
from search_app.engine.opensearch.planned_search import PlannedSearch
from search_app.engine.opensearch.scan import scan
from search_app.engine.query.nodes import Clause, clauses
from search_app.engine.results import Explanation
from search_app.engine.store import FoundFile, RankedHit, StoreRequest


class SearchCounts(NamedTuple):
    """The numbers of publications that match the words, pass the typed filters, and all filters."""

    by_words: int
    matched: int
    total: int


class OpenSearchReply:
    """The `Reply` to a search of one generation."""

    def __init__(
        self, ask: StoreRequest, generation: ClusterGeneration, deadline: Deadline
    ) -> None:
        self.plan = PlannedSearch(ask, generation)
        self._ask, self._generation, self._deadline = ask, generation, deadline
        self._counts: SearchCounts | None = None
        self._overlapping: Json | None = None
        self._page: LoadedPage | None = None
        self._files: dict[tuple[str, int], Sequence[FoundFile]] = {}
        deadline.checkpoint("match")

    @property
    def tree(self) -> query.Query | None:
        """The evaluated tree with its boosts, without the clauses in `dropped`."""
        return self.plan.tree

    @property
    def dropped(self) -> tuple[str, ...]:
        """The texts of the clauses that were dropped because they cost too much."""
        return self.plan.dropped

    @property
    def truncated(self) -> tuple[tuple[str, int], ...]:
        """The texts of the clauses that match fewer names, and the numbers of those left out."""
        return self.plan.truncated

    def _send(self, bodies: Sequence[Json]) -> list[Response]:
        return self._generation.client.msearch(bodies, self._deadline)

    @property
    def counts(self) -> SearchCounts:
        """The numbers of publications after the words and each kind of filter."""
        if self._counts is None:
            self._count()
        assert self._counts is not None
        return self._counts

    def _count(self) -> None:
        counts = self._generation.counts.count(self.plan.make_counts(), self._deadline)
        self.read_counts(counts)

    def read_counts(self, counts: Sequence[Counts]) -> None:
        """Read the counts of the searches of `PlannedSearch.make_counts`."""
        (by_words, matched, total), *others = counts
        if self._generation.compiler.texts:
            _, *others = others  # it is cached, and few searches need it
        self.plan.frequencies.complete(others)
        self._counts = SearchCounts(0 if self.tree is None else by_words, matched, total)

    def find_by_words(self) -> int | None:
        """Return the number of publications that match the words, or None if it is not known."""
        if self._counts is not None:
            return self._counts.by_words
        clause = self.plan.single_clause
        if self.tree is None or clause is None:
            return 0 if self.tree is None else None
        frequency = self.plan.frequencies.find(clause)
        return frequency and frequency.total

    @property
    def by_words(self) -> int:
        """The number of publications that match the words, before all filters."""
        known = self.find_by_words()
        return self.counts.by_words if known is None else known

    @property
    def by_fields(self) -> int:
        """The number of publications that match the words without full texts, before filters."""
        if not self._generation.compiler.texts:
            return self.by_words
        counted = self._generation.counts.count([self.plan.make_fields_count()], self._deadline)
        return counted[0][0]

    @property
    def matched(self) -> int:
        """The number of publications that pass the typed filters too."""
        return self.counts.matched

    @property
    def total(self) -> int:
        """The number of hits."""
        return self.counts.total

    @property
    def has_words(self) -> bool:
        """Whether a publication that passes the typed filters matches the words."""
        return self.matched > 0

    @property
    def by_meaning(self) -> int:
        """The number of hits by semantic similarity alone. A cluster has no vectors."""
        return 0

    @property
    def titles(self) -> int:
        """The number of hits, with the editions of one title counted once."""
        return self._load_page(with_facets=False).titles

    def count_overlap(self, other: Self) -> int:
        """Return the number of hits that match the words of another reply too.

        It comes with the page, so it is best asked for first.
        """
        if other.tree is None or not other.by_words:
            return 0
        words = other.plan.words
        if self._overlapping is not words:
            self._overlapping, self._page = words, None
        return self._load_page(with_facets=True).overlap

    def count_with(self, clauses: Sequence[Clause]) -> list[int]:
        """Return the number of hits that match each clause."""
        match = self._generation.compiler.match
        bodies = [make_count(filter_by([self.plan.hits, match(clause)])) for clause in clauses]
        return [total for (total,) in self._generation.counts.count(bodies, self._deadline)]

    def _load_page(self, *, with_facets: bool) -> LoadedPage:
        """Return the page, with the facets if they are asked for."""
        if self._page is None or (with_facets and self._page.facets is None):
            if self.plan.frequencies.bodies:
                self._count()
            page = self._page = load_page(
                self.plan, self._send, self._overlapping, with_facets=with_facets
            )
            by_words = (
                page.matched
                if self.tree is not None and not self.plan.typed
                else self.find_by_words()
            )
            if self._counts is None and by_words is not None:
                self._counts = SearchCounts(by_words, page.matched, page.total)
        return self._page

    def count_values(self, field: str) -> dict[str, int]:
        """Return the number of hits with each value of a field, in the order of the index."""
        facets = plan_values(field, self._ask.request, self._generation.vocabulary)
        counts = self._aggregate(facets.searches)
        counts += self._aggregate(facets.list_partitions(counts))
        [result] = facets.read(counts)
        return result.list_counts(field)

    def _aggregate(self, searches: Sequence[Json]) -> list[Response]:
        bodies = [make_aggregation(self.plan, aggregations) for aggregations in searches]
        return [response["aggregations"] for response in self._send(bodies)] if bodies else []

    def list_ids(self) -> list[str]:
        """Return the ids of the hits of the page, in order."""
        return [hit.id for hit in self._load_page(with_facets=False).hits]

    def rank_hits(self) -> Iterator[RankedHit]:
        """Yield the hits of the page, in order."""
        for hit in self._load_page(with_facets=False).hits:
            assert hit.record is not None
            yield RankedHit(hit.record, self.plan.to_score(hit.key), hit.editions)

    def find_files(self, identity: str, most: int) -> Sequence[FoundFile]:
        """Return the files of a publication with words of the search, with `most` pages of each.

        Those of all hits of the page come in one request.
        """
        texts = self._generation.compiler.texts
        if texts is None or self.tree is None:
            return ()
        if (identity, most) not in self._files:
            shown = [hit.id for hit in self._page.hits] if self._page else []
            ids = shown if identity in shown else [identity]
            search = PageSearch(ids, [*clauses(self.tree)])
            [found] = find_files([search], texts, most, self._send)
            self._files |= {(each, most): found.get(each, []) for each in ids}
        return self._files[identity, most]

    def scan(self) -> Iterator[Publication]:
        """Return all hits in order, whatever the page. They are read when they are taken."""
        best = self._load_page(with_facets=False).best
        return scan(
            self.plan, best, lambda bodies: self._generation.client.msearch(bodies, Deadline())
        )

    def explain(self) -> list[Explanation | None]:
        """Return the explanation of each hit of the page; None beyond MAX_EXPLANATIONS."""
        page, plan = self._load_page(with_facets=False), self.plan
        explained = page.hits[: limit_explained(self.tree)]
        ids, records = (
            [hit.id for hit in explained],
            [hit.record for hit in explained if hit.record],
        )
        inside = InsideWeights(plan, ids, self._send)
        explainer = Explainer(
            self._ask, self.tree, self._generation.vocabulary, records,
            self._generation.split_words(records), plan.frequencies.find_idf,
            page.best.expansion_terms,
            lambda index, clause: inside.weigh(ids[index], clause),
            lambda index, clause: inside.find_files(ids[index], clause),
        )  # fmt: skip
        explanations: list[Explanation | None] = []
        for index, hit in enumerate(explained):
            explanations.append(explainer.explain(index, page.best.get_added(hit.id)))
            self._deadline.checkpoint("explain")
        return explanations + [None] * (len(page.hits) - len(explanations))

    def gather(self) -> Words:
        """Return the words of the hits of the page, in order."""
        hits = self._load_page(with_facets=False).hits
        return self._generation.split_words([hit.record for hit in hits if hit.record])

    def count_facets(self) -> Facets:
        """Return the buckets of each facet in display order, and how many values have none.

        The hits of the page are in the same response.
        """
        facets = self._load_page(with_facets=True).facets
        assert facets is not None
        return facets

    def complete(self, prefix: str, limit: int) -> list[str]:
        """Return up to `limit` words with a prefix, as written, most frequent in the hits first."""
        vocabulary = self._generation.vocabulary
        if self.tree is None and not self.plan.typed and not self.plan.selected:
            return completions.list_candidates(prefix, vocabulary, limit)
        within = self.plan.hits
        return completions.complete(prefix, within, limit, vocabulary, self._send)

    def find_titles(
        self, words: Sequence[str], limit: int, *, is_open: bool
    ) -> list[tuple[str, str]]:
        """Return the ids and titles of up to `limit` hits with all words in their title.

        If `is_open`, the last word is a prefix.
        """
        vocabulary = self._generation.vocabulary
        title = vocabulary.catalogue.find_by_role("title")
        if title is None or title.name not in vocabulary.searchable:
            return []
        search = TitleSearch(words, vocabulary, title.name, is_open=is_open)
        bodies = search.make_bodies(self.plan.hits, limit)
        return search.read(self._send(bodies), limit) if bodies else []
