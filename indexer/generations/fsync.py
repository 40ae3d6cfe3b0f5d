"""What is written stays written: flushed and read back; and what a disk refuses, told in a line.

A name is on the disk once its folder was flushed, the bytes of a file once the file was.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from hashlib import file_digest
from pathlib import Path

_FULL = ("the disk is full", "Free some space, and build again")
_CLOSED = ("access is denied", "Check who may read and write there, or name another --index")
_REFUSALS = {
    errno.ENOSPC: _FULL,
    errno.EDQUOT: _FULL,
    errno.EACCES: _CLOSED,
    errno.EPERM: _CLOSED,
    errno.EROFS: (
        "its file system is read-only", "Mount it to be written to, or name another --index",
    ),
    errno.EBUSY: ("it is in use, perhaps as a mount point", "Name another folder"),
    errno.EIO: ("the disk failed", "Check the disk, then build again"),
}  # fmt: skip


def refusal(error: OSError) -> tuple[str, str]:
    """Why the disk did not take something, and where; and what to do."""
    what, hint = _REFUSALS.get(
        error.errno or 0, (error.strerror or str(error), "Mend that, and build again")
    )
    return f"{what} ({error.filename})" if error.filename else what, hint


@contextmanager
def held(path: Path) -> Iterator[int]:
    """A descriptor of a file or folder, to flush it by, whatever comes between."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def sync(path: Path) -> None:
    """Flushes a file, or the names in a folder, to the disk."""
    with held(path) as descriptor:
        os.fsync(descriptor)


def made(folder: Path) -> None:
    """Makes a folder, and those it lies in, if they are not there; their names are flushed."""
    if not folder.is_dir():
        made(folder.parent)
        folder.mkdir(exist_ok=True)
        sync(folder.parent)


def digests(files: Sequence[Path]) -> list[str]:
    """The SHA-256 of each file, several at a time."""
    with ThreadPoolExecutor() as threads:
        return list(threads.map(_digest, files))


def flushed(files: Sequence[Path]) -> list[str]:
    """The same, while the files are flushed to the disk."""
    with ThreadPoolExecutor(max(len(files), 1)) as threads:
        flushing = threads.map(sync, files)
        found = digests(files)
        list(flushing)  # raises what a flush raised
        return found


def _digest(file: Path) -> str:
    with file.open("rb") as stream:
        return file_digest(stream, "sha256").hexdigest()
