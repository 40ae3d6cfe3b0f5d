"""A search of a cluster: its queries, its page, and the counts that come with it.

A page is one request: the candidates in the order of the cluster, their rows, the records of the
first ones, the facets, and the counts that scores need. The candidates are ordered in this process.
If a hit rises onto the page whose record did not come, a second request reads it. Beyond the
candidates, the order is that of the cluster.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import NamedTuple

import msgspec
import numpy as np

from indexer.catalogue.records import Publication
from indexer.cluster.mapping import MAX_RESULT_WINDOW, Json
from indexer.codec.segment.array_file import Array
from search_app.engine import ranking
from search_app.engine.explain import AddedToHit
from search_app.engine.matching import Words, split_words
from search_app.engine.opensearch.candidates import Candidate, CandidateScorer, RowDecoder, Scores
from search_app.engine.opensearch.client import ClusterClient, Counts, Response, Send, make_count
from search_app.engine.opensearch.facets import FacetRequest, Facets, list_buckets
from search_app.engine.opensearch.queries import (
    EVERYTHING,
    MAX_CLAUSES,
    NOTHING,
    TEXT_STRENGTH,
    QueryCompiler,
    Selections,
    all_of,
    any_of,
    count_leaves,
    list_names,
)
from search_app.engine.query.cost import limit_cost
from search_app.engine.query.nodes import (
    Clause,
    Or,
    Term,
    Tree,
    add_boosts,
    clauses,
    drop_boosts,
)
from search_app.engine.query.vocabulary import Vocabulary
from search_app.engine.ranking import Rescoring, compute_idf
from search_app.engine.request import Sort
from search_app.engine.store import StoreRequest

CANDIDATES = 200
"""Number of best hits that are ordered in this process. Their rows have about 100 kB."""
UNFILTERED = 150
"""Number of best candidates before some filters. What is added to scores depends on these, so a
filter never changes the order of hits."""
RECORDS = 40
"""Number of hits whose records come with the candidates."""
BATCH = 500
"""Number of hits of a request that reads all hits in order."""
DEEP_BATCH = 10_000
"""Number of hits of a request on the way to a page beyond MAX_RESULT_WINDOW."""
MAX_FAMILIES = 10_000
"""Number of families of editions that a search counts at once."""

_NEWEST: Json = {"year": {"order": "desc", "missing": "_last"}}
_OLDEST: Json = {"year": {"order": "asc", "missing": "_last"}}
_ORDERS: Mapping[Sort, Sequence[object]] = {
    "relevance": ["_score", _NEWEST],
    "newest": [_NEWEST],
    "oldest": [_OLDEST],
    "added": [{"added": "desc"}, _NEWEST],
    "title": ["title_key"],
}
_LAST = ["id", "group"]
# Made while the module loads, because msgspec can crash if two threads make the first at once.
_PUBLICATION = msgspec.json.Decoder(Publication)


class Generation(NamedTuple):
    """A generation that is open for searching. Threads may share it.

    `compiler` translates queries, and `in_fields` does so without full texts.
    """

    client: ClusterClient
    vocabulary: Vocabulary
    decoder: RowDecoder
    compiler: QueryCompiler
    in_fields: QueryCompiler

    @property
    def is_inside(self) -> bool:
        """Whether full texts are searched."""
        return self.compiler.inside

    def split_words(self, publications: Sequence[Publication]) -> Words:
        """Return the words of stored publications."""
        return split_words(publications, self.vocabulary, self.decoder.mean_lengths)

    def find_frequency(self, clause: Clause) -> Frequency | Json:
        """Return the number of publications that match a clause, or the search that counts them."""
        inside = self.compiler.match_texts(clause)
        part, vocabulary = clause.parts[0] if clause.parts else None, self.vocabulary
        if not inside and len(clause.parts) == 1 and isinstance(part, Term):
            numbers = vocabulary.find_numbers(part.text)
            if len(numbers) < 2 and part.fields.issuperset(vocabulary.searchable):
                dictionary = vocabulary.get_dictionary(part.text)
                found = dictionary.doc_frequency(numbers[0]) if numbers else 0
                return Frequency(found, found, 0)
        in_fields = self.in_fields.match(clause)
        both = [any_of([in_fields, inside]), in_fields, inside] if inside else [in_fields]
        body = make_count(*both)
        counts = self.client.find_counts(body)
        return body if counts is None else Frequency.read(counts)


class Frequency(NamedTuple):
    """The number of publications that match a clause: in all, in fields, and in full texts."""

    total: int
    in_fields: int
    inside: int

    @classmethod
    def read(cls, counts: Counts) -> Frequency:
        """Return a frequency from the counts of `Generation.find_frequency`."""
        if len(counts) == 1:
            return cls(counts[0], counts[0], 0)
        total, in_fields, in_both = counts
        return cls(total, in_fields, total - in_fields + in_both)


class Plan:
    """The queries of a search in one generation.

    `tree` is the evaluated tree with its boosts, without the clauses in `dropped`, and without some
    names of those in `truncated`. A hit matches the queries `word_query`, `query_filters`, and
    `selected_filters`. `names` contains the nodes that hits name if they match them.
    """

    def __init__(self, store_request: StoreRequest, generation: Generation) -> None:
        self.store_request, self.generation = store_request, generation
        compiler, vocabulary = generation.compiler, generation.vocabulary
        self.query_filters = [compiler.match(node) for node in store_request.filters]
        self.selections = Selections(store_request.request, vocabulary)
        self.selected_filters = self.selections.list_filters()
        self.tree: Tree | None = None
        self.dropped: tuple[str, ...] = ()
        self.truncated: tuple[tuple[str, int], ...] = ()
        self.word_query: Json = EVERYTHING
        if store_request.tree is not None:
            self._read_tree(store_request.tree)
        self.names = list_names(self.tree)

    def _read_tree(self, tree: Tree) -> None:
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
        counted = ((each.text, compiler.count_dropped(each)) for each in clauses(kept))
        self.truncated += tuple(each for each in counted if each[1])
        if kept is not None:
            kept = add_boosts(kept, store_request.boosts, store_request.added)
        self.word_query = NOTHING if kept is None else compiler.match(kept)
        self.tree = kept

    @property
    def hits(self) -> Json:
        """The query of the documents that pass all filters."""
        return all_of([self.word_query, *self.query_filters, *self.selected_filters])

    def make_count(self) -> Json:
        """Return the search that counts publications that match the words, and pass the filters."""
        return make_count(
            self.word_query, all_of(self.query_filters), all_of(self.selected_filters)
        )

    def make_fields_count(self) -> Json:
        """Return the search that counts the publications whose fields match the words."""
        tree = self.tree
        return make_count(NOTHING if tree is None else self.generation.in_fields.match(tree))

    def make_count_with(self, clause: Clause) -> Json:
        """Return the search that counts the hits that match a clause."""
        return make_count(all_of([self.hits, self.generation.compiler.match(clause)]))

    def list_counts(self) -> list[Json]:
        """Return the searches that count the clauses, as far as scores and the page need them.

        If some words were left out, the page says which of them hits lack.
        """
        found = map(self.generation.find_frequency, clauses(self.tree))
        unknown = [each for each in found if not isinstance(each, Frequency)]
        tree = drop_boosts(self.tree)
        typed = clauses(tree) if isinstance(tree, Or) and tree.least > 1 else ()
        return [*unknown, *map(self.make_count_with, typed)]

    def find_idf(self, clause: Clause) -> float:
        """Return the idf of a clause that was counted: see `arrays.scoring`."""
        found = self.generation.find_frequency(clause)
        assert isinstance(found, Frequency)
        return compute_idf(found.in_fields or found.inside, self.generation.vocabulary.size)

    def weigh_text(self, clause: Clause) -> float:
        """Return what a full text adds to the frequency of a clause: see `arrays.scoring`."""
        field = self.generation.vocabulary.catalogue.fulltext
        found = self.generation.find_frequency(clause)
        # What is excluded is not counted.
        if field is None or not isinstance(found, Frequency) or not found.inside:
            return 0.0
        ratio = compute_idf(found.inside, self.generation.vocabulary.size) / self.find_idf(clause)
        return TEXT_STRENGTH * field.weight * min(1.0, ratio)

    def make_list(
        self, first: int, size: int, *, fold: bool = False, records: bool = False,
        filters: Sequence[Json] | None = None,
    ) -> Json:  # fmt: skip
        """Return the search for hits in the order of the cluster, with rows if there are words.

        `filters` are those that count, by default all.
        """
        kept = [*self.query_filters, *self.selected_filters] if filters is None else filters
        bool_: Json = {"filter": [self.word_query, *kept]}
        fields = ["editions"] if records else []
        if self.tree is not None:
            most = MAX_CLAUSES - count_leaves(bool_)
            bool_["should"] = self.generation.compiler.rank(self.tree, self.names, most)
            fields += ["row", "year"]
        body: Json = {
            "query": {"bool": bool_},
            "from": first,
            "size": size,
            "sort": [*_ORDERS[self.store_request.sort], *_LAST],
            "track_total_hits": False,
            # Without its stored fields, no block of a hit is decompressed: keys name it.
            **({"_source": ["record"]} if records else {"stored_fields": "_none_"}),
            "docvalue_fields": fields,
        }
        return body | ({"collapse": {"field": "group"}} if fold else {})


class Record(NamedTuple):
    """The publication of a hit, and the number of its other editions."""

    publication: Publication
    editions: int

    @classmethod
    def read(cls, hit: Response) -> Record:
        """Return the record of a hit that comes with it."""
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
        "docvalue_fields": ["editions", "row", "year"],
    }


NONE = AddedToHit()


class PageHit(NamedTuple):
    """A hit of the page, with its score (None without words), and what was added to it.

    `names` contains the queries that it matches.
    """

    id: str
    names: frozenset[str]
    score: float | None
    added: AddedToHit = NONE


class Page:
    """The page of a search. `read` gets the responses to `bodies`.

    They come with `counts`: the searches that count what scores need. Hits that match the query
    `overlapping` are counted too. `best` contains the ids of the candidates, in order.
    """

    def __init__(
        self, plan: Plan, send: Send, overlapping: Json | None = None, *, with_facets: bool = True
    ) -> None:
        self._plan, self._send, self._overlapping = plan, send, overlapping
        request = plan.store_request.request
        self._places = slice((request.page - 1) * request.size, request.page * request.size)
        self._is_ordered_here = plan.tree is not None and plan.store_request.sort == "relevance"
        self._facets = (
            FacetRequest(plan.selections, plan.generation.vocabulary, request.values)
            if with_facets
            else None
        )
        self._records: dict[str, Record] = {}
        self.hits: list[PageHit] = []
        self.best: list[str] = []
        self.terms: Sequence[int] = ()
        self.total = self.matched = self.titles = self.overlap = 0
        self.facets: Facets | None = None
        self.counts = plan.list_counts()
        self.bodies = self._make_bodies()

    def _make_bodies(self) -> list[Json]:
        plan, places = self._plan, self._places
        families = {"groups": {"terms": {"field": "group", "size": MAX_FAMILIES}}}
        hits = {"families": {"filter": {"exists": {"field": "editions"}}, "aggs": families}}
        if self._is_ordered_here:
            main = plan.make_list(0, CANDIDATES, filters=plan.query_filters)
            wanted: Json = {"_source": ["record"], "docvalue_fields": ["editions"]}
            first = {"size": RECORDS, "sort": [*_ORDERS["relevance"], "id"]}
            hits["records"] = {"top_hits": wanted | first}
        else:
            size = 0 if places.stop > MAX_RESULT_WINDOW else places.stop - places.start
            main = plan.make_list(
                places.start if size else 0, size,
                fold=plan.store_request.request.fold, records=True, filters=plan.query_filters,
            )  # fmt: skip
        aggregations: Json = {
            "-matched": {"filter": EVERYTHING},
            "-hits": {"filter": all_of(plan.selected_filters), "aggs": hits},
        }
        if self._facets:
            aggregations |= self._facets.aggregations
        main |= {"track_total_hits": True, "aggs": aggregations}
        if plan.selected_filters:
            main["post_filter"] = all_of(plan.selected_filters)
        bodies = [main]
        if self._overlapping:
            bodies.append(make_count(all_of([plan.hits, self._overlapping])))
        if self._is_ordered_here and plan.selected_filters:
            bodies.append(plan.make_list(0, UNFILTERED, filters=plan.query_filters))
        if self._is_ordered_here and plan.query_filters:
            bodies.append(plan.make_list(0, UNFILTERED, filters=[]))
        return bodies

    def read(self, responses: Sequence[Response]) -> None:
        """Read the responses to `bodies`. Send a further request if records are missing."""
        plan, (main, *others) = self._plan, responses
        if self._overlapping:
            self.overlap = others.pop(0)["hits"]["total"]["value"]
        counted, self.total = main["aggregations"], main["hits"]["total"]["value"]
        self.matched = counted["-matched"]["doc_count"]
        self.titles = self._count_titles(counted["-hits"]["families"])
        if self._is_ordered_here:
            for hit in counted["-hits"]["records"]["hits"]["hits"]:
                self._records[hit["sort"][-1]] = Record.read(hit)
            lists = [[*map(Candidate.read, each["hits"]["hits"])] for each in (main, *others)]
            self._order(lists)
        elif self._places.stop > MAX_RESULT_WINDOW:
            self._take_places(self._places.start)
        else:
            self._take(main["hits"]["hits"])
        self._read_records()
        if self._facets:
            matching = all_of([plan.word_query, *plan.query_filters])
            self.facets = self._facets.read(counted, self.total, matching, self._send)

    def _count_titles(self, families: Response) -> int:
        """Return the number of titles: of the editions of one, only the first counts."""
        editions, found = families["doc_count"], len(families["groups"]["buckets"])
        if families["groups"]["sum_other_doc_count"]:
            matching = all_of([self._plan.hits, {"exists": {"field": "editions"}}])
            found = len(list_buckets({"group": (editions, matching)}, self._send)["group"])
        return int(self.total - editions + found)

    def _order(self, lists: Sequence[Sequence[Candidate]]) -> None:
        """Order the candidates, and take those of the page.

        `lists` contains those that pass all filters, and then those before the selected filters,
        and before all filters, as far as there are any.
        """
        plan, tree = self._plan, self._plan.tree
        assert tree is not None
        pool = {hit.id: hit for hits in lists for hit in hits}
        hits, numbers = [*pool.values()], {each: number for number, each in enumerate(pool)}
        selected, *wider = (
            np.array([numbers[hit.id] for hit in listed], np.int64) for listed in lists
        )
        matched = wider.pop(0) if plan.selected_filters else selected
        ranked = wider.pop(0) if plan.query_filters else matched
        scorer = self._make_scorer(hits)
        keys, newest = scorer.compute_keys(tree), np.zeros(len(hits), np.int64)
        by_date = sorted(range(len(hits)), key=lambda number: (hits[number].year, hits[number].id))
        newest[by_date] = np.arange(len(hits))
        raised, added = self._add_gains(scorer, keys, newest, ranked, matched)
        order = raised.copy()
        if plan.store_request.newest_first and plan.store_request.request.sort is None:
            order[selected] = ranking.level_scores(raised[selected])
        shown: list[int] = _sort(selected, order, newest).tolist()
        self.best = [hits[number].id for number in shown]
        if plan.store_request.request.fold:
            firsts: dict[int, int] = {}
            for number in shown:
                firsts.setdefault(hits[number].group, number)
            shown = [*firsts.values()]
        scores = scorer.to_scores(raised, tree).tolist()
        self.hits = [
            PageHit(hits[number].id, hits[number].names, scores[number], added.get(number, NONE))
            for number in shown[self._places]
        ]
        if self.total > len(self.best):
            # The candidates have the first places in the order of the cluster too.
            self._take_places(max(self._places.start, len(shown)))

    def _add_gains(
        self, scorer: CandidateScorer, keys: Scores, newest: Array, ranked: Array, matched: Array
    ) -> tuple[Scores, dict[int, AddedToHit]]:
        """Return the sort keys of candidates with all gains, and those of each one that has any.

        `ranked` are the candidates before all filters, and `matched` those that pass the query
        filters.
        """
        rescoring = Rescoring(
            self._plan.store_request, self._plan.tree, self._plan.generation.vocabulary
        )
        first = _sort(ranked, keys, newest)[: rescoring.depth]
        further = _sort(matched, keys, newest)[: rescoring.matched_depth]
        best, raised = _sort(np.union1d(first, further), keys, newest), keys.copy()
        if not len(best):
            return raised, {}
        groups = np.array([hit.group for hit in scorer.candidates], np.int64)
        of_best = ranking.Candidates(keys[best], newest[best], groups[best], np.isin(best, matched))
        scores = rescoring.compute(of_best, scorer.words.take(best))
        self.terms = scores.terms
        for each in scores.gains.values():
            raised[best] += each.astype(np.float32)
        return raised, {
            number: AddedToHit(**scores.get_of(index)) for index, number in enumerate(best.tolist())
        }

    def _make_scorer(self, hits: Sequence[Candidate]) -> CandidateScorer:
        plan = self._plan
        words = plan.generation.decoder.decode(hits)
        return CandidateScorer(hits, words, plan.names, plan.find_idf, plan.weigh_text)

    def _take(self, responses: Sequence[Response]) -> None:
        """Take hits with their records in the order of the cluster."""
        tree, hits = self._plan.tree, [*map(Candidate.read, responses)]
        scores: Sequence[float | None] = [None] * len(hits)
        if tree is not None:
            scorer = self._make_scorer(hits)
            scores = scorer.to_scores(scorer.compute_keys(tree), tree).tolist()
        for hit, score, response in zip(hits, scores, responses, strict=True):
            self._records[hit.id] = Record.read(response)
            self.hits.append(PageHit(hit.id, hit.names, score))

    def _take_places(self, start: int) -> None:
        """Take the hits of the page from a place on, in the order of the cluster."""
        plan, size = self._plan, self._places.stop - start
        if size <= 0 or start >= self.total:
            return
        if self._places.stop <= MAX_RESULT_WINDOW:
            body = plan.make_list(start, size, fold=plan.store_request.request.fold, records=True)
            self._take(self._send([body])[0]["hits"]["hits"])
            return
        walked = self._fold(_walk(plan, self._send, DEEP_BATCH, records=False))
        ids = [hit["sort"][-2] for hit in islice(walked, start, self._places.stop)]
        kept: list[Json] = [*plan.query_filters, *plan.selected_filters, {"terms": {"id": ids}}]
        [response] = self._send([plan.make_list(0, len(ids), records=True, filters=kept)])
        found = {hit["sort"][-2]: hit for hit in response["hits"]["hits"]}
        self._take([found[identity] for identity in ids])

    def _fold(self, responses: Iterable[Response]) -> Iterator[Response]:
        """Yield hits. If editions are folded, yield only the first of each title."""
        groups = set[int]()
        for hit in responses:
            group = hit["sort"][-1]
            if group not in groups or not self._plan.store_request.request.fold:
                yield hit
            groups.add(group)

    def _read_records(self) -> None:
        """Read the records of hits that did not come with the page."""
        if missing := [hit.id for hit in self.hits if hit.id not in self._records]:
            [response] = self._send([make_records(missing)])
            for hit in response["hits"]["hits"]:
                self._records[hit["sort"][0]] = Record.read(hit)

    def get_record(self, identity: str) -> Record:
        """Return the record of a hit of the page."""
        return self._records[identity]

    def scan(self, send: Send) -> Iterator[Publication]:
        """Yield all hits in order, whatever the page. They are read when they are taken."""

        def read_all() -> Iterator[Response]:
            for start in range(0, len(self.best), BATCH):
                ids = self.best[start : start + BATCH]
                [response] = send([make_records(ids)])
                found = {hit["sort"][0]: hit for hit in response["hits"]["hits"]}
                yield from map(found.__getitem__, ids)
            first = set(self.best)
            for hit in _walk(self._plan, send, BATCH, records=True):
                if hit["sort"][-2] not in first:
                    yield hit

        for hit in self._fold(read_all()):
            yield Record.read(hit).publication


def _sort(some: Array, scores: Scores, newest: Array) -> Array:
    """Return candidates with the greatest score first, then the newest."""
    return some[np.lexsort((newest[some], -scores[some]))]


def _walk(plan: Plan, send: Send, batch: int, *, records: bool) -> Iterator[Response]:
    """Yield all hits in the order of the cluster. A request has `batch` of them.

    The index of a generation is never written after it is live, so a search can go on after the
    last hit of the one before it. No point in time is needed, which would occupy memory of nodes.
    """
    body = plan.make_list(0, batch, records=records) | {"docvalue_fields": []}
    while True:
        [response] = send([body])
        found = response["hits"]["hits"]
        yield from found
        if len(found) < batch:
            return
        body = body | {"search_after": found[-1]["sort"]}
