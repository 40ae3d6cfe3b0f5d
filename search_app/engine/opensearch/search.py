"""A search of a cluster: its queries, its page, and the counts that come with it.

A page is one request: the hits in the order of the cluster with their records, the facets, and
counts. A query with feedback needs one more before it, for the words of the first titles. If
editions are folded, or the newest of the best hits come first, the best hits are ordered in this
process, and a further request reads the records of those on the page.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from hashlib import blake2b
from typing import NamedTuple

import msgspec
import numpy as np

from indexer.catalogue.records import Publication
from indexer.cluster.mapping import Json
from indexer.codec.segment.array_file import Array
from search_app.engine import ranking
from search_app.engine.cache import Cache
from search_app.engine.deadline import Deadline
from search_app.engine.matching import Words, split_words
from search_app.engine.opensearch import queries, rescoring
from search_app.engine.opensearch.client import ClusterClient, Response, Send, make_count
from search_app.engine.opensearch.facets import FacetRequest, Facets, list_buckets
from search_app.engine.opensearch.rescoring import Feedback
from search_app.engine.query import nodes
from search_app.engine.query.cost import limit_cost
from search_app.engine.query.vocabulary import Vocabulary
from search_app.engine.ranking import Rescoring, saturate
from search_app.engine.request import Sort
from search_app.engine.store import StoreRequest

BEST = 200
"""Number of best hits that are ordered in this process, if editions are folded or the newest come
first."""
BATCH = 500
"""Number of hits of a request that reads all hits in order."""
MAX_FAMILIES = 10_000
"""Number of families of editions that a search counts at once."""
MAX_FEEDBACK = 512
"""Limit on cached feedback, of about 500 bytes."""
TIE = 2e-7
"""What a year adds to a score, as a share of it: the newest of equal hits come first. A score is a
float with 24 bits, so a smaller share would be lost."""

_NEWEST: Json = {"year": {"order": "desc", "missing": "_last"}}
_OLDEST: Json = {"year": {"order": "asc", "missing": "_last"}}
_ORDERS: Mapping[Sort, Sequence[object]] = {
    "relevance": ["_score"],
    "newest": [_NEWEST],
    "oldest": [_OLDEST],
    "added": [{"added": "desc"}, _NEWEST],
    "title": ["title_key"],
}
_LAST = ["id", "group"]
_BY_YEAR: Json = {
    "functions": [
        {"weight": 1}, {"field_value_factor": {"field": "year", "factor": TIE, "missing": 0}}
    ],
    "score_mode": "sum",
    "boost_mode": "multiply",
}  # fmt: skip
# Made while the module loads, because msgspec can crash if two threads make the first at once.
_PUBLICATION = msgspec.json.Decoder(Publication)


class Generation(NamedTuple):
    """A generation that is open for searching. Threads may share it.

    `mean_lengths` gives the mean length of each searchable field: see `postings.compute_means`.
    `compiler` translates queries, and `in_fields` does so without full texts. `feedback` caches
    that of lists of first titles, which never change.
    """

    client: ClusterClient
    vocabulary: Vocabulary
    mean_lengths: Array
    feedback: Cache[bytes, Feedback]
    compiler: queries.QueryCompiler
    in_fields: queries.QueryCompiler

    @property
    def is_inside(self) -> bool:
        return self.compiler.inside

    def split_words(self, publications: Sequence[Publication]) -> Words:
        return split_words(publications, self.vocabulary, self.mean_lengths)

    def find_count(self, clause: nodes.Clause) -> int | Json:
        """Return the number of publications that match a clause, or the search that counts them."""
        part, vocabulary = clause.parts[0] if clause.parts else None, self.vocabulary
        if (
            len(clause.parts) == 1
            and isinstance(part, nodes.Term)
            and not self.compiler.match_texts(clause)
        ):
            numbers = vocabulary.find_numbers(part.text)
            if len(numbers) < 2 and part.fields.issuperset(vocabulary.searchable):
                dictionary = vocabulary.get_dictionary(part.text)
                return dictionary.doc_frequency(numbers[0]) if numbers else 0
        body = make_count(self.compiler.match(clause))
        counts = self.client.find_counts(body)
        return body if counts is None else counts[0]

    def load_feedback(
        self, lists: Sequence[Json], counting: Sequence[Json], deadline: Deadline
    ) -> None:
        """Load the feedback of lists of first titles, and some counts, in one request."""
        unknown = [each for each in lists if self.feedback.find(_make_key(each)) is None]
        responses, _ = self.client.load(unknown, counting, deadline)
        for each, response in zip(unknown, responses, strict=True):
            self.feedback.get(_make_key(each), partial(self._choose_feedback, response))

    def _choose_feedback(self, response: Response) -> Feedback:
        hits = response["hits"]["hits"]
        return rescoring.choose_feedback(
            self.split_words([Record.read(hit).publication for hit in hits]),
            np.array([hit["_score"] for hit in hits]),
            [hit["fields"]["group"][0] for hit in hits],
            self.compiler,
        )


class Plan:
    """The queries of a search in one generation.

    `tree` is the evaluated tree with its boosts, without the clauses in `dropped`, and without some
    names of those in `truncated`. A hit matches the queries `word_query`, `query_filters`, and
    `selected_filters`. `first_titles` is the search whose hits are the feedback documents, or None.
    """

    def __init__(self, store_request: StoreRequest, generation: Generation) -> None:
        self.store_request, self.generation = store_request, generation
        compiler, vocabulary = generation.compiler, generation.vocabulary
        self.query_filters = [compiler.match(node) for node in store_request.filters]
        self.selections = queries.Selections(store_request.request, vocabulary)
        self.selected_filters = self.selections.list_filters()
        self.tree: nodes.Tree | None = None
        self.dropped: tuple[str, ...] = ()
        self.truncated: tuple[tuple[str, int], ...] = ()
        self.word_query: Json = queries.EVERYTHING
        if store_request.tree is not None:
            self._read_tree(store_request.tree)
        self.is_scored = store_request.sort == "relevance" and self.tree is not None
        self.puts_newest_first = store_request.newest_first and store_request.request.sort is None
        self.rescoring = Rescoring(store_request, self.tree, vocabulary)
        self.first_titles = self._list_first_titles()

    def _read_tree(self, tree: nodes.Tree) -> None:
        store_request, compiler = self.store_request, self.generation.compiler
        kept, self.dropped = limit_cost(tree, self.generation.vocabulary)
        if kept is not None:
            others = [
                *self.query_filters,
                *self.selected_filters,
                *map(compiler.match, store_request.boosts),
            ]
            kept, dropped, self.truncated = compiler.fit(kept, others)
            self.dropped += dropped
        counted = ((each.text, compiler.count_dropped(each)) for each in nodes.clauses(kept))
        self.truncated += tuple(each for each in counted if each[1])
        if kept is not None:
            kept = nodes.add_boosts(kept, store_request.boosts, store_request.added)
        self.word_query = queries.NOTHING if kept is None else compiler.match(kept)
        self.tree = kept

    @property
    def hits(self) -> Json:
        """The query of the documents that pass all filters."""
        return queries.all_of([self.word_query, *self.query_filters, *self.selected_filters])

    def make_count(self) -> Json:
        """Return the search that counts publications that match the words, and pass the filters."""
        return make_count(
            self.word_query,
            queries.all_of(self.query_filters),
            queries.all_of(self.selected_filters),
        )

    def make_fields_count(self) -> Json:
        """Return the search that counts the publications whose fields match the words."""
        tree = self.tree
        return make_count(
            queries.NOTHING if tree is None else self.generation.in_fields.match(tree)
        )

    def make_count_with(self, clause: nodes.Clause) -> Json:
        return make_count(queries.all_of([self.hits, self.generation.compiler.match(clause)]))

    def list_counts(self) -> list[Json]:
        """Return the searches that count the hits with each clause, if some were left out."""
        tree = nodes.drop_boosts(self.tree)
        typed = nodes.clauses(tree) if isinstance(tree, nodes.Or) and tree.least > 1 else ()
        return [*map(self.make_count_with, typed)]

    def _list_first_titles(self) -> Json | None:
        """Return the search for the first titles of a query with feedback.

        They have any of its words, so they are the same for all of its readings, and come with the
        counts that choose one.
        """
        if self.tree is None or not self.rescoring.matched_depth:
            return None
        any_word = queries.any_of(
            [*map(self.generation.compiler.match, nodes.clauses(nodes.drop_boosts(self.tree)))]
        )
        return self._rank([any_word, *self.query_filters]) | {
            "size": ranking.FEEDBACK_DOCS + 1,
            "collapse": {"field": "group"},
            "track_total_hits": False,
            "_source": ["record"],
            "docvalue_fields": ["group"],
        }

    def find_feedback(self) -> Feedback | None:
        """Return the feedback of the search, if it has any, and its list was loaded."""
        return self.generation.feedback.find(_make_key(self.first_titles))

    def _rank(self, filters: Sequence[Json]) -> Json:
        """Return the query of the documents that pass some filters, scored by the words."""
        assert self.tree is not None
        bool_: Json = {"filter": filters}
        most = queries.MAX_CLAUSES - queries.count_leaves(bool_)
        bool_["should"] = self.generation.compiler.score(self.tree, most)
        return {"query": {"function_score": {"query": {"bool": bool_}, **_BY_YEAR}}}

    def to_score(self, score: float) -> float:
        """Return the score of a hit of a score of the cluster: see `QueryCompiler.score`."""
        if not isinstance(self.tree, nodes.Clause):
            return score
        idf = self.generation.compiler.estimate_idf(self.tree)
        return float(saturate(np.array([score]), idf)[0])

    def make_list(
        self, first: int, size: int, *, fold: bool = False, records: bool = False,
        filters: Sequence[Json] | None = None, more: Sequence[Json] = (),
    ) -> Json:  # fmt: skip
        """Return the search for hits in the order of the cluster, without its best hits raised.

        `filters` are those that count, by default all, and `more` further ones.
        """
        kept = [*self.query_filters, *self.selected_filters] if filters is None else filters
        kept = [self.word_query, *kept, *more]
        body: Json = {
            **({"query": queries.all_of(kept)} if self.tree is None else self._rank(kept)),
            "from": first,
            "size": size,
            "sort": [*_ORDERS[self.store_request.sort], *_LAST],
            "track_scores": self.tree is not None,
            "track_total_hits": False,
            # Without its stored fields, no block of a hit is decompressed.
            **({"_source": ["record"]} if records else {"stored_fields": "_none_"}),
            "docvalue_fields": ["id", "group", "year", *(["editions"] if records else ())],
        }
        return body | ({"collapse": {"field": "group"}} if fold else {})

    def make_best(
        self, first: int, size: int, *, records: bool, filters: Sequence[Json] | None = None
    ) -> Json:
        """Return the search for hits by relevance, of which the best ones are raised.

        OpenSearch rescores no hits that are sorted by more than their score. A signal whose query
        has too many clauses, as the titles of a concept with hundreds of names, raises none.
        """
        compiler, raised = self.generation.compiler, list[Json]()
        if self.rescoring.title:
            raised.append(rescoring.raise_titles(self.rescoring.title, compiler))
        if self.rescoring.near_words:
            raised.append(rescoring.raise_neighbors(self.rescoring.near_words, compiler))
        if (feedback := self.find_feedback()) and feedback.strength:
            raised.append(rescoring.add_feedback(feedback, compiler))
        raised = [each for each in raised if queries.count_leaves(each) <= queries.MAX_CLAUSES]
        body = self.make_list(first, size, records=records, filters=filters)
        return {**body, "sort": ["_score"], **({"rescore": raised} if raised else {})}


def _make_key(body: Json | None) -> bytes:
    return blake2b(msgspec.json.encode(body), digest_size=16).digest()


class Record(NamedTuple):
    """The publication of a hit, and the number of its other editions."""

    publication: Publication
    editions: int

    @classmethod
    def read(cls, hit: Response) -> Record:
        [editions] = hit.get("fields", {}).get("editions", [0])
        return cls(_PUBLICATION.decode(hit["_source"]["record"]), editions)


def make_records(ids: Sequence[str], most: int | None = None) -> Json:
    """Return the search for the records of some publications, by id."""
    return {
        "query": {"bool": {"filter": [{"terms": {"id": ids}}]}},
        "size": len(ids) if most is None else most,
        "sort": _LAST,
        "track_total_hits": False,
        "_source": ["record", "files"],
        "docvalue_fields": ["id", "group", "editions"],
    }


class Ranked(NamedTuple):
    """A hit in the order of the cluster, with its score, which is None without words.

    `group` is shared by the editions of a title. `year` is 0 if it is unknown.
    """

    id: str
    group: int
    year: int
    score: float | None

    @classmethod
    def read(cls, hit: Response, plan: Plan) -> Ranked:
        """Return a hit of `Plan.make_list`."""
        fields = hit["fields"]
        [identity], [group], [year] = fields["id"], fields["group"], fields.get("year", [0])
        score = None if plan.tree is None else plan.to_score(hit["_score"])
        return cls(identity, group, year, score)


class PageHit(NamedTuple):
    """A hit of the page with its record."""

    ranked: Ranked
    record: Record


class Page:
    """The page of a search. `read` gets the responses to `bodies`.

    They come with `counts`. Hits that match the query `overlapping` are counted too.
    """

    def __init__(
        self, plan: Plan, send: Send, overlapping: Json | None = None, *, with_facets: bool = True
    ) -> None:
        self._plan, self._send, self._overlapping = plan, send, overlapping
        request = plan.store_request.request
        # A place beyond the last publication is empty, however far.
        first = min((request.page - 1) * request.size, plan.generation.vocabulary.size)
        self._places = slice(first, first + request.size)
        self._is_ordered_here = plan.is_scored and (request.fold or plan.puts_newest_first)
        self._facets = (
            FacetRequest(plan.selections, plan.generation.vocabulary, request.values)
            if with_facets
            else None
        )
        self.hits: list[PageHit] = []
        self.total = self.matched = self.titles = self.overlap = 0
        self.facets: Facets | None = None
        self.counts = plan.list_counts()
        self.bodies = self._make_bodies()

    def _make_bodies(self) -> list[Json]:
        plan, places = self._plan, self._places
        families = {"groups": {"terms": {"field": "group", "size": MAX_FAMILIES}}}
        hits = {"families": {"filter": {"exists": {"field": "editions"}}, "aggs": families}}
        size = places.stop - places.start
        if self._is_ordered_here:
            main = plan.make_best(0, BEST, records=False, filters=plan.query_filters)
        elif plan.is_scored:
            main = plan.make_best(places.start, size, records=True, filters=plan.query_filters)
        else:
            main = plan.make_list(
                places.start, size,
                fold=plan.store_request.request.fold, records=True, filters=plan.query_filters,
            )  # fmt: skip
        aggregations: Json = {
            "-matched": {"filter": queries.EVERYTHING},
            "-hits": {"filter": queries.all_of(plan.selected_filters), "aggs": hits},
        }
        if self._facets:
            aggregations |= self._facets.aggregations
        main |= {"track_total_hits": True, "aggs": aggregations}
        if plan.selected_filters:
            main["post_filter"] = queries.all_of(plan.selected_filters)
        if self._overlapping:
            return [main, make_count(queries.all_of([plan.hits, self._overlapping]))]
        return [main]

    def read(self, responses: Sequence[Response]) -> None:
        """Read the responses to `bodies`. Send a further request if records are missing."""
        plan, main = self._plan, responses[0]
        if self._overlapping:
            self.overlap = responses[1]["hits"]["total"]["value"]
        counted, self.total = main["aggregations"], main["hits"]["total"]["value"]
        self.matched = counted["-matched"]["doc_count"]
        self.titles = self._count_titles(counted["-hits"]["families"])
        if not self._is_ordered_here:
            self.hits = self._read(main)
        else:
            best = self._order(main)
            shown = self._fold(best)
            self.hits = self._read_records(shown[self._places], self._send)
            start, size = max(self._places.start - len(shown), 0), self._places.stop - len(shown)
            if size > start and self.total > len(best):
                self.hits += self._list_rest(best, start, size - start)
        if self._facets:
            matching = queries.all_of([plan.word_query, *plan.query_filters])
            self.facets = self._facets.read(counted, self.total, matching, self._send)

    def _count_titles(self, families: Response) -> int:
        """Return the number of titles: of the editions of one, only the first counts."""
        editions, found = families["doc_count"], len(families["groups"]["buckets"])
        if families["groups"]["sum_other_doc_count"]:
            matching = queries.all_of([self._plan.hits, {"exists": {"field": "editions"}}])
            found = len(list_buckets({"group": (editions, matching)}, self._send)["group"])
        return int(self.total - editions + found)

    def _read(self, response: Response) -> list[PageHit]:
        return [
            PageHit(Ranked.read(hit, self._plan), Record.read(hit))
            for hit in response["hits"]["hits"]
        ]

    def _order(self, response: Response) -> list[Ranked]:
        """Return the best hits in the order of the page."""
        hits = [Ranked.read(hit, self._plan) for hit in response["hits"]["hits"]]
        if not self._plan.puts_newest_first:
            return hits
        levels = ranking.level_scores(np.array([hit.score for hit in hits], np.float32)).tolist()
        order = sorted(range(len(hits)), key=lambda index: (-levels[index], -hits[index].year))
        return [hits[index] for index in order]

    def _fold(self, hits: list[Ranked]) -> list[Ranked]:
        """Return hits; only the first of each title, if editions are folded."""
        if not self._plan.store_request.request.fold:
            return hits
        firsts = dict[int, Ranked]()
        for hit in hits:
            firsts.setdefault(hit.group, hit)
        return [*firsts.values()]

    def _skip(self, best: Sequence[Ranked]) -> list[Json]:
        """Return the filter of the hits that are not among the best, or editions of them."""
        if not best:
            return []
        if self._plan.store_request.request.fold:
            return [queries.none_of([{"terms": {"group": [hit.group for hit in best]}}])]
        return [queries.none_of([{"terms": {"id": [hit.id for hit in best]}}])]

    def _list_rest(self, best: Sequence[Ranked], start: int, size: int) -> list[PageHit]:
        """Return hits after the best ones, in the order of the cluster."""
        fold = self._plan.store_request.request.fold
        body = self._plan.make_list(start, size, fold=fold, records=True, more=self._skip(best))
        return self._read(*self._send([body]))

    def _read_records(self, hits: Sequence[Ranked], send: Send) -> list[PageHit]:
        if not hits:
            return []
        [response] = send([make_records([hit.id for hit in hits])])
        records = {hit["sort"][0]: Record.read(hit) for hit in response["hits"]["hits"]}
        return [PageHit(hit, records[hit.id]) for hit in hits]

    def scan(self, send: Send) -> Iterator[Publication]:
        """Yield all hits in order, whatever the page. They are read when they are taken."""
        plan, best = self._plan, list[Ranked]()
        if plan.is_scored:
            depth = BEST if self._is_ordered_here else ranking.RESCORED_HITS
            [response] = send([plan.make_best(0, depth, records=False)])
            best = self._order(response)
        for hit in self._read_records(self._fold(best), send):
            yield hit.record.publication
        groups, body = set[int](), plan.make_list(0, BATCH, records=True, more=self._skip(best))
        while True:
            # The index of a generation is never written after it is live, so a search can go on
            # after the last hit of the one before it. A point in time would occupy memory of nodes.
            [response] = send([body])
            found = response["hits"]["hits"]
            for each in found:
                group = each["sort"][-1]
                if group not in groups or not plan.store_request.request.fold:
                    yield Record.read(each).publication
                groups.add(group)
            if len(found) < BATCH:
                return
            body = body | {"search_after": found[-1]["sort"]}
