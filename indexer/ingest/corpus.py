"""A corpus folder becomes publications, in the order of its files, and problems.

What is read comes in pieces: a line of JSON Lines, or a whole file of another kind. A piece
that an earlier index has as it is need not be read again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Protocol

import msgspec

from indexer.catalogue import safe_files
from indexer.catalogue.fields import Catalogue
from indexer.catalogue.limits import LIMITS, Limits, hint
from indexer.catalogue.records import (
    DIGEST,
    NO_PIECE,
    Fresh,
    Item,
    Kept,
    Piece,
    Problem,
    Publication,
    Source,
)
from indexer.ingest import ids, validation
from indexer.readers import registry
from indexer.readers.registry import READERS

PASSED_OVER = frozenset({".toml", ".md", ".css", ""})
"""Endings of files that belong to a corpus folder and hold no publications."""

TOLD_EVERY = 100
"""After so many pieces of a file it is told how far reading is."""

MOST_PROBLEMS = 1000
"""Of a file so many problems are told one by one; of more, how many they are."""

LONGEST_TOLD = 500
"""Characters of what is told of a value, and of the title that it is told with."""

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


def read(
    folder: Path, catalogue: Catalogue, report: Report, limits: Limits = LIMITS
) -> Iterator[Publication]:
    """The publications of a folder, ancestors of their values added, ids all different.

    Files are read in the order of their names, folders within the folder too; names that
    begin with a dot are passed over.
    """
    found = Reading(catalogue, report, limits=limits).folder(folder)
    return (each.publication for each in found if isinstance(each, Fresh))


class Telling:
    """The problems of one file: the first ones are told, the others only counted."""

    def __init__(self, report: Report, file: str) -> None:
        self._report, self._file, self.count = report, file, 0

    def tell(self, problem: Problem) -> None:
        """Tells a problem, unless there were many already."""
        self.count += 1
        if self.count <= MOST_PROBLEMS:
            what, entry = problem.what[:LONGEST_TOLD], (problem.entry or "")[:LONGEST_TOLD]
            self._report(msgspec.structs.replace(problem, what=what, entry=entry or None))

    def tell_rest(self) -> None:
        """Tells how many were not told."""
        if self.count > MOST_PROBLEMS:
            what = f"{self.count - MOST_PROBLEMS} more problems were found in it"
            self._report(Problem(self._file, 0, what, "Mend those above, then read it again"))


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
        limits: Limits = LIMITS,
    ) -> None:
        self.catalogue, self.report, self.known, self.at = catalogue, report, known, at
        self.limits = limits
        self._places: dict[str, Source] = {}
        self._bytes = 0
        self._telling = Telling(report, "")

    def folder(self, folder: Path) -> Iterator[Item]:
        """The items of all files of a folder, in order, their ids all different."""
        for path in safe_files.listed(folder, self.report, self.limits):
            file = safe_files.shown(path.relative_to(folder))
            if ending := ending_of(path):
                yield from self.file(path, file, ending)
            elif path.suffix.lower() not in PASSED_OVER:
                do = f"Files read are {', '.join(READERS)}; it was left out"
                self.report(Problem(file, 0, f"no reader for {path.suffix!r} files", do))

    def file(self, path: Path, file: str, ending: str) -> Iterator[Item]:
        """The items of one file, reported under the name `file`, their ids all different."""
        for piece in self.pieces(path, file, ending):
            yield from self._unique(piece, ending)

    def pieces(self, path: Path, file: str, ending: str) -> Iterator[Piece]:
        """The pieces of one file, reported under the name `file`."""
        self._telling = Telling(self.report, file)
        try:
            with safe_files.opened(path) as stream:
                pieces = registry.pieces(stream, file, ending, self.limits)
                for number, piece in enumerate(pieces, start=1):
                    if isinstance(piece, Problem):
                        self._telling.tell(piece)
                    elif len(self._places) < self.limits.most_entries:
                        yield piece
                    else:
                        self._telling.tell(self._full(piece))
                        break
                    if number % TOLD_EVERY == 0:
                        self.at(self._bytes + stream.tell())
                self._bytes += stream.tell()
                self.at(self._bytes)
        except OSError as error:
            what = f"it can't be read: {error.strerror or error}"
            self._telling.tell(Problem(file, 0, what, "Check the file"))
        self._telling.tell_rest()

    def _full(self, piece: Piece) -> Problem:
        what = f"the corpus has {self.limits.most_entries} entries without it; from here on"
        return Problem(piece.file, piece.line, what, hint("most_entries"))

    def _unique(self, piece: Piece, ending: str) -> list[Item]:
        """The items of a piece, but for those whose id an earlier one has; these are told."""
        items, tell = self._items(piece, ending, self.known), self._telling.tell
        unique = [each for each in items if ids.is_first(each, tell, self._places)]
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
        told = self._telling.count
        found = [self.catalogue.with_ancestors(each) for each in self.publications(piece, ending)]
        digest = digest if self._telling.count == told else NO_PIECE
        return [Fresh(each, digest) for each in found]

    def publications(self, piece: Piece, ending: str) -> Iterator[Publication]:
        """What the entries of a piece are, so far as they can be used."""
        tell, limits = self._telling.tell, self.limits
        for entry in registry.entries(piece, ending, limits):
            if isinstance(entry, Problem):
                tell(entry)
            elif found := validation.publication(entry, self.catalogue, tell, limits):
                yield found


def ending_of(path: Path) -> str | None:
    """How a file's name ends, if there is a reader for that."""
    name = path.name.lower()
    return next((ending for ending in READERS if name.endswith(ending)), None)
