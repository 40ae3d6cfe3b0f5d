"""The facets of a real node equal those of the local store, on random corpora in three shards."""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import NamedTuple

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from opensearchpy import OpenSearch

from indexer.catalogue.fields import Catalogue
from indexer.catalogue.records import Publication, SourceLocation
from indexer.cluster.mapping import Json
from indexer.generations import directory
from search_app.engine.arrays.store import ArrayReply
from search_app.engine.deadline import Deadline
from search_app.engine.opensearch import facets, queries
from search_app.engine.opensearch.client import ClusterClient, Response
from search_app.engine.opensearch.facets import FacetRequest, Facets, count_values
from search_app.engine.query import nodes
from search_app.engine.query.vocabulary import Vocabulary
from search_app.engine.request import SearchRequest
from search_app.engine.snapshot.snapshot import Snapshot
from search_app.engine.store import StoreRequest
from tests.opensearch import loading
from tests.opensearch.cluster import Cluster
from tests.search_app.engine import catalogues
from tests.search_app.engine.arrays.test_toggle_counts import thrown, thrown_catalogue, thrown_state
from tests.tiers import examples

pytestmark = pytest.mark.thorough

INDEX = "facets-test"
ON_A_NODE = examples(8)
SELECTIONS = 12
"""Selections for each corpus, because making its index takes most of the time."""
LIMITS = (None, 0, 1, 3)
REQUESTS = st.builds(
    SearchRequest,
    filters=catalogues.FILTERS,
    excluded=st.just({}) | catalogues.FILTERS,
    all_of=catalogues.ALL_OF,
)
"""Searches with selected values, of which any or all are needed, and some with excluded ones."""


class Loaded(NamedTuple):
    """A local index, and a client and the vocabulary of its copy on a node."""

    snapshot: Snapshot
    client: ClusterClient

    @property
    def vocabulary(self) -> Vocabulary:
        return self.snapshot.vocabulary

    def send(self, bodies: Sequence[Json]) -> list[Response]:
        return self.client.msearch(bodies, Deadline())


@contextmanager
def load(client: OpenSearch, made: Sequence[Publication], catalogue: Catalogue) -> Iterator[Loaded]:
    with tempfile.TemporaryDirectory() as folder:
        live = directory.load_live(catalogues.index(Path(folder), made, catalogue))
        loading.load(client, INDEX, live)
        try:
            yield Loaded(Snapshot(live), ClusterClient(client, INDEX))
        finally:
            client.indices.delete(index=INDEX)


TWO = nodes.Clause([nodes.Term("two", frozenset({"title"}))], "two")


def reply_locally(snapshot: Snapshot, request: SearchRequest, typed: nodes.Tree) -> ArrayReply:
    return ArrayReply(StoreRequest(request, filters=(typed,)), snapshot, Deadline())


def count_facets(loaded: Loaded, request: SearchRequest, typed: nodes.Tree) -> Facets:
    selections = queries.Selections(request, loaded.vocabulary)
    matching = queries.QueryCompiler(loaded.vocabulary, {}, inside=False).match(typed)
    asked = FacetRequest(selections, loaded.vocabulary, request.values)
    hits: Json = {"-hits": {"filter": queries.all_of(selections.list_filters())}}
    body: Json = {"size": 0, "query": queries.all_of([matching]), "aggs": asked.aggregations | hits}
    [response] = loaded.send([body])
    results = response["aggregations"]
    total = results["-hits"]["doc_count"]
    return asked.read(results, total, queries.all_of([matching]), loaded.send)


def check(loaded: Loaded, request: SearchRequest, leaf: nodes.Clause | nodes.Filter) -> None:
    for typed in (nodes.Every(), leaf):
        for limit in LIMITS:
            limited = msgspec.structs.replace(request, values=limit)
            wanted = reply_locally(loaded.snapshot, limited, typed).count_facets()
            assert count_facets(loaded, limited, typed) == wanted, (limited, typed)


@given(seed=st.integers(0, 2**32), size=st.integers(1, 150))
@ON_A_NODE
def test_facets_of_trees_equal_those_of_the_local_store(
    single_node: Cluster, seed: int, size: int
) -> None:
    random = Random(seed)
    catalogue = thrown_catalogue(random)
    made = thrown(random, catalogue, size)
    with load(single_node.client, made, catalogue) as loaded:
        for _ in range(SELECTIONS):
            check(loaded, thrown_state(random), TWO)


