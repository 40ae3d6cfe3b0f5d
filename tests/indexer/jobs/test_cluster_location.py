"""Builds for an index in a cluster, as far as they need no node."""

import gc
import shutil
from pathlib import Path

import pytest
from opensearchpy import OpenSearch

from indexer.cluster.connection import ClusterAddress
from indexer.cluster.generations import ClusterGenerations, State
from indexer.generations import directory, manifest
from indexer.generations.manifest import MANIFEST, Generation, IndexOutdated
from indexer.jobs import build, cluster_location
from tests import samples

LIVE = "000001-AAAAAAAA"


class Cluster(ClusterGenerations):
    """A cluster with a generation that is live, or not.

    `copied` is the folder of its files, of which all can be read, or only `readable`.
    """

    def __init__(self, name: str, copied: Path | None = None, *, readable: str = "") -> None:
        super().__init__(OpenSearch("http://127.0.0.1:9", max_retries=0), "catalogue")
        self._name, self._copied, self._readable = name, copied, readable

    def read_state(self) -> State:
        """Return one generation, which is live."""
        return State((self._name,), (self._name,), {}, ())

    def download(self, generation: str, folder: Path) -> Generation:
        folder.mkdir(parents=True)
        for file in self._copied.iterdir() if self._copied else ():
            if file.is_file() and self._readable in {"", file.name}:
                shutil.copy(file, folder)
        if self._readable or not self._copied:
            raise IndexOutdated(f"part 0 of {MANIFEST} in {generation} is damaged", "Roll back")
        return Generation(generation, folder, manifest.read(folder))


class RolledBack(Cluster):
    """A cluster whose live generation has a successor."""

    def __init__(self, live: str, later: str) -> None:
        super().__init__(live)
        self._later = later

    def read_state(self) -> State:
        return super().read_state()._replace(published=(self._name, self._later))


def list_names(index: Path) -> set[str]:
    return {folder.name for folder in (index / "generations").glob("*")}


def test_a_build_names_the_damage_of_the_live_generation(tmp_path: Path) -> None:
    with pytest.raises(IndexOutdated, match=r"part 0 of manifest\.json .* is damaged"):
        cluster_location.adopt(Cluster(LIVE), tmp_path)
    assert not (tmp_path / "CURRENT").exists()


def test_a_forced_build_keeps_what_can_be_read(tmp_path: Path) -> None:
    (tmp_path / "cluster").mkdir()
    (tmp_path / "cluster" / "retired.zst").write_bytes(b"ids")
    (tmp_path / "cluster" / "digests.zst").write_bytes(b"lost")
    cluster = Cluster(LIVE, tmp_path / "cluster", readable="retired.zst")
    cluster_location.adopt(cluster, tmp_path / "index", force=True)
    assert directory.read_live_name(tmp_path / "index") == LIVE
    [file] = (tmp_path / "index" / "generations" / LIVE).iterdir()
    assert file.read_bytes() == b"ids"


def test_the_live_generation_of_the_cluster_is_that_of_the_folder(tmp_path: Path) -> None:
    """One that is there is not copied. One that is not is, without leaving anything else."""
    corpus, index = tmp_path / "corpus", tmp_path / "index"
    samples.write_corpus(corpus)
    live = build.build(corpus, index).generation
    cluster_location.adopt(Cluster(live.name), index)
    assert list_names(index) == {live.name}
    copied = tmp_path / "copy"
    cluster_location.adopt(Cluster(live.name, live.folder), copied)
    assert directory.read_live_name(copied) == live.name
    assert list_names(copied) == {live.name}


def test_a_generation_that_was_not_published_is_continued(tmp_path: Path) -> None:
    """One that was built on the live one stays live in the folder; no other one does."""
    corpus, index = tmp_path / "corpus", tmp_path / "index"
    samples.write_corpus(corpus)
    first = build.build(corpus, index).generation
    (corpus / "more.jsonl").unlink()
    second = build.build(corpus, index).generation
    cluster_location.adopt(Cluster(first.name), index)
    assert directory.read_live_name(index) == second.name
    cluster_location.adopt(RolledBack(first.name, second.name), index)
    assert directory.read_live_name(index) == first.name


def test_a_copy_outlives_its_location(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A command may read a generation after the location that it came from is gone, and twice."""
    samples.write_corpus(tmp_path / "corpus")
    live = build.build(tmp_path / "corpus", tmp_path / "index").generation
    address = ClusterAddress(("http://127.0.0.1:9",), "catalogue")
    monkeypatch.setattr(ClusterGenerations, "read_live_name", lambda _: live.name)
    monkeypatch.setattr(ClusterGenerations, "download", Cluster(live.name, live.folder).download)
    client = OpenSearch(list(address.hosts), max_retries=0)
    copies = [
        cluster_location.ClusterLocation(client, address, tmp_path, 1, None).load_live()
        for _ in range(2)
    ]
    gc.collect()
    for copy in copies:
        assert copy.read_digests() == live.read_digests()
