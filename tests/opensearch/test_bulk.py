"""Sending documents to a real node, with and without faults."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from threading import Event, Lock, Timer
from typing import Any

import msgspec
import pytest
from opensearchpy import OpenSearch

from indexer.catalogue.records import Publication, SourceLocation
from indexer.cluster import bulk, documents, mapping
from indexer.cluster.connection import ClusterError
from tests.indexer.codec.segments import CATALOGUE, fresh, written
from tests.opensearch.cluster import Cluster

INDEX = "bulk-test"
BREAKER = "network.breaker.inflight_requests.limit"
"""The setting that limits the bytes of the requests that a node reads. It rejects others by 429."""


@pytest.fixture
def client(single_node: Cluster) -> Iterator[OpenSearch]:
    """Yield a client of a node with an empty index."""
    client = single_node.client
    client.indices.create(index=INDEX, body=mapping.make_index(CATALOGUE, shards=1))
    yield client
    limit_requests(client, None)
    client.indices.delete(index=INDEX)


def limit_requests(client: OpenSearch, limit: str | None) -> None:
    """Limit the bytes of the requests that the node reads at a time; None is the default."""
    client.cluster.put_settings(body={"transient": {BREAKER: limit}})


def block_writing(client: OpenSearch, is_blocked: bool | None) -> None:
    """Set or remove the block that a node sets when its disk is full."""
    settings = {"index.blocks.read_only_allow_delete": is_blocked}
    client.indices.put_settings(index=INDEX, body=settings)


def make_documents(count: int, **values: object) -> list[bytes]:
    """Return documents with the ids 0, 1, and so on."""
    return [
        b"%s\n%s\n"
        % (
            msgspec.json.encode({"index": {"_id": str(number)}}),
            msgspec.json.encode({"id": str(number), **values}),
        )
        for number in range(count)
    ]


def search(client: OpenSearch, query: dict[str, Any]) -> list[str]:
    """Return the ids that match a query."""
    client.indices.refresh(index=INDEX)
    body = {"query": query, "docvalue_fields": ["id"], "size": 10_000, "sort": ["id"]}
    hits = client.search(index=INDEX, body=body)["hits"]["hits"]
    return [hit["fields"]["id"][0] for hit in hits]


def phrase(field: str, stems: str) -> dict[str, Any]:
    """Return the query for stems that follow each other."""
    return {"match_phrase": {field: {"query": stems, "analyzer": "space"}}}


def test_the_documents_of_a_segment_can_be_searched(client: OpenSearch, tmp_path: Path) -> None:
    """The index accepts the documents of a segment, and finds phrases, words, and values."""
    titles = ("The removal of organs", "Organs and their removal", "Victims")
    made = [
        Publication(
            id=f"p{number}", title=title, summary="One text\n\nAnother text",
            source=SourceLocation("made", 1), values={"topic": ("crime, organized",)},
        )
        for number, title in enumerate(titles)
    ]  # fmt: skip
    segment = written(tmp_path / "segment", fresh(made))
    lines = documents.list_documents(documents.Source(segment, documents.make_groups(segment)))
    assert bulk.load(client, INDEX, lines) == 3
    assert search(client, phrase("pos_title", "remov of organ")) == ["p0"]
    assert search(client, {"match": {"word_title": "removal|victims"}}) == ["p0", "p1", "p2"]
    assert len(search(client, phrase("pos_summary", "anoth text"))) == 3
    assert search(client, phrase("pos_summary", "text anoth")) == []
    assert len(search(client, {"term": {"facet_topic": "crime, organized"}})) == 3
    found = client.get(index=INDEX, id="p2", stored_fields="record")["fields"]["record"][0]
    assert msgspec.json.decode(found, type=Publication) == made[2]


def test_a_document_that_is_sent_again_replaces_the_first(client: OpenSearch) -> None:
    """Loading the same documents twice leaves one of each, so a load can be repeated."""
    for _ in range(2):
        bulk.load(client, INDEX, make_documents(100))
    assert len(search(client, {"match_all": {}})) == 100


def test_progress_is_reported_up_to_the_last_document(
    client: OpenSearch, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The numbers ascend, and the last is the number of documents."""
    monkeypatch.setattr(bulk, "BODY_BYTES", 100)
    reported: list[int] = []
    bulk.load(client, INDEX, make_documents(50), reported.append)
    assert reported == sorted(reported)
    assert reported[-1] == 50
    assert len(reported) > 2


