"""Generations are complete, are switched atomically, and can be rolled back."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from indexer.generations import directory, fsync, publish
from indexer.generations.manifest import (
    Generation,
    IndexLocked,
    IndexMissing,
    IndexOutdated,
    IndexUnusable,
    IndexWriteError,
)
from indexer.ingest.corpus import Progress
from indexer.jobs import build

HOLD = """\
import sys
from pathlib import Path
from indexer.generations import publish
with publish.lock(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def second(corpus: Path, index: Path) -> Path:
    build.build(corpus, index, force=True)
    return index


@pytest.fixture
def holder(index: Path) -> Iterator[subprocess.Popen[str]]:
    """Yield another process that has the lock of the index, like a build."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(index)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_a_missing_index_is_named(tmp_path: Path) -> None:
    with pytest.raises(IndexMissing) as caught:
        directory.load_live(tmp_path / "index")
    assert caught.value.message == f"there is no index in {tmp_path / 'index'}"
    assert caught.value.hint == "Run: pubsearch build, or pubsearch open FILE"
    assert directory.list_names(tmp_path / "index") == []
    assert not (tmp_path / "index").exists()


def test_stray_files_are_no_generations(corpus: Path, index: Path) -> None:
    for name in (".DS_Store", "notes.txt"):
        (index / "generations" / name).touch()
    build.build(corpus, index, force=True)
    assert [name[:6] for name in directory.list_names(index)] == ["000001", "000002"]
    assert (index / "generations" / "notes.txt").exists()


def test_a_manifest_that_does_not_match_its_digest_is_not_read(index: Path) -> None:
    """A damaged manifest or digest, or one that is valid but changed, makes the index outdated."""
    folder = directory.load_live(index).folder
    written, digest = (folder / name for name in ("manifest.json", "manifest.sha256"))
    changed = written.read_bytes().replace(b'"publications": 5', b'"publications": 6')
    zeros = b"0" * 64 + b"  manifest.json\n"
    for file, other in ((written, changed), (digest, zeros)):
        whole = file.read_bytes()
        assert other != whole
        for data in (None, b"", b"{", b"[1]", b"\xff", other):
            file.unlink()
            if data is not None:
                file.write_bytes(data)
            with pytest.raises(IndexOutdated) as caught:
                directory.load_live(index)
            assert "manifest.json" in caught.value.message
            assert caught.value.hint == "Run: pubsearch build --force"
            file.write_bytes(whole)


def test_unreadable_digests_are_outdated(index: Path) -> None:
    live = directory.load_live(index)
    assert len(live.read_digests()) == 5
    (live.folder / "digests.zst").write_bytes(b"[]")
    with pytest.raises(IndexOutdated):
        live.read_digests()


def test_rollback_goes_one_step(corpus: Path, second: Path) -> None:
    build.build(corpus, second, force=True)
    names = directory.list_names(second)
    assert [name.split("-")[0] for name in names] == ["000001", "000002", "000003"]
    for name in names[1::-1]:
        assert publish.rollback(second).name == directory.load_live(second).name == name
    assert directory.list_names(second) == names


def test_rollback_without_index_creates_nothing(tmp_path: Path) -> None:
    with pytest.raises(IndexMissing):
        publish.rollback(tmp_path / "index")
    assert not (tmp_path / "index").exists()


def test_rollback_to_a_damaged_generation_is_rejected(second: Path) -> None:
    first, last = directory.list_names(second)
    (directory.load(second, first).folder / "digests.zst").unlink()
    with pytest.raises(IndexOutdated, match=r"digests\.zst is missing"):
        publish.rollback(second)
    assert directory.read_live_name(second) == last


def test_a_build_removes_the_generation_that_was_rolled_back(corpus: Path, second: Path) -> None:
    first = publish.rollback(second).name
    third = build.build(corpus, second, force=True).generation.name
    assert third.startswith("000003-")
    assert directory.list_names(second) == [first, third]
    assert directory.list_lineage(second, third) == [third, first]
    assert publish.rollback(second).name == first


def test_a_damaged_write_is_not_published(
    corpus: Path, index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def spoil(path: Path) -> None:
        if path.name == "manifest.json":  # which is written after all files are hashed
            (path.parent / "digests.zst").write_bytes(b"{}")

    monkeypatch.setattr(fsync, "sync", spoil)
    before = directory.read_live_name(index)
    with pytest.raises(IndexOutdated) as caught:
        build.build(corpus, index, force=True)
    damaged = "the written generation is damaged: digests.zst does not match the manifest"
    assert (caught.value.message, caught.value.hint) == (damaged, "Build again")
    assert directory.read_live_name(index) == before
    assert directory.list_names(index) == [before]


@pytest.mark.parametrize(
    ("wrong", "before"),
    [(0, "000003"), (1, "000002"), (2, "000001")],
    ids=["last", "middle", "first"],
)
def test_lineage_includes_an_unreadable_manifest(
    corpus: Path, second: Path, wrong: int, before: str
) -> None:
    build.build(corpus, second, force=True)
    names = directory.list_names(second)[::-1]
    (second / "generations" / names[wrong] / "manifest.json").write_bytes(b"{")
    assert directory.list_lineage(second, names[0]) == names
    assert names[wrong].startswith(before)
    assert directory.list_lineage(second, "000009-none") == []


def told(error: pytest.ExceptionInfo[IndexUnusable]) -> tuple[str, str]:
    return error.value.message, error.value.hint


def test_all_damaged_files_are_named(second: Path) -> None:
    live = directory.load_live(second)
    for file in ("facets.seg", "words.seg"):
        (live.segment / file).unlink()
    with pytest.raises(IndexOutdated) as caught:
        directory.load_verified(second, live.name)
    wrong = "segment/facets.seg is missing; segment/words.seg is missing"
    assert told(caught) == (
        f"the generation {live.name} is damaged: {wrong}",
        "Run: pubsearch build, or pubsearch rollback",
    )


def test_a_disk_error_reports_the_state_of_the_live_index(index: Path, tmp_path: Path) -> None:
    where = f"the index in {index} could not be written: the disk is full"
    full = OSError(28, "No space left on device")
    with pytest.raises(IndexWriteError) as caught, publish.lock(index):
        raise full
    stays = "Free some disk space, and try again; the live index is unchanged"
    assert told(caught) == (where, stays)

    def switched() -> None:
        (index / "CURRENT").write_text("000009-other\n", encoding="ascii")
        raise full

    with pytest.raises(IndexWriteError) as caught, publish.lock(index):
        switched()
    goes = "a new index is live, but a power cut may undo it"
    assert told(caught) == (where, f"Free some disk space, and try again; {goes}")
    with pytest.raises(IndexWriteError) as caught, publish.lock(tmp_path / "new"):
        raise full
    assert told(caught)[1] == "Free some disk space, and try again"


def test_a_failed_first_publish_leaves_no_index(
    corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sync = fsync.sync

    def refuse(path: Path) -> None:
        if path.name == "CURRENT.new":
            raise OSError(5, "Input/output error")
        sync(path)

    monkeypatch.setattr(fsync, "sync", refuse)
    with pytest.raises(IndexWriteError):
        build.build(corpus, tmp_path / "index")
    left = {each.name for each in (tmp_path / "index").iterdir()}
    assert left == {"ATTEMPT", "LOCK", "generations"}
    assert not list((tmp_path / "index" / "generations").iterdir())


def test_rollback_of_the_only_generation_names_the_limit(index: Path) -> None:
    with pytest.raises(IndexMissing) as caught:
        publish.rollback(index)
    assert told(caught) == (
        f"there is no generation before {directory.read_live_name(index)}",
        "At most 3 generations are kept. Fix the corpus, and build again",
    )
    assert directory.load_live(index).name == directory.read_live_name(index)


@pytest.mark.slow
def test_busy_while_another_process_builds(
    corpus: Path, index: Path, holder: subprocess.Popen[str]
) -> None:
    with pytest.raises(IndexLocked, match=f"process {holder.pid}, since"):
        build.build(corpus, index, force=True)
    with pytest.raises(IndexLocked):
        publish.rollback(index)
    assert len(directory.list_names(index)) == 1


def live(index: Path) -> Generation:
    """Return the live generation, which must be undamaged."""
    found = directory.load_live(index)
    assert directory.integrity_errors(found) == []
    return found


def test_a_switch_replaces_the_pointer_atomically(second: Path) -> None:
    first, last = directory.list_names(second)
    with (second / "CURRENT").open(encoding="ascii") as opened:
        publish.set_live(second, first)
        assert opened.read() == f"{last}\n"
    assert (second / "CURRENT").read_text(encoding="ascii") == f"{first}\n"


def test_the_next_build_removes_leftovers_of_killed_builds(corpus: Path, index: Path) -> None:
    """Leftovers of a killed build are removed before anything is read, even without changes."""
    left = index / "generations" / "000002-dead.partial"
    (left / "segment").mkdir(parents=True)
    (index / "CURRENT.new").touch()
    seen = []

    class Looks(Progress):
        def report_bytes(self, count: int) -> None:
            seen.append(left.exists() or (index / "CURRENT.new").exists())

    assert build.build(corpus, index, progress=Looks()).status == "unchanged"
    assert seen
    assert not any(seen)


def test_the_manifest_has_a_digest_of_its_own(index: Path) -> None:
    """The manifest has a SHA-256 file next to it that `sha256sum --check` accepts."""
    folder = live(index).folder
    assert (folder / "manifest.sha256").read_text().endswith("  manifest.json\n")
    subprocess.run(["sha256sum", "--check", "manifest.sha256"], cwd=folder, check=True)


def test_a_switch_that_can_not_be_flushed_is_undone(
    second: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flush, refused = os.fsync, iter([False, True])

    def refuse(descriptor: int) -> None:
        if next(refused, False):
            raise OSError(5, "Input/output error")
        flush(descriptor)

    monkeypatch.setattr(os, "fsync", refuse)
    first, last = directory.list_names(second)
    with pytest.raises(IndexWriteError, match=r"the disk failed.*the live index is unchanged"):
        publish.rollback(second)
    assert directory.read_live_name(second) == last
    assert publish.rollback(second).name == first


def test_a_first_switch_that_can_not_be_flushed_leaves_no_index(
    corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index, flush = tmp_path / "first", os.fsync
    refused: list[int] = []

    def refuse(descriptor: int) -> None:
        if (index / "CURRENT").exists() and not refused:
            refused.append(descriptor)
            raise OSError(5, "Input/output error")
        flush(descriptor)

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(IndexWriteError, match="the disk failed"):
        build.build(corpus, index)
    assert len(refused) == 1
    assert not (index / "CURRENT").exists()
    assert len(directory.list_names(index)) == 1, "a reader may have it open"
    assert build.build(corpus, index).status == "published"
    assert directory.read_live_name(index) == directory.list_names(index)[-1]


def test_an_unreadable_file_counts_as_damage(
    corpus: Path, index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    digests = fsync.compute_digests

    def refuse(files: list[Path]) -> list[str]:
        if files[0].is_relative_to(first.folder):
            raise OSError(5, "Input/output error", str(files[0]))
        return digests(files)

    first = live(index)
    monkeypatch.setattr(fsync, "compute_digests", refuse)
    assert "can't be read" in directory.integrity_errors(first)[0]
    assert build.build(corpus, index).status == "published"
    assert live(index).name != first.name


def test_switch_that_fails_leaves_the_pointer(
    second: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(path: Path) -> None:
        raise OSError(f"no space for {path}")

    monkeypatch.setattr(fsync, "sync", fail)
    live_before = directory.read_live_name(second)
    with pytest.raises(OSError, match="no space"):
        publish.set_live(second, directory.list_names(second)[0])
    assert directory.read_live_name(second) == live_before
