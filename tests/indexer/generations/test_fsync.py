"""Written files are flushed with their names, and disk errors are explained."""

import errno
import hashlib
import os
from pathlib import Path

import pytest

from indexer.generations import fsync

FULL = ("the disk is full", "Free some disk space, and try again")
CLOSED = ("access is denied", "Check the permissions there, or use another folder")
TOLD = {
    errno.ENOSPC: FULL,
    errno.EDQUOT: FULL,
    errno.EACCES: CLOSED,
    errno.EPERM: CLOSED,
    errno.EROFS: (
        "its file system is read-only", "Mount it with write access, or use another folder",
    ),
    errno.EIO: ("the disk failed", "Check the disk, then try again"),
    errno.EMFILE: ("Too many open files", "Fix this, and try again"),
}  # fmt: skip


@pytest.mark.parametrize(("number", "told"), TOLD.items())
def test_a_disk_error_is_explained(number: int, told: tuple[str, str]) -> None:
    what, hint = told
    assert fsync.describe_os_error(OSError(number, os.strerror(number))) == told
    somewhere = OSError(number, os.strerror(number), "a/file")
    assert fsync.describe_os_error(somewhere) == (f"{what} (a/file)", hint)


def test_an_error_without_a_number_is_printed() -> None:
    assert fsync.describe_os_error(OSError("odd")) == ("odd", "Fix this, and try again")


@pytest.fixture
def flushed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the names of flushed paths in order."""
    names: list[str] = []
    sync = fsync.sync

    def noted(path: Path) -> None:
        names.append(path.name)
        sync(path)

    monkeypatch.setattr(fsync, "sync", noted)
    return names


def test_a_folder_is_created_and_its_name_flushed(tmp_path: Path, flushed: list[str]) -> None:
    wanted = tmp_path / "a" / "b"
    fsync.make_folder(wanted)
    assert wanted.is_dir()
    assert flushed == [tmp_path.name, "a"]
    fsync.make_folder(wanted)
    assert flushed == [tmp_path.name, "a"]


def test_a_folder_created_meanwhile_is_no_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_dir, seen = Path.is_dir, list[Path]()

    def late(path: Path) -> bool:
        seen.append(path)
        if seen == [path]:
            path.mkdir()  # the other process
            return False
        return is_dir(path)

    monkeypatch.setattr(Path, "is_dir", late)
    fsync.make_folder(tmp_path / "a")
    assert (tmp_path / "a").exists()


def test_files_are_hashed_and_flushed(tmp_path: Path, flushed: list[str]) -> None:
    files = [tmp_path / name for name in "cab"]
    for number, file in enumerate(files):
        file.write_bytes(bytes(range(256)) * 5000 * number)
    wanted = [hashlib.sha256(each.read_bytes()).hexdigest() for each in files]
    assert fsync.compute_digests(files) == wanted
    assert flushed == []
    assert fsync.flush_and_digest(files) == wanted
    assert sorted(flushed) == ["a", "b", "c"]
    assert fsync.flush_and_digest([]) == []


def test_an_error_of_a_flush_is_raised(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = [tmp_path / name for name in "abc"]
    for file in files:
        file.touch()

    def fails(path: Path) -> None:
        if path.name == "b":
            raise OSError(errno.EIO, "gone")

    monkeypatch.setattr(fsync, "sync", fails)
    with pytest.raises(OSError, match="gone"):
        fsync.flush_and_digest(files)


def test_no_descriptor_stays_open(tmp_path: Path) -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    with pytest.raises(ZeroDivisionError), fsync.open_descriptor(tmp_path):
        raise ZeroDivisionError
    fsync.sync(tmp_path)
    assert len(list(Path("/proc/self/fd").iterdir())) == before
