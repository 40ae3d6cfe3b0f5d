"""Responses that no cluster of this program gives: each is an error with a meaning."""

import json
import socket
from pathlib import Path
from time import monotonic

import pytest
from opensearchpy import OpenSearch

from indexer.cluster import load, marker
from indexer.cluster.connection import ClusterError
from indexer.cluster.generations import ClusterGenerations
from indexer.generations.manifest import IndexMissing, IndexUnusable
from search_app.engine.opensearch.client import ClusterClient
from search_app.engine.store import StoreUnavailable
from tests.indexer.cluster.servers import serve


@pytest.mark.parametrize(
    ("content_type", "content", "error"),
    [
        ("application/json", "{}", IndexMissing),
        ("application/json", "[1]", ClusterError),
        ("text/plain", "OK", ClusterError),
        ("text/html", "<p>Welcome", ClusterError),
    ],
)
def test_another_server_has_no_live_generation(
    content_type: str, content: str, error: type[IndexUnusable]
) -> None:
    """The error is one that the thread which looks for the live generation expects."""
    with serve(200, content_type, content) as client, pytest.raises(error):
        ClusterGenerations(client, "catalogue").read_live_name()


def test_a_server_that_refuses_the_check_makes_the_index_unavailable() -> None:
    """A status such as 405 is no fault of the program if a server between has it."""
    with serve(405, "text/plain", "No") as client, pytest.raises(StoreUnavailable, match="405"):
        ClusterClient(client, "catalogue").check()


@pytest.mark.parametrize(("content_type", "content"), [("text/plain", "OK"), ("text/html", "<p>")])
def test_another_server_has_no_files(content_type: str, content: str, tmp_path: Path) -> None:
    with serve(200, content_type, content) as client:
        assert marker.read_last_build(client, "catalogue") is None
        with pytest.raises(IndexUnusable):
            ClusterGenerations(client, "catalogue").download("1", tmp_path / "1")


@pytest.mark.parametrize(
    ("status", "kind", "reason", "hint"),
    [
        (500, "i_o_exception", "No space left on device", "Free disk space of the nodes"),
        (429, "cluster_block_exception", "disk usage exceeded flood-stage", "Free disk space"),
        (
            403,
            "cluster_block_exception",
            "blocked by: [FORBIDDEN/8/index write (api)]",
            "Remove this",
        ),
        (
            400,
            "strict_dynamic_mapping_exception",
            "[colour]",
            "Report this, with the source record",
        ),
    ],
)
def test_only_a_document_that_does_not_fit_is_to_be_reported(
    status: int, kind: str, reason: str, hint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A document that a node refuses because of its own state is not blamed."""
    monkeypatch.setattr(load, "REPEATS", 0)
    item = {"index": {"status": status, "error": {"type": kind, "reason": reason}}}
    content = json.dumps({"number_of_data_nodes": 1, "errors": True, "items": [item]})
    document = '{"index":{"_id":"1"}}', '{"id":"1"}'
    with serve(200, "application/json", content) as client, pytest.raises(ClusterError) as caught:
        load.send(client, "catalogue-1", [document], 1)
    assert reason in caught.value.message
    assert hint in str(caught.value)


def test_a_server_that_does_not_answer_does_not_delay_the_metrics(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The outcome of the last build is not known if it takes too long."""
    monkeypatch.setattr(marker, "_READ_SECONDS", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as hung:
        client = OpenSearch(f"http://127.0.0.1:{hung.getsockname()[1]}", max_retries=0)
        started = monotonic()
        assert marker.read_last_build(client, "catalogue") is None
        assert monotonic() - started < 5
