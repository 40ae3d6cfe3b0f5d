"""Responses that no cluster of this program gives: each is an error with a meaning."""

from __future__ import annotations

import json
import socket
from contextlib import suppress
from pathlib import Path
from threading import Thread
from time import monotonic

import pytest
from opensearchpy import OpenSearch

from indexer.cluster import bulk, files, lock
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


@pytest.mark.parametrize("name", ["../outside", "segment/../../outside", "/outside"])
def test_no_file_is_written_outside_its_folder(name: str, tmp_path: Path) -> None:
    """A name from the cluster that leads to another folder is refused before any request."""
    away = OpenSearch("http://127.0.0.1:9", max_retries=0)
    with pytest.raises(ClusterError, match="has a file with the name"):
        files.download(away, "catalogue-files", tmp_path / "copies" / "partial", [name])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("content_type", "content"), [("text/plain", "OK"), ("text/html", "<p>")])
def test_another_server_has_no_files(content_type: str, content: str, tmp_path: Path) -> None:
    """A copy ends with an error of the cluster, not with one of the program."""
    with serve(200, content_type, content) as client:
        assert lock.read_last_build(client, "catalogue") is None
        with pytest.raises(ClusterError):
            files.download(client, "catalogue-files", tmp_path, ["manifest.json"])


@pytest.mark.parametrize(
    ("content_type", "content"),
    [
        ("text/html", "<p>Welcome"),
        ("text/plain", "OK"),
        ("application/json", "[1]"),
        ("application/json", '{"number_of_data_nodes": 1, "errors": true, "items": []}'),
        ("application/json", '{"number_of_data_nodes": 1, "errors": true'),
        ("application/json", '{"number_of_data_nodes": 1}'),
    ],
)
def test_another_server_accepts_no_documents(content_type: str, content: str) -> None:
    """A load ends with an error of the cluster, not with one of the program."""
    document = b'{"index":{"_id":"1"}}\n{"id":"1"}\n'
    with serve(200, content_type, content) as client, pytest.raises(ClusterError):
        bulk.load(client, "catalogue-1", [document])


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
    monkeypatch.setattr(bulk, "LONGEST_PAUSE", 0.01)
    item = {"index": {"status": status, "error": {"type": kind, "reason": reason}}}
    content = json.dumps({"number_of_data_nodes": 1, "errors": True, "items": [item]})
    document = b'{"index":{"_id":"1"}}\n{"id":"1"}\n'
    with serve(200, "application/json", content) as client, pytest.raises(ClusterError) as caught:
        bulk.load(client, "catalogue-1", [document])
    assert reason in caught.value.message
    assert hint in str(caught.value)


def test_a_connection_that_breaks_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """A request without a response is repeated, and the last error has a meaning."""
    monkeypatch.setattr(bulk, "LONGEST_PAUSE", 0.01)
    monkeypatch.setattr(bulk, "count_data_nodes", lambda _: 1)
    requests = 0

    def break_off(server: socket.socket) -> None:
        nonlocal requests
        with suppress(OSError):
            while True:
                connection, _ = server.accept()
                with connection:
                    connection.recv(100_000)
                    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{")
                requests += 1

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = Thread(target=break_off, args=(server,), daemon=True)
        thread.start()
        client = OpenSearch(f"http://127.0.0.1:{server.getsockname()[1]}", max_retries=0)
        with pytest.raises(ClusterError, match="did not accept documents of catalogue-1"):
            bulk.load(client, "catalogue-1", [b'{"index":{"_id":"1"}}\n{"id":"1"}\n'])
        server.shutdown(socket.SHUT_RDWR)
        thread.join()
    assert requests == bulk.MAX_FAILURES


def test_a_server_that_does_not_answer_does_not_delay_the_metrics(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The outcome of the last build is not known if it takes too long."""
    monkeypatch.setattr(lock, "_READ_SECONDS", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as hung:
        client = OpenSearch(f"http://127.0.0.1:{hung.getsockname()[1]}", max_retries=0)
        started = monotonic()
        assert lock.read_last_build(client, "catalogue") is None
        assert monotonic() - started < 5
