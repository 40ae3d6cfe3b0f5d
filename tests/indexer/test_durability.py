"""What a disk refuses is told with what to do, and what is made is flushed."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from indexer import durability


@pytest.mark.parametrize(
    ("number", "what", "hint"),
    [
        (errno.ENOSPC, "the disk is full (some/file)", "Free some space, and build again"),
        (errno.EDQUOT, "the disk is full (some/file)", "Free some space, and build again"),
        (errno.EACCES, "it may not be written to (some/file)", "Check who may write there"),
        (errno.EPERM, "it may not be written to (some/file)", "Check who may write there"),
        (errno.EROFS, "its file system is read-only (some/file)", "Mount it to be written to"),
        (errno.EIO, "the disk failed (some/file)", "Check the disk"),
        (errno.EMFILE, "Too many open files (some/file)", "Mend that, and build again"),
    ],
)
def test_a_refusal_says_why_where_and_what_to_do(number: int, what: str, hint: str) -> None:
    """Each error is told in words, with the file that it was about, and something to do."""
    told = durability.refusal(OSError(number, os.strerror(number), "some/file"))
    assert told[0] == what
    assert told[1].startswith(hint)


def test_an_error_without_a_number_is_told_as_it_is() -> None:
    """What the system did not number, and says of no file, is told in its own words."""
    assert durability.refusal(ChildProcessError("it was killed"))[0] == "it was killed"


def test_the_names_of_new_folders_are_flushed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of each folder that is made, the one in which its name stands is flushed; of others none."""
    flushed: list[Path] = []
    monkeypatch.setattr(durability, "sync", flushed.append)
    durability.made(tmp_path / "a" / "b")
    durability.made(tmp_path / "a")
    assert flushed == [tmp_path, tmp_path / "a"]
    assert (tmp_path / "a" / "b").is_dir()
