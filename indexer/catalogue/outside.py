"""Permission to read files outside a corpus folder.

A corpus folder may come from anyone, so it can't give the permission itself. The user gives it: by
`pubsearch import --in-place`, which notes what the folder may name in the user's own state folder,
or by PUBSEARCH_OUTSIDE, which lists folders that every corpus may read. A folder that a command has
just written for itself needs no note.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from hashlib import sha256
from itertools import takewhile
from pathlib import Path

import msgspec
import platformdirs

VARIABLE = "PUBSEARCH_OUTSIDE"
"""The variable with the folders that any corpus may read, separated as those of PATH are."""
_NEVER = ("/proc", "/sys", "/dev")
"""Folders of the system, whose files are the state of processes and devices."""
_GLOB = frozenset("*?[")
"""Characters that make a path a glob."""
_for_now: dict[str, set[str]] = {}
"""The names that folders may use until the end of this process."""


def find_fault(
    name: str, folder: Path, environment: Mapping[str, str] = os.environ
) -> tuple[str, str] | None:
    """Return why a corpus folder may not name a file, folder, or glob, and a hint; None if it may.

    Every path in the corpus folder is allowed.
    """
    start = folder / find_start(Path(name))
    path = Path(os.path.realpath(start))
    # A link such as /proc/self/cwd may lead back. POSIX allows two slashes at the start.
    written = Path("/", os.path.normpath(start).lstrip("/"))
    if any(
        each.is_relative_to(never) or Path(never).is_relative_to(each)
        for never in _NEVER
        for each in (path, written)
    ):
        message = f"{name!r} is in a folder of the system, or contains one"
        return message, "Copy the data into the corpus folder"
    stated = (each for each in environment.get(VARIABLE, "").split(os.pathsep) if each)
    allowed = [os.path.realpath(folder), *map(os.path.realpath, stated)]
    named = _load_noted(folder) | _for_now.get(os.path.realpath(folder), set())
    if any(path.is_relative_to(each) for each in allowed) or name in named:
        return None
    return (
        f"{name!r} is outside the corpus folder, and you have not allowed to read it",
        f"If it may be published, add its folder to {VARIABLE}. Otherwise remove it from this file",
    )


def find_start(path: Path) -> Path:
    """Return a path itself, or the folder in which a glob begins."""
    # Unlike Path.exists, this raises no error for a name that is too long.
    is_path = os.path.exists(path)  # noqa: PTH110
    return path if is_path else Path(*takewhile(_GLOB.isdisjoint, path.parts))


def allow(folder: Path, names: Iterable[str]) -> None:
    """Let a corpus folder name absolute paths and globs, and note it. Raise OSError."""
    added = {name for name in names if Path(name).is_absolute()} - _load_noted(folder)
    if added:
        file = _find_notes(folder)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(msgspec.json.encode(sorted(_load_noted(folder) | added)))


def forget(folder: Path) -> None:
    """Remove the note on a corpus folder, because the folder is a new one. Raise OSError."""
    if _load_noted(folder):
        _find_notes(folder).unlink()


def allow_for_now(folder: Path, names: Iterable[str]) -> None:
    """Let a corpus folder name absolute paths and globs until the end of this process."""
    _for_now.setdefault(os.path.realpath(folder), set()).update(names)


def _find_notes(folder: Path) -> Path:
    name = sha256(os.fsencode(os.path.realpath(folder))).hexdigest()
    return platformdirs.user_state_path("pubsearch", appauthor=False) / "outside" / f"{name}.json"


def _load_noted(folder: Path) -> set[str]:
    """Return the names that the user allowed a folder, or none if they can't be read."""
    try:
        return msgspec.json.decode(_find_notes(folder).read_bytes(), type=set[str])
    except (OSError, msgspec.DecodeError):
        return set()
