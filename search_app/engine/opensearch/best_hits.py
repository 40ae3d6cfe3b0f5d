"""The best hits of a search in their final order: with title matches, nearness, and feedback.

These only raise scores, and only those of the first hits by the clauses. So the first hits keep
their places before all others, and their order is computed here. A first request has the lists and
the publications whose words are needed, and a second one measures the hits.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice

import numpy as np

from indexer.cluster.mapping import Json
from search_app.engine import ranking
from search_app.engine.explain import AddedToHit
from search_app.engine.matching import Words
from search_app.engine.opensearch import feedback as feedback_searches
from search_app.engine.opensearch import hits
from search_app.engine.opensearch import nearness as nearness_searches
from search_app.engine.opensearch.client import Response, Send
from search_app.engine.opensearch.feedback import FeedbackHits
from search_app.engine.opensearch.hits import RankedDoc
from search_app.engine.opensearch.planned_search import PlannedSearch

MAX_READ = 20
"""Number of first hits whose records come with the lists. Feedback needs those of 10 titles."""
SPARE_READ = 30
"""Number of first hits whose records come with the second request, as one of them may rise."""

Gains = Mapping[str, float]
"""Score gains by id."""


class BestHits:
    """The first hits of a search, and what is added to their scores.

    `depth` is the number of hits that may change places; 0 if none does. `ordered` has the first
    hits that pass all filters, in their final order. `expansion_terms` has the stem numbers of
    feedback, greatest weight first. `send` sends searches in one request.
    """

    def __init__(self, plan: PlannedSearch, send: Send) -> None:
        self._plan, self._send = plan, send
        ask, vocabulary = plan.ask, plan.generation.vocabulary
        self._title = ranking.read_title_query(plan.tree, vocabulary) if ask.raises_titles else None
        is_near = ranking.uses_nearness(ask) and plan.single_clause is None
        self._near_words = ranking.list_near_words(ask.text, vocabulary) if is_near else []
        self._uses_feedback = ranking.uses_feedback(ask, plan.tree)
        self.depth = max(
            ranking.TITLE_DEPTH if self._title else 0,
            ranking.NEAR_DEPTH if self._near_words else 0,
            ranking.RESCORED_HITS if self._uses_feedback else 0,
        )
        self.ordered: list[RankedDoc] = []
        self._gains: Sequence[Gains] = ()
        self._read: dict[str, RankedDoc] = {}
        self.expansion_terms: list[int] = []

    def make_first_records(self) -> Json:
        """Return the aggregation with the records of the first hits before selected filters."""
        order = [*hits.ORDERS["relevance"], *hits.LAST]
        return {"top_hits": hits.READ_RECORDS | {"size": MAX_READ, "sort": order}}

    def make_lists(self) -> list[Json]:
        """Return the searches for the lists of hits before some of the filters."""
        plan, order = self._plan, hits.ORDERS["relevance"]
        first = slice(0, self.depth)
        lists = []
        if plan.selected:
            ranked_hits = plan.make_ranked_hits()
            lists.append(hits.make_page(ranked_hits, order, first, with_records=False))
        if plan.typed:
            lists.append(hits.make_page(plan.make_ranked(), order, first, with_records=False))
        return lists

    def measure(
        self, selected: list[RankedDoc], read: Sequence[RankedDoc], lists: Sequence[Response]
    ) -> None:
        """Measure the first hits, and order them.

        `selected` has the first `depth` hits that pass all filters, in the order of the clauses.
        `read` has hits with their records. `lists` has the responses to `make_lists`.
        """
        plan, pages = self._plan, iter([hits.read_page(response) for response in lists])
        matched = next(pages) if plan.selected else selected
        ranked = next(pages) if plan.typed else matched
        self._read |= {hit.id: hit for hit in read}
        titles = self._find_title_gains(ranked)
        near = ranked[: ranking.NEAR_DEPTH] if self._near_words else []
        selected_hits = self._select_feedback(matched, titles) if self._uses_feedback else None
        vocabulary = plan.generation.vocabulary
        near_searches = (
            nearness_searches.make_nearness_searches(self._near_words, near, vocabulary)
            if near
            else []
        )
        bodies = [*near_searches]
        if selected_hits:
            bodies.append(self._make_feedback(selected_hits))
        if bodies:
            spare = [hit.id for hit in selected[:SPARE_READ] if hit.id not in self._read]
            bodies.append(hits.make_records(spare))
        measured = iter(self._send(bodies) if bodies else ())
        nearby: Gains = {}
        if near:
            nearby = nearness_searches.read_nearness_gains(
                islice(measured, len(near_searches)), self._near_words, near, vocabulary
            )
        shares: Gains = {}
        if selected_hits:
            shares = feedback_searches.read_feedback_shares(next(measured), selected_hits)
        for response in measured:
            self._read |= {hit.id: hit for hit in hits.read_page(response)}
        self._order(selected, titles, nearby, shares)

    def _order(self, selected: Sequence[RankedDoc], *all_gains: Gains) -> None:
        """Order the selected hits, with all gains."""
        raised = _raise(selected, *all_gains)
        self.ordered = sorted(raised, key=lambda hit: hit.relevance_order)
        self._gains = all_gains

    def get_added(self, identity: str) -> AddedToHit:
        """Return what was added to the score of a hit."""
        return AddedToHit(0.0, *(gains.get(identity, 0.0) for gains in self._gains))

    def _find_title_gains(self, ranked: Sequence[RankedDoc]) -> Gains:
        if self._title is None:
            return {}
        best = ranked[: ranking.TITLE_DEPTH]
        if not best:
            return {}
        scores = np.array([hit.key for hit in best])
        gains = ranking.compute_title_gains(self._title, self._split_words(best), scores)
        return dict(zip([hit.id for hit in best], gains.tolist(), strict=True))

    def _select_feedback(self, matched: Sequence[RankedDoc], titles: Gains) -> FeedbackHits | None:
        raised = sorted(_raise(matched, titles), key=lambda hit: hit.relevance_order)
        return feedback_searches.select_hits(raised)

    def _make_feedback(self, selected_hits: FeedbackHits) -> Json:
        """Return the search that measures the expansion terms, from the words of the first hits."""
        generation = self._plan.generation
        words = self._split_words(selected_hits.documents)
        terms = feedback_searches.choose_expansion_terms(
            selected_hits, words, generation.vocabulary
        )
        self.expansion_terms = terms.stems.tolist()
        return feedback_searches.make_feedback_search(
            selected_hits, terms, generation.compiler.fields, generation.vocabulary
        )

    def read(self, wanted: Sequence[RankedDoc]) -> list[RankedDoc]:
        """Return hits with their records. Those that were not read yet are read in one request."""
        missing = [hit.id for hit in wanted if hit.id not in self._read]
        if missing:
            [response] = self._send([hits.make_records(missing)])
            self._read |= {hit.id: hit for hit in hits.read_page(response)}
        return [
            hit._replace(record=read.record, editions=read.editions)
            for hit in wanted
            for read in (self._read[hit.id],)
        ]

    def _split_words(self, wanted: Sequence[RankedDoc]) -> Words:
        """Return the words of hits."""
        records = [hit.record for hit in self.read(wanted) if hit.record]
        return self._plan.generation.split_words(records)


def _raise(some_hits: Sequence[RankedDoc], *all_gains: Gains) -> list[RankedDoc]:
    """Return hits with their gains in their scores, added as float32."""
    keys = np.array([hit.key for hit in some_hits], np.float32)
    for gains in all_gains:
        if gains:
            keys += np.array([gains.get(hit.id, 0.0) for hit in some_hits], np.float32)
    return [
        RankedDoc(hit.id, key, hit.newest, hit.group, hit.editions, hit.record)
        for hit, key in zip(some_hits, keys.tolist(), strict=True)
    ]
