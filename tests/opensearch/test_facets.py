"""The facets of a real node equal those of the local store, on random corpora in three shards."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from opensearchpy import OpenSearch
from whoosh import query

from indexer.catalogue.fields import Catalogue
from indexer.catalogue.records import Publication, SourceLocation
from indexer.cluster.mapping import Json
from indexer.generations import directory
from search_app.engine.arrays.reply import ArrayReply
from search_app.engine.deadline import Deadline
from search_app.engine.facets import make_excluded
from search_app.engine.opensearch import facet_aggregations
from search_app.engine.opensearch.facets import FacetPlan, make_facets, plan_facets, plan_values
from search_app.engine.query.nodes import Clause, Filter, Term
from search_app.engine.request import SearchRequest
from search_app.engine.snapshot.snapshot import Snapshot
from search_app.engine.store import StoreRequest
from tests.opensearch import loading
from tests.opensearch.cluster import Cluster
from tests.search_app.engine import catalogues
from tests.search_app.engine.arrays.test_toggle_counts import (
    thrown,
    thrown_catalogue,
    thrown_state,
)

INDEX = "facets-test"
ON_A_NODE = settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
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


@contextmanager
def load(
    client: OpenSearch, made: Sequence[Publication], catalogue: Catalogue
) -> Iterator[Snapshot]:
    """Write a local index of some publications, and send it to the node. Yield its snapshot."""
    with tempfile.TemporaryDirectory() as folder:
        index = catalogues.index(Path(folder), made, catalogue)
        snapshot = Snapshot(directory.load_live(index))
        loading.load(client, INDEX, snapshot.segment)
        try:
            yield snapshot
        finally:
            client.indices.delete(index=INDEX)


TWO = Clause([Term("two", frozenset({"title"}))], "two")


def run(client: OpenSearch, plan: FacetPlan, base: Json) -> list[Mapping[str, Any]]:
    """Return the aggregations of the responses to all searches of a plan."""
    responses = search(client, plan.searches, base)
    return responses + search(client, plan.list_partitions(responses), base)


def search(client: OpenSearch, searches: Sequence[Json], base: Json) -> list[Mapping[str, Any]]:
    """Return the aggregations of the responses to some searches."""
    lines: list[Json] = []
    for aggregations in searches:
        lines.append({"index": INDEX, "allow_partial_search_results": False})
        lines.append({"size": 0, "query": base, "aggs": aggregations})
    responses = client.msearch(body=lines)["responses"] if lines else []
    assert [each for each in responses if "error" in each] == []
    return [each["aggregations"] for each in responses]


def reply_locally(snapshot: Snapshot, request: SearchRequest, typed: query.Query) -> ArrayReply:
    """Return the reply of the local store to a search with selected filters and one typed."""
    return ArrayReply(StoreRequest(request, filters=(typed,)), snapshot, Deadline())


def check(
    client: OpenSearch, snapshot: Snapshot, request: SearchRequest, leaf: Clause | Filter
) -> None:
    """Check the facets of a selection, with a typed filter and without one."""
    vocabulary = snapshot.vocabulary
    typed: Json = {"term": {"pos_title": getattr(leaf, "text", "")}}
    if isinstance(leaf, Filter):
        typed = {"term": {f"facet_{leaf.row}": leaf.values[0]}}
    plan = plan_facets(request, vocabulary)
    searches: tuple[tuple[Json, query.Query], ...] = (
        ({"match_all": {}}, query.Every()),
        (typed, leaf),
    )
    for base, node in searches:
        responses = run(client, plan, base)
        results, counts = plan.read(responses), plan.read_excluded(responses)
        for limit in LIMITS:
            reply = reply_locally(snapshot, msgspec.structs.replace(request, values=limit), node)
            excluded = make_excluded(counts, reply.total)
            found = make_facets(results, limit, excluded)
            assert found == reply.count_facets(), (request, limit, base)


@given(seed=st.integers(0, 2**32), size=st.integers(1, 150))
@ON_A_NODE
def test_facets_of_trees_equal_those_of_the_local_store(
    single_node: Cluster, seed: int, size: int
) -> None:
    """Buckets, totals after a toggle, and hidden values are equal for any tree and selection."""
    random = Random(seed)
    catalogue = thrown_catalogue(random)
    made = thrown(random, catalogue, size)
    with load(single_node.client, made, catalogue) as snapshot:
        for _ in range(SELECTIONS):
            check(single_node.client, snapshot, thrown_state(random), TWO)


@given(made=catalogues.publications(most=150), data=st.data())
@ON_A_NODE
def test_facets_of_all_kinds_equal_those_of_the_local_store(
    single_node: Cluster, made: list[Publication], data: st.DataObject
) -> None:
    """Facets with listed values, several values, years, and a tree are equal too."""
    with load(single_node.client, made, catalogues.CATALOGUE) as snapshot:
        for _ in range(SELECTIONS):
            check(single_node.client, snapshot, data.draw(REQUESTS), Filter("section", ["Papers"]))


@given(made=catalogues.publications(most=150), most=st.integers(4, 12), data=st.data())
@ON_A_NODE
def test_rows_with_too_many_values_are_counted_in_parts(
    single_node: Cluster, made: list[Publication], most: int, data: st.DataObject
) -> None:
    """Facets are equal if a response may have only a few values."""
    with (
        pytest.MonkeyPatch.context() as patch,
        load(single_node.client, made, catalogues.CATALOGUE) as snapshot,
    ):
        patch.setattr(facet_aggregations, "MAX_BUCKETS", most)
        assume(len(plan_facets(SearchRequest(), snapshot.vocabulary).searches) > 1)
        for _ in range(SELECTIONS):
            check(single_node.client, snapshot, data.draw(REQUESTS), Filter("section", ["Papers"]))


@given(made=catalogues.publications(most=150), data=st.data(), most=st.sampled_from((3, 100)))
@ON_A_NODE
def test_the_values_of_a_row_among_the_hits_are_counted(
    single_node: Cluster, made: list[Publication], data: st.DataObject, most: int
) -> None:
    """The counts of one row include the values without hits, in the order of the index."""
    client = single_node.client
    with (
        pytest.MonkeyPatch.context() as patch,
        load(client, made, catalogues.CATALOGUE) as snapshot,
    ):
        patch.setattr(facet_aggregations, "MAX_BUCKETS", most)
        for _ in range(SELECTIONS):
            request = data.draw(REQUESTS)
            for row in ("country", "topic", "year"):
                plan = plan_values(row, request, snapshot.vocabulary)
                [result] = plan.read(run(client, plan, {"match_all": {}}))
                reply = reply_locally(snapshot, request, query.Every())
                assert list(result.list_counts(row).items()) == list(
                    reply.count_values(row).items()
                )


def test_a_catalogue_without_facets_has_one_search(single_node: Cluster) -> None:
    """The plan has a search without aggregations, so a page can always add its own to the first."""
    texts = catalogues.CATALOGUE.fields[:2]
    catalogue = msgspec.structs.replace(catalogues.CATALOGUE, fields=texts, groups={})
    made = [Publication(id="p", title="Law", source=SourceLocation("made", 1))]
    with load(single_node.client, made, catalogue) as snapshot:
        plan = plan_facets(SearchRequest(), snapshot.vocabulary)
        assert plan.searches == [{}]
        assert make_facets(plan.read([{}]), None) == ({}, {})


def test_values_that_the_index_cuts_are_shown_whole(single_node: Cluster) -> None:
    """A value longer than the index allows is counted, selected, and shown as it is."""
    long = "long " * 2_000
    values = {"p0": ("law", long), "p1": (long,), "p2": ("law",), "p3": ()}
    made = [
        Publication(
            id=name, title=name, values={"topic": each} if each else {},
            source=SourceLocation("made", 1),
        )
        for name, each in values.items()
    ]  # fmt: skip
    title = Clause([Term("p0", frozenset({"title"}))], "p0")
    with load(single_node.client, made, catalogues.CATALOGUE) as snapshot:
        for selected in ((), (long,), (long, "law"), (long + "er",)):
            filters = {"topic": selected} if selected else {}
            check(single_node.client, snapshot, SearchRequest(filters=filters), title)
            check(single_node.client, snapshot, SearchRequest(excluded=filters), title)
            request = SearchRequest(filters=filters, all_of={"topic": ("topic",)})
            check(single_node.client, snapshot, request, title)
