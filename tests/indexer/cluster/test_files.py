"""The files of a generation as documents of an index, and back, without a node."""

import json
from pathlib import Path
from typing import Any, cast

import msgspec
import pytest

from indexer.cluster import generations as module
from indexer.cluster import load
from indexer.cluster.generations import ClusterGenerations
from indexer.generations import manifest
from indexer.generations.manifest import MANIFEST, MANIFEST_DIGEST, Generation, IndexOutdated
from indexer.jobs import build
from tests import samples

SMALL = 50
"""Bytes of a part in these tests."""


class Index:
    """A client of an index of files, whose documents are in memory."""

    def __init__(self) -> None:
        self.documents: dict[str, Any] = {}

    def store(self, folder: Path, names: tuple[str, ...]) -> None:
        for action, source in load._list_parts(folder, names):
            self.documents[json.loads(action)["index"]["_id"]] = json.loads(source)

    def get(self, **request: Any) -> dict[str, Any]:
        found = self.documents.get(request["id"])
        return {"found": False} if found is None else {"_source": found}


@pytest.fixture
def local(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Generation:
    samples.write_corpus(tmp_path / "corpus")
    return build.build(tmp_path / "corpus", tmp_path / "index").generation


@pytest.fixture
def index(local: Generation, monkeypatch: pytest.MonkeyPatch) -> Index:
    """Return an index with the files of the generation, most of which have many parts."""
    stored = Index()
    stored.store(local.folder, (MANIFEST, MANIFEST_DIGEST))
    for where in (module, load):
        monkeypatch.setattr(where, "PART_BYTES", SMALL)
    stored.store(local.folder, (*local.manifest.files,))
    return stored


def download(index: Index, name: str, folder: Path) -> Generation:
    return ClusterGenerations(cast(Any, index), "catalogue").download(name, folder / name)


def test_files_of_any_size_are_copied(local: Generation, index: Index, tmp_path: Path) -> None:
    copy = download(index, local.name, tmp_path / "copy")
    assert copy.manifest == local.manifest
    for name in local.manifest.files:
        assert (copy.folder / name).read_bytes() == (local.folder / name).read_bytes()
    assert max(int(each.rpartition(":")[2]) for each in index.documents) > 10


@pytest.mark.parametrize("size", [0, 1, SMALL, SMALL + 1, 3 * SMALL])
def test_a_file_has_the_parts_that_its_size_needs(index: Index, tmp_path: Path, size: int) -> None:
    """An empty file has one part too, and no part is empty otherwise."""
    index.documents.clear()
    (tmp_path / "some").write_bytes(b"x" * size)
    index.store(tmp_path, ("some",))
    assert len(index.documents) == max(1, -(-size // SMALL))


@pytest.mark.parametrize("damage", ["missing", "no data", "no base64"])
def test_a_damaged_part_is_named_and_the_others_are_kept(
    local: Generation, index: Index, tmp_path: Path, damage: str
) -> None:
    if damage == "missing":
        del index.documents["digests.zst:0"]
    else:
        index.documents["digests.zst:0"] = {"data": "é"} if damage == "no base64" else {}
    with pytest.raises(IndexOutdated, match=r"part 0 of digests\.zst is missing or damaged"):
        download(index, local.name, tmp_path / "copy")
    [other, *_] = (name for name in local.manifest.files if name != "digests.zst")
    kept = tmp_path / "copy" / local.name / other
    assert kept.read_bytes() == (local.folder / other).read_bytes()


def test_an_altered_file_is_damaged(local: Generation, index: Index, tmp_path: Path) -> None:
    index.documents["digests.zst:0"] = {"data": "AAAA"}
    with pytest.raises(IndexOutdated, match=r"digests\.zst does not match the manifest"):
        download(index, local.name, tmp_path / "copy")


@pytest.mark.parametrize("name", ["../escaped", "/escaped", "a/../../escaped"])
def test_a_file_is_never_written_elsewhere(
    local: Generation, index: Index, tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = {**local.manifest.files, name: (1, "0")}
    (tmp_path / "forged").mkdir()
    manifest.write(tmp_path / "forged", msgspec.structs.replace(local.manifest, files=files))
    monkeypatch.setattr(load, "PART_BYTES", 1 << 20)
    index.store(tmp_path / "forged", (MANIFEST, MANIFEST_DIGEST))
    index.documents[f"{name}:0"] = {"data": "AAAA"}
    with pytest.raises(IndexOutdated, match="it has a file with the name"):
        download(index, local.name, tmp_path / "copy")
    assert not [*tmp_path.rglob("escaped")]
    assert not Path("/escaped").exists()


def test_an_unknown_generation_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(IndexOutdated, match=r"part 0 of manifest\.json is missing"):
        download(Index(), "000000-20200101T000000000000Z", tmp_path)
