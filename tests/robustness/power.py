"""The power goes: what a disk may hold then is made up from a record of what a build asked for.

The model is harsher than most file systems:

- A name (made, moved or removed) is on the disk for certain once its folder was flushed since.
  Until then each name may be as it was at the last flush, or as it was at any time since,
  whatever became of the others: of a move, both names may be there, or neither... but a name
  that was replaced always leads to one of the two files.
- The bytes of a file are on the disk for certain once the file was flushed after they were
  written. Until then it may be whole, empty, cut off, all zeros, or have a page of zeros.
- Flushing a file says nothing of its name; flushing a folder nothing of the files in it.
- What was flushed stays as it was.

Bytes come from what lies there after the build: no file of an index is written to after it was
flushed, and what goes through mapped memory is no call that could be recorded.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath
from random import Random
from tempfile import TemporaryDirectory
from typing import NamedTuple

from indexer.generations import directory
from indexer.generations.manifest import IndexMissing
from tests.robustness import calls
from tests.robustness.calls import Call
from tests.robustness.place import Place, live
from tests.robustness.progress import Budget, Counts, State, chance
from tests.robustness.runner import Runner

STATES = 3000
"""How many states of the disk."""
PAGE = 4096


class File:
    """A file: its bytes after all was done, and whether those written so far were flushed."""

    def __init__(self, data: bytes = b"", *, flushed: bool = False) -> None:
        self.data, self.flushed = data, flushed

    def after(self, chance: Random) -> bytes:
        """What the disk may hold of it when the power has gone."""
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
    """A folder: its names now, those that were flushed, and what each has been since."""

    def __init__(self) -> None:
        self.now: dict[str, File | Folder] = {}
        self.flushed: dict[str, File | Folder] = {}
        self.since: dict[str, list[File | Folder | None]] = {}

    def put(self, name: str, node: File | Folder | None) -> None:
        """A name leads to something else, or to nothing."""
        self.now.pop(name, None)
        if node:
            self.now[name] = node
        self.since.setdefault(name, [self.flushed.get(name)]).append(node)

    def flush(self) -> None:
        """What the names lead to now is on the disk."""
        self.flushed, self.since = dict(self.now), {}

    def after(self, chance: Random) -> dict[str, File | Folder]:
        """The names that the disk may hold when the power has gone."""
        which = chance.choice([0, -1, None])  # all as flushed, all as they are, each by chance
        held = dict(self.flushed)
        for name, states in self.since.items():
            node = chance.choice(states) if which is None else states[which]
            held.pop(name, None)
            if node:
                held[name] = node
        return held


class Event(NamedTuple):
    """Something that happened to the disk: what, to which path, and from which it was moved.

    Of a file that is made, `data` has the bytes after all was done.
    """

    what: str
    path: PurePosixPath
    origin: PurePosixPath | None = None
    data: bytes = b""


class Disk:
    """A folder as it was before a build, all of it flushed, and what happens to it."""

    def __init__(self, before: Path) -> None:
        self.top = Folder()
        for path in sorted(before.rglob("*")):
            node = Folder() if path.is_dir() else File(path.read_bytes(), flushed=True)
            within = PurePosixPath(path.relative_to(before))
            self._folder(within).put(within.name, node)
        _flush(self.top)

    def node(self, path: PurePosixPath) -> File | Folder | None:
        """What a path leads to now."""
        found: File | Folder | None = self.top
        for name in path.parts:
            found = found.now.get(name) if isinstance(found, Folder) else None
        return found

    def _folder(self, path: PurePosixPath) -> Folder:
        found = self.node(path.parent)
        assert isinstance(found, Folder), path
        return found

    def happens(self, event: Event) -> None:
        """Does what an event did."""
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
    """Writes down what the disk may hold of a folder when the power has gone."""
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
    """What calls did to a folder and all in it. A file without a name is no matter of the disk."""
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
    """The same events, with the bytes of the files that they made."""
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
    """A build, recorded; then the disk as it may be if the power goes at some moment of it.

    With `first`, it is the build that makes the index folder.
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

    def at(self, happened: int, chance: Random) -> Counts:
        """Cuts the power after so many events, and says what came of it."""
        disk = Disk(self._before)
        for event in self.events[:happened]:
            disk.happens(event)
        shutil.rmtree(self.place.folder)
        write(disk.top, self.place.folder, chance)
        wrong = [*self._standing(happened), *self.place.recovery()]
        told = [f"the power went after {happened} events: {each}" for each in wrong]
        return Counts(kills=1, lost=bool(wrong), wrong=told)

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


def cuts(seed: int, budget: Budget, state: State) -> Counts:
    """A part of the torture: cuts at random moments, of a first build and of later ones."""
    with TemporaryDirectory() as folder, Runner(Path(folder)) as runner:
        outages = [
            Outage(Path(folder) / name, runner, first=name == "first")
            for name in ("later", "first")
        ]

        def case(number: int) -> Counts:
            by_chance = chance(seed, "power cuts", number)
            outage = outages[number % len(outages)]
            return outage.at(by_chance.randint(0, len(outage.events)), by_chance)

        return budget.spend(state, STATES, case)
