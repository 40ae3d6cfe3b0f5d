"""After a power cut the disk contains an intact index: the old one or the new one.

Possible states of the disk follow from the recorded calls of a build.

The model is harsher than most file systems:

- A name (created, moved, or removed) is durable once its folder was flushed afterwards. Until then
each name may be in its last flushed state or in any later state, independently of other names.
After a move both names may exist, or neither. A replaced name always leads to one of the two files.

- The bytes of a file are durable once the file was flushed after they were written. Until then the
file may be intact, empty, truncated, all zeros, or have a page of zeros.

- Flushing a file does not flush its name. Flushing a folder does not flush its files.

- Flushed data does not change.

The bytes come from the files after the build. No file of an index is written after its flush, and
strace records no writes through mapped memory.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath
from random import Random
from typing import NamedTuple

import pytest

from indexer.generations import directory
from indexer.generations.manifest import IndexMissing
from tests.robustness import calls
from tests.robustness.calls import Call
from tests.robustness.place import IS_LONG, Place, chance, live
from tests.robustness.runner import Runner
from tests.tiers import thorough

STATES = 1500 if IS_LONG else 30
"""Number of simulated disk states of a rebuild, and of a first build."""
PAGE = 4096


class File:
    """A file: its final bytes, and whether the bytes written so far were flushed."""

    def __init__(self, data: bytes = b"", *, flushed: bool = False) -> None:
        self.data, self.flushed = data, flushed

    def after(self, chance: Random) -> bytes:
        """Return the bytes that the disk may contain after a power cut."""
        if self.flushed or not self.data:
            return self.data
        at = chance.randrange(len(self.data))
        page = at // PAGE * PAGE
        zeros = bytes(min(PAGE, len(self.data) - page))
        return chance.choice([
            self.data, b"", self.data[:at], bytes(len(self.data)),
            self.data[:page] + zeros + self.data[page + len(zeros) :],
        ])  # fmt: skip


class Folder:
    """A folder: its current names, its flushed names, and their states since the flush."""

    def __init__(self) -> None:
        self.now: dict[str, File | Folder] = {}
        self.flushed: dict[str, File | Folder] = {}
        self.since: dict[str, list[File | Folder | None]] = {}

    def put(self, name: str, node: File | Folder | None) -> None:
        self.now.pop(name, None)
        if node:
            self.now[name] = node
        self.since.setdefault(name, [self.flushed.get(name)]).append(node)

    def flush(self) -> None:
        self.flushed, self.since = dict(self.now), {}

    def after(self, chance: Random) -> dict[str, File | Folder]:
        """Return the names that the disk may contain after a power cut."""
        which = chance.choice([0, -1, None])  # all flushed, all current, or each name at random
        held = dict(self.flushed)
        for name, states in self.since.items():
            node = chance.choice(states) if which is None else states[which]
            held.pop(name, None)
            if node:
                held[name] = node
        return held


class Event(NamedTuple):
    """A change on the disk: its kind, its path, and the origin of a move.

    For a created file, `data` contains its final bytes.
    """

    what: str
    path: PurePosixPath
    origin: PurePosixPath | None = None
    data: bytes = b""


class Disk:
    """A folder before a build, completely flushed, to which events are applied."""

    def __init__(self, before: Path) -> None:
        self.top = Folder()
        for path in sorted(before.rglob("*")):
            node = Folder() if path.is_dir() else File(path.read_bytes(), flushed=True)
            within = PurePosixPath(path.relative_to(before))
            self._folder(within).put(within.name, node)
        _flush(self.top)

    def node(self, path: PurePosixPath) -> File | Folder | None:
        found: File | Folder | None = self.top
        for name in path.parts:
            found = found.now.get(name) if isinstance(found, Folder) else None
        return found

    def _folder(self, path: PurePosixPath) -> Folder:
        found = self.node(path.parent)
        assert isinstance(found, Folder), path
        return found

    def happens(self, event: Event) -> None:
        node, name = self.node(event.path), event.path.name
        match event.what, node:
            case (("write" | "make file"), File()):
                node.flushed = False
            case "flush", File():
                node.flushed = True
            case "flush", Folder():
                node.flush()
            case "make file", _:
                self._folder(event.path).put(name, File(event.data))
            case "make folder", _:
                self._folder(event.path).put(name, Folder())
            case "remove", _:
                self._folder(event.path).put(name, None)
            case "move", _:
                assert event.origin
                self._folder(event.path).put(name, self.node(event.origin))
                self._folder(event.origin).put(event.origin.name, None)


def _flush(folder: Folder) -> None:
    folder.flush()
    for each in folder.now.values():
        if isinstance(each, Folder):
            _flush(each)


def write(folder: Folder, to: Path, chance: Random) -> None:
    to.mkdir()
    for name, node in folder.after(chance).items():
        if isinstance(node, Folder):
            write(node, to / name, chance)
        else:
            (to / name).write_bytes(node.after(chance))


_PATH = r'"(?P<{}>[^"]*)"'
_AT = r"\d+<(?P<within>[^>]*)>"
_OPENED = re.compile(r"\d+<(?P<path>[^>]*)>")
_FORMS = {
    "openat": re.compile(r".*O_CREAT.* = \d+<(?P<path>[^>]*)>"),
    "mkdir": re.compile(_PATH.format("path")),
    "rename": re.compile(_PATH.format("origin") + ", " + _PATH.format("path")),
    "unlink": re.compile(_PATH.format("path")),
    "rmdir": re.compile(_PATH.format("path")),
    "unlinkat": re.compile(_AT + ", " + _PATH.format("path")),
    **dict.fromkeys(("write", "pwrite64", "ftruncate", "fallocate", "fsync"), _OPENED),
}  # fmt: skip
_WHAT = {
    "openat": "make file", "mkdir": "make folder", "rename": "move", "unlink": "remove",
    "rmdir": "remove", "unlinkat": "remove", "fsync": "flush",
}  # fmt: skip


def events(found: Sequence[Call], root: Path) -> Iterator[Event]:
    """Yield the events below a folder. Skip files without a name, which never reach the disk."""
    for call in found:
        told = _FORMS[call.name].match(call.line)
        if not told or call.failed:
            continue
        named = told.groupdict()
        path = PurePosixPath(named.get("within") or "", named["path"])
        if path.is_relative_to(root) and "#" not in path.name:
            moved = PurePosixPath(named["origin"]).relative_to(root) if "origin" in named else None
            yield Event(_WHAT.get(call.name, "write"), path.relative_to(root), moved)


def with_bytes(happened: Sequence[Event], before: Path, after: Path) -> list[Event]:
    disk = Disk(before)
    made: dict[int, File] = {}
    for number, event in enumerate(happened):
        known = disk.node(event.path)
        disk.happens(event)
        node = disk.node(event.path)
        if isinstance(node, File) and event.what == "make file" and node is not known:
            made[number] = node
    for path in after.rglob("*"):
        node = disk.node(PurePosixPath(path.relative_to(after)))
        if isinstance(node, File):
            node.data = path.read_bytes()
    return [
        event._replace(data=made[number].data if number in made else b"")
        for number, event in enumerate(happened)
    ]


class Outage:
    """A recorded build, and the possible disk states after a power cut during it.

    With `first`, the build creates the index folder.
    """

    def __init__(self, folder: Path, runner: Runner, *, first: bool = False) -> None:
        self.place, self._first = Place(folder / "place"), first
        root = self.place.folder
        if first:
            shutil.rmtree(self.place.index)
        self._before = Path(shutil.copytree(root, folder / "before"))
        found = calls.recorded(runner, self.place.arguments, folder / "log")
        self.events = with_bytes(list(events(found, root)), self._before, root)
        index = PurePosixPath(self.place.index.name)
        moved = self._first_after(0, "move", index / directory.CURRENT)
        self.published = self._first_after(moved, "flush", index)

    def _first_after(self, start: int, what: str, path: PurePosixPath) -> int:
        rest = enumerate(self.events[start:], start)
        return next(at for at, each in rest if (each.what, each.path) == (what, path))

    def find_losses(self, happened: int, chance: Random) -> list[str]:
        disk = Disk(self._before)
        for event in self.events[:happened]:
            disk.happens(event)
        shutil.rmtree(self.place.folder)
        write(disk.top, self.place.folder, chance)
        wrong = [*self._standing(happened), *self.place.recovery()]
        return [f"the power went after {happened} events: {each}" for each in wrong]

    def _standing(self, happened: int) -> Iterator[str]:
        if happened > self.published:
            if live(self.place.index) != self.place.new:
                yield "what was published is gone"
        elif self._first:
            try:
                if live(self.place.index) != self.place.new:
                    yield "what is live is not what was built"
            except IndexMissing:
                return
        else:
            yield from self.place.standing()


@pytest.mark.parametrize("first", [False, *thorough([True])], ids=["a rebuild", "the first build"])
def test_a_power_cut_loses_nothing(first: bool, tmp_path: Path, traced: Runner) -> None:
    """After a power cut the live index is intact, and is new once a build has reported it."""
    outage, wrong = Outage(tmp_path, traced, first=first), list[str]()
    for number in range(STATES):
        by_chance = chance("power cuts", number)
        wrong += outage.find_losses(by_chance.randint(0, len(outage.events)), by_chance)
    for number in range(5):
        wrong += outage.find_losses(outage.published + 1, chance("cuts at the end", number))
    assert wrong == []
