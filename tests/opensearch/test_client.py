"""Searches of an index on a real node: complete responses, time limits, and errors."""

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from opensearchpy import OpenSearch

from indexer.cluster.mapping import Json
from search_app.engine.admission import TooBusy
from search_app.engine.deadline import BudgetExceeded, Deadline
from search_app.engine.opensearch import client as module
from search_app.engine.opensearch.client import ClusterClient
from search_app.engine.store import StoreUnavailable
from tests.indexer.cluster.servers import serve
from tests.opensearch.cluster import Cluster

pytestmark = pytest.mark.thorough

INDEX = "client-test"
DOCUMENTS = 20_000
COUNT: Json = {"size": 0, "track_total_hits": True}
SLOW: Json = {
    "size": 0,
    "query": {
        "script_score": {
            "query": {"match_all": {}},
            "script": {
                "source": "double x = 0; for (int i = 0; i < 2000; ++i) {x += Math.sin(i);}"
                "return Math.abs(x);"
            },
        }
    },
    "aggs": {"best": {"max": {"script": "_score"}}},
}
"""A search that takes seconds."""


@pytest.fixture(scope="module")
def node(single_node: Cluster) -> OpenSearch:
    client = single_node.client
    client.indices.create(
        index=INDEX, body={"settings": {"number_of_shards": 2, "number_of_replicas": 0}}
    )
    lines = "".join(f'{{"index":{{}}}}\n{{"n":{number}}}\n' for number in range(DOCUMENTS))
    client.bulk(body=lines, index=INDEX, refresh="true", request_timeout=120)
    return client


@pytest.fixture
def client(node: OpenSearch) -> ClusterClient:
    return ClusterClient(node, INDEX)


@contextmanager
def limit(node: OpenSearch, **settings: str) -> Iterator[None]:
    named = {name.replace("__", "."): value for name, value in settings.items()}
    node.cluster.put_settings(body={"transient": named})
    try:
        yield
    finally:
        node.cluster.put_settings(body={"transient": dict.fromkeys(named)})


def test_responses_are_in_the_order_of_the_searches(client: ClusterClient) -> None:
    """One request returns the response to each search, in order, and all shards answer."""
    below = {"query": {"range": {"n": {"lt": 7}}}}
    responses = client.msearch([COUNT, COUNT | below], Deadline())
    assert [response["hits"]["total"]["value"] for response in responses] == [DOCUMENTS, 7]
    assert [response["_shards"]["successful"] for response in responses] == [2, 2]


def test_the_time_of_the_nodes_is_a_stage(client: ClusterClient) -> None:
    deadline = Deadline()
    client.msearch([COUNT], deadline)
    assert set(deadline.stages) == {"cluster"}
    deadline.checkpoint("facets")
    assert 0 <= deadline.stages["cluster"] < deadline.total
    assert deadline.stages["facets"] > 0


def test_a_node_stops_a_search_over_its_budget(
    client: ClusterClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "ALLOWANCE_SECONDS", 60)  # the client does not give up first
    with pytest.raises(BudgetExceeded, match="after 100 ms, at the stage cluster"):
        client.msearch([SLOW], Deadline(100))


