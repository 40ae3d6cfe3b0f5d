"""Limits on the clauses of a query, on requests, and on memory, whatever is typed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import msgspec
import pytest
from whoosh import query

from indexer.analysis import tokenizer
from indexer.catalogue.fields import Catalogue, Field
from indexer.catalogue.records import Publication, SourceLocation
from indexer.cluster.mapping import Json
from indexer.cluster.vocabulary_file import read_vocabulary, write_vocabulary
from indexer.codec.segment.reader import Segment
from indexer.generations import directory
from search_app.engine.deadline import Deadline
from search_app.engine.interpretation.entities import ValueNames
from search_app.engine.opensearch import clause_limit, phrases, selections, stem_scores, store
from search_app.engine.opensearch import page as page_module
from search_app.engine.opensearch.client import ClusterClient
from search_app.engine.opensearch.counts import MAX_SEARCHES, CountCache, make_count
from search_app.engine.opensearch.facets import plan_facets
from search_app.engine.opensearch.generation import ClusterGeneration, open_generation
from search_app.engine.opensearch.planned_search import PlannedSearch
from search_app.engine.opensearch.reply import OpenSearchReply
from search_app.engine.query.nodes import Clause, Names, Phrase, Term
from search_app.engine.query.parser import parse
from search_app.engine.request import SearchRequest
from search_app.engine.store import StoreRequest
from tests.search_app.engine import catalogues

MAX_CLAUSES = 1024
"""The limit of Lucene: `indices.query.bool.max_clause_count`."""
WORDS = [f"word{letter}{other}" for letter in "abcdefgh" for other in "abcdefgh"]
CATALOGUE = Catalogue(
    title="Notes",
    description="",
    fields=(
        Field("title", "Title", kind="text", role="title", weight=2.0),
        *(Field(f"note{number}", "Note", weight=0.5) for number in range(11)),
        Field("person", "Person", facet=1, several=True),
    ),
)


class Recorder:
    """A client that records searches. Each has 700 hits, of which it returns none."""

    def __init__(self) -> None:
        self.bodies: list[dict[str, Any]] = []

    def msearch(self, bodies: Sequence[Json], _deadline: Deadline) -> list[dict[str, Any]]:
        """Return a response to each search."""
        self.bodies += map(dict, bodies)
        total: Json = {"doc_count": 700}
        no_values: Json = {"sum_other_doc_count": 0, "buckets": []}
        values: Json = {f"{row.name}.row.{row.name}": no_values for row in CATALOGUE.facets}
        families: Json = {"families": no_values} | values
        overlap: Json = {page_module.OVERLAP: total | {page_module.OVERLAP: total}}
        page: Json = {page_module.MATCHED: total} | overlap
        first: Json = {page_module.FIRST: {"hits": {"hits": []}}}
        return [
            {
                "hits": {"total": {"value": 700}, "hits": []},
                "aggregations": families | page | first | _count_within(body),
            }
            for body in bodies
        ]


def _count_within(body: Any) -> Json:
    """Return the counts of the nested filters of a search. Each matches all hits."""
    within = body.get("aggs", {}).get("within")
    return {"within": {"doc_count": 700} | _count_within(within)} if within else {}


@pytest.fixture(scope="module")
def generation(tmp_path_factory: pytest.TempPathFactory) -> ClusterGeneration:
    """Return a generation in which 3,000 persons have a common name."""
    made = [
        Publication(
            id=f"p{number}", title=" ".join(WORDS), source=SourceLocation("made", number + 1),
            values={"person": tuple(f"Wang {number} {each}" for each in range(100))},
        )
        for number in range(30)
    ]  # fmt: skip
    folder = catalogues.index(tmp_path_factory.mktemp("index"), made, CATALOGUE)
    live = directory.load_live(folder)
    file = folder / "vocabulary"
    write_vocabulary(Segment(live.segment, live.manifest.catalogue), file)
    client = cast(ClusterClient, Recorder())
    return open_generation(client, read_vocabulary(file), live.manifest.catalogue)


def make_ask(
    text: str, generation: ClusterGeneration, joined: type[query.CompoundQuery] = query.And
) -> StoreRequest:
    """Return a parsed search."""
    vocabulary = generation.vocabulary
    parsed = parse(text, vocabulary, ValueNames(vocabulary), joined)
    return StoreRequest(SearchRequest(text), parsed.words, filters=parsed.filters, text=text)


def count_clauses(part: object) -> int:
    """Return the number of clauses of a query that match terms, phrases, or values."""
    if isinstance(part, list):
        return sum(map(count_clauses, part))
    if not isinstance(part, dict):
        return 0
    kinds = ("match", "match_phrase", "terms")
    return sum(1 if name in kinds else count_clauses(inner) for name, inner in part.items())


@pytest.mark.parametrize("text", ["person:wang", "worda OR person:wang", "-person:wang"])
def test_a_name_of_many_values_is_one_clause(text: str, generation: ClusterGeneration) -> None:
    """The values that a name means are one clause, as a common name has thousands."""
    plan = PlannedSearch(make_ask(text, generation), generation)
    assert str(plan.hits).count("Wang") == 3_000
    assert count_clauses(plan.hits) < 30


def test_very_many_values_are_several_clauses(
    generation: ClusterGeneration, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A clause has no more values than an index allows, and no value is lost."""
    monkeypatch.setattr(selections, "MAX_VALUES", 1_000)
    plan = PlannedSearch(make_ask("person:wang", generation), generation)
    assert str(plan.hits).count("Wang") == 3_000
    assert count_clauses(plan.hits) == 3