def test_progress_has_no_gap(client: OpenSearch, monkeypatch: pytest.MonkeyPatch) -> None:
    """While the first request is under way, no document counts, although later ones are in."""
    monkeypatch.setattr(bulk, "BODY_BYTES", 1)
    others_are_in = Event()
    reported: list[int] = []

    def post(*arguments: Any, send: Any = client.bulk, **named: Any) -> Any:
        if b'"_id":"0"' in named["body"]:
            assert others_are_in.wait(60)
        reply = send(*arguments, **named)
        if b'"_id":"9"' in named["body"]:
            others_are_in.set()
        return reply

    monkeypatch.setattr(client, "bulk", post)
    assert bulk.load(client, INDEX, make_documents(20), reported.append) == 20
    assert reported[0] == 0
    assert reported[-1] == 20


def test_few_requests_are_under_way_at_a_time(
    client: OpenSearch, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A cluster of one node gets at most two requests at a time, and reading waits for them."""
    monkeypatch.setattr(bulk, "BODY_BYTES", 1)
    lock = Lock()
    active, most, sent, ahead = 0, 0, 0, 0

    def post(*arguments: Any, send: Any = client.bulk, **named: Any) -> Any:
        nonlocal active, most, sent
        with lock:
            active += 1
            most = max(most, active)
        reply = send(*arguments, **named)
        with lock:
            active -= 1
            sent += 1
        return reply

    def read() -> Iterator[bytes]:
        nonlocal ahead
        for number, document in enumerate(make_documents(30)):
            ahead = max(ahead, number - sent)
            yield document

    monkeypatch.setattr(client, "bulk", post)
    assert bulk.load(client, INDEX, read()) == 30
    assert most == 2
    assert ahead <= 4


def test_a_request_that_is_too_large_for_a_node_is_sent_in_halves(
    client: OpenSearch, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A node that rejects large requests by 429 gets all documents in smaller ones."""
    monkeypatch.setattr(bulk, "FIRST_PAUSE", 0.01)
    limit_requests(client, "200kb")
    assert bulk.load(client, INDEX, make_documents(100, record="x" * 10_000)) == 100
    assert len(search(client, {"match_all": {}})) == 100


def test_a_busy_node_is_asked_again(client: OpenSearch, monkeypatch: pytest.MonkeyPatch) -> None:
    """A load waits until the node accepts requests again."""
    monkeypatch.setattr(bulk, "FIRST_PAUSE", 0.1)
    limit_requests(client, "20kb")
    relief = Timer(1, limit_requests, (client, None))
    relief.start()
    assert bulk.load(client, INDEX, make_documents(1, record="x" * 30_000)) == 1
    relief.join()
    assert search(client, {"match_all": {}}) == ["0"]


def test_documents_wait_for_the_space_of_a_full_disk(
    client: OpenSearch, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An index that a node blocks because its disk is full gets all documents after that."""
    monkeypatch.setattr(bulk, "FIRST_PAUSE", 0.1)
    block_writing(client, True)
    relief = Timer(1, block_writing, (client, None))
    relief.start()
    assert bulk.load(client, INDEX, make_documents(10)) == 10
    relief.join()
    assert len(search(client, {"match_all": {}})) == 10


def test_a_node_that_stays_busy_ends_the_load(
    client: OpenSearch, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After many refusals, the error has the reason that the node gives."""
    monkeypatch.setattr(bulk, "LONGEST_PAUSE", 0.01)
    limit_requests(client, "20kb")
    with pytest.raises(ClusterError, match="Data too large"):
        bulk.load(client, INDEX, make_documents(1, record="x" * 30_000))


def test_a_document_that_does_not_fit_the_mapping_is_named(client: OpenSearch) -> None:
    """The error has the id of the document and the reason, and nothing is sent again."""
    unfit = make_documents(2)[1:] + make_documents(1, colour="red")
    with pytest.raises(ClusterError, match=r"document 0.*\[colour\]"):
        bulk.load(client, INDEX, unfit)


def test_a_cluster_that_is_away_is_reported() -> None:
    """Without a node at the URL, the error says that nothing listens there."""
    with pytest.raises(ClusterError, match="the connection was refused"):
        bulk.load(OpenSearch("http://127.0.0.1:9", max_retries=0), INDEX, make_documents(1))
