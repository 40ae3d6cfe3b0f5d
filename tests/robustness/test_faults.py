"""A build reports a disk error in one line with a hint, cleans up, and loses nothing."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from indexer.codec.segment.array_file import ArrayFileWriter, Spool
from indexer.generations import directory, fsync, manifest, publish
from indexer.jobs import build
from tests.robustness import faults
from tests.robustness.place import Place, live
from tests.robustness.progress import Counts, chance
from tests.robustness.runner import Runner
from tests.samples import article, page

SAMPLE = 30


def test_any_call_may_fail(place: Place, traced: Runner) -> None:
    """After any disk error a build reports one line, leaves no files, and changes nothing."""
    every, counts = faults.faults(place, traced), Counts()
    for fault in chance(1, "quick faults", 0).sample(every, SAMPLE):
        counts.add(faults.refuse(place, traced, fault))
    assert counts.wrong == []
    assert counts.faults == SAMPLE


@pytest.mark.parametrize(
    "fault",
    [
        faults.Fault("mkdir", 3, "ENOSPC", onwards=False),
        faults.Fault("fsync", 7, "EIO", onwards=False),
        faults.Fault("openat", 8, "EIO", onwards=True),
        faults.Fault("rename", 4, "EIO", onwards=True),
        faults.Fault("write", 1, "ENOSPC", onwards=False),
    ],
    ids=lambda fault: f"{fault.name} {fault.ordinal}{'+' if fault.onwards else ''} {fault.error}",
)
def test_known_faults_are_handled(fault: faults.Fault, place: Place, traced: Runner) -> None:
    """Builds clean up after the faults that were once handled wrongly."""
    assert faults.refuse(place, traced, fault).wrong == []


def write(corpus: Path, count: int) -> None:
    """Write a page with `count` publications."""
    articles = [article(f"Number {number} about crime") for number in range(count)]
    (corpus / "many.html").write_text(page(articles), encoding="utf-8")


@pytest.mark.parametrize("full", [True, False], ids=["full", "read-only"])
def test_a_full_or_read_only_disk_is_reported(
    full: bool, corpus: Path, small_disk: Path, runner: Runner
) -> None:
    """A build on a full or read-only disk reports it in one line and keeps the live index."""
    index = small_disk / "index"
    build.build(corpus, index)
    before = live(index)
    write(corpus, 3000)
    if not full:
        subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)
    ended = runner.run(["build", "--corpus", corpus, "--index", index])
    assert ended.status == 1
    what = "the disk is full" if full else "its file system is read-only"
    assert ended.said.startswith(f"pubsearch: the index in {index} could not be written: {what}")
    assert ended.said.endswith("; the live index is unchanged\n")
    assert ended.said.count("\n") == 1
    assert live(index) == before
    assert len(list((index / "generations").iterdir())) == 1
    if full:
        write(corpus, 3)
        assert build.build(corpus, index).changes.added == 3


def refuse_flushes(monkeypatch: pytest.MonkeyPatch, refused: Callable[[Path], bool]) -> None:
    """Make fsync fail for some paths."""
    sync = fsync.sync

    def refuse(path: Path) -> None:
        if refused(path):
            raise OSError(5, "Input/output error", str(path))
        sync(path)

    monkeypatch.setattr(fsync, "sync", refuse)


def test_a_generation_that_cannot_be_flushed_is_not_published(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If the folder of generations cannot be flushed, the new generation is removed."""
    place.restore()
    refuse_flushes(monkeypatch, lambda path: path.name == "generations")
    with pytest.raises(manifest.IndexWriteError, match=r"the disk failed .*/generations"):
        build.build(place.corpus, place.index)
    assert live(place.index) == place.old
    assert list(place.leftovers()) == []
    assert len(directory.list_names(place.index)) == publish.KEEP_GENERATIONS


def fill(disk: Path) -> None:
    """Fill a disk completely."""
    with suppress(OSError), (disk / "filling").open("wb", buffering=0) as filling:
        while True:
            filling.write(bytes(4096))


def test_an_interrupt_is_not_hidden_by_a_write_error(
    small_disk: Path,
) -> None:
    """A write error during cleanup after Ctrl-C does not replace KeyboardInterrupt."""
    fill(small_disk)
    spool = Spool(small_disk, "<i4")
    spool._file.write(b"rest")
    spool.close()
    with pytest.raises(KeyboardInterrupt), ArrayFileWriter(small_disk / "arrays"):
        raise KeyboardInterrupt
