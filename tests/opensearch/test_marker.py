"""The marker of the build that runs, in a real cluster, and the outcome of the last build."""

import subprocess
import sys
from pathlib import Path

import pytest
from opensearchpy import OpenSearch

from indexer.cluster import marker
from indexer.cluster.connection import ClusterError
from indexer.cluster.generations import ClusterGenerations
from indexer.cluster.marker import mark_build
from indexer.generations.manifest import IndexLocked
from indexer.generations.publish import LastBuild
from tests.opensearch.cluster import Cluster

pytestmark = pytest.mark.thorough

NAME = "marked"
PROGRAM = """
import sys, time
from pathlib import Path
from opensearchpy import OpenSearch
from indexer.cluster.generations import ClusterGenerations
from indexer.cluster.marker import mark_build

url, name, folder = sys.argv[1:]
with mark_build(ClusterGenerations(OpenSearch(url), name), Path(folder)):
    print("marked", flush=True)
    time.sleep(600)
"""


def test_one_build_runs(
    client: OpenSearch, generations: ClusterGenerations, tmp_path: Path
) -> None:
    """Another one is refused with the machine and the time, in any folder, until the first ends."""
    with mark_build(generations, tmp_path / "here") as check:
        check()
        with (
            pytest.raises(IndexLocked, match=r"on .+, since \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC"),
            mark_build(generations, tmp_path / "elsewhere"),
        ):
            pass
        with pytest.raises(IndexLocked), mark_build(generations, tmp_path / "here"):
            pass
        check()
        other = ClusterGenerations(client, f"{NAME}-other")
        with mark_build(other, tmp_path / "other"):
            pass
    with mark_build(generations, tmp_path / "elsewhere"):
        pass


def test_an_error_removes_the_marker(generations: ClusterGenerations, tmp_path: Path) -> None:
    with pytest.raises(KeyError), mark_build(generations, tmp_path / "here"):
        raise KeyError
    with mark_build(generations, tmp_path / "elsewhere"):
        pass


@pytest.mark.parametrize("is_forced", [False, True])
def test_the_marker_of_a_build_that_was_killed(
    single_node: Cluster, generations: ClusterGenerations, tmp_path: Path, *, is_forced: bool
) -> None:
    """The next build in its folder drops it at once. Elsewhere, only a forced build does."""
    folder = tmp_path / "killed"
    command = [sys.executable, "-c", PROGRAM, single_node.nodes[0].url, NAME, str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as builder:
        assert builder.stdout
        assert builder.stdout.readline() == "marked\n"
        for place in (folder, tmp_path / "elsewhere"):
            with pytest.raises(IndexLocked), mark_build(generations, place):
                pass
        builder.kill()
    with pytest.raises(IndexLocked), mark_build(generations, tmp_path / "elsewhere"):
        pass
    place = tmp_path / "elsewhere" if is_forced else folder
    with mark_build(generations, place, force=is_forced) as check:
        check()


def test_a_build_notices_that_another_took_over(
    generations: ClusterGenerations, tmp_path: Path
) -> None:
    with mark_build(generations, tmp_path / "here") as check:
        with mark_build(generations, tmp_path / "elsewhere", force=True) as other_check:
            with pytest.raises(IndexLocked):
                check()
            other_check()
        with pytest.raises(IndexLocked):
            check()
        last = mark_build(generations, tmp_path / "elsewhere")
        last.__enter__()
    with pytest.raises(IndexLocked), mark_build(generations, tmp_path / "here"):
        pass
    last.__exit__(None, None, None)


def test_a_marker_whose_writing_is_repeated_is_the_own_one(
    generations: ClusterGenerations, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    create = OpenSearch.create

    def create_twice(client: OpenSearch, **options: object) -> object:
        create(client, **options)
        return create(client, **options)

    monkeypatch.setattr(OpenSearch, "create", create_twice)
    with mark_build(generations, tmp_path / "here") as check:
        check()


def test_the_outcome_of_the_last_build_is_stored(
    client: OpenSearch, generations: ClusterGenerations, tmp_path: Path
) -> None:
    assert marker.read_last_build(client, NAME) is None
    outcome = LastBuild("2026-11-27T09:00:00+00:00", "failed", 1.5, "the disk is full")
    with mark_build(generations, tmp_path / "here"):
        marker.write_last_build(client, NAME, outcome)
    assert marker.read_last_build(client, NAME) == outcome


def test_without_a_cluster_there_is_no_marker(tmp_path: Path) -> None:
    """The error says what could not be read."""
    away = OpenSearch("http://127.0.0.1:9", max_retries=0)
    with (
        pytest.raises(ClusterError, match=f"of {NAME} can't be listed"),
        mark_build(ClusterGenerations(away, NAME), tmp_path / "here"),
    ):
        pass
    assert marker.read_last_build(away, NAME) is None
