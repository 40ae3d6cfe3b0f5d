"""The files of a generation in an index of a real node."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
from opensearchpy import OpenSearch

from indexer.cluster import files, mapping
from indexer.cluster.connection import ClusterError
from tests.opensearch.cluster import Cluster

INDEX = "files-test"
SIZES = {"manifest.json": 300, "segment/words.seg": 10_000, "empty": 0, "even": 8_192}
"""The files of the tests and their bytes. A part has 4,096 bytes in these tests."""


@pytest.fixture
def client(single_node: Cluster, monkeypatch: pytest.MonkeyPatch) -> Iterator[OpenSearch]:
    """Yield a client of a node with an empty index of files."""
    monkeypatch.setattr(files, "PART_BYTES", 4_096)
    client = single_node.client
    client.indices.create(index=INDEX, body=mapping.make_files_index())
    yield client
    client.indices.delete(index=INDEX)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with files of random bytes."""
    random = Random(1)
    folder = tmp_path / "uploaded"
    for name, size in SIZES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(random.randbytes(size))
    return folder


def test_files_come_back_as_they_were(client: OpenSearch, folder: Path, tmp_path: Path) -> None:
    """Files of no part, of whole parts, and of a last part that is shorter come back the same."""
    reported: list[int] = []
    files.upload(client, INDEX, folder, SIZES, reported.append)
    assert reported[-1] == 1 + 3 + 1 + 2
    files.download(client, INDEX, tmp_path / "downloaded", SIZES)
    for name in SIZES:
        assert (tmp_path / "downloaded" / name).read_bytes() == (folder / name).read_bytes()


def test_a_damaged_part_is_reported(client: OpenSearch, folder: Path, tmp_path: Path) -> None:
    """A part that differs from its digest is named, with its file."""
    files.upload(client, INDEX, folder, SIZES)
    client.update(index=INDEX, id="segment/words.seg:1", body={"doc": {"data": "AAAA"}})
    with pytest.raises(ClusterError, match=r"part 1 of segment/words\.seg .* digest"):
        files.download(client, INDEX, tmp_path / "downloaded", SIZES)


def test_a_missing_part_is_reported(client: OpenSearch, folder: Path, tmp_path: Path) -> None:
    """A part that is not in the index is named, with its file."""
    files.upload(client, INDEX, folder, SIZES)
    client.delete(index=INDEX, id="segment/words.seg:2")
    with pytest.raises(ClusterError, match=r"no part 2 of segment/words\.seg"):
        files.download(client, INDEX, tmp_path / "downloaded", SIZES)


def test_a_file_that_exists_is_not_overwritten(
    client: OpenSearch, folder: Path, tmp_path: Path
) -> None:
    """A download into a folder that has a file of this name fails."""
    files.upload(client, INDEX, folder, SIZES)
    with pytest.raises(FileExistsError):
        files.download(client, INDEX, folder, SIZES)