@given(made=catalogues.publications(most=150), data=st.data())
@ON_A_NODE
def test_facets_of_all_kinds_equal_those_of_the_local_store(
    single_node: Cluster, made: list[Publication], data: st.DataObject
) -> None:
    """Facets with listed values, several values, years, and a tree are equal too."""
    with load(single_node.client, made, catalogues.CATALOGUE) as loaded:
        for _ in range(SELECTIONS):
            check(loaded, data.draw(REQUESTS), nodes.Filter("section", ("Papers",)))


@given(made=catalogues.publications(most=150), part=st.integers(1, 12), data=st.data())
@ON_A_NODE
def test_fields_with_too_many_values_are_counted_in_parts(
    single_node: Cluster, made: list[Publication], part: int, data: st.DataObject
) -> None:
    """Facets are equal if a response may have only a few values."""
    with (
        pytest.MonkeyPatch.context() as patch,
        load(single_node.client, made, catalogues.CATALOGUE) as loaded,
    ):
        patch.setattr(facets, "PART", part)
        for _ in range(SELECTIONS):
            check(loaded, data.draw(REQUESTS), nodes.Filter("section", ("Papers",)))


@given(made=catalogues.publications(most=150), data=st.data())
@ON_A_NODE
def test_only_the_values_that_are_shown_are_fetched(
    single_node: Cluster, made: list[Publication], data: st.DataObject
) -> None:
    with (
        pytest.MonkeyPatch.context() as patch,
        load(single_node.client, made, catalogues.CATALOGUE) as loaded,
    ):
        patch.setattr(facets, "MAX_LISTED", 1)
        for _ in range(SELECTIONS):
            check(loaded, data.draw(REQUESTS), nodes.Filter("section", ("Papers",)))


@given(made=catalogues.publications(most=150), data=st.data(), part=st.sampled_from((3, 100)))
@ON_A_NODE
def test_the_values_of_a_field_among_the_hits_are_counted(
    single_node: Cluster, made: list[Publication], data: st.DataObject, part: int
) -> None:
    with (
        pytest.MonkeyPatch.context() as patch,
        load(single_node.client, made, catalogues.CATALOGUE) as loaded,
    ):
        patch.setattr(facets, "PART", part)
        for _ in range(SELECTIONS):
            request = data.draw(REQUESTS)
            hits = queries.all_of(queries.Selections(request, loaded.vocabulary).list_filters())
            for field in ("country", "topic", "year"):
                found = count_values(field, hits, loaded.vocabulary, loaded.send)
                reply = reply_locally(loaded.snapshot, request, nodes.Every())
                assert list(found.items()) == list(reply.count_values(field).items())


def test_a_catalogue_without_facets_has_none(single_node: Cluster) -> None:
    texts = catalogues.CATALOGUE.fields[:2]
    catalogue = msgspec.structs.replace(catalogues.CATALOGUE, fields=texts, groups={})
    made = [Publication(id="p", title="Law", source=SourceLocation("made", 1))]
    with load(single_node.client, made, catalogue) as loaded:
        assert count_facets(loaded, SearchRequest(), nodes.Every()) == ({}, {})


def test_values_that_the_index_cuts_are_shown_whole(single_node: Cluster) -> None:
    long = "long " * 2_000
    values = {"p0": ("law", long), "p1": (long,), "p2": ("law",), "p3": ()}
    made = [
        Publication(
            id=name, title=name, values={"topic": each} if each else {},
            source=SourceLocation("made", 1),
        )
        for name, each in values.items()
    ]  # fmt: skip
    title = nodes.Clause([nodes.Term("p0", frozenset({"title"}))], "p0")
    with load(single_node.client, made, catalogues.CATALOGUE) as loaded:
        for selected in ((), (long,), (long, "law"), (long + "er",)):
            filters = {"topic": selected} if selected else {}
            check(loaded, SearchRequest(filters=filters), title)
            check(loaded, SearchRequest(excluded=filters), title)
            check(loaded, SearchRequest(filters=filters, all_of={"topic": ("topic",)}), title)