def test_a_repeated_word_is_one_clause(generation: ClusterGeneration) -> None:
    """A word that is typed many times has the clauses of one word."""
    once, often = [
        PlannedSearch(make_ask(" ".join([WORDS[0]] * times), generation), generation)
        for times in (1, 400)
    ]
    assert count_clauses(often.words) == count_clauses(once.words)


def test_many_words_and_filters_are_within_the_limit(generation: ClusterGeneration) -> None:
    """The clauses that typed filters need are not left for words. The reply names the words."""
    persons = " ".join(f"person:nobody{number}" for number in range(300))
    reply = OpenSearchReply(
        make_ask(f"{' '.join(WORDS)} {persons}", generation), generation, Deadline()
    )
    assert count_clauses(reply.plan.hits) <= clause_limit.MAX_LEAVES
    assert reply.dropped


def test_the_overlap_of_long_readings_is_within_the_limit(generation: ClusterGeneration) -> None:
    """Two readings of a long query are not one query of the nodes, which would reject it."""
    text = " ".join(WORDS)
    every, some = [
        OpenSearchReply(make_ask(text, generation, joined), generation, Deadline())
        for joined in (query.And, query.Or)
    ]
    assert some.count_overlap(every) == 700
    bodies = cast(Recorder, generation.client).bodies
    [body] = [each for each in bodies if page_module.OVERLAP in each.get("aggs", {})]
    assert MAX_CLAUSES / 2 < count_clauses(body["query"]) < MAX_CLAUSES
    assert MAX_CLAUSES / 2 < count_clauses(body["aggs"][page_module.OVERLAP]) < MAX_CLAUSES


