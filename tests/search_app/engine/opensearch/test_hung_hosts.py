"""Hosts that accept connections but do not respond: a search has an answer or an error in time."""

import socket
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from time import monotonic

import msgspec
import pytest
from opensearchpy import OpenSearch

from search_app.engine.deadline import Deadline
from search_app.engine.opensearch import client as module
from search_app.engine.opensearch.client import ClusterClient
from search_app.engine.store import StoreUnavailable
from tests.indexer.cluster.servers import serve

BUDGET = 2000
"""Milliseconds that a search may take."""
SPARE_SECONDS = 3.0
"""Seconds that a busy machine may take besides."""
RESPONSE = {"timed_out": False, "_shards": {"failed": 0}, "hits": {"total": {"value": 7}}}


@contextmanager
def connect(hung: Sequence[bool]) -> Iterator[ClusterClient]:
    """Yield a client of hosts, of which some hang. They are asked in order."""
    with ExitStack() as stack:
        hosts = list[str]()
        body = msgspec.json.encode({"took": 1, "responses": [RESPONSE]}).decode()
        for hangs in hung:
            if hangs:
                server = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
                hosts.append(f"http://127.0.0.1:{server.getsockname()[1]}")
            else:
                single = stack.enter_context(serve(200, "application/json", body))
                [(connection, _)] = single.transport.connection_pool.connection_opts
                hosts.append(connection.host)
        several = OpenSearch(
            hosts, max_retries=len(hosts), retry_on_timeout=True, randomize_hosts=False
        )
        stack.callback(several.close)
        yield ClusterClient(several, "catalogue-1")


@pytest.mark.parametrize("hung", [(True, False), (False, True), (True, True, False)])
def test_another_host_responds_within_the_budget(hung: Sequence[bool]) -> None:
    with connect(hung) as client:
        for _ in hung:
            started = monotonic()
            [response] = client.msearch([{"size": 0}], Deadline(BUDGET))
            assert response["hits"]["total"]["value"] == 7
            assert monotonic() - started < BUDGET / 1000 + SPARE_SECONDS


@pytest.mark.parametrize("hung", [(True,), (True, True), (True, True, True)])
def test_without_a_host_that_responds_there_is_an_error_in_time(
    hung: Sequence[bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error says so, and retries take no longer than one request may."""
    with connect(hung) as client:
        started = monotonic()
        with pytest.raises(StoreUnavailable, match="no response in time"):
            client.msearch([{"size": 0}], Deadline(BUDGET / 4))
        monkeypatch.setattr(module, "MAX_SECONDS", BUDGET / 4000)
        with pytest.raises(StoreUnavailable, match="no response in time"):
            client.msearch([{"size": 0}], Deadline())
        assert monotonic() - started < BUDGET / 1000 + SPARE_SECONDS
