"""Durable writes, file digests, and disk errors in words.

Flushing a file makes its bytes durable. Flushing its folder makes its name durable.
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
    """Return the reason of a disk error with the file concerned, and a hint."""
    what, hint = _REFUSALS.get(
        error.errno or 0, (error.strerror or str(error), "Mend that, and build again")
    )
    return f"{what} ({error.filename})" if error.filename else what, hint


@contextmanager
def held(path: Path) -> Iterator[int]:
    """Open a file or folder and yield its descriptor, which can be flushed later."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def sync(path: Path) -> None:
    """Flush a file, or the names in a folder, to the disk."""
    with held(path) as descriptor:
        os.fsync(descriptor)


def made(folder: Path) -> None:
    """Create a folder and its missing parents, and flush their names."""
    if not folder.is_dir():
        made(folder.parent)
        folder.mkdir(exist_ok=True)
        sync(folder.parent)


def digests(files: Sequence[Path]) -> list[str]:
    """Return the SHA-256 of each file in hexadecimal. The files are read in parallel."""
    with ThreadPoolExecutor() as threads:
        return list(threads.map(_digest, files))


def flushed(files: Sequence[Path]) -> list[str]:
    """Return the SHA-256 of each file, and flush the files to the disk at the same time."""
    with ThreadPoolExecutor(max(len(files), 1)) as threads:
        flushing = threads.map(sync, files)
        found = digests(files)
        list(flushing)  # a failed flush raises its error here
        return found


def _digest(file: Path) -> str:
    with file.open("rb") as stream:
        return file_digest(stream, "sha256").hexdigest()
