"""Generations are whole, are switched at one stroke, and go back the same way."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from indexer.generations import directory, fsync, publish
from indexer.generations.manifest import (
    Generation,
    IndexBusy,
    IndexMissing,
    IndexOutdated,
    IndexUnusable,
    IndexUnwritten,
)
from indexer.ingest.corpus import Progress
from indexer.jobs import build

HOLD = """\
import sys
from pathlib import Path
from indexer.generations import publish
with publish.locked(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def second(corpus: Path, index: Path) -> Path:
    """The index after a second build."""
    build.build(corpus, index, force=True)
    return index


@pytest.fixture
def holder(index: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the index as a build does."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(index)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_no_index(tmp_path: Path) -> None:
    """Where there is no index, the error names the folder and the command that makes one."""
    with pytest.raises(IndexMissing) as caught:
        directory.current(tmp_path / "index")
    assert str(caught.value) == f"there is no index in {tmp_path / 'index'}. Run: pubsearch build"
    assert directory.names(tmp_path / "index") == []
    assert not (tmp_path / "index").exists()


def test_generations_are_told_oldest_first(second: Path) -> None:
    """The names on disk go up, and the live one is the last that was built."""
    names = directory.names(second)
    assert [name.split("-")[0] for name in names] == ["000001", "000002"]
    assert directory.current(second).name == names[1]
    assert directory.load(second, names[0]).name == names[0]


def test_stray_files_are_no_generations(corpus: Path, index: Path) -> None:
    """What is not named like a generation is none, and is left alone by builds."""
    for name in (".DS_Store", "notes.txt"):
        (index / "generations" / name).touch()
    build.build(corpus, index, force=True)
    assert [name[:6] for name in directory.names(index)] == ["000001", "000002"]
    assert (index / "generations" / "notes.txt").exists()


@pytest.mark.parametrize(
    "manifest", [b"", b"{", b"{}", b"[1]", b"\xff", b'{"format": "x"}', None],
    ids=["empty", "cut", "without fields", "list", "not UTF-8", "wrong kind", "missing"],
)  # fmt: skip
def test_broken_manifest(manifest: bytes | None, index: Path) -> None:
    """A manifest that can't be read makes the index outdated, with the command that mends it."""
    file = directory.current(index).folder / "manifest.json"
    if manifest is None:
        file.unlink()
    else:
        file.write_bytes(manifest)
    with pytest.raises(IndexOutdated) as caught:
        directory.current(index)
    assert "manifest.json" in caught.value.what
    assert caught.value.hint == "Run: pubsearch build --force"


@pytest.mark.parametrize("text", [b"", b"000099-gone\n", b"\xff\xfe", b"a\x00b"])
def test_broken_pointer(text: bytes, index: Path) -> None:
    """A pointer to no generation makes the index outdated, whatever stands in it."""
    (index / "CURRENT").write_bytes(text)
    with pytest.raises(IndexOutdated):
        directory.current(index)


def test_broken_digests(index: Path) -> None:
    """Digests that can't be read make the index outdated."""
    live = directory.current(index)
    assert len(live.digests()) == 5
    (live.folder / "digests.zst").write_bytes(b"[]")
    with pytest.raises(IndexOutdated):
        live.digests()


def test_rollback_makes_the_one_before_live(second: Path) -> None:
    """A rollback makes the generation before the live one live, and keeps both."""
    before, after = directory.names(second)
    assert publish.rollback(second).name == before
    assert directory.current(second).name == before
    assert directory.names(second) == [before, after]


def test_rollback_goes_one_step(corpus: Path, second: Path) -> None:
    """Each rollback goes back by one generation."""
    build.build(corpus, second, force=True)
    steps = [publish.rollback(second).name for _ in range(2)]
    assert steps == directory.names(second)[1::-1]


def test_rollback_from_the_first(second: Path) -> None:
    """Where there is none before the live one, nothing changes and it is told."""
    first = publish.rollback(second)
    with pytest.raises(IndexMissing, match="no generation before"):
        publish.rollback(second)
    assert directory.current(second) == first


def test_rollback_without_index(tmp_path: Path) -> None:
    """Without an index there is nothing to roll back to, and none comes to be by looking."""
    with pytest.raises(IndexMissing):
        publish.rollback(tmp_path / "index")
    assert not (tmp_path / "index").exists()


def test_rollback_to_a_damaged_one(second: Path) -> None:
    """A generation that is not as it was written is not made live again."""
    first, last = directory.names(second)
    (directory.load(second, first).folder / "digests.zst").unlink()
    with pytest.raises(IndexOutdated, match=r"digests\.zst is missing"):
        publish.rollback(second)
    assert directory.current_name(second) == last


def test_one_that_was_rolled_back_from_is_in_no_past(corpus: Path, second: Path) -> None:
    """A build after a rollback has a number of its own, and what was rolled back from goes."""
    first = publish.rollback(second).name
    third = build.build(corpus, second, force=True).generation.name
    assert third.startswith("000003-")
    assert directory.names(second) == [first, third]
    assert directory.lineage(second, third) == [third, first]
    assert publish.rollback(second).name == first


def test_what_does_not_read_back_is_not_published(
    corpus: Path, index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A generation that the disk has not kept as it was written does not become live."""

    def spoil(path: Path) -> None:
        if path.name == "manifest.json":  # which is written when all is hashed
            (path.parent / "digests.zst").write_bytes(b"{}")

    monkeypatch.setattr(fsync, "sync", spoil)
    before = directory.current_name(index)
    with pytest.raises(IndexOutdated) as caught:
        build.build(corpus, index, force=True)
    damaged = "what was written is damaged: digests.zst is not as it was written"
    assert (caught.value.what, caught.value.hint) == (damaged, "Build again")
    assert directory.current_name(index) == before
    assert directory.names(index) == [before]


@pytest.mark.parametrize(
    ("wrong", "before"),
    [(0, "000003"), (1, "000002"), (2, "000001")],
    ids=["last", "middle", "first"],
)
def test_lineage_behind_a_manifest_that_can_not_be_read(
    corpus: Path, second: Path, wrong: int, before: str
) -> None:
    """Where a manifest can't be read, the names say what was before; what is missing ends it."""
    build.build(corpus, second, force=True)
    names = directory.names(second)[::-1]
    (second / "generations" / names[wrong] / "manifest.json").write_bytes(b"{")
    assert directory.lineage(second, names[0]) == names
    assert names[wrong].startswith(before)
    assert directory.lineage(second, "000009-none") == []


def test_what_is_published_is_where_it_says(corpus: Path, index: Path) -> None:
    """What a build gives back is the live generation, with its folder and manifest."""
    made = build.build(corpus, index, force=True).generation
    assert made == directory.current(index)
    assert made.folder == index / "generations" / made.name
    assert made.folder.is_dir()


def told(error: pytest.ExceptionInfo[IndexUnusable]) -> tuple[str, str]:
    """What an error says: what is wrong, and what to do."""
    return error.value.what, error.value.hint


def test_what_is_told_of_damage(second: Path) -> None:
    """All files that are not as written are told, with what to do."""
    live = directory.current(second)
    for file in ("facets.seg", "words.seg"):
        (live.segment / file).unlink()
    with pytest.raises(IndexOutdated) as caught:
        directory.verified(second, live.name)
    wrong = "segment/facets.seg is missing; segment/words.seg is missing"
    assert told(caught) == (
        f"the generation {live.name} is damaged: {wrong}",
        "Run: pubsearch build, or pubsearch rollback",
    )


def test_what_is_told_of_what_can_not_be_written(index: Path, tmp_path: Path) -> None:
    """An error of the disk is told with the index, what to do, and what became of the live one."""
    where = f"the index in {index} could not be written: the disk is full"
    full = OSError(28, "No space left on device")
    with pytest.raises(IndexUnwritten) as caught, publish.locked(index):
        raise full
    stays = "Free some space, and build again; the live index is as it was"
    assert told(caught) == (where, stays)

    def switched() -> None:
        (index / "CURRENT").write_text("000009-other\n", encoding="ascii")
        raise full

    with pytest.raises(IndexUnwritten) as caught, publish.locked(index):
        switched()
    goes = "a new index is live, and may be gone after a power cut"
    assert told(caught) == (where, f"Free some space, and build again; {goes}")
    with pytest.raises(IndexUnwritten) as caught, publish.locked(tmp_path / "new"):
        raise full
    assert told(caught)[1] == "Free some space, and build again"


def test_a_first_generation_that_can_not_be_published_is_no_index(
    corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the very first can't be made live, there is none: nothing points anywhere."""
    sync = fsync.sync

    def refuse(path: Path) -> None:
        if path.name == "CURRENT.new":
            raise OSError(5, "Input/output error")
        sync(path)

    monkeypatch.setattr(fsync, "sync", refuse)
    with pytest.raises(IndexUnwritten):
        build.build(corpus, tmp_path / "index")
    left = {each.name for each in (tmp_path / "index").iterdir()}
    assert left == {"ATTEMPT", "LOCK", "generations"}
    assert not list((tmp_path / "index" / "generations").iterdir())


def test_what_is_told_where_there_is_nothing_to_go_back_to(index: Path) -> None:
    """Going back from the only generation says how many are kept."""
    with pytest.raises(IndexMissing) as caught:
        publish.rollback(index)
    assert told(caught) == (
        f"there is no generation before {directory.current_name(index)}",
        "At most 3 are kept; build the corpus as it should be",
    )


def test_busy_while_another_process_builds(
    corpus: Path, index: Path, holder: subprocess.Popen[str]
) -> None:
    """While another process builds, a build and a rollback are refused with its number."""
    with pytest.raises(IndexBusy, match=f"process {holder.pid}, since"):
        build.build(corpus, index, force=True)
    with pytest.raises(IndexBusy):
        publish.rollback(index)
    assert len(directory.names(index)) == 1


def test_lock_ends_with_its_process(
    corpus: Path, index: Path, holder: subprocess.Popen[str]
) -> None:
    """A build that was killed holds nothing: the next one can begin."""
    holder.kill()
    holder.wait()
    assert build.build(corpus, index, force=True).status == "published"


def test_reading_needs_no_lock(index: Path, holder: subprocess.Popen[str]) -> None:
    """While a build is at work, the live generation can be read."""
    assert holder.poll() is None
    assert directory.current(index).manifest.publications == 5


def live(index: Path) -> Generation:
    """The live generation, which is as it was written."""
    found = directory.current(index)
    assert directory.damage(found) == []
    return found


def test_damage_names_a_changed_file(index: Path) -> None:
    """A single bit that is not as it was written is found, and its file named."""
    generation = live(index)
    segment = next(generation.segment.glob("*.seg"))
    data = bytearray(segment.read_bytes())
    data[len(data) // 2] ^= 1
    segment.write_bytes(data)
    assert directory.damage(generation) == [f"segment/{segment.name} is not as it was written"]


def test_damage_names_a_missing_file(index: Path) -> None:
    """A file that is gone is named."""
    generation = live(index)
    (generation.folder / "digests.zst").unlink()
    assert directory.damage(generation) == ["digests.zst is missing"]


def test_damage_names_a_cut_file(index: Path) -> None:
    """A file that was cut off is named."""
    generation = live(index)
    digests = generation.folder / "digests.zst"
    digests.write_bytes(digests.read_bytes()[:-1])
    assert directory.damage(generation) == ["digests.zst is not as it was written"]


def test_every_file_is_in_the_manifest(index: Path) -> None:
    """The manifest has the size and digest of every file of its generation but itself."""
    generation = live(index)
    files = {
        each.relative_to(generation.folder).as_posix()
        for each in generation.folder.rglob("*")
        if each.is_file()
    }
    assert files == {*generation.manifest.files, "manifest.json", "manifest.sha256"}


def test_switch_replaces_the_pointer_at_one_stroke(second: Path) -> None:
    """Who has opened the pointer before a switch reads the old name whole, others the new."""
    first, last = directory.names(second)
    with (second / "CURRENT").open(encoding="ascii") as opened:
        publish.switch(second, first)
        assert opened.read() == f"{last}\n"
    assert (second / "CURRENT").read_text(encoding="ascii") == f"{first}\n"


def test_switch_that_fails_leaves_the_pointer(
    second: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A switch that can't be made durable is not made."""

    def fail(path: Path) -> None:
        raise OSError(f"no space for {path}")

    monkeypatch.setattr(fsync, "sync", fail)
    live_before = directory.current_name(second)
    with pytest.raises(OSError, match="no space"):
        publish.switch(second, directory.names(second)[0])
    assert directory.current_name(second) == live_before


def test_the_next_build_cleans_what_dead_builds_left(corpus: Path, index: Path) -> None:
    """What a dead build left unfinished is gone before anything is read, changed or not."""
    left = index / "generations" / "000002-dead.partial"
    (left / "segment").mkdir(parents=True)
    (index / "CURRENT.new").touch()
    seen = []

    class Looks(Progress):
        def at(self, read: int) -> None:
            seen.append(left.exists() or (index / "CURRENT.new").exists())

    assert build.build(corpus, index, progress=Looks()).status == "unchanged"
    assert seen
    assert not any(seen)


def test_the_next_is_numbered_on(index: Path) -> None:
    """The next generation is empty and numbered after the last, and goes if it is not published."""
    with publish.begun(index) as partial:
        assert partial.name.startswith("000002-")
        assert [each.name for each in partial.iterdir()] == ["segment"]
    assert not partial.exists()
    assert len(directory.names(index)) == 1


def test_the_manifest_has_a_digest_of_its_own(index: Path) -> None:
    """Beside the manifest is its SHA-256, in a line that `sha256sum --check` takes."""
    folder = live(index).folder
    assert (folder / "manifest.sha256").read_text().endswith("  manifest.json\n")
    subprocess.run(["sha256sum", "--check", "manifest.sha256"], cwd=folder, check=True)


@pytest.mark.parametrize("line", [None, b"", b"0" * 64 + b"  manifest.json\n"])
def test_a_manifest_is_not_read_without_its_digest(line: bytes | None, index: Path) -> None:
    """Where the digest is missing or does not fit, the manifest is not read; a build mends it."""
    digest = directory.current(index).folder / "manifest.sha256"
    if line is None:
        digest.unlink()
    else:
        digest.write_bytes(line)
    with pytest.raises(IndexOutdated, match=r"manifest\.sha256.*\. Run: pubsearch build"):
        directory.current(index)


def test_a_manifest_that_was_changed_is_not_read(index: Path) -> None:
    """A manifest that is still one, but not the one that was written, makes the index outdated."""
    file = directory.current(index).folder / "manifest.json"
    file.write_bytes(file.read_bytes().replace(b'"publications": 5', b'"publications": 6'))
    with pytest.raises(IndexOutdated, match="do not fit"):
        directory.current(index)


def test_a_switch_that_can_not_be_flushed_is_undone(
    second: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If the folder of the pointer can't be flushed, what was live is so again."""
    flush, refused = os.fsync, iter([False, True])

    def refuse(descriptor: int) -> None:
        if next(refused, False):
            raise OSError(5, "Input/output error")
        flush(descriptor)

    monkeypatch.setattr(os, "fsync", refuse)
    first, last = directory.names(second)
    with pytest.raises(IndexUnwritten, match=r"the disk failed.*the live index is as it was"):
        publish.rollback(second)
    assert directory.current_name(second) == last
    assert publish.rollback(second).name == first


def test_a_first_switch_that_can_not_be_flushed_leaves_no_index(
    corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If a first generation was live for a moment only, there is none; the next build has one."""
    index, flush = tmp_path / "first", os.fsync
    refused: list[int] = []

    def refuse(descriptor: int) -> None:
        if (index / "CURRENT").exists() and not refused:
            refused.append(descriptor)
            raise OSError(5, "Input/output error")
        flush(descriptor)

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(IndexUnwritten, match="the disk failed"):
        build.build(corpus, index)
    assert len(refused) == 1
    assert not (index / "CURRENT").exists()
    assert len(directory.names(index)) == 1, "someone may be reading it"
    assert build.build(corpus, index).status == "published"
    assert directory.current_name(index) == directory.names(index)[-1]


def test_a_file_that_can_not_be_read_is_damage(
    corpus: Path, index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bad sector in the live generation is told like any damage, and a build mends it."""
    digests = fsync.digests

    def refuse(files: list[Path]) -> list[str]:
        if files[0].is_relative_to(first.folder):
            raise OSError(5, "Input/output error", str(files[0]))
        return digests(files)

    first = live(index)
    monkeypatch.setattr(fsync, "digests", refuse)
    assert "can't be read" in directory.damage(first)[0]
    assert build.build(corpus, index).status == "published"
    assert live(index).name != first.name