def test_the_client_does_not_wait_for_a_node_that_stops_too_late(
    client: ClusterClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If a node does not stop a search in time, the client gives up. The node may hang."""
    monkeypatch.setattr(module, "ALLOWANCE_SECONDS", 0.001)
    with pytest.raises(StoreUnavailable, match="no response in time"):
        client.msearch([SLOW], Deadline(20))


def test_a_search_without_time_is_not_sent(node: OpenSearch) -> None:
    nowhere = ClusterClient(OpenSearch("http://127.0.0.1:1", max_retries=0), INDEX)
    with pytest.raises(BudgetExceeded):
        nowhere.msearch([COUNT], Deadline(0))


def test_a_removed_index_is_named(node: OpenSearch) -> None:
    """A search of an index that does not exist is an error that names it.

    It may pass by itself: a server opens the generation that replaced it within seconds.
    """
    with pytest.raises(StoreUnavailable, match="the index gone-1 is not in the cluster"):
        ClusterClient(node, "gone-1").msearch([COUNT], Deadline())


def test_a_node_without_memory_is_busy(node: OpenSearch, client: ClusterClient) -> None:
    with (
        limit(node, indices__breaker__total__limit="1%"),
        pytest.raises(TooBusy, match="Data too large"),
    ):
        client.msearch([COUNT], Deadline())
    terms: Json = {"aggs": {"n": {"terms": {"field": "n", "size": DOCUMENTS}}}}
    with (
        limit(node, indices__breaker__request__limit="1kb"),
        pytest.raises(TooBusy, match="Data too large"),
    ):
        client.msearch([COUNT, terms], Deadline())


def test_a_missing_shard_is_never_left_out(node: OpenSearch) -> None:
    """If one of two shards is missing, the index is unavailable instead of half a response."""
    index = "half-test"
    body = {
        "number_of_shards": 2,
        "number_of_replicas": 0,
        "routing.allocation.total_shards_per_node": 1,
    }
    node.indices.create(index=index, body={"settings": body}, wait_for_active_shards="0")
    node.cluster.health(index=index, wait_for_active_shards="1", request_timeout=60)
    assert node.search(index=index, body=COUNT)["_shards"]["successful"] == 1
    half = ClusterClient(node, index)
    try:
        with pytest.raises(StoreUnavailable, match="missing shards"):
            half.msearch([COUNT], Deadline())
        with pytest.raises(StoreUnavailable, match="missing shards"):
            half.check()
    finally:  # other tests expect a green node
        node.indices.delete(index=index)


@pytest.mark.parametrize("status", [500, 503])
def test_a_search_that_a_node_failed_is_sent_again(
    node: OpenSearch, client: ClusterClient, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    error = {"type": "node_disconnected_exception", "reason": "disconnected"}
    failed = {"error": error | {"root_cause": [error]}, "status": status}
    first, msearch = iter([{"took": 1, "responses": [failed]}]), node.msearch
    monkeypatch.setattr(node, "msearch", lambda **options: next(first, None) or msearch(**options))
    [response] = client.msearch([COUNT], Deadline(60_000))
    assert response["hits"]["total"]["value"] == DOCUMENTS
    assert next(first, None) is None


def test_a_complete_index_passes_the_check(client: ClusterClient) -> None:
    client.check()


def test_a_wrong_search_is_a_fault_of_the_program(client: ClusterClient) -> None:
    wrong: Json = {"script": {"source": "return 1 / params.x;", "params": {"x": 0}}}
    scored: Json = {"query": {"script_score": {"query": {"match_all": {}}, **wrong}}}
    unknown: Json = {"query": {"nope": {}}}
    for body, reason in ((unknown, "nope"), (scored, "script_exception")):
        with pytest.raises(RuntimeError, match=reason):
            client.msearch([body], Deadline())


def test_a_paused_node_does_not_delay_a_search_for_long(
    single_node: Cluster, client: ClusterClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "CHECK_SECONDS", 0.2)
    (node,) = single_node.nodes
    node.pause()
    try:
        with pytest.raises(StoreUnavailable, match="no response in time"):
            client.msearch([COUNT], Deadline(200))
        with pytest.raises(StoreUnavailable, match="no response in time"):
            client.check()
    finally:
        node.resume()
    assert client.msearch([COUNT], Deadline())


def test_a_request_without_a_budget_has_a_limit(
    client: ClusterClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a time budget, a search that takes too long means that the index is unavailable."""
    monkeypatch.setattr(module, "MAX_SECONDS", 0.1)
    for allowance in (60, 0.001):
        monkeypatch.setattr(module, "ALLOWANCE_SECONDS", allowance)
        with pytest.raises(StoreUnavailable, match="no response in time"):
            client.msearch([SLOW], Deadline())


def test_a_cluster_that_is_away_is_unavailable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    hosts = [f"http://127.0.0.1:{port}", f"http://localhost:{port}"]
    with pytest.raises(StoreUnavailable, match="refused"):
        ClusterClient(OpenSearch(hosts), INDEX).msearch([COUNT], Deadline(5000))


@pytest.mark.parametrize(
    ("status", "content_type", "content"),
    [
        (200, "text/html", "<p>Welcome"),
        (200, "application/json", "{}"),
        (200, "application/json", "[1]"),
        (502, "text/html", "<p>Bad Gateway"),
    ],
)
def test_another_server_is_no_cluster(status: int, content_type: str, content: str) -> None:
    with (
        serve(status, content_type, content) as host,
        pytest.raises(StoreUnavailable, match="cannot be searched"),
    ):
        ClusterClient(host, INDEX).msearch([COUNT], Deadline(60_000))


@pytest.mark.parametrize(
    ("status", "kind", "reason"),
    [
        (400, "index_closed_exception", "closed"),
        (400, "query_shard_exception", "failed to create query: this Analyzer is closed"),
        (403, "cluster_block_exception", "index [a] blocked by: [FORBIDDEN/4/index closed];"),
    ],
)
def test_an_index_that_closes_is_unavailable(status: int, kind: str, reason: str) -> None:
    error = {"type": kind, "reason": reason}
    response = {"error": error | {"root_cause": [error]}, "status": status}
    content = json.dumps({"took": 1, "responses": [response]})
    with (
        serve(200, "application/json", content) as host,
        pytest.raises(StoreUnavailable, match="closed"),
    ):
        ClusterClient(host, INDEX).msearch([COUNT], Deadline())
