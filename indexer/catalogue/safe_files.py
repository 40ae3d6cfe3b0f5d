"""List and open the files of a folder safely, and permit a corpus folder to name others.

Links may lead out of the folder, and pipes may never end. Only regular files inside the folder
are listed, and only regular files are opened.

A corpus folder may come from anyone, so it can't give itself the permission to read other files.
The user gives it: by `pubsearch import --in-place`, which notes what the folder may name in the
user's own state folder, or by PUBSEARCH_OUTSIDE, which lists folders that every corpus may read. A
folder that a command has just written for itself needs no note.
"""

import errno
import os
import stat
from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from hashlib import sha256
from io import BufferedReader
from itertools import takewhile
from pathlib import Path, PurePath

import msgspec
import platformdirs

from indexer.analysis.cleaning import replace_unprintable
from indexer.catalogue.limits import LIMITS, Limits, suggest_raising
from indexer.catalogue.records import Problem, Report

UNPRINTABLE = "its name has a character that can't be printed", "Rename it. The file was left out"
"""The problem of a file whose path can't be written into a text, and a hint."""
OUTSIDE_VARIABLE = "PUBSEARCH_OUTSIDE"
"""The variable with the folders that any corpus may read, separated as those of PATH are."""
_NEVER = ("/proc", "/sys", "/dev")
"""Folders of the system, whose files are the state of processes and devices."""
_GLOB = frozenset("*?[")
"""Characters that make a path a glob."""
_for_now: dict[str, set[str]] = {}
"""The names that folders may use until the end of this process."""


def list_files(folder: Path, report: Report, limits: Limits = LIMITS) -> list[Path]:
    """Return the files of a folder and its subfolders, sorted by path.

    Names that start with a dot are skipped. A folder that is unreadable or nested too deep is
    reported as a problem. So is a path that leads out or is neither a file nor a folder.
    """

    def report_unreadable(error: OSError) -> None:
        place = printable_path(Path(error.filename).relative_to(folder))
        report(_make_unreadable(place, error))

    paths: list[Path] = []
    for place, folders, files in os.walk(folder, onerror=report_unreadable):
        folder_names = set(folders)
        folders.clear()
        for name in sorted(name for name in (*folder_names, *files) if name[0] != "."):
            path = Path(place, name)
            if unusual := describe_unusual(path, folder, limits):
                report(Problem(printable_path(path.relative_to(folder)), 0, *unusual))
            elif name in folder_names:
                folders.append(name)
            else:
                paths.append(path)
    return sorted(paths)


def list_outside(folder: Path, report: Report, limits: Limits = LIMITS) -> list[Path]:
    """Return files as `list_files`, outside the corpus. Problems have absolute paths."""

    def report_absolute(problem: Problem) -> None:
        report(msgspec.structs.replace(problem, file=str(folder.absolute() / problem.file)))

    return list_files(folder, report_absolute, limits)


def match_files(folder: Path, glob: PurePath, report: Report) -> list[Path]:
    """Return the files of a folder that match a relative glob, sorted by path.

    `**` matches any number of folders. Names that start with a dot are skipped, and no link to a
    folder is followed. A match that is no regular file of the folder is reported, and so is a
    folder that is unreadable. Problems have absolute paths.
    """
    *inner, last = glob.parts
    places, problems = [folder], dict[Problem, None]()
    note = problems.setdefault  # two parts may find the same problem
    for part in inner:
        if part == "**":
            places = _add_subfolders(places, note)
        else:
            paths = (each.path for each in _scan(places, note, part))
            # Unlike DirEntry.is_dir, this raises no error for a link to itself.
            folders = [path for path in paths if os.path.isdir(path)]  # noqa: PTH112
            places = [*_keep_usual(folders, folder, note)]
    matches = _scan(places, note, last)
    files = [each.path for each in matches if not each.is_dir(follow_symlinks=False)]
    kept = sorted(_keep_usual(files, folder, note))
    for problem in problems:
        report(problem)
    return kept


def _add_subfolders(places: Iterable[Path], report: Report) -> list[Path]:
    found, waiting = dict[Path, None](), [*places]
    while waiting:
        place = waiting.pop()
        if place not in found:
            found[place] = None
            entries = _scan([place], report, "*")
            waiting += [Path(each) for each in entries if each.is_dir(follow_symlinks=False)]
    return [*found]


def _scan(places: Iterable[Path], report: Report, glob: str) -> Iterator[os.DirEntry[str]]:
    """Yield the entries of folders whose names match a glob and start with no dot."""
    for place in places:
        try:
            with os.scandir(place) as entries:
                shown = (each for each in entries if each.name[0] != ".")
                yield from (each for each in shown if fnmatchcase(each.name, glob))
        except FileNotFoundError:  # nothing matches
            continue
        except OSError as error:
            report(_make_unreadable(printable_path(place), error))


