"""Limits on the clauses of a query, on requests, and on memory, whatever is typed."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, cast

import pytest

from indexer.analysis import tokenizer
from indexer.catalogue.fields import Catalogue, Field
from indexer.catalogue.records import Publication, SourceLocation
from indexer.cluster.mapping import Json
from indexer.cluster.vocabulary_file import read_vocabulary, write_vocabulary
from indexer.codec.segment.fulltext import open_texts
from indexer.codec.segment.reader import Segment
from indexer.generations import directory
from search_app.engine.cache import Cache
from search_app.engine.deadline import Deadline
from search_app.engine.interpretation.entities import ValueNames
from search_app.engine.opensearch import queries
from search_app.engine.opensearch.client import MAX_SEARCHES, ClusterClient, Response, make_count
from search_app.engine.opensearch.facets import FacetRequest
from search_app.engine.opensearch.rescoring import Feedback
from search_app.engine.opensearch.search import Generation, Plan
from search_app.engine.opensearch.store import OpenSearchStore
from search_app.engine.opensearch.texts import find_files
from search_app.engine.query import nodes
from search_app.engine.query.parser import parse
from search_app.engine.query.vocabulary import Vocabulary
from search_app.engine.request import SearchRequest
from search_app.engine.snapshot.label_index import LabelPrefixIndex
from search_app.engine.store import StoreRequest
from tests.search_app import texts
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


@pytest.fixture(scope="module")
def generation(tmp_path_factory: pytest.TempPathFactory) -> Generation:
    """Return a generation in which 3,000 persons have a common name. It has no client."""
    made = [
        Publication(
            id=f"p{number}", title=" ".join(WORDS), source=SourceLocation("made", number + 1),
            values={"person": tuple(f"Wang {number} {each}" for each in range(100))},
        )
        for number in range(30)
    ]  # fmt: skip
    folder = catalogues.index(tmp_path_factory.mktemp("index"), made, CATALOGUE)
    live = directory.load_live(folder)
    write_vocabulary(Segment(live.segment, live.manifest.catalogue), None, folder / "vocabulary")
    file = read_vocabulary(folder / "vocabulary")
    vocabulary = Vocabulary(file.arrays, live.manifest.catalogue)
    compiler = queries.QueryCompiler(vocabulary, file.value_counts, inside=False)
    client = ClusterClient(cast(Any, None), "none")
    feedback = Cache[bytes, Feedback](1)
    return Generation(client, vocabulary, file.mean_lengths, feedback, compiler, compiler)


def make_plan(
    text: str, generation: Generation, joined: type[nodes.And | nodes.Or] = nodes.And
) -> Plan:
    vocabulary = generation.vocabulary
    parsed = parse(text, vocabulary, ValueNames(vocabulary, vocabulary.word_fields), joined)
    store_request = StoreRequest(
        SearchRequest(text), parsed.tree, filters=parsed.filters, text=text
    )
    return Plan(store_request, generation)


@pytest.mark.parametrize("text", ["person:wang", "worda OR person:wang", "-person:wang"])
def test_a_name_of_many_values_is_one_clause(text: str, generation: Generation) -> None:
    plan = make_plan(text, generation)
    assert str(plan.hits).count("Wang") == 3_000
    assert queries.count_leaves(plan.hits) < 30


def test_very_many_values_are_several_clauses(
    generation: Generation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "MAX_VALUES", 1_000)
    plan = make_plan("person:wang", generation)
    assert str(plan.hits).count("Wang") == 3_000
    assert str(plan.hits).count("'terms'") == 3


def test_a_repeated_word_is_one_clause(generation: Generation) -> None:
    once, often = (make_plan(" ".join([WORDS[0]] * times), generation) for times in (1, 400))
    assert queries.count_leaves(often.word_query) == queries.count_leaves(once.word_query)


@pytest.mark.parametrize("joined", [nodes.And, nodes.Or])
def test_many_words_and_filters_are_within_the_limit(
    generation: Generation, joined: type[nodes.And | nodes.Or], monkeypatch: pytest.MonkeyPatch
) -> None:
    everything = make_plan(f"{' '.join(WORDS)} person:wang", generation, joined)
    assert not everything.dropped
    monkeypatch.setattr(queries, "MAX_LEAVES", 40)
    plan = make_plan(f"{' '.join(WORDS)} person:wang", generation, joined)
    assert plan.dropped
    assert queries.count_leaves(plan.hits) <= 40


def test_what_orders_the_hits_of_a_long_query_is_within_the_limit(generation: Generation) -> None:
    body = make_plan(" ".join(WORDS[:40]), generation).make_list(0, 10)
    assert 400 < queries.count_leaves(body["query"]) < MAX_CLAUSES


def test_a_signal_with_too_many_clauses_raises_no_hit(
    generation: Generation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A query that a node would reject is left out, and the hits keep their order."""
    plan = make_plan(" ".join(WORDS[:20]), generation)
    raised = plan.make_best(0, 10, records=True)["rescore"]
    monkeypatch.setattr(queries, "MAX_CLAUSES", queries.count_leaves(raised) - 1)
    assert "rescore" not in plan.make_best(0, 10, records=True)


