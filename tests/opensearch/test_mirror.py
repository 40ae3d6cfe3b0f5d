"""Copies of the files of generations in a real cluster."""

from __future__ import annotations

import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from opensearchpy import OpenSearch

from indexer.cluster import mirror, publish
from indexer.cluster.connection import ClusterError, parse_address
from indexer.cluster.generations import ClusterGenerations
from indexer.generations import directory
from indexer.generations.manifest import Generation, IndexOutdated
from indexer.jobs import build
from tests.opensearch.generations import build_generation, make_titles

NAME = "mirrored"
THESAURUS = """\
[[concept]]
id = "border"
prefLabel = {en = "border"}
"""


@pytest.fixture
def local(generations: ClusterGenerations, tmp_path: Path) -> Generation:
    """Return a local generation that is published. It has a thesaurus and retired ids."""
    corpus, index = tmp_path / "corpus", tmp_path / "index"
    build_generation(corpus, index, make_titles(10))
    (corpus / "Border-number3-of-country3.jsonl").unlink()
    (corpus / "thesaurus.toml").write_text(THESAURUS, encoding="utf-8")
    generation = build.build(corpus, index).generation
    publish.publish(generations, generation)
    return generation


def list_files(folder: Path) -> list[str]:
    """Return the paths of all files in a folder."""
    files = (file for file in folder.rglob("*") if file.is_file())
    return sorted(file.relative_to(folder).as_posix() for file in files)


def test_a_copy_is_an_index_folder_without_a_segment(
    generations: ClusterGenerations, local: Generation, tmp_path: Path
) -> None:
    """The copy has the manifest, the thesaurus, retired ids, and digests of the generation."""
    folder = tmp_path / "copies"
    mirror.mirror_live(generations, folder, generations.read_live_name())
    copy = directory.load_live(folder)
    assert copy.name == local.name
    assert not copy.has_segment
    assert local.has_segment
    assert directory.integrity_errors(copy) == []
    assert copy.read_thesaurus() == local.read_thesaurus()
    assert copy.read_thesaurus().concept
    assert list(copy.read_retired()) == ["border-number3-of-country3"]
    assert copy.read_digests() == local.read_digests()
    assert copy.manifest.publications == local.manifest.publications == 9
    assert list_files(folder) == [
        "CURRENT",
        *(
            f"generations/{local.name}/{name}"
            for name in (
                "digests.zst", "manifest.json", "manifest.sha256", "retired.zst", "thesaurus.json",
                "vocabulary.seg",
            )
        ),
    ]  # fmt: skip


def test_copies_are_removed_with_their_generations(
    generations: ClusterGenerations, local: Generation, tmp_path: Path
) -> None:
    """A copy of a generation that was pruned goes, and an old unfinished one of any process."""
    folder = tmp_path / "copies"
    mirror.mirror_live(generations, folder, local.name)
    pruned = folder / "generations" / "000000-20200101T000000000000Z"
    shutil.copytree(folder / "generations" / local.name, pruned)
    recent, old = (folder / "generations" / f"{name}.partial" for name in ("recent", "old"))
    recent.mkdir()
    old.mkdir()
    os.utime(old, (0, 0))
    mirror.mirror_live(generations, folder, local.name)
    listed = {path.name for path in (folder / "generations").iterdir()}
    assert listed == {local.name, "recent.partial"}


def test_processes_may_share_a_folder(
    generations: ClusterGenerations, local: Generation, tmp_path: Path
) -> None:
    """Several threads make one copy, and none sees a part of it."""
    folder = tmp_path / "copies"
    with ThreadPoolExecutor(8) as threads:
        copies = [
            each.result()
            for each in [
                threads.submit(mirror.mirror_live, generations, folder, local.name)
                for _ in range(8)
            ]
        ]
    assert all(directory.integrity_errors(copy) == [] for copy in copies)
    assert [path.name for path in (folder / "generations").iterdir()] == [local.name]
    assert directory.read_live_name(folder) == local.name


def test_a_damaged_file_makes_no_copy(
    client: OpenSearch, generations: ClusterGenerations, local: Generation, tmp_path: Path
) -> None:
    """If a file does not match the manifest, nothing appears in the folder."""
    index = generations.get_files_index(local.name)
    client.indices.put_settings(index=index, body={"index.blocks.write": None})
    document = client.get(index=index, id="digests.zst:0")["_source"]
    client.index(index=index, id="vocabulary.seg:0", body=document)
    folder = tmp_path / "copies"
    with pytest.raises(IndexOutdated, match=r"vocabulary\.seg does not match the manifest"):
        mirror.mirror_live(generations, folder, local.name)
    assert list_files(folder) == []


def test_an_unknown_generation_makes_no_copy(
    generations: ClusterGenerations, local: Generation, tmp_path: Path
) -> None:
    """A generation that was pruned in the meantime is an error, not an empty folder."""
    with pytest.raises(ClusterError):
        mirror.mirror(generations, tmp_path / "copies", "000000-20200101T000000000000Z")
    assert list_files(tmp_path / "copies") == []


def test_each_address_has_a_folder_of_its_own(tmp_path: Path) -> None:
    """The folder has the name of the index, and differs for another host."""
    first, second = (parse_address(f"opensearch+http://{host}:9200/x") for host in ("a", "b"))
    assert first
    assert second
    folder = mirror.get_folder(first, tmp_path)
    assert folder.parent == tmp_path
    assert folder.name.startswith("x-")
    assert folder != mirror.get_folder(second, tmp_path)
    assert mirror.get_folder(first, None).parent.name == "clusters"
