"""The store of an index in a cluster, and its reply to a search."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import islice
from typing import Self
from weakref import WeakKeyDictionary, WeakSet

import msgspec
import numpy as np

from indexer.analysis import tokenizer
from indexer.analysis.cleaning import surface_form
from indexer.catalogue.records import Publication
from indexer.cluster.mapping import WORDS, Json, make_term
from indexer.codec.segment.fulltext import File
from search_app.engine.deadline import Deadline
from search_app.engine.explain import AddedToHit, Explainer, limit_explained, scale
from search_app.engine.matching import Words
from search_app.engine.opensearch import queries
from search_app.engine.opensearch.client import Response, make_count
from search_app.engine.opensearch.facets import Facets, count_values
from search_app.engine.opensearch.rescoring import NO_FEEDBACK, score_terms
from search_app.engine.opensearch.search import Generation, Page, Plan, Record, make_records
from search_app.engine.opensearch.texts import find_files, read_files
from search_app.engine.query import nodes
from search_app.engine.query.vocabulary import Vocabulary
from search_app.engine.ranking import (
    KIN,
    KIN_DEPTH,
    MAX_SIMILAR,
    choose_key_terms,
    compute_kin_shares,
    compute_similarities,
)
from search_app.engine.results import Explanation
from search_app.engine.snapshot.label_index import LabelPrefixIndex, fold_typed
from search_app.engine.store import (
    ChangePeriod,
    CountGroup,
    FoundFile,
    LabeledValue,
    RankedHit,
    Related,
    StoredFile,
    StoreRequest,
)

MAX_EDITIONS = 100
"""Number of other editions of a publication that are listed."""
MAX_OWNERS = 1000
"""Limit on the publications that a file is known to belong to."""
MAX_COMPLETIONS = 100
"""Number of words with a prefix, the most frequent in the index, that are counted in the hits."""
MAX_TITLES = 20
"""Number of titles in a response for each title that is needed: some do not start with the
words."""
_NEWEST_FIRST: Sequence[object] = ({"year": {"order": "desc", "missing": "_last"}}, "id")


class OpenSearchReply:
    """The `Reply` to a search of one generation: each step is asked when it is first needed."""

    def __init__(
        self, store_request: StoreRequest, generation: Generation, deadline: Deadline,
        count_waiting: Callable[[OpenSearchReply], None],
    ) -> None:  # fmt: skip
        self.plan = Plan(store_request, generation)
        self.tree, self.dropped = self.plan.tree, self.plan.dropped
        self.truncated = self.plan.truncated
        self._store_request, self._generation, self._deadline = store_request, generation, deadline
        self._send = partial(generation.client.msearch, deadline=deadline)
        self._count_waiting = count_waiting
        self._page: Page | None = None
        self._overlapping: Json | None = None
        self._files: dict[int, dict[str, list[FoundFile]]] = {}
        deadline.checkpoint("match")

    def list_counts(self) -> list[Json]:
        """Return the searches for the counts that the choice between several replies needs."""
        is_known = self._find_counts() is not None
        by_fields = [self.plan.make_fields_count()] if self._generation.is_inside else []
        return [*([] if is_known else [self.plan.make_count()]), *by_fields]

    def _find_words(self) -> int | None:
        """Return the number of publications that match the words, if the clause was counted."""
        clause = None if self._store_request.added else nodes.drop_boosts(self.tree)
        if self.tree is None:
            return 0
        found = self._generation.find_count(clause) if isinstance(clause, nodes.Clause) else None
        return found if isinstance(found, int) else None

    def _find_counts(self) -> tuple[int, ...] | None:
        """Return the numbers of publications that match the words, pass the query filters, and all.

        Return None if they are not known.
        """
        page, plan = self._page, self.plan
        if page and not plan.query_filters:
            return page.matched, page.matched, page.total
        has_filters = (
            plan.query_filters or plan.selected_filters or self._store_request.tree is None
        )
        if not has_filters and (found := self._find_words()) is not None:
            return found, found, found
        return self._generation.client.find_counts(plan.make_count())

    @property
    def _counts(self) -> tuple[int, ...]:
        if (known := self._find_counts()) is None:
            self._count_waiting(self)
            known = self._find_counts()
        client, body = self._generation.client, self.plan.make_count()
        return client.count([body], self._deadline)[0] if known is None else known

    def find_by_words(self) -> int | None:
        """Return the number of publications that match the words, if it is known already."""
        known, counts = self._find_words(), self._find_counts()
        return known if known is not None or counts is None else counts[0]

    @property
    def by_words(self) -> int:
        known = self.find_by_words()
        return self._counts[0] if known is None else known

    @property
    def by_fields(self) -> int:
        if not self._generation.is_inside:
            return self.by_words
        client, body = self._generation.client, self.plan.make_fields_count()
        if client.find_counts(body) is None:
            self._count_waiting(self)
        return client.count([body], self._deadline)[0][0]

    @property
    def matched(self) -> int:
        return self._page.matched if self._page else self._counts[1]

    @property
    def total(self) -> int:
        return self._page.total if self._page else self._counts[2]

    @property
    def has_words(self) -> bool:
        return self.matched > 0

    @property
    def semantic_total(self) -> int:
        """The number of hits by semantic similarity alone. A cluster has no vectors."""
        return 0

    @property
    def title_count(self) -> int:
        return self._load_page(with_facets=False).titles

    def count_overlap(self, other: Self) -> int:
        """Return the number of hits that match the words of another reply too.

        It comes with the page, so it is best asked for first.
        """
        if other.tree is None or not other.by_words:
            return 0
        if self._overlapping is not other.plan.word_query:
            self._overlapping, self._page = other.plan.word_query, None
        return self._load_page(with_facets=True).overlap

    def count_with(self, clauses: Sequence[nodes.Clause]) -> list[int]:
        bodies = [*map(self.plan.make_count_with, clauses)]
        return [total for (total,) in self._generation.client.count(bodies, self._deadline)]

    def load_page(self, counting: Sequence[Json] = (), *, with_facets: bool = True) -> Page:
        """Load the page, with the facets if they are asked for, and some counts."""
        lists = [self.plan.first_titles] if self.plan.first_titles else []
        self._generation.load_feedback(lists, (), self._deadline)
        page = Page(self.plan, self._send, self._overlapping, with_facets=with_facets)
        client, every = self._generation.client, [*page.counts, *counting]
        page.read(client.load(page.bodies, every, self._deadline)[0])
        self._page = page
        return page

    def _load_page(self, *, with_facets: bool) -> Page:
        if self._page is None or (with_facets and self._page.facets is None):
            return self.load_page(with_facets=with_facets)
        return self._page

    def list_ids(self) -> list[str]:
        return [hit.ranked.id for hit in self._load_page(with_facets=False).hits]

    def list_dated_ids(self) -> list[tuple[str, int]]:
        return [(each.id, each.changed) for each in self._get_publications()]

    def rank_hits(self) -> Iterator[RankedHit]:
        for hit in self._load_page(with_facets=False).hits:
            yield RankedHit(hit.record.publication, hit.ranked.score, hit.record.editions)

    def _get_publications(self) -> list[Publication]:
        return [hit.record.publication for hit in self._load_page(with_facets=False).hits]

    def gather(self) -> Words:
        return self._generation.split_words(self._get_publications())

    def count_facets(self) -> Facets:
        facets = self._load_page(with_facets=True).facets
        assert facets is not None
        return facets

    def count_values(self, field: str) -> dict[str, int]:
        return count_values(field, self.plan.hits, self._generation.vocabulary, self._send)

    def scan(self) -> Iterator[Publication]:
        send = partial(self._generation.client.msearch, deadline=Deadline())
        return self._load_page(with_facets=False).scan(send)

    def find_files(self, identity: str, most: int) -> Sequence[FoundFile]:
        """Return the files of a publication with words of the search, with `most` pages of each.

        Those of all hits of the page come in one request.
        """
        if not self._generation.is_inside or self.tree is None:
            return ()
        known = self._files.setdefault(most, {})
        if identity not in known:
            shown = [hit.ranked.id for hit in self._page.hits] if self._page else []
            ids = shown if identity in shown else [identity]
            found = self._find_files(ids, [*nodes.clauses(self.tree)], most)
            known |= {each: found.get(each, []) for each in ids}
        return known[identity]

    def _find_files(
        self, ids: Sequence[str], all_clauses: Sequence[nodes.Clause], most: int
    ) -> dict[str, list[FoundFile]]:
        return find_files(ids, all_clauses, self._generation.compiler, most, self._send)

    def explain(self) -> list[Explanation | None]:
        hits, plan, generation = (
            self._load_page(with_facets=False).hits,
            self.plan,
            self._generation,
        )
        explained = hits[: limit_explained(self.tree)]
        publications = [hit.record.publication for hit in explained]
        words, found = (
            generation.split_words(publications),
            dict[nodes.Clause, list[list[FoundFile]]](),
        )

        def find_inside(index: int, clause: nodes.Clause) -> Sequence[FoundFile]:
            if clause not in found:
                files = self._find_files([hit.ranked.id for hit in explained], [clause], 0)
                found[clause] = [files.get(hit.ranked.id, []) for hit in explained]
            return found[clause][index]

        def weigh_inside(index: int, clause: nodes.Clause) -> float:
            is_searched = generation.compiler.match_texts(clause) is not None
            is_inside = is_searched and find_inside(index, clause)
            return generation.compiler.text_weight if is_inside else 0.0

        feedback = plan.find_feedback() or NO_FEEDBACK
        explainer = Explainer(
            self._store_request, self.tree, generation.vocabulary, publications, words,
            generation.compiler.estimate_idf, feedback.terms.stems.tolist(), weigh_inside,
            find_inside,
        )  # fmt: skip
        shares = feedback.weigh(
            words, [hit.ranked.group for hit in explained], generation.vocabulary
        )
        raised = plan.rescoring.raise_by_words(np.ones(len(explained)), words)
        explanations: list[Explanation | None] = []
        for index, hit in enumerate(explained):
            explanation = explainer.explain(index, AddedToHit())
            gains = {name: float(each[index]) * explanation.score for name, each in raised.items()}
            added = AddedToHit(**gains, feedback=float(shares[index]))
            explanation = msgspec.structs.replace(explanation, **added._asdict())
            explanations.append(scale(explanation, hit.ranked.score or 0.0))
            self._deadline.checkpoint("explain")
        return explanations + [None] * (len(hits) - len(explained))

    def complete(self, prefix: str, limit: int) -> list[str]:
        vocabulary, plan = self._generation.vocabulary, self.plan
        if plan.tree is None and not plan.query_filters and not plan.selected_filters:
            return _list_completions(prefix, vocabulary, limit)
        words = _list_completions(prefix, vocabulary, max(MAX_COMPLETIONS, limit))
        if not words:
            return []
        filters = {word: {"term": {WORDS: make_term(word)}} for word in words}
        counting = {"words": {"filters": {"filters": filters}}}
        [response] = self._send([{"size": 0, "query": plan.hits, "aggs": counting}])
        buckets = response["aggregations"]["words"]["buckets"]
        found = [word for word in words if buckets[word]["doc_count"]]
        return sorted(found, key=lambda word: (-buckets[word]["doc_count"], word))[:limit]

    def find_titles(
        self, words: Sequence[str], limit: int, *, is_open: bool
    ) -> list[tuple[str, str]]:
        """Return the ids and titles of up to `limit` hits with all words in their title.

        If `is_open`, the last word is a prefix. Titles that start with the words come first, then
        shorter ones, then newer ones.
        """
        vocabulary = self._generation.vocabulary
        title = vocabulary.catalogue.find_by_role("title")
        if title is None or title.name not in vocabulary.searchable:
            return []
        field, *typed = f"words.{title.name}", *map(make_term, words)
        has_words: list[Json] = [{"term": {field: word}} for word in typed]
        candidates = [words[0]]
        if is_open:
            has_words[-1] = {"prefix": {field: typed[-1][: queries.MAX_PREFIX_CHARS]}}
            if len(words) == 1:
                candidates = _list_completions(words[0], vocabulary, MAX_COMPLETIONS)
        span = [{"span_term": {field: make_term(word)}} for word in candidates]
        starts: list[Json] = [{"span_first": {"match": {"span_or": {"clauses": span}}, "end": 1}}]
        bodies: list[Json] = [
            {
                "query": queries.all_of([self.plan.hits, *has_words, *extra]),
                "size": limit * MAX_TITLES,
                "sort": ["title_words", *_NEWEST_FIRST],
                "track_total_hits": False,
                "_source": ["title"],
            }
            for extra in ((starts if span else ()), ())
        ]
        starting, others = (
            [(hit["sort"][-1], hit["_source"]["title"]) for hit in each["hits"]["hits"]]
            for each in self._send(bodies)
        )

        def begins(found: tuple[str, str]) -> bool:
            start = [*map(surface_form, tokenizer.split_words(found[1]))][: len(words)]
            if is_open and len(start) == len(words):
                start[-1] = start[-1][: len(words[-1])]
            return start == list(words)

        # The first word of a title may be followed by others than those typed.
        first = [found for found in (*starting, *others) if begins(found)]
        return [*dict.fromkeys([*first, *others])][:limit]


def _list_completions(prefix: str, vocabulary: Vocabulary, limit: int) -> list[str]:
    """Return up to `limit` words with a prefix, as written, most frequent in the index first."""
    words = vocabulary.words
    first, last = words.texts.find_prefix(prefix)
    frequencies = np.diff(words.offsets[first : last + 1].astype(np.int64))
    candidates = np.arange(len(frequencies))
    if limit < len(candidates):
        candidates = frequencies.argpartition(len(candidates) - limit)[-limit:]
    order = candidates[np.lexsort((candidates, -frequencies[candidates]))] + first
    return list(dict.fromkeys(words.surfaces[number] for number in order.tolist()))


class _Group:
    """The replies to searches of which the first may be enough: they are made one by one."""

    def __init__(
        self, store_requests: Iterable[StoreRequest],
        make: Callable[[StoreRequest, _Group], OpenSearchReply],
        waiting: WeakSet[_Group | OpenSearchReply],
    ) -> None:  # fmt: skip
        self._made = deque[OpenSearchReply]()
        self.lists = dict[str, Json]()
        """The search for the first titles by text: that of the first reading serves them all."""
        self._replies = (make(each, self) for each in store_requests)
        self._waiting = waiting
        waiting.add(self)

    def __iter__(self) -> Iterator[OpenSearchReply]:
        return self

    def __next__(self) -> OpenSearchReply:
        # From here on, the group is counted only if one of its own replies has to be.
        self._waiting.discard(self)
        return self._made.popleft() if self._made else next(self._replies)

    def list_counts(self) -> list[Json]:
        """Make all replies that are left, and return the searches for their counts."""
        self._made.extend(self._replies)
        return [body for reply in self._made for body in reply.list_counts()]


class OpenSearchStore:
    """The `Store` of a generation in a cluster. `labels` indexes the labels of facet values."""

    def __init__(self, generation: Generation, labels: LabelPrefixIndex) -> None:
        self._generation, self._labels = generation, labels
        self._waiting = WeakKeyDictionary[Deadline, WeakSet[_Group | OpenSearchReply]]()
        """What was asked with each deadline, and not counted yet. What nobody holds is dropped."""

    def ask(self, store_request: StoreRequest, deadline: Deadline) -> OpenSearchReply:
        count = partial(self._count_waiting, None, deadline)
        reply = OpenSearchReply(store_request, self._generation, deadline, count)
        self._waiting.setdefault(deadline, WeakSet()).add(reply)
        return reply

    def ask_each(
        self, store_requests: Iterable[StoreRequest], deadline: Deadline
    ) -> Iterator[OpenSearchReply]:
        def make(store_request: StoreRequest, group: _Group) -> OpenSearchReply:
            count = partial(self._count_waiting, group, deadline)
            reply = OpenSearchReply(store_request, self._generation, deadline, count)
            if plan_list := reply.plan.first_titles:
                reply.plan.first_titles = group.lists.setdefault(store_request.text, plan_list)
            return reply

        return _Group(store_requests, make, self._waiting.setdefault(deadline, WeakSet()))

    def _count_waiting(
        self, group: _Group | None, deadline: Deadline, reply: OpenSearchReply
    ) -> None:
        """Count a reply, what is left of its group, and all that waits, in one request.

        If a group is all, the page of the reply comes with the counts, as most searches show it.
        If a page needs feedback, its first titles come instead.
        """
        waiting = self._waiting.setdefault(deadline, WeakSet())
        others = [each for each in waiting if each is not reply]
        waiting.clear()
        counted = [reply, *filter(None, [group]), *others]
        counting = [body for each in counted for body in each.list_counts()]
        generation = self._generation
        if group and not others and not group.lists:
            reply.load_page(counting)
        else:
            lists = [*group.lists.values()] if group else []
            generation.load_feedback(lists, counting, deadline)

    def count_all(self, clauses: Sequence[nodes.Clause], deadline: Deadline) -> list[int]:
        """Return the number of publications that match each clause.

        It is that of all publications for a clause of over MAX_LEAVES, such as a concept with
        hundreds of narrower ones. No search has such a clause.
        """
        generation = self._generation
        found = [generation.find_count(clause) for clause in clauses]
        unknown = [each for each in found if not isinstance(each, int)]
        short = [each for each in unknown if queries.count_leaves(each) <= queries.MAX_LEAVES]
        generation.client.count(short, deadline)
        counts = [generation.find_count(clause) for clause in clauses]
        return [each if isinstance(each, int) else generation.vocabulary.size for each in counts]

    def count_together(self, groups: Sequence[CountGroup], deadline: Deadline) -> list[list[int]]:
        match = self._generation.compiler.match
        bodies = [
            make_count(queries.all_of([match(clause), *shared]))
            for clauses, others in groups
            for shared in [[*map(match, others)]]
            for clause in clauses
        ]
        counts = iter(self._generation.client.count(bodies, deadline))
        return [[total for (total,) in islice(counts, len(clauses))] for clauses, _ in groups]

    def find_values(self, text: str, limit: int, language: str) -> Iterator[LabeledValue]:
        labels = self._labels
        for number in labels.find_prefix(fold_typed(text), limit, language):
            yield LabeledValue(*labels.values[number], labels.labels[number], labels.counts[number])

    def get_publication(self, identity: str) -> Publication | None:
        found = self._find({"id": identity}, 1)
        return Record.read(found[0]).publication if found else None

    def _find(self, term: Json, most: int) -> list[Response]:
        """Return publications with a value, with their records and files."""
        body = make_records([], most) | {"query": queries.all_of([{"term": term}])}
        [response] = self._generation.client.msearch([body], Deadline())
        found: list[Response] = response["hits"]["hits"]
        return found

    def list_changed(self, period: ChangePeriod, most: int) -> list[Publication]:
        seconds: Json = {"range": {"changed": {"gte": period.since, "lte": period.until}}}
        wanted = [queries.match_values(period.field, [period.value])] if period.field else []
        body = make_records([], most) | {
            "query": queries.all_of([seconds, *wanted]),
            "sort": ["changed", "id"],
            "search_after": [period.since, period.after],
        }
        [response] = self._generation.client.msearch([body], Deadline())
        return [Record.read(hit).publication for hit in response["hits"]["hits"]]

    def list_files(self, identity: str) -> list[File]:
        if not self._generation.is_inside:
            return []
        return [file for hit in self._find({"id": identity}, 1) for file in read_files(hit)]

    def find_file(self, digest: str) -> StoredFile | None:
        if not self._generation.is_inside:
            return None
        hits = self._find({"file_digest": digest}, MAX_OWNERS)
        files = [file for hit in hits for file in read_files(hit) if file.digest == digest]
        return StoredFile(files[0], tuple(hit["sort"][0] for hit in hits)) if files else None

    def keep_ids(self, ids: Iterable[str]) -> list[str]:
        """Return the texts of valid Unicode: a search finds the ids without another request."""
        return [each for each in ids if each.isprintable()]

    def find_related(self, identity: str) -> Related:
        found, generation = self._find({"id": identity}, 1), self._generation
        if not found:
            raise KeyError(identity)
        publication, vocabulary = Record.read(found[0]).publication, generation.vocabulary
        key_terms = choose_key_terms(generation.split_words([publication]), vocabulary)
        own: Json = {"term": {"group": found[0]["fields"]["group"][0]}}
        bodies: list[Json] = [
            make_records([], MAX_EDITIONS)
            | {
                "query": queries.all_of([own, queries.none_of([{"term": {"id": identity}}])]),
                "sort": _NEWEST_FIRST,
            }
        ]
        if len(key_terms.stems):
            # Of the editions of a title, only the most similar one counts.
            bodies.append(
                make_records([], KIN_DEPTH)
                | {
                    "query": {
                        "bool": {
                            "must_not": [own],
                            "should": score_terms(
                                key_terms, generation.in_fields, queries.MAX_CLAUSES
                            ),
                            "minimum_should_match": 1,
                        }
                    },
                    "collapse": {"field": "group"},
                    "sort": ["_score", *_NEWEST_FIRST],
                }
            )
        responses = generation.client.msearch(bodies, Deadline())
        editions, similar = (
            [Record.read(hit).publication for hit in each["hits"]["hits"]]
            for each in (*responses, {"hits": {"hits": []}})[:2]
        )
        if similar:
            words = generation.split_words([publication, *similar])
            similarities = compute_similarities(key_terms, words, vocabulary)[1:]
            nearest = np.argsort(-similarities, kind="stable")[:KIN]
            kin = words.take(np.concatenate([[0], nearest + 1]))
            terms = choose_key_terms(kin, vocabulary, compute_kin_shares(similarities[nearest]))
            # Equally similar publications stay newest first.
            order = np.argsort(-compute_similarities(terms, words, vocabulary)[1:], kind="stable")
            similar = [similar[number] for number in order[:MAX_SIMILAR].tolist()]
        return Related(editions, similar)

    def prepare(self) -> None:
        """Do nothing: the caches of a cluster are in its nodes."""