def test_a_concept_with_too_many_names_keeps_the_typed_word(generation: Generation) -> None:
    fields = generation.vocabulary.word_fields
    typed = nodes.Term(tokenizer.SURFACE_PREFIX + WORDS[0], fields)
    stems = [generation.vocabulary.list_stems(word)[0] for word in WORDS]
    names = [(first, second) for first in stems for second in stems[:8]]
    labels = tuple(nodes.Phrase(name, fields) for name in names)
    clause = nodes.Clause([typed, nodes.Names(labels, "c", "narrower", 0.25)], "concept")
    plan = Plan(StoreRequest(SearchRequest("concept"), clause), generation)
    assert plan.dropped == ()
    assert plan.truncated == (("concept", len(names) - queries.MAX_NAMES),)
    assert queries.count_leaves(plan.hits) <= queries.MAX_LEAVES
    assert f"'{WORDS[0]}'" in str(plan.hits)


@pytest.mark.parametrize("restriction", ["any_of", "all_of", "excluded"])
def test_the_counts_of_values_grow_with_their_number(
    generation: Generation, restriction: str
) -> None:
    sizes = []
    for number in (10, 20):
        values = {"person": tuple(f"Wang 0 {each}" for each in range(number))}
        request = (
            SearchRequest(excluded=values)
            if restriction == "excluded"
            else SearchRequest(
                filters=values, all_of={"person": ("person",)} if restriction == "all_of" else {}
            )
        )
        selections = queries.Selections(request, generation.vocabulary)
        sizes.append(len(str(FacetRequest(selections, generation.vocabulary, 8).aggregations)))
    assert sizes[1] < 4.2 * sizes[0]


