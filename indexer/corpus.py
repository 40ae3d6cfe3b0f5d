"""A corpus folder becomes publications, in the order of its files, and problems.

What is read comes in pieces: a line of JSON Lines, or a whole file of another kind. A piece
that an earlier index has as it is need not be read again.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Protocol

from indexer import identities, readers, validate
from indexer.fields import Catalogue
from indexer.readers import READERS, Reader
from indexer.record import (
    DIGEST,
    NO_PIECE,
    Entry,
    Fresh,
    Item,
    Kept,
    Piece,
    Problem,
    Publication,
    Source,
)

PASSED_OVER = frozenset({".toml", ".md", ".css", ""})
"""Endings of files that belong to a corpus folder and hold no publications."""

TOLD_EVERY = 100
"""After so many pieces of a file it is told how far reading is."""

Report = Callable[[Problem], None]


class Progress:
    """Is told how far a corpus is read; this one says nothing of it."""

    def at(self, read: int) -> None:
        """So many bytes of all files have been read."""

    def counted(self, publications: Sequence[Publication]) -> None:
        """These publications have been read, which were not known."""


SILENT = Progress()


class Known(Protocol):
    """An earlier index of the same catalogue: what it has, by number."""

    @property
    def of_piece(self) -> Mapping[bytes, range]:
        """To the digest of a piece, the numbers of the publications that it gave."""

    @property
    def all_ids(self) -> Sequence[str]:
        """The ids of all publications."""

    @property
    def all_lines(self) -> Sequence[int]:
        """The line that each stood on."""


def read(folder: Path, catalogue: Catalogue, report: Report) -> Iterator[Publication]:
    """The publications of a folder, ancestors of their values added, ids all different.

    Files are read in the order of their names, folders within the folder too; names that
    begin with a dot are passed over.
    """
    found = Reading(catalogue, report).folder(folder)
    return (each.publication for each in found if isinstance(each, Fresh))


class Reading:
    """A folder on its way to publications; those that an earlier index knows are not read.

    `at` is told how many bytes of all files have been read so far.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        report: Report,
        known: Known | None = None,
        at: Callable[[int], object] = lambda _: None,
    ) -> None:
        self.catalogue, self.report, self.known, self.at = catalogue, report, known, at
        self._places: dict[str, Source] = {}
        self._problems = self._bytes = 0

    def folder(self, folder: Path) -> Iterator[Item]:
        """The items of all files of a folder, in order, their ids all different."""
        for path in files(folder, self._tell):
            file = _shown(path.relative_to(folder))
            if ending := _ending(path):
                yield from self.file(path, file, ending)
            elif path.suffix.lower() not in PASSED_OVER:
                hint = f"Files read are {', '.join(READERS)}; it was left out"
                self._tell(Problem(file, 0, f"no reader for {path.suffix!r} files", hint))

    def _tell(self, problem: Problem) -> None:
        self._problems += 1
        self.report(problem)

    def file(self, path: Path, file: str, ending: str) -> Iterator[Item]:
        """The items of one file, reported under the name `file`."""
        try:
            with path.open("rb") as stream:
                for number, piece in enumerate(readers.pieces(stream, file, ending), start=1):
                    if isinstance(piece, Problem):
                        self._tell(piece)
                    else:
                        yield from self._unique(piece, ending)
                    if number % TOLD_EVERY == 0:
                        self.at(self._bytes + stream.tell())
                self._bytes += stream.tell()
                self.at(self._bytes)
        except OSError as error:
            what = f"it can't be read: {error.strerror or error}"
            self._tell(Problem(file, 0, what, "Check the file"))

    def _unique(self, piece: Piece, ending: str) -> list[Item]:
        """The items of a piece, but for those whose id an earlier one has; these are told."""
        items = self._items(piece, ending, self.known)
        unique = [each for each in items if identities.is_first(each, self._tell, self._places)]
        if len(unique) == len(items):
            return items
        # What was left out must be told again the next time, so the piece isn't recognised then.
        wanted = {id(each) for each in unique}
        again = items if isinstance(items[0], Fresh) else self._items(piece, ending, None)
        return [
            Fresh(fresh.publication)
            for fresh, item in zip(again, items, strict=True)
            if isinstance(fresh, Fresh) and id(item) in wanted
        ]

    def _items(self, piece: Piece, ending: str, known: Known | None) -> list[Item]:
        """What a piece holds: as it is known, or as it is read."""
        digest = sha256(piece.data).digest()[: DIGEST // 2]
        if known and (numbers := known.of_piece.get(digest)):
            file, line = piece.file, piece.line
            return [
                Kept(each, known.all_ids[each], Source(file, line or known.all_lines[each]))
                for each in numbers
            ]
        told = self._problems
        found = [
            self.catalogue.with_ancestors(publication)
            for entry in readers.entries(piece, ending)
            if (publication := self._publication(entry))
        ]
        digest = digest if self._problems == told else NO_PIECE
        return [Fresh(each, digest) for each in found]

    def _publication(self, entry: Entry | Problem) -> Publication | None:
        if isinstance(entry, Problem):
            self._tell(entry)
            return None
        return validate.publication(entry, self.catalogue, self._tell)


def _shown(relative: Path) -> str:
    return os.fsencode(relative.as_posix()).decode("utf-8", "replace")


def files(folder: Path, report: Report) -> list[Path]:
    """The files of a folder and those within it, in the order of their names.

    What can't be entered, and what is neither file nor folder, is told.
    """

    def closed(error: OSError) -> None:
        place = _shown(Path(error.filename).relative_to(folder))
        what = f"the folder can't be read: {error.strerror}"
        report(Problem(place, 0, what, "Nothing in it was read: check who may open it"))

    found = []
    for place, folders, files in os.walk(folder, onerror=closed):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for path in (Path(place, name) for name in [*folders, *files] if name[0] != "."):
            if path.is_file() or not path.exists():  # a link to nowhere is told when read
                found.append(path)
            elif path.is_symlink() or not path.is_dir():
                what = "it is no file, and no folder of its own"
                report(Problem(_shown(path.relative_to(folder)), 0, what, "It was left out"))
    return sorted(found)


def _ending(path: Path) -> str | None:
    """How a file's name ends, if there is a reader for that."""
    name = path.name.lower()
    return next((ending for ending in READERS if name.endswith(ending)), None)


def reader_of(path: Path) -> Reader | None:
    """The reader for a file, by how its name ends; None if there is none."""
    ending = _ending(path)
    return READERS[ending] if ending else None


def read_file(
    path: Path, file: str, reader: Reader, catalogue: Catalogue, report: Report
) -> Iterator[Publication]:
    """The publications of one file, reported under the name `file`."""
    try:
        with path.open("rb") as stream:
            for entry in reader(stream, file):
                if isinstance(entry, Problem):
                    report(entry)
                elif publication := validate.publication(entry, catalogue, report):
                    yield publication
    except OSError as error:
        report(Problem(file, 0, f"it can't be read: {error.strerror or error}", "Check the file"))
