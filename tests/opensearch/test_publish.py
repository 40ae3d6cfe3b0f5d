"""Publishing local generations in a real cluster of one node."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from opensearchpy import OpenSearch

from indexer.cluster import bulk, check, loader, publish
from indexer.cluster.connection import ClusterError
from indexer.cluster.generations import ClusterGenerations
from indexer.cluster.loader import IndexOptions
from indexer.codec.segment.reader import Segment
from indexer.generations.manifest import Generation, IndexMissing, IndexOutdated
from tests.opensearch.generations import (
    build_generation,
    delete_all,
    make_titles,
    read_documents,
    read_postings,
)

NAME = "published"
REPORT = "Annual report on the smuggling of migrants in Asia"
"""A title of which editions exist."""


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    """Return the folders of a corpus and of its local index."""
    return tmp_path / "corpus", tmp_path / "index"


def test_a_published_generation_is_live_and_complete(
    client: OpenSearch, generations: ClusterGenerations, folders: tuple[Path, Path]
) -> None:
    """Its alias names one index, which nobody can write to, with all documents and files."""
    local = build_generation(*folders, make_titles(20))
    reported: list[tuple[int, int]] = []
    publish.publish(generations, local, report=lambda *counts: reported.append(counts))
    assert generations.read_live_name() == local.name
    assert generations.list_names() == (local.name,)
    assert list(check.find_errors(generations, local.name)) == []
    assert list(check.find_missing_copies(generations, local.name)) == []
    assert check.read_size(generations, local.name) > 1000
    assert reported[-1] == (20, 20)
    assert client.count(index=NAME)["count"] == 20
    index = generations.get_documents_index(local.name)
    settings = client.indices.get_settings(index=index)[index]["settings"]["index"]
    assert settings["blocks"]["write"] == "true"
    assert "refresh_interval" not in settings
    assert "durability" not in settings.get("translog", {})
    manifest = generations.load_manifest(local.name)
    assert set(manifest.files) == {"digests.zst", "vocabulary.seg"}
    assert manifest.publications == 20


def test_without_an_index_the_error_says_so(generations: ClusterGenerations) -> None:
    """The live name of a catalogue that was never published is an IndexMissing."""
    with pytest.raises(IndexMissing, match="no index published in the cluster"):
        generations.read_live_name()


def test_an_alias_of_two_indexes_is_reported(
    client: OpenSearch, generations: ClusterGenerations, folders: tuple[Path, Path]
) -> None:
    """If somebody added an index to the alias, no generation is live."""
    publish.publish(generations, build_generation(*folders, make_titles(2)))
    client.indices.create(index=f"{NAME}-other", body={"aliases": {NAME: {}}})
    with pytest.raises(IndexOutdated, match="instead of one generation"):
        generations.read_live_name()


def publish_many(
    generations: ClusterGenerations, folders: tuple[Path, Path], count: int
) -> list[Generation]:
    """Publish generations with 10, 11, and so on publications."""
    published: list[Generation] = []
    for number in range(count):
        local = build_generation(*folders, make_titles(10 + number))
        publish.publish(generations, local, published[-1] if published else None)
        published.append(local)
    return published


def test_three_generations_stay(
    client: OpenSearch, generations: ClusterGenerations, folders: tuple[Path, Path]
) -> None:
    """The fourth generation removes the first, with its files."""
    published = publish_many(generations, folders, 4)
    names = [each.name for each in published]
    assert generations.list_names() == tuple(names[1:])
    assert len(generations.read_state().indexes) == 6
    assert generations.list_lineage(names[3], generations.read_state()) == names[:0:-1]


def test_a_rollback_makes_the_predecessor_live(
    generations: ClusterGenerations, folders: tuple[Path, Path]
) -> None:
    """Each rollback goes one generation back, and the last one fails."""
    first, second, third = (each.name for each in publish_many(generations, folders, 3))
    assert check.rollback(generations) == second
    assert generations.read_live_name() == second
    assert check.rollback(generations) == first
    with pytest.raises(IndexMissing, match=f"no generation before {first}"):
        check.rollback(generations)
    assert generations.list_names() == (first, second, third)


def test_a_rollback_skips_damaged_generations(
    client: OpenSearch, generations: ClusterGenerations, folders: tuple[Path, Path]
) -> None:
    """A generation that lacks a document or a file is named by the check, and never made live."""
    first, second, third = (each.name for each in publish_many(generations, folders, 3))
    index = generations.get_documents_index(second)
    client.indices.put_settings(index=index, body={"index.blocks.write": None})
    client.delete(index=index, id=next(iter(read_documents(client, index))), refresh="true")
    assert list(check.find_errors(generations, second)) == ["it has 10 documents instead of 11"]
    files = generations.get_files_index(third)
    client.indices.put_settings(index=files, body={"index.blocks.write": None})
    client.delete(index=files, id="vocabulary.seg:0")
    (error,) = check.find_errors(generations, third)
    assert "no part 0 of vocabulary.seg" in error
    assert check.rollback(generations) == first


def test_a_lost_alias_is_restored_by_a_rollback(
    client: OpenSearch, generations: ClusterGenerations, folders: tuple[Path, Path]
) -> None:
    """If the alias is gone, the newest undamaged generation becomes live."""
    _first, second = (each.name for each in publish_many(generations, folders, 2))
    client.indices.delete_alias(index="*", name=NAME)
    assert check.rollback(generations) == second
    assert generations.read_live_name() == second


def test_a_failure_leaves_the_live_generation(
    client: OpenSearch, generations: ClusterGenerations, folders: tuple[Path, Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """After a failure at any request, the earlier generation is live and undamaged."""
    (first,) = publish_many(generations, folders, 1)
    second = build_generation(*folders, make_titles(30))
    calls = 0
    limit = 0
    send = client.transport.perform_request

    def fail(*arguments: Any, **named: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls > limit:
            raise KeyboardInterrupt
        return send(*arguments, **named)

    monkeypatch.setattr(client.transport, "perform_request", fail)
    while True:
        calls, limit = 0, limit + 1
        try:
            publish.publish(generations, second, first)
        except KeyboardInterrupt:
            calls = -1000
            if generations.list_names() == (first.name,):
                assert generations.read_live_name() == first.name
                assert list(check.find_errors(generations, first.name)) == []
                continue
        calls = -1000
        break
    assert limit > 15
    assert generations.read_live_name() == second.name
    assert list(check.find_errors(generations, second.name)) == []


def test_another_live_generation_is_not_replaced(
    client: OpenSearch, generations: ClusterGenerations, folders: tuple[Path, Path]
) -> None:
    """If the alias changes while a generation is loaded, it is not made live."""
    first, second = publish_many(generations, folders, 2)
    third = build_generation(*folders, make_titles(14))
    with pytest.raises(ClusterError, match="can't be made live"):
        publish.publish(
            generations, third, second,
            check_lock=lambda: generations.set_live(first.name, generations.read_state()),
        )  # fmt: skip
    assert generations.read_live_name() == first.name


def test_too_many_replicas_are_refused(
    generations: ClusterGenerations, folders: tuple[Path, Path]
) -> None:
    """One node can't have a copy of its own shard, and the default asks for none."""
    local = build_generation(*folders, make_titles(2))
    with pytest.raises(ClusterError, match="1 replicas need 2 nodes"):
        publish.publish(generations, local, options=IndexOptions(replicas=1))