def _keep_usual(paths: Iterable[str], folder: Path, report: Report) -> Iterator[Path]:
    """Yield paths of a folder. Leave out, and report, those that are unusual."""
    for path in map(Path, paths):
        if unusual := describe_unusual(path, folder):
            report(Problem(printable_path(path), 0, *unusual))
        else:
            yield path


def _make_unreadable(place: str, error: OSError) -> Problem:
    message = f"the folder can't be read: {error.strerror}"
    return Problem(place, 0, message, "Check its permissions. Nothing in it was read")


def describe_unusual(path: Path, folder: Path, limits: Limits = LIMITS) -> tuple[str, str] | None:
    """Return why a path of a folder is left out, and a hint; None if it is not."""
    if leaves_folder(path, folder):
        hint = "Copy its target here. The link was left out"
        return "it is a link out of the corpus folder", hint
    try:
        mode = path.stat().st_mode
    except OSError:  # reported when the file is read
        return None
    is_folder = stat.S_ISDIR(mode) and not path.is_symlink()
    if is_folder and len(path.relative_to(folder).parts) > limits.deepest:
        return f"it is nested more than {limits.deepest} folders deep", suggest_raising("deepest")
    if is_folder or stat.S_ISREG(mode):
        return None
    return "it is a special file or a link to a folder", "Use a regular file. It was left out"


def printable_path(relative: Path) -> str:
    """Return a path that is safe to print: without line breaks and control characters."""
    return replace_unprintable(relative.as_posix())


def leaves_folder(path: Path, folder: Path) -> bool:
    """Return whether a path is a link out of a folder. The folder may be a link itself."""
    # Unlike Path.is_symlink, this raises no error if the names of a folder can only be listed.
    is_link = os.path.islink(path)  # noqa: PTH114
    return is_link and not resolve(path).is_relative_to(resolve(folder))


def resolve(path: Path) -> Path:
    """Return an absolute path without links. `Path.resolve` can't resolve a link to itself."""
    return Path(os.path.realpath(path))


def open_file(path: Path) -> BufferedReader:
    """Open a file for reading. Raise OSError, also for a pipe, a socket, or a device."""
    return open(path, "rb", opener=_open_regular)


def read_file(path: Path, max_bytes: int = -1) -> bytes:
    """Return the first `max_bytes` bytes of a file, or all. Raise OSError as `open_file` does."""
    with open_file(path) as stream:
        return stream.read(max_bytes)


def _open_regular(path: str, flags: int) -> int:
    # Without O_NONBLOCK, opening a pipe waits for its other end.
    descriptor = os.open(path, flags | getattr(os, "O_NONBLOCK", 0))
    if stat.S_ISREG(os.fstat(descriptor).st_mode):
        return descriptor
    os.close(descriptor)
    raise OSError(errno.EINVAL, "it is not a regular file", path)


def find_outside_fault(
    name: str, folder: Path, environment: Mapping[str, str] = os.environ
) -> tuple[str, str] | None:
    """Return why a corpus folder may not name a file, folder, or glob, and a hint; None if it may.

    Every path in the corpus folder is allowed.
    """
    start = folder / find_glob_start(Path(name))
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
    stated = (each for each in environment.get(OUTSIDE_VARIABLE, "").split(os.pathsep) if each)
    allowed = [os.path.realpath(folder), *map(os.path.realpath, stated)]
    named = _load_noted(folder) | _for_now.get(os.path.realpath(folder), set())
    if any(path.is_relative_to(each) for each in allowed) or name in named:
        return None
    message = f"{name!r} is outside the corpus folder, and you have not allowed to read it"
    hint = f"If it may be published, add its folder to {OUTSIDE_VARIABLE}"
    return message, f"{hint}. Otherwise remove it from this file"


def find_glob_start(path: Path) -> Path:
    """Return a path itself, or the folder in which a glob begins."""
    # Unlike Path.exists, this raises no error for a name that is too long.
    is_path = os.path.exists(path)  # noqa: PTH110
    return path if is_path else Path(*takewhile(_GLOB.isdisjoint, path.parts))


def allow_outside(folder: Path, names: Iterable[str]) -> None:
    """Let a corpus folder name absolute paths and globs, and note it. Raise OSError."""
    added = {name for name in names if Path(name).is_absolute()} - _load_noted(folder)
    if added:
        file = _find_notes(folder)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(msgspec.json.encode(sorted(_load_noted(folder) | added)))


def forget_outside(folder: Path) -> None:
    """Remove the note on a corpus folder, because the folder is a new one. Raise OSError."""
    if _load_noted(folder):
        _find_notes(folder).unlink()


def allow_outside_for_now(folder: Path, names: Iterable[str]) -> None:
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
