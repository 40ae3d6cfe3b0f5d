"""What is written is flushed with its name; what a disk refuses is told in words."""

from __future__ import annotations

import errno
import hashlib
import os
from pathlib import Path

import pytest

from indexer.generations import fsync

FULL = ("the disk is full", "Free some space, and build again")
CLOSED = ("access is denied", "Check who may read and write there, or name another --index")
TOLD = {
    errno.ENOSPC: FULL,
    errno.EDQUOT: FULL,
    errno.EACCES: CLOSED,
    errno.EPERM: CLOSED,
    errno.EROFS: (
        "its file system is read-only", "Mount it to be written to, or name another --index",
    ),
    errno.EIO: ("the disk failed", "Check the disk, then build again"),
    errno.EMFILE: ("Too many open files", "Mend that, and build again"),
}  # fmt: skip


@pytest.mark.parametrize(("number", "told"), TOLD.items())
def test_what_is_told_of_a_refusal(number: int, told: tuple[str, str]) -> None:
    """Why a disk did not take something is told, where that is known, and what to do."""
    what, hint = told
    assert fsync.refusal(OSError(number, os.strerror(number))) == told
    somewhere = OSError(number, os.strerror(number), "a/file")
    assert fsync.refusal(somewhere) == (f"{what} (a/file)", hint)


def test_an_error_without_a_number_is_told() -> None:
    """An error of another kind says what it says."""
    assert fsync.refusal(OSError("odd")) == ("odd", "Mend that, and build again")


@pytest.fixture
def flushed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of what is flushed, in order."""
    names: list[str] = []
    sync = fsync.sync

    def noted(path: Path) -> None:
        names.append(path.name)
        sync(path)

    monkeypatch.setattr(fsync, "sync", noted)
    return names


def test_a_folder_is_made_with_its_name(tmp_path: Path, flushed: list[str]) -> None:
    """Folders that are not there are made, from above, each name flushed; others are left alone."""
    wanted = tmp_path / "a" / "b"
    fsync.made(wanted)
    assert wanted.is_dir()
    assert flushed == [tmp_path.name, "a"]
    fsync.made(wanted)
    assert flushed == [tmp_path.name, "a"]


def test_a_folder_that_another_makes_meanwhile_is_no_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where two make a folder at a time, both have it."""
    is_dir, seen = Path.is_dir, list[Path]()

    def late(path: Path) -> bool:
        seen.append(path)
        if seen == [path]:
            path.mkdir()  # the other one
            return False
        return is_dir(path)

    monkeypatch.setattr(Path, "is_dir", late)
    fsync.made(tmp_path / "a")
    assert (tmp_path / "a").exists()


def test_files_are_hashed_and_flushed(tmp_path: Path, flushed: list[str]) -> None:
    """Each file has the SHA-256 of its bytes, in the order of the files, and each was flushed."""
    files = [tmp_path / name for name in "cab"]
    for number, file in enumerate(files):
        file.write_bytes(bytes(range(256)) * 5000 * number)
    wanted = [hashlib.sha256(each.read_bytes()).hexdigest() for each in files]
    assert fsync.digests(files) == wanted
    assert flushed == []
    assert fsync.flushed(files) == wanted
    assert sorted(flushed) == ["a", "b", "c"]
    assert fsync.flushed([]) == []


def test_what_a_flush_raises_is_raised(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where one of several files can't be flushed, that is an error."""
    files = [tmp_path / name for name in "abc"]
    for file in files:
        file.touch()

    def fails(path: Path) -> None:
        if path.name == "b":
            raise OSError(errno.EIO, "gone")

    monkeypatch.setattr(fsync, "sync", fails)
    with pytest.raises(OSError, match="gone"):
        fsync.flushed(files)


def test_no_descriptor_stays_open(tmp_path: Path) -> None:
    """What was held to be flushed is closed, whatever comes between."""
    before = len(list(Path("/proc/self/fd").iterdir()))
    with pytest.raises(ZeroDivisionError), fsync.held(tmp_path):
        raise ZeroDivisionError
    fsync.sync(tmp_path)
    assert len(list(Path("/proc/self/fd").iterdir())) == before