def count_bulk(client: OpenSearch, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return a list that receives the number of lines of each bulk request of documents."""
    counts: list[int] = []

    def post(*arguments: Any, send: Any = client.bulk, **named: Any) -> Any:
        if not named["index"].endswith("-files"):
            counts.append(named["body"].count(b"\n"))
        return send(*arguments, **named)

    monkeypatch.setattr(client, "bulk", post)
    return counts


def assert_equal(
    generations: ClusterGenerations, local: Generation, reference: ClusterGenerations
) -> None:
    """Check that a generation has the documents that a full load has."""
    client, index = generations.client, generations.get_documents_index(local.name)
    segment = Segment(local.segment, local.manifest.catalogue)
    publish.publish(reference, local)
    wanted = reference.get_documents_index(local.name)
    assert read_documents(client, index) == read_documents(client, wanted)
    postings = read_postings(client, index, segment)
    assert postings == read_postings(client, wanted, segment)
    assert sum(map(len, postings.values())) > 100


@pytest.fixture
def reference(client: OpenSearch) -> Iterator[ClusterGenerations]:
    """Yield the generations of a second catalogue."""
    yield ClusterGenerations(client, "reference")
    delete_all(client, "reference")


def test_changes_equal_a_full_load(
    client: OpenSearch, generations: ClusterGenerations, reference: ClusterGenerations,
    folders: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """A clone with the changes has the same documents, terms, and groups as a full load.

    Only what changed is sent: a new edition and the other edition of its title, a removed
    publication, a changed one, and a new one.
    """
    titles = [*make_titles(40), f"{REPORT} 2018"]
    first = build_generation(*folders, titles)
    publish.publish(generations, first)
    titles[3:5] = ["A new book"]
    second = build_generation(*folders, [*titles, f"{REPORT} 2019"])
    counts = count_bulk(client, monkeypatch)
    publish.publish(generations, second, first)
    assert sum(counts) == 2 + 2 * 3
    assert_equal(generations, second, reference)
    publish.publish(generations, third := build_generation(*folders, titles), second)
    assert_equal(generations, third, reference)


def test_many_changes_are_a_full_load(
    client: OpenSearch, generations: ClusterGenerations, folders: tuple[Path, Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """If most publications changed, or the catalogue, or the shards, an empty index is filled."""
    first = build_generation(*folders, make_titles(10))
    publish.publish(generations, first)
    counts = count_bulk(client, monkeypatch)
    second = build_generation(*folders, make_titles(11), summary="Changed")
    publish.publish(generations, second, first)
    assert sum(counts) == 2 * 11
    third = build_generation(*folders, make_titles(12), summary="Changed")
    publish.publish(generations, third, second, options=IndexOptions(shards=2))
    assert sum(counts) == 2 * (11 + 12)


def cut_off(client: OpenSearch, monkeypatch: pytest.MonkeyPatch, requests: int) -> None:
    """Let all bulk requests fail after a number of them. The progress is always recorded."""
    monkeypatch.setattr(bulk, "BODY_BYTES", 1)
    monkeypatch.setattr(loader, "RECORD_SECONDS", 0)
    sent = 0

    def post(*arguments: Any, send: Any = client.bulk, **named: Any) -> Any:
        nonlocal sent
        sent += 1
        if sent > requests:
            raise KeyboardInterrupt
        return send(*arguments, **named)

    monkeypatch.setattr(client, "bulk", post)


@pytest.mark.parametrize("is_clone", [False, True])
def test_a_load_that_was_cut_off_is_continued(
    client: OpenSearch, generations: ClusterGenerations, reference: ClusterGenerations,
    folders: tuple[Path, Path], is_clone: bool,
) -> None:  # fmt: skip
    """Accepted documents are not sent again, also in a clone."""
    former = build_generation(*folders, make_titles(60)) if is_clone else None
    if former:
        publish.publish(generations, former)
    local = build_generation(*folders, [*make_titles(50), *(f"Book{n} one" for n in range(10))])
    size = 20 if is_clone else 60
    with pytest.MonkeyPatch.context() as patch:
        cut_off(client, patch, 12)
        with pytest.raises(KeyboardInterrupt):
            publish.publish(generations, local, former)
    metadata = generations.read_metadata(local.name)
    assert metadata
    assert 8 <= metadata.accepted <= 12
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bulk, "BODY_BYTES", 1)
        counts = count_bulk(client, patch)
        publish.publish(generations, local, former)
    assert len(counts) == size - metadata.accepted
    assert_equal(generations, local, reference)


def test_a_load_with_lost_documents_is_not_published(
    client: OpenSearch, generations: ClusterGenerations, folders: tuple[Path, Path],
) -> None:  # fmt: skip
    """If a node lost documents, the load fails, and the next one starts again."""
    local = build_generation(*folders, make_titles(30))
    with pytest.MonkeyPatch.context() as patch:
        cut_off(client, patch, 15)
        with pytest.raises(KeyboardInterrupt):
            publish.publish(generations, local)
    index = generations.get_documents_index(local.name)
    client.indices.refresh(index=index)
    client.delete(index=index, id=next(iter(read_documents(client, index))))
    with pytest.raises(ClusterError, match="29 documents instead of 30"):
        publish.publish(generations, local)
    publish.publish(generations, local)
    assert list(check.find_errors(generations, local.name)) == []


def test_leftovers_of_other_builds_are_removed(
    client: OpenSearch, generations: ClusterGenerations, folders: tuple[Path, Path]
) -> None:
    """An unfinished generation is removed by the next one, and other indexes are not."""
    first = build_generation(*folders, make_titles(30))
    with pytest.MonkeyPatch.context() as patch:
        cut_off(client, patch, 3)
        with pytest.raises(KeyboardInterrupt):
            publish.publish(generations, first)
    client.indices.create(index=f"{NAME}-2-000001-other")
    second = build_generation(*folders, make_titles(31))
    publish.publish(generations, second)
    listed = set(client.indices.get(index=f"{NAME}-*"))
    index, files = (
        generations.get_documents_index(second.name), generations.get_files_index(second.name)
    )  # fmt: skip
    assert listed == {index, files, f"{NAME}-2-000001-other"}
