"""List and open the files of a folder safely.

Links may lead out of the folder, and pipes may never end. Only regular files inside the folder
are listed, and only regular files are opened.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable
from io import BufferedReader
from pathlib import Path

from indexer.catalogue.limits import LIMITS, Limits, hint
from indexer.catalogue.records import Problem


def listed(folder: Path, report: Callable[[Problem], None], limits: Limits = LIMITS) -> list[Path]:
    """Return the files of a folder and its subfolders, sorted by path.

    Names that start with a dot are skipped. A folder that is unreadable or nested too deep is
    reported as a problem. So is a path that leads out or is neither a file nor a folder.
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
    """Return why a path is left out, and a hint; None if it is not."""
    if leads_out(path, folder):
        return "it leads out of the corpus", "Copy here what it leads to: it was left out"
    try:
        mode = path.stat().st_mode
    except OSError:  # reported when the file is read
        return None
    is_folder = stat.S_ISDIR(mode) and not path.is_symlink()
    if is_folder and len(path.relative_to(folder).parts) > limits.deepest:
        return f"it lies more than {limits.deepest} folders deep", hint("deepest")
    if is_folder or stat.S_ISREG(mode):
        return None
    return "it is no file, and no folder of its own", "It was left out"


def shown(relative: Path) -> str:
    """Return a path that is safe to print: without line breaks and control characters."""
    return "".join(each if each.isprintable() else "\ufffd" for each in relative.as_posix())


def leads_out(path: Path, folder: Path) -> bool:
    """Return whether a path is a link out of a folder. The folder may be a link itself."""
    real = os.path.realpath
    return path.is_symlink() and not Path(real(path)).is_relative_to(real(folder))


def opened(path: Path) -> BufferedReader:
    """Open a file for reading. Raise OSError, also for a pipe, a socket, or a device."""
    return open(path, "rb", opener=_opener)


def content(path: Path, most: int = -1) -> bytes:
    """Return the first `most` bytes of a file, or all. Raise OSError as `opened` does."""
    with opened(path) as stream:
        return stream.read(most)


def _opener(path: str, flags: int) -> int:
    # Without O_NONBLOCK, opening a pipe waits for its other end.
    descriptor = os.open(path, flags | getattr(os, "O_NONBLOCK", 0))
    if stat.S_ISREG(os.fstat(descriptor).st_mode):
        return descriptor
    os.close(descriptor)
    raise OSError(errno.EINVAL, "it is no ordinary file", path)
