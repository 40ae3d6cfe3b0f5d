"""Durable writes, file digests, and disk errors in words.

Flushing a file makes its bytes durable. Flushing its folder makes its name durable.
"""

import errno
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from hashlib import file_digest
from pathlib import Path

_FULL = ("the disk is full", "Free some disk space, and try again")
_CLOSED = ("access is denied", "Check the permissions there, or use another folder")
_MESSAGES = {
    errno.ENOSPC: _FULL,
    errno.EDQUOT: _FULL,
    errno.EACCES: _CLOSED,
    errno.EPERM: _CLOSED,
    errno.EROFS: (
        "its file system is read-only",
        "Mount it with write access, or use another folder",
    ),
    errno.EBUSY: ("it is in use, perhaps as a mount point", "Use another folder"),
    errno.EIO: ("the disk failed", "Check the disk, then try again"),
}


def describe_os_error(error: OSError) -> tuple[str, str]:
    """Return the reason of a disk error with the file concerned, and a hint."""
    unknown = error.strerror or str(error), "Fix this, and try again"
    message, hint = _MESSAGES.get(error.errno or 0, unknown)
    return f"{message} ({error.filename})" if error.filename else message, hint


def describe_error(error: Exception) -> str:
    """Return an error of a build in one line: a disk error with its hint, any other as it is."""
    return ". ".join(describe_os_error(error)) if isinstance(error, OSError) else str(error)


@contextmanager
def open_descriptor(path: Path) -> Iterator[int]:
    """Open a file or folder and yield its descriptor, which can be flushed later."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def sync(path: Path) -> None:
    """Flush a file, or the names in a folder, to the disk."""
    with open_descriptor(path) as descriptor:
        os.fsync(descriptor)


def make_folder(folder: Path) -> None:
    """Create a folder and its missing parents, and flush their names."""
    if not folder.is_dir():
        make_folder(folder.parent)
        folder.mkdir(exist_ok=True)
        sync(folder.parent)


def compute_digests(files: Sequence[Path]) -> list[str]:
    """Return the SHA-256 of each file in hexadecimal. The files are read in parallel."""
    with ThreadPoolExecutor() as threads:
        return list(threads.map(_compute_digest, files))


def flush_and_digest(files: Sequence[Path]) -> list[str]:
    """Return the SHA-256 of each file, and flush the files to the disk at the same time."""
    with ThreadPoolExecutor(max(len(files), 1)) as threads:
        flushing = threads.map(sync, files)
        digests = compute_digests(files)
        list(flushing)  # a failed flush raises its error here
        return digests


def _compute_digest(file: Path) -> str:
    with file.open("rb") as stream:
        return file_digest(stream, "sha256").hexdigest()
