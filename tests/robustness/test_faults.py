"""A build reports a disk error in one line with a hint, cleans up, and loses nothing.

Each writing call of a build on the index fails, once or from then on. A failure after the new index
is live, while old generations are removed, must not undo the publication.
"""

import os
import re
import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import pytest

from indexer.codec.segment.array_file import ArrayFileWriter, Spool
from indexer.generations import directory, fsync, manifest, publish
from indexer.jobs import build
from tests.robustness import calls
from tests.robustness.calls import Call
from tests.robustness.place import IS_LONG, Place, chance, live
from tests.robustness.runner import Ended, Runner
from tests.samples import article, page

SAMPLE = 30
SAID = {"ENOSPC": "the disk is full", "EIO": "the disk failed", "EROFS": "is read-only"}
"""Part of the expected error message, by error code."""
REMOVING = frozenset({"unlink", "unlinkat", "rmdir", "rename"})


class Fault(NamedTuple):
    """A failing call: its name, ordinal, and error, and whether all later calls fail too."""

    name: str
    ordinal: int
    error: str
    onwards: bool

    @property
    def spoils_cleaning(self) -> bool:
        """Return whether the cleanup may fail too, or the state of the disk is uncertain."""
        return self.name in REMOVING or self.onwards


def list_faults(place: Place, runner: Runner) -> list[Fault]:
    place.restore()
    found = calls.recorded(runner, place.arguments, place.folder / "log")
    which = sorted({(each.name, each.ordinal) for each in found if _concerns(each, place)})
    return [
        Fault(*call, error, onwards)
        for call in which
        for error in SAID
        for onwards in (False, True)
    ]


def _concerns(call: Call, place: Place) -> bool:
    return call.makes and not call.failed and str(place.index) in call.line


def refuse(place: Place, runner: Runner, fault: Fault) -> list[str]:
    place.restore()
    when = f"{fault.ordinal}{'+' if fault.onwards else ''}"
    inject = f"inject={fault.name}:error={fault.error}:when={when}"
    trace = ["-o", os.devnull, "-e", f"trace={fault.name}", "-e", inject]
    wrong: list[str] = []
    with place.query_meanwhile(wrong):
        ended = runner.run(place.arguments, trace)
    wrong += [*place.standing(), *_misled(place, ended, fault)]
    if ended.status and not fault.spoils_cleaning:
        # A published generation whose fsync failed stays for its readers.
        wrong += place.leftovers(publish.KEEP_GENERATIONS + (fault.name == "fsync"))
    wrong += place.recovery()
    return [f"{fault}: {each}" for each in wrong]


def _misled(place: Place, ended: Ended, fault: Fault) -> Iterator[str]:
    is_new = live(place.index) == place.new
    if not ended.status:
        if not is_new or ended.said:
            yield f"it ended well, without publishing: {ended.said}"
        return
    if is_new and not fault.onwards:
        yield "what could not be written to the end is live"
    if fault.name == "write" and fault.onwards and ended == (1, ""):
        return  # no message can be written if every write fails
    stands = "a power cut may undo it" if is_new else "the live index is unchanged"
    expected = re.escape(SAID[fault.error]) + ".*" + re.escape(stands)
    if ended.status != 1 or not re.fullmatch(f"pubsearch: [^\n]*{expected}\n", ended.said):
        yield f"exit status {ended.status}, and this was said: {ended.said}"


@pytest.mark.thorough
def test_any_call_may_fail(place: Place, traced: Runner) -> None:
    every = list_faults(place, traced)
    some = every if IS_LONG else chance("faults", 0).sample(every, SAMPLE)
    assert [each for fault in some for each in refuse(place, traced, fault)] == []


@pytest.mark.parametrize(
    "fault",
    [
        Fault("mkdir", 3, "ENOSPC", onwards=False),
        Fault("fsync", 7, "EIO", onwards=False),
        Fault("openat", 8, "EIO", onwards=True),
        Fault("rename", 4, "EIO", onwards=True),
        Fault("write", 1, "ENOSPC", onwards=False),
    ],
    ids=lambda fault: f"{fault.name} {fault.ordinal}{'+' if fault.onwards else ''} {fault.error}",
)
def test_known_faults_are_handled(fault: Fault, place: Place, traced: Runner) -> None:
    """Builds clean up after the faults that were once handled wrongly."""
    assert refuse(place, traced, fault) == []


def write(corpus: Path, count: int) -> None:
    """Write a page with `count` publications."""
    articles = [article(f"Number {number} about crime") for number in range(count)]
    (corpus / "many.html").write_text(page(articles), encoding="utf-8")


@pytest.mark.parametrize("full", [True, False], ids=["full", "read-only"])
def test_a_full_or_read_only_disk_is_reported(
    full: bool, corpus: Path, small_disk: Path, runner: Runner
) -> None:
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
    sync = fsync.sync

    def refuse(path: Path) -> None:
        if refused(path):
            raise OSError(5, "Input/output error", str(path))
        sync(path)

    monkeypatch.setattr(fsync, "sync", refuse)


def test_a_generation_that_cannot_be_flushed_is_not_published(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.restore()
    refuse_flushes(monkeypatch, lambda path: path.name == "generations")
    with pytest.raises(manifest.IndexWriteError, match=r"the disk failed .*/generations"):
        build.build(place.corpus, place.index)
    assert live(place.index) == place.old
    assert list(place.leftovers()) == []
    assert len(directory.list_names(place.index)) == publish.KEEP_GENERATIONS


def fill(disk: Path) -> None:
    with suppress(OSError), (disk / "filling").open("wb", buffering=0) as filling:
        while True:
            filling.write(bytes(4096))


def test_an_interrupt_is_not_hidden_by_a_write_error(small_disk: Path) -> None:
    fill(small_disk)
    spool = Spool(small_disk, "<i4")
    spool._file.write(b"rest")
    spool.close()
    with pytest.raises(KeyboardInterrupt), ArrayFileWriter(small_disk / "arrays"):
        raise KeyboardInterrupt