def test_requests_that_count_have_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each search that counts is sent once, and a request has at most MAX_SEARCHES of them."""
    sent = list[int]()

    def msearch(_: object, bodies: Sequence[Json], _deadline: Deadline) -> list[dict[str, Any]]:
        sent.append(len(bodies))
        return [{"hits": {"total": {"value": 1}}} for _ in bodies]

    monkeypatch.setattr(ClusterClient, "msearch", msearch)
    client = ClusterClient(cast(Any, None), "none")
    bodies = [make_count({"term": {"id": str(number)}}) for number in range(2 * MAX_SEARCHES + 1)]
    assert client.count([*bodies, *bodies], Deadline()) == [(1,)] * 2 * len(bodies)
    assert sent == [MAX_SEARCHES, MAX_SEARCHES, 1]
    assert client.count([bodies[0], make_count({})], Deadline()) == [(1,), (1,)]
    assert sent[3:] == [1]


def make_store(
    generation: Generation, monkeypatch: pytest.MonkeyPatch
) -> tuple[OpenSearchStore, list[int]]:
    sent = list[int]()

    def msearch(_: object, bodies: Sequence[Json], _deadline: Deadline) -> list[dict[str, Any]]:
        sent.append(len(bodies))
        return [{"hits": {"total": {"value": 1}}} for _ in bodies]

    monkeypatch.setattr(ClusterClient, "msearch", msearch)
    fresh = generation._replace(client=ClusterClient(cast(Any, None), "none"))
    return OpenSearchStore(fresh, LabelPrefixIndex({}, {}, CATALOGUE)), sent


def search_pair(word: str, other: str) -> StoreRequest:
    in_title = frozenset({"title"})
    return StoreRequest(
        SearchRequest(f"{word} {other}"),
        nodes.And([nodes.Clause([nodes.Term(each, in_title)], each) for each in (word, other)]),
    )


def test_searches_that_wait_are_counted_in_one_request(
    generation: Generation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first number that is read sends what is still held of the same deadline, once."""
    store, sent = make_store(generation, monkeypatch)
    deadline, other = Deadline(), Deadline()
    first = store.ask(search_pair(*WORDS[:2]), deadline)
    group = store.ask_each([search_pair(*WORDS[2:4]), search_pair(*WORDS[4:6])], deadline)
    elsewhere = store.ask(search_pair(*WORDS[6:8]), other)
    dropped = store.ask(search_pair(*WORDS[8:10]), deadline)
    del dropped
    assert sent == []
    assert (first.by_words, [reply.by_words for reply in group]) == (1, [1, 1])
    assert sent == [3]
    assert elsewhere.by_words == 1
    assert sent == [3, 1]


def test_searches_after_the_first_are_made_when_they_are_needed(
    generation: Generation, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, sent = make_store(generation, monkeypatch)
    made = list[str]()

    def list_searches() -> Iterator[StoreRequest]:
        for each in (StoreRequest(SearchRequest(WORDS[0]), anywhere), *pairs):
            made.append(each.request.text)
            yield each

    anywhere = nodes.Clause(
        [nodes.Term(WORDS[0], frozenset(generation.vocabulary.searchable))], WORDS[0]
    )
    pairs = [search_pair(*WORDS[start : start + 2]) for start in (2, 4)]
    deadline = Deadline()
    known = next(group := store.ask_each(list_searches(), deadline))
    assert (known.by_words, made, sent) == (30, [WORDS[0]], [])
    assert store.ask(search_pair(*WORDS[6:8]), deadline).by_words == 1
    assert (made, sent) == ([WORDS[0]], [1])
    assert len([*group]) == 2


@pytest.mark.parametrize("most", [0, 3])
@pytest.mark.parametrize(("clauses", "names"), [(1, 400), (6, 60), (50, 8)])
def test_pages_with_many_names_are_asked_for_within_the_limit(
    clauses: int, names: int, most: int, tmp_path: Path
) -> None:
    folder = texts.make_index_with_texts(
        tmp_path, texts.CATALOGUE, [texts.make_publication("a", "Boats")],
        {"a": {"a.pdf": texts.make_text("a", [" ".join(WORDS)])}},
    )  # fmt: skip
    segment = directory.load_live(folder).segment
    attached = open_texts(segment, texts.CATALOGUE)
    write_vocabulary(Segment(segment, texts.CATALOGUE), attached, tmp_path / "vocabulary")
    file = read_vocabulary(tmp_path / "vocabulary")
    compiler = queries.QueryCompiler(
        Vocabulary(file.arrays, texts.CATALOGUE, file.texts), file.value_counts, inside=True
    )
    fields = compiler.vocabulary.word_fields
    pairs = [nodes.Phrase((one, other), fields) for one in WORDS for other in WORDS]
    typed = [
        nodes.Clause([nodes.Names(tuple(pairs[start : start + names]), f"{start}")])
        for start in range(0, clauses * names, names)
    ]
    sent: list[Json] = []

    def send(bodies: Sequence[Json]) -> list[Response]:
        sent.extend(bodies)
        return [{"hits": {"hits": []}}]

    assert find_files(["a"], typed, compiler, most, send) == {}
    assert clauses * names < queries.count_leaves(sent) <= MAX_CLAUSES