def test_stems_in_many_fields_are_within_the_limit(
    generation: ClusterGeneration, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With very many fields, the least important stems are left out."""
    monkeypatch.setattr(stem_scores, "MAX_LEAVES", 100)
    vocabulary = generation.vocabulary
    stems = [(vocabulary.list_stems(word)[0], 1.0) for word in WORDS[-25:]]
    made = stem_scores.score_stems(stems, vocabulary.searchable, generation.compiler.fields)
    assert count_clauses(made) == 8 * len(vocabulary.searchable) == 96


@pytest.mark.parametrize("text", ["", " ".join(WORDS[:4])])
def test_a_page_after_the_last_hit_is_not_walked_to(
    text: str, generation: ClusterGeneration
) -> None:
    """The hits before a page are not read if there are fewer than its first place.

    One search is for the page, and one for the families of editions.
    """
    ask = make_ask(text, generation)
    request = msgspec.structs.replace(ask.request, page=10**9)
    bodies = cast(Recorder, generation.client).bodies
    bodies.clear()
    reply = OpenSearchReply(ask._replace(request=request), generation, Deadline())
    assert reply.list_ids() == []
    assert len(bodies) == 2


def test_the_phrases_that_are_remembered_are_limited(
    generation: ClusterGeneration, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A phrase beyond the limit is not counted, and may be in any field."""
    monkeypatch.setattr(phrases, "MAX_PHRASES", 3)
    known, sent = phrases.PhraseFields(generation.vocabulary), list[int]()

    def send(bodies: Sequence[Json]) -> list[dict[str, Any]]:
        sent.append(len(bodies))
        return [{"aggregations": {"found": {"buckets": {}}}}]

    first, *others = generation.vocabulary.stems.surfaces[:6]
    phrases_of_title = [Phrase((first, other), frozenset({"title"})) for other in others]
    for _ in range(2):
        known.learn([Clause(phrases_of_title)], send)
    fields = [known.list_fields(phrase) for phrase in phrases_of_title]
    assert fields == [[], [], [], ["title"], ["title"]]
    assert sent == [1]


def test_a_clause_that_is_too_long_is_not_counted(
    generation: ClusterGeneration, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A concept with hundreds of narrower ones does not keep a generation from being opened."""
    monkeypatch.setattr(store, "MAX_LEAVES", 500)
    fields, bodies = generation.vocabulary.word_fields, cast(Recorder, generation.client).bodies
    long, short = [
        Clause([
            Term(tokenizer.SURFACE_PREFIX + word, fields, boost=1 + number / 100)
            for number, word in enumerate(words)
        ])
        for words in (WORDS, WORDS[:2])
    ]  # fmt: skip
    bodies.clear()
    counts = store.OpenSearchStore(generation).count_all([long, short, long], Deadline())
    assert counts == [generation.vocabulary.size, 700, generation.vocabulary.size]
    assert [count_clauses(body) for body in bodies] == [2 * len(fields)]


def test_a_concept_with_too_many_names_keeps_the_typed_word(generation: ClusterGeneration) -> None:
    """The rarest narrower concepts are left out first, and the reply has their number."""
    fields = generation.vocabulary.word_fields
    typed = Term(tokenizer.SURFACE_PREFIX + WORDS[0], fields)
    stems = [generation.vocabulary.list_stems(word)[0] for word in WORDS]
    names = [(first, second) for first in stems for second in stems[:4]]
    labels = tuple(Phrase(name, fields) for name in names)
    clause = Clause([typed, Names(labels, "c", "kin", 0.25)], "concept")
    reply = OpenSearchReply(StoreRequest(SearchRequest("concept"), clause), generation, Deadline())
    kept = (clause_limit.MAX_LEAVES - len(fields)) // len(fields)
    assert reply.dropped == ()
    assert reply.truncated == (("concept", len(names) - kept),)
    assert count_clauses(reply.plan.hits) <= clause_limit.MAX_LEAVES
    assert f"'{WORDS[0]}'" in str(reply.plan.hits)


class Counter:
    """A client that records the number of searches of each request. Each search has one hit."""

    def __init__(self) -> None:
        self.sent: list[int] = []

    def msearch(self, bodies: Sequence[Json], _deadline: Deadline) -> list[dict[str, Any]]:
        """Return a response to each search."""
        self.sent.append(len(bodies))
        return [{"hits": {"total": {"value": 1}}} for _ in bodies]


@pytest.mark.parametrize("restriction", ["all_of", "excluded"])
def test_the_counts_of_values_grow_with_their_number(
    generation: ClusterGeneration, restriction: str
) -> None:
    """Twice as many excluded or required values make a request at most about twice as long."""
    sizes = []
    for number in (50, 100):
        values = {"person": tuple(f"Wang 0 {each}" for each in range(number))}
        request = (
            SearchRequest(excluded=values)
            if restriction == "excluded"
            else SearchRequest(filters=values, all_of={"person": ("person",)})
        )
        plan = plan_facets(request, generation.vocabulary)
        sizes.append(len(msgspec.json.encode(plan.searches)))
    assert sizes[1] < 2.2 * sizes[0]


def test_requests_that_count_have_a_limit() -> None:
    """Each search that counts is sent once, and a request has at most MAX_SEARCHES of them."""
    counter = Counter()
    cache = CountCache(cast(ClusterClient, counter))
    bodies = [make_count({"term": {"id": str(number)}}) for number in range(2 * MAX_SEARCHES + 1)]
    assert cache.count([*bodies, *bodies], Deadline()) == [(1,)] * 2 * len(bodies)
    assert counter.sent == [MAX_SEARCHES, MAX_SEARCHES, 1]
    assert cache.count([bodies[0], make_count({})], Deadline()) == [(1,), (1,)]
    assert counter.sent[3:] == [1]
