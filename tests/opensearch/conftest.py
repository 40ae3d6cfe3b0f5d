"""Fixtures of the tests on OpenSearch: one node for all, and three nodes that a test may disturb.

pytest keeps the logs of the nodes in its temporary folders of the last three runs.
"""

import os
from collections.abc import Iterator

import pytest
from opensearchpy import OpenSearch

from indexer.cluster.generations import ClusterGenerations
from tests.opensearch import program
from tests.opensearch.cluster import Cluster, run_cluster
from tests.opensearch.generations import delete_all


@pytest.fixture(scope="session")
def class_path() -> str:
    """Return the class path of a node.

    Without Java or Maven, the tests are skipped with a reason, and fail in CI.
    """
    try:
        return program.find_class_path()
    except program.Unavailable as problem:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(str(problem))


@pytest.fixture(scope="session")
def single_node(class_path: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with run_cluster(tmp_path_factory.mktemp("single"), class_path) as cluster:
        yield cluster


@pytest.fixture(scope="module")
def started_nodes(class_path: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with run_cluster(tmp_path_factory.mktemp("three"), class_path, size=3) as cluster:
        yield cluster


@pytest.fixture
def three_nodes(started_nodes: Cluster) -> Cluster:
    """Return a cluster of three nodes that all run. The test may end some of them."""
    started_nodes.start()
    return started_nodes


@pytest.fixture
def client(single_node: Cluster, request: pytest.FixtureRequest) -> Iterator[OpenSearch]:
    yield single_node.client
    delete_all(single_node.client, request.module.NAME)


@pytest.fixture
def generations(client: OpenSearch, request: pytest.FixtureRequest) -> ClusterGenerations:
    return ClusterGenerations(client, request.module.NAME)
