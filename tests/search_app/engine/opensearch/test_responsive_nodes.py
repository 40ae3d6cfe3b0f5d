"""The nodes that searches prefer while others do not respond."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager

import pytest
from opensearchpy import OpenSearch

from search_app.engine.opensearch import responsive_nodes
from search_app.engine.opensearch.responsive_nodes import ResponsiveNodes
from tests.indexer.cluster.servers import serve

NODES = "ABC"


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a slow machine respond, and look each time."""
    monkeypatch.setattr(responsive_nodes, "HOST_SECONDS", 10.0)
    monkeypatch.setattr(responsive_nodes, "PAUSE_SECONDS", 0.0)


@contextmanager
def run_hosts(seen: Sequence[str]) -> Iterator[OpenSearch]:
    """Yield a client of hosts, each of which reports the nodes that it sees."""
    with ExitStack() as stack:
        hosts = []
        for nodes in seen:
            counts = {"total": 3, "successful": len(nodes), "failed": 3 - len(nodes)}
            body = json.dumps({"_nodes": counts, "nodes": {each: {} for each in nodes}})
            client = stack.enter_context(serve(200, "application/json", body))
            ((connection, _),) = client.transport.connection_pool.connection_opts
            hosts.append(connection.host)
        with OpenSearch(hosts, max_retries=0, randomize_hosts=False) as client:
            yield client


def test_a_host_that_is_cut_off_is_not_used() -> None:
    """In a split, the side with most nodes is preferred, whichever host is asked first."""
    for seen in (("A", "BC", "BC"), ("BC", "A", "BC"), ("BC", "BC", "A")):
        with run_hosts(seen) as client:
            nodes = ResponsiveNodes(client)
            for _ in seen:
                nodes.look()
                assert nodes.preference == "_prefer_nodes:B,C"
            pool = client.transport.connection_pool
            assert len(pool.connections) == 2


def test_without_a_majority_nothing_is_preferred() -> None:
    """If each host is cut off from the others, a search asks all nodes, as before."""
    with run_hosts(tuple(NODES)) as client:
        nodes = ResponsiveNodes(client)
        nodes.look()
        assert nodes.preference == ""


def test_nothing_is_preferred_when_all_respond() -> None:
    """A preference ends when all nodes respond again."""
    with run_hosts(("BC",)) as client:
        nodes = ResponsiveNodes(client)
        nodes.look()
        assert nodes.preference
        with run_hosts((NODES,)) as well:
            client.transport.connection_pool = well.transport.connection_pool
            nodes.look()
        assert nodes.preference == ""
