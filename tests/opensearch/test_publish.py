"""Publishing local generations in a real cluster of one node."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from opensearchpy import OpenSearch

from indexer.cluster import load
from indexer.cluster.connection import ClusterError
from indexer.cluster.generations import ClusterGenerations
from indexer.cluster.load import IndexOptions
from indexer.generations.manifest import Generation, IndexMissing, IndexOutdated
from tests.opensearch.generations import (
    build_generation,
    count_sent,
    delete_all,
    make_titles,
    read_documents,
)

pytestmark = pytest.mark.thorough

NAME = "published"
REPORT = "Annual report on the smuggling of migrants in Asia"
"""A title of which editions exist."""


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    return tmp_path / "corpus", tmp_path / "index"


def test_a_published_generation_is_live_and_complete(
    client: OpenSearch, generations: ClusterGenerations, folders: tuple[Path, Path]
) -> None:
    """Its alias names one index, which nobody can write to, with all documents and files."""
    local = build_generation(*folders, make_titles(20))
    reported: list[tuple[int, int]] = []
    load.publish(generations, local, report=lambda *counts: reported.append(counts))
    assert generations.read_live_name() == local.name
    assert generations.list_names() == (local.name,)
    assert list(generations.find_errors(local.name)) == []
    assert list(generations.find_missing_copies(local.name)) == []
    assert generations.read_size(local.name) > 1000
    assert reported[-1] == (20, 20)
    assert client.count(index=NAME)["count"] == 20
    index = generations.get_documents_index(local.name)
    settings = client.indices.get_settings(index=index)[index]["settings"]["index"]
    assert settings["blocks"]["write"] == "true"
    assert "refresh_interval" not in settings
    assert "durability" not in settings.get("translog", {})
    manifest = generations.download(local.name, folders[1] / "copy").manifest
    assert set(manifest.files) == {"dates.zst", "digests.zst", "vocabulary.seg"}
    assert manifest.publications == 20


def test_without_an_index_the_error_says_so(generations: ClusterGenerations) -> None:
    with pytest.raises(IndexMissing, match="no index published in the cluster"):
        generations.read_live_name()


def test_an_alias_of_two_indexes_is_reported(
    client: OpenSearch, generations: ClusterGenerations, folders: tuple[Path, Path]
) -> None:
    load.publish(generations, build_generation(*folders, make_titles(2)))
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
        load.publish(generations, local)
        published.append(local)
    return published


def test_three_generations_stay(
    client: OpenSearch, generations: ClusterGenerations, folders: tuple[Path, Path]
) -> None:
    published = publish_many(generations, folders, 4)
    names = [each.name for each in published]
    assert generations.list_names() == tuple(names[1:])
    assert len(generations.read_state().marks) == 6
    assert generations.list_lineage(names[3], generations.read_state()) == names[:0:-1]


def test_a_rollback_makes_the_predecessor_live(
    generations: ClusterGenerations, folders: tuple[Path, Path]
) -> None:
    first, second, third = (each.name for each in publish_many(generations, folders, 3))
    assert generations.rollback() == second
    assert generations.read_live_name() == second
    assert generations.rollback() == first
    with pytest.raises(IndexMissing, match=f"no generation before {first}"):
        generations.rollback()
    assert generations.list_names() == (first, second, third)


def test_a_rollback_skips_damaged_generations(
    client: OpenSearch, generations: ClusterGenerations, folders: tuple[Path, Path]
) -> None:
    first, second, third = (each.name for each in publish_many(generations, folders, 3))
    index = generations.get_documents_index(second)
    client.indices.put_settings(index=index, body={"index.blocks.write": None})
    client.delete(index=index, id=next(iter(read_documents(client, index))), refresh="true")
    assert list(generations.find_errors(second)) == ["it has 10 documents instead of 11"]
    files = generations.get_files_index(third)
    client.indices.put_settings(index=files, body={"index.blocks.write": None})
    client.delete(index=files, id="vocabulary.seg:0")
    (error,) = generations.find_errors(third)
    assert "part 0 of vocabulary.seg is missing" in error
    assert generations.rollback() == first


def test_a_lost_alias_is_restored_by_a_rollback(
    client: OpenSearch, generations: ClusterGenerations, folders: tuple[Path, Path]
) -> None:
    _first, second = (each.name for each in publish_many(generations, folders, 2))
    client.indices.delete_alias(index="*", name=NAME)
    assert generations.rollback() == second
    assert generations.read_live_name() == second


def test_a_failure_leaves_the_live_generation(
    client: OpenSearch, generations: ClusterGenerations, folders: tuple[Path, Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
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
            load.publish(generations, second)
        except KeyboardInterrupt:
            calls = -1000
            if generations.read_live_name() != second.name:
                assert generations.read_live_name() == first.name
                assert list(generations.find_errors(first.name)) == []
                continue
        calls = -1000
        break
    assert limit > 15
    assert generations.read_live_name() == second.name
    assert list(generations.find_errors(second.name)) == []


def test_another_live_generation_is_not_replaced(
    client: OpenSearch, generations: ClusterGenerations, folders: tuple[Path, Path]
) -> None:
    first, _ = publish_many(generations, folders, 2)
    third = build_generation(*folders, make_titles(14))
    with pytest.raises(ClusterError, match="can't be made live"):
        load.publish(
            generations, third,
            check_marker=lambda: generations.set_live(first.name, generations.read_state()),
        )  # fmt: skip
    assert generations.read_live_name() == first.name


def test_too_many_replicas_are_refused(
    generations: ClusterGenerations, folders: tuple[Path, Path]
) -> None:
    local = build_generation(*folders, make_titles(2))
    with pytest.raises(ClusterError, match="1 replicas need 2 nodes"):
        load.publish(generations, local, options=IndexOptions(replicas=1))


def assert_equal(
    generations: ClusterGenerations, local: Generation, reference: ClusterGenerations
) -> None:
    client, index = generations.client, generations.get_documents_index(local.name)
    load.publish(reference, local)
    wanted = reference.get_documents_index(local.name)
    assert read_documents(client, index) == read_documents(client, wanted)


@pytest.fixture
def reference(client: OpenSearch) -> Iterator[ClusterGenerations]:
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
    load.publish(generations, first)
    titles[3:5] = ["A new book"]
    second = build_generation(*folders, [*titles, f"{REPORT} 2019"])
    sent = count_sent(monkeypatch)
    load.publish(generations, second)
    assert sum("delete" in action for action in sent) == 2
    assert len(sent) == 2 + 3
    assert_equal(generations, second, reference)
    load.publish(generations, third := build_generation(*folders, titles))
    assert_equal(generations, third, reference)


def test_another_mapping_is_a_full_load(
    generations: ClusterGenerations, folders: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    load.publish(generations, build_generation(*folders, make_titles(10)))
    sent = count_sent(monkeypatch)
    second = build_generation(*folders, make_titles(11))
    load.publish(generations, second, IndexOptions(shards=2))
    assert len(sent) == 11
    third = build_generation(*folders, make_titles(12))
    load.publish(generations, third, IndexOptions(shards=2), force=True)
    assert len(sent) == 11 + 12


def test_a_load_with_lost_documents_is_not_published(
    client: OpenSearch, generations: ClusterGenerations, folders: tuple[Path, Path]
) -> None:
    local = build_generation(*folders, make_titles(30))
    finish = load._finish

    def lose(cluster: ClusterGenerations, indexes: str, replicas: int) -> None:
        index = cluster.get_documents_index(local.name)
        client.delete(index=index, id=next(iter(read_documents(client, index))))
        client.indices.refresh(index=index)
        finish(cluster, indexes, replicas)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(load, "_finish", lose)
        with pytest.raises(ClusterError, match="29 documents instead of 30"):
            load.publish(generations, local)
    load.publish(generations, local)
    assert list(generations.find_errors(local.name)) == []


def test_leftovers_of_other_builds_are_removed(
    client: OpenSearch, generations: ClusterGenerations, folders: tuple[Path, Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    first = build_generation(*folders, make_titles(30))
    with monkeypatch.context() as patch:
        patch.setattr(load, "_finish", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            load.publish(generations, first)
    client.indices.create(index=f"{NAME}-2-000001-other")
    second = build_generation(*folders, make_titles(31))
    load.publish(generations, second)
    index, files = (
        generations.get_documents_index(second.name), generations.get_files_index(second.name)
    )  # fmt: skip
    assert set(client.indices.get(index=f"{NAME}-*")) == {index, files, f"{NAME}-2-000001-other"}
