"""The files of a folder: which there are, and how they are opened.

What stands in a folder need not be what it seems: links lead elsewhere, pipes never end. Only
files that lie in the folder are listed, and only files are opened.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from indexer.catalogue.limits import LIMITS, Limits, hint
from indexer.catalogue.records import Problem


def listed(folder: Path, report: Callable[[Problem], None], limits: Limits = LIMITS) -> list[Path]:
    """The files of a folder and those within it, in the order of their names.

    Names that begin with a dot are passed over. What can't be entered, what is neither file nor
    folder, what leads out of the folder or lies too deep in it is told.
    """

    def closed(error: OSError) -> None:
        place = shown(Path(error.filename).relative_to(folder))
        what = f"the folder can't be read: {error.strerror}"
        report(Problem(place, 0, what, "Nothing in it was read: check who may open it"))

    found: list[Path] = []
    for place, folders, files in os.walk(folder, onerror=closed):
        entered = set(folders)
        folders.clear()
        for name in sorted(each for each in (*entered, *files) if each[0] != "."):
            path = Path(place, name)
            if odd := _odd(path, folder, limits):
                report(Problem(shown(path.relative_to(folder)), 0, *odd))
            elif name in entered:
                folders.append(name)
            else:
                found.append(path)
    return sorted(found)


def _odd(path: Path, folder: Path, limits: Limits) -> tuple[str, str] | None:
    """What speaks against reading or entering what a path names, and what to do about it."""
    if leads_out(path, folder):
        return "it leads out of the corpus", "Copy here what it leads to: it was left out"
    try:
        mode = path.stat().st_mode
    except OSError:  # told when it is read
        return None
    is_folder = stat.S_ISDIR(mode) and not path.is_symlink()
    if is_folder and len(path.relative_to(folder).parts) > limits.deepest:
        return f"it lies more than {limits.deepest} folders deep", hint("deepest")
    if is_folder or stat.S_ISREG(mode):
        return None
    return "it is no file, and no folder of its own", "It was left out"


def shown(relative: Path) -> str:
    """A path as it can be printed on one line, without what a terminal would obey."""
    return "".join(each if each.isprintable() else "\ufffd" for each in relative.as_posix())


def leads_out(path: Path, folder: Path) -> bool:
    """Whether a path is a link to something outside a folder, which may be a link itself."""
    real = os.path.realpath
    return path.is_symlink() and not Path(real(path)).is_relative_to(real(folder))


def opened(path: Path) -> BinaryIO:
    """A file, open for reading. Raises OSError, for a pipe, a socket or a device too."""
    return open(path, "rb", opener=_opener)


def content(path: Path, most: int = -1) -> bytes:
    """Return the first bytes of a file, all by default. Raise OSError as `opened` does."""
    with opened(path) as stream:
        return stream.read(most)


def _opener(path: str, flags: int) -> int:
    # Opening a pipe waits for its other end, unless told not to.
    descriptor = os.open(path, flags | getattr(os, "O_NONBLOCK", 0))
    if stat.S_ISREG(os.fstat(descriptor).st_mode):
        return descriptor
    os.close(descriptor)
    raise OSError(errno.EINVAL, "it is no ordinary file", path)
