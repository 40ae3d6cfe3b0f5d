"""The commands on an index in a real cluster, from one machine and from two."""

import json
import re
import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from opensearchpy import OpenSearch

from indexer.cluster import load as loading
from indexer.cluster.connection import ClusterError
from indexer.cluster.generations import ClusterGenerations
from indexer.cluster.marker import mark_build
from indexer.generations.manifest import IndexLocked
from search_app import config
from search_app.cli import options, serving
from search_app.config import Settings
from search_app.engine import SearchRequest
from search_app.web.app import make_engine
from tests.opensearch.cluster import Cluster
from tests.opensearch.generations import count_sent, delete_all, make_titles, write_corpus
from tests.search_app.cli.test_main import Run, Told, run

__all__ = ["run"]

NAME = "commands"


@pytest.fixture
def url(
    single_node: Cluster, client: OpenSearch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> str:
    """Return the URL of the index. Files of this machine are in the folder `work`."""
    monkeypatch.setenv("PUBSEARCH_WORK", str(tmp_path / "work"))
    return f"opensearch+{single_node.nodes[0].url}/{NAME}"


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """Return a corpus of 20 publications."""
    write_corpus(tmp_path / "corpus", make_titles(20))
    return tmp_path / "corpus"


@pytest.fixture
def build(run: Run, url: str, corpus: Path) -> Callable[..., Told]:
    """Return a function that runs `pubsearch build`."""
    return lambda *arguments: run("build", "--corpus", corpus, "--index", url, *arguments)


def remove(corpus: Path, number: int) -> None:
    (corpus / f"Border-number{number}-of-country{number}.jsonl").unlink()


def add(corpus: Path, title: str) -> None:
    entry = {"title": title, "section": "Tools"}
    file = corpus / f"{title.replace(' ', '-')}.jsonl"
    file.write_text(json.dumps(entry), encoding="utf-8")


def test_a_build_publishes_in_the_cluster(
    build: Callable[..., Told], run: Run, url: str, corpus: Path, generations: ClusterGenerations,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    first = build()
    assert (first.status, first.err) == (0, "")
    assert first.out.startswith("Published 000001-")
    assert ": 20 added, 0 changed, 0 removed, 0 unchanged" in first.out
    name = generations.read_live_name()
    second = build()
    assert second.status == 0
    assert second.out.startswith(f"Nothing changed: {name} stays live")
    remove(corpus, 3)
    add(corpus, "A new book")
    sent = count_sent(monkeypatch)
    third = build()
    assert ": 1 added, 0 changed, 1 removed, 19 unchanged" in third.out
    live = generations.read_live_name()
    assert live.startswith("000002-")
    assert generations.count(live) == 20
    assert len(sent) == 2
    assert run("verify", "--index", url).status == 0


@pytest.mark.thorough
def test_the_time_of_a_build_includes_the_load(
    build: Callable[..., Told], monkeypatch: pytest.MonkeyPatch
) -> None:
    load_files = loading._load_files

    def load_slowly(*arguments: Any) -> None:
        time.sleep(2)
        load_files(*arguments)

    monkeypatch.setattr(loading, "_load_files", load_slowly)
    printed = re.search(r", ([0-9.]+) s\.", build().out)
    assert printed
    assert float(printed[1]) >= 2


@pytest.mark.thorough
def test_status_shows_the_live_generation(
    build: Callable[..., Told], run: Run, url: str, corpus: Path, generations: ClusterGenerations
) -> None:
    build()
    remove(corpus, 3)
    build()
    (corpus / "catalogue.toml").rename(corpus / "catalogue.txt")
    assert build().status == 1
    told = run("status", "--index", url)
    assert told.status == 0
    assert told.out.startswith(generations.read_live_name())
    assert "19 publications of “Small Catalogue”" in told.out
    assert f"On disk: {', '.join(generations.list_names())}" in told.out
    assert "Retired ids: 1" in told.out
    assert "The last build failed" in told.out
    retired = run("retired", "--index", url)
    assert 'id = "border-number3-of-country3"' in retired.out


@pytest.mark.parametrize("command", ["status", "retired", "rollback", "verify", "search"])
@pytest.mark.thorough
def test_without_an_index_a_command_says_so(
    run: Run, url: str, command: str, client: OpenSearch
) -> None:
    told = run(command, "--index", url)
    assert told.status == 1
    assert "no index commands in the cluster" in told.err
    assert client.indices.get(index=f"{NAME}-*") == {}


@pytest.mark.parametrize("command", ["status", "build", "rollback", "verify", "search"])
def test_without_a_cluster_a_command_says_so(
    run: Run, command: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PUBSEARCH_WORK", str(tmp_path / "work"))
    monkeypatch.setenv("PUBSEARCH_OPENSEARCH_USER", "somebody")
    monkeypatch.setenv("PUBSEARCH_OPENSEARCH_PASSWORD", "unguessable")
    told = run(command, "--index", "opensearch+http://127.0.0.1:9/any")
    assert told.status == 1
    assert told.err.startswith("pubsearch: ")
    assert told.err.count("\n") == 1
    assert "the connection was refused. Check that a node runs" in told.err
    assert "unguessable" not in told.err


def test_a_wrong_url_is_an_error(run: Run) -> None:
    told = run("status", "--index", "opensearch+http://127.0.0.1:9200")
    assert told.status == 1
    assert "is not a name of an index" in told.err


@pytest.mark.thorough
def test_a_build_with_embeddings_is_refused(build: Callable[..., Told]) -> None:
    """Semantic search needs vectors, which a cluster does not have."""
    refused = build("--semantic", "1")
    assert refused.status == 1
    assert "an index in a cluster has no semantic search" in refused.err


@pytest.mark.thorough
def test_a_build_after_a_rollback_starts_from_the_live_generation(
    build: Callable[..., Told], run: Run, url: str, corpus: Path, generations: ClusterGenerations
) -> None:
    build()
    first = generations.read_live_name()
    add(corpus, "A new book")
    build()
    assert run("rollback", "--index", url).out == f"Live is now {first}.\n"
    add(corpus, "Another book")
    assert ": 2 added, 0 changed, 0 removed, 20 unchanged" in build().out
    live = generations.read_live_name()
    assert live.startswith("000003-")
    assert generations.list_lineage(live, generations.read_state()) == [live, first]
    assert generations.count(live) == 22


@pytest.mark.thorough
def test_another_machine_continues(
    build: Callable[..., Told], corpus: Path, tmp_path: Path, generations: ClusterGenerations
) -> None:
    build()
    remove(corpus, 3)
    build()
    shutil.rmtree(tmp_path / "work")
    for number in range(4, 20):
        remove(corpus, number)
    refused = build()
    assert refused.status == 4
    assert "would remove 16 of 19 publications" in refused.err
    write_corpus(corpus, make_titles(20)[:17])
    assert ": 1 added, 0 changed, 3 removed, 16 unchanged" in build().out
    live = generations.read_live_name()
    assert live.startswith("000003-")
    assert generations.count(live) == 17
    (copy,) = (each for each in (tmp_path / "work").rglob(live) if each.is_dir())
    retired = options.open_location(load(corpus, tmp_path, generations)).load_live().read_retired()
    assert len(retired) == 3
    assert (copy / "segment").is_dir()


def load(corpus: Path, tmp_path: Path, generations: ClusterGenerations) -> Settings:
    host = generations.client.transport.hosts[0]
    index = f"opensearch+http://{host['host']}:{host['port']}/{NAME}"
    return config.load(corpus=corpus, index=index, work=tmp_path / "work")


@pytest.mark.thorough
def test_a_build_that_was_cut_off_is_continued(
    build: Callable[..., Told], corpus: Path, generations: ClusterGenerations,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """If publishing fails, the next build publishes the same generation, even without a change."""
    build()
    first = generations.read_live_name()
    add(corpus, "A new book")

    def fail(*_: object) -> None:
        raise ClusterError("the cluster is away", "Start it")

    with monkeypatch.context() as patch:
        patch.setattr(ClusterGenerations, "set_live", fail)
        failed = build()
    assert failed.status == 1
    assert "the cluster is away" in failed.err
    assert generations.read_live_name() == first
    assert ": 1 added, 0 changed, 0 removed, 20 unchanged" in build().out
    assert generations.read_live_name().startswith("000002-")
    state = generations.read_state()
    assert generations.list_lineage(state.live[0], state) == [state.live[0], first]


@pytest.mark.thorough
def test_a_rollback_needs_no_space_and_no_lock(
    build: Callable[..., Told], run: Run, url: str, corpus: Path, client: OpenSearch,
    generations: ClusterGenerations, tmp_path: Path,
) -> None:  # fmt: skip
    build()
    first = generations.read_live_name()
    add(corpus, "A new book")
    build()
    state = generations.read_state()
    blocks = {"cluster.blocks.create_index": True}
    is_full = {"index.blocks.read_only_allow_delete": True}
    with mark_build(generations, tmp_path / "elsewhere"):
        client.cluster.put_settings(body={"transient": blocks})
        client.indices.put_settings(index=f"{NAME}-*", body=is_full)
        try:
            assert run("rollback", "--index", url).out == f"Live is now {first}.\n"
        finally:
            client.cluster.put_settings(body={"transient": dict.fromkeys(blocks)})
    assert generations.read_live_name() == first
    with pytest.raises(ClusterError, match=f"can't be made live: {NAME} has changed"):
        generations.set_live(state.live[0], state)


@pytest.mark.thorough
def test_a_generation_that_was_not_published_is_no_predecessor_in_the_cluster(
    build: Callable[..., Told], run: Run, url: str, corpus: Path, generations: ClusterGenerations,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    build()
    first = generations.read_live_name()
    add(corpus, "A new book")
    with monkeypatch.context() as patch:
        patch.setattr(loading, "_load_files", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            build()
    add(corpus, "Another book")
    build()
    assert generations.read_live_name().startswith("000003-")
    assert len(generations.read_state().marks) == 4
    assert run("rollback", "--index", url).out == f"Live is now {first}.\n"


@pytest.mark.thorough
def test_an_empty_cluster_gets_the_generation_of_the_folder(
    build: Callable[..., Told], client: OpenSearch, generations: ClusterGenerations
) -> None:
    build()
    name = generations.read_live_name()
    delete_all(client, NAME)
    assert build().out.startswith(f"Published {name}: ")
    assert generations.read_live_name() == name


@pytest.mark.thorough
def test_one_build_at_a_time(
    build: Callable[..., Told], generations: ClusterGenerations, tmp_path: Path
) -> None:
    """While another machine builds, a build is refused, unless it is forced."""
    with mark_build(generations, tmp_path / "elsewhere") as check_marker:
        told = build()
        check_marker()
        assert told.status == 1
        assert "another build is running" in told.err
        assert build("--force").status == 0
        with pytest.raises(IndexLocked):
            check_marker()
    assert build().status == 0


@pytest.mark.thorough
def test_verify_reports_damage(
    build: Callable[..., Told], run: Run, url: str, client: OpenSearch,
    generations: ClusterGenerations,
) -> None:  # fmt: skip
    """It names the alias if it is gone, and the file of which a part is missing."""
    build()
    index = generations.get_files_index(generations.read_live_name())
    client.indices.delete_alias(index="*", name=NAME)
    client.indices.put_settings(
        index=index, body={"index": {"blocks.write": None, "number_of_replicas": 1}}
    )
    client.delete(index=index, id="digests.zst:0")
    told = run("verify", "--index", url)
    assert told.status == 1
    assert "the alias commands is missing" in told.out
    assert "part 0 of digests.zst is missing" in told.out
    assert f"the index {index} is yellow" in told.out


@pytest.mark.parametrize("part", ["digests.zst:0", "manifest.json:0"])
@pytest.mark.parametrize("keeps_work", [True, False])
@pytest.mark.thorough
def test_a_forced_build_replaces_a_damaged_generation(
    build: Callable[..., Told], corpus: Path, client: OpenSearch, tmp_path: Path,
    generations: ClusterGenerations, part: str, *, keeps_work: bool,
) -> None:  # fmt: skip
    """Without `--force`, the error names it. The retired ids are kept if they can be read."""
    build()
    first = generations.read_live_name()
    remove(corpus, 3)
    build()
    client.indices.delete(index=f"{generations.get_documents_index(first)}*")
    index = generations.get_files_index(generations.read_live_name())
    client.indices.put_settings(index=index, body={"index": {"blocks.write": None}})
    client.delete(index=index, id=part)
    if not keeps_work:
        shutil.rmtree(tmp_path / "work")
        refused = build()
        assert refused.status == 1
        assert "pubsearch build --force" in refused.err
    forced = build("--force")
    assert (forced.status, forced.err) == (0, "")
    live = generations.read_live_name()
    assert live.startswith("000003-")
    assert generations.count(live) == 19
    copy = options.open_location(load(corpus, tmp_path, generations)).load_live()
    assert len(copy.read_retired()) == (keeps_work or part != "manifest.json:0")
    assert not list(generations.find_errors(live))
    assert build().out.startswith(f"Nothing changed: {live} stays live")


@pytest.mark.thorough
def test_a_server_builds_first(
    url: str, corpus: Path, generations: ClusterGenerations, capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:  # fmt: skip
    settings = config.load(corpus=corpus, index=url)
    assert serving.build_before_serving(settings)
    assert capsys.readouterr().out.startswith("Built 000001-")
    with mark_build(generations, tmp_path / "elsewhere"):
        assert not serving.build_before_serving(settings)
    assert "another build is running" in capsys.readouterr().out


@pytest.mark.thorough
def test_the_builder_of_a_server_publishes_changes(
    url: str, corpus: Path, generations: ClusterGenerations
) -> None:
    settings = config.load(corpus=corpus, index=url)
    serving.build_before_serving(settings)
    changed = threading.Event()
    with serving.run_builder(settings, None):
        add(corpus, "A new book")
        for _ in range(600):
            if generations.read_live_name().startswith("000002-"):
                break
            changed.wait(0.1)
    assert generations.count(generations.read_live_name()) == 21


def test_a_search_has_the_hits_of_a_local_index(
    build: Callable[..., Told], run: Run, url: str, corpus: Path, tmp_path: Path
) -> None:
    build()
    run("build", "--corpus", corpus, "--index", tmp_path / "index")
    results = []
    for index in (url, tmp_path / "index"):
        told = run("search", "--json", "--size", "20", "--index", index, "border", "number3")
        assert told.status == 0
        results.append(json.loads(told.out))
    for result in results:
        assert result["total"]
        for name in ("generation", "took_ms", "stages"):
            result.pop(name, None)
        for hit in result["hits"]:
            del hit["record_added"], hit["record_changed"]
        # A node keeps hits of one score in the order in which it stored them.
        result["hits"].sort(key=lambda hit: (-hit["score"], hit["id"]))
    assert results[0] == results[1]


def test_a_server_opens_the_next_generation(
    build: Callable[..., Told], url: str, corpus: Path, client: OpenSearch
) -> None:
    build()
    settings = config.load(corpus=corpus, index=url)
    engine = make_engine(settings)
    assert engine.get_searcher().size == 20
    assert not engine.is_behind()
    add(corpus, "A new book")
    build()
    assert engine.is_behind()
    engine.refresh()
    assert engine.get_searcher().size == 21
    assert engine.search(SearchRequest("new book")).total == 1
    last = engine.read_last_build()
    assert last
    assert last.status == "published"
    client.indices.delete_alias(index="*", name=NAME)
    engine.refresh()
    assert engine.failed == ""
    assert engine.search(SearchRequest("new book")).total == 1
