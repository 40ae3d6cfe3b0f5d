"""The test nodes themselves: they form clusters, lose a node, and end."""

from collections.abc import Iterator

import pytest
from opensearchpy import ConnectionTimeout, OpenSearch, TransportError

from tests.opensearch.cluster import Cluster
from tests.opensearch.program import version

pytestmark = pytest.mark.thorough

INDEX = "numbers"
COUNT = 200


@pytest.fixture
def replicated(three_nodes: Cluster) -> Iterator[Cluster]:
    client = three_nodes.client
    client.indices.create(
        INDEX, body={"settings": {"number_of_shards": 3, "number_of_replicas": 1}}
    )
    lines: list[dict[str, object]] = []
    for number in range(COUNT):
        lines += {"index": {}}, {"number": number}
    assert not client.bulk(lines, index=INDEX, refresh="true")["errors"]
    three_nodes.wait("green")
    yield three_nodes
    client.indices.delete(INDEX)


def count(client: OpenSearch) -> int:
    response = client.search(
        index=INDEX,
        body={"size": 0, "track_total_hits": True},
        allow_partial_search_results="false",
    )
    hits: int = response["hits"]["total"]["value"]
    return hits


def status(client: OpenSearch) -> str:
    found: str = client.cluster.health()["status"]
    return found


def test_a_node_has_the_version_of_the_pom(single_node: Cluster) -> None:
    assert single_node.client.info()["version"]["number"] == version()
    assert status(single_node.client) == "green"


def test_a_cluster_survives_the_loss_of_a_node(replicated: Cluster) -> None:
    killed = replicated.nodes[2]
    killed.kill()
    with pytest.raises(TransportError):
        killed.client.info()
    assert count(replicated.client) == COUNT
    replicated.wait("yellow")
    assert status(replicated.client) == "yellow"
    replicated.start()
    assert [count(node.client) for node in replicated.nodes] == [COUNT] * 3


def test_a_paused_node_answers_after_it_is_resumed(three_nodes: Cluster) -> None:
    paused = three_nodes.nodes[2]
    paused.pause()
    with pytest.raises(ConnectionTimeout):
        paused.client.info(request_timeout=0.5)
    paused.resume()
    three_nodes.wait("green")
    assert paused.client.info()["name"] == paused.name


def test_a_node_ends_when_its_input_ends(three_nodes: Cluster) -> None:
    stopped = three_nodes.nodes[2]
    assert stopped.stop() == 0
    assert not stopped.is_running
    three_nodes.wait("green")
