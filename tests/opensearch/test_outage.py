"""An outage of the whole cluster: each page says so, and servers recover by themselves."""

from pathlib import Path

import pytest
from opensearchpy import OpenSearchException

from tests.opensearch.cluster import run_cluster
from tests.opensearch.place import Place
from tests.opensearch.serving import Clients, ask, serve

pytestmark = pytest.mark.thorough


def test_servers_without_a_cluster_recover(class_path: str, tmp_path: Path) -> None:
    """While no node runs, each page is a 503. Then the servers recover, also one started then."""
    with run_cluster(tmp_path / "cluster", class_path) as cluster:
        place = Place(cluster, tmp_path / "place")
        live = place.build(60, "first")
        [node] = cluster.nodes
        with serve(tmp_path / "first", place.url) as first:
            first.wait_for("ok", live)
            node.kill()
            with pytest.raises(OpenSearchException):
                cluster.client.info()
            first.wait_for("degraded")
            with serve(tmp_path / "second", place.url) as second:
                second.wait_for("no_index")
                for server in (first, second):
                    for target in ("/", "/?q=border", "/api/search?q=border", "/about"):
                        answer = server.get(target)
                        assert answer.status == 503
                        assert int(answer.headers["Retry-After"]) > 0
                        assert "The catalogue cannot be searched at the moment." in answer.content
                cluster.start()
                for server in (first, second):
                    server.wait_for("ok", live)
                    with ask(Clients(server, place.right, 6)) as clients:
                        clients.wait_for(100)
                    assert set(clients.counts) == {"right"}
