"""Corpus reader: parse the files of a folder, in order, into publications and problems.

A reader splits a file into pieces, such as lines, or the whole file. A piece is recognized by its
digest. A piece that an earlier index contains unchanged is not parsed again.
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
from indexer.readers.base import Reader

PASSED_OVER = frozenset({".toml", ".md", ".css", ""})
"""Extensions of files that are not reported if no reader recognizes them. They belong in a corpus
folder, but usually contain no publications."""

TOLD_EVERY = 100
"""Number of pieces of a file between two progress reports."""

MOST_PROBLEMS = 1000
"""Maximum number of problems reported one by one per file. The others are only counted."""

LONGEST_TOLD = 500
"""Maximum length of a problem's message and of its entry's title or id, in characters."""

Report = Callable[[Problem], None]


class Progress:
    """Receiver of progress reports. This base class ignores them."""

    def at(self, read: int) -> None:
        """Receive the number of bytes read so far, over all files."""

    def counted(self, publications: Sequence[Publication]) -> None:
        """Receive publications that were parsed now, not copied from an earlier index."""


SILENT = Progress()


class Known(Protocol):
    """An earlier index of the same catalogue. Its publications are numbered from 0."""

    @property
    def of_piece(self) -> Mapping[bytes, range]:
        """Numbers of the publications of each piece, by its digest (16 bytes)."""

    @property
    def all_ids(self) -> Sequence[str]:
        """Ids of all publications, by number."""

    @property
    def all_lines(self) -> Sequence[int]:
        """Line of each publication in its source file, by number."""


def read(
    folder: Path, catalogue: Catalogue, report: Report, limits: Limits = LIMITS
) -> Iterator[Publication]:
    """Yield the publications of a folder, with unique ids and the ancestors of their values.

    Files are read in the order of their names, including those in subfolders. Names that start
    with a dot are skipped.
    """
    found = Reading(catalogue, report, limits=limits).folder(folder)
    return (each.publication for each in found if isinstance(each, Fresh))


class Telling:
    """Problem reporter of one file: reports the first `MOST_PROBLEMS`, counts the others."""

    def __init__(self, report: Report, file: str) -> None:
        self._report, self._file, self.count = report, file, 0

    def tell(self, problem: Problem) -> None:
        """Count a problem, and report it unless `MOST_PROBLEMS` were reported before."""
        self.count += 1
        if self.count <= MOST_PROBLEMS:
            what, entry = problem.what[:LONGEST_TOLD], (problem.entry or "")[:LONGEST_TOLD]
            self._report(msgspec.structs.replace(problem, what=what, entry=entry or None))

    def tell_rest(self) -> None:
        """Report the number of problems that were only counted, if there are any."""
        if self.count > MOST_PROBLEMS:
            what = f"{self.count - MOST_PROBLEMS} more problems were found in it"
            self._report(Problem(self._file, 0, what, "Mend those above, then read it again"))


class Reading:
    """Reader of one corpus. It does not parse pieces that the earlier index `known` contains.

    `at` is called with the number of bytes read so far, over all files.
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
        """Yield the items of all files of a folder, in order, with unique ids."""
        for path in safe_files.listed(folder, self.report, self.limits):
            file = safe_files.shown(path.relative_to(folder))
            if match := registry.detect(path):
                yield from self.file(path, file, match.reader)
            elif path.suffix.lower() not in PASSED_OVER:
                do = f"Files read are {registry.list_suffixes()}; it was left out"
                self.report(Problem(file, 0, f"no reader for {path.suffix!r} files", do))

    def file(self, path: Path, file: str, reader: Reader) -> Iterator[Item]:
        """Yield the items of one file with unique ids. Problems name the file `file`."""
        for piece in self.pieces(path, file, reader):
            yield from self._unique(piece, reader)

    def pieces(self, path: Path, file: str, reader: Reader) -> Iterator[Piece]:
        """Yield the pieces of one file. Problems name the file `file`."""
        self._telling = Telling(self.report, file)
        try:
            with safe_files.opened(path) as stream:
                pieces = registry.split(stream, file, reader, self.limits)
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

    def _unique(self, piece: Piece, reader: Reader) -> list[Item]:
        """Return the items of a piece. Report and leave out those whose id is already taken."""
        items, tell = self._items(piece, reader, self.known), self._telling.tell
        unique = [each for each in items if ids.is_first(each, tell, self._places)]
        if len(unique) == len(items):
            return items
        # The next build must report the duplicates again, so it must not recognize this piece.
        wanted = {id(each) for each in unique}
        again = items if isinstance(items[0], Fresh) else self._items(piece, reader, None)
        return [
            Fresh(fresh.publication)
            for fresh, item in zip(again, items, strict=True)
            if isinstance(fresh, Fresh) and id(item) in wanted
        ]

    def _items(self, piece: Piece, reader: Reader, known: Known | None) -> list[Item]:
        """Return the items of a piece: Kept if `known` contains the piece, otherwise Fresh."""
        digest = sha256(piece.data).digest()[: DIGEST // 2]
        if known and (numbers := known.of_piece.get(digest)):
            file, line = piece.file, piece.line
            return [
                Kept(each, known.all_ids[each], Source(file, line or known.all_lines[each]))
                for each in numbers
            ]
        told = self._telling.count
        found = [self.catalogue.with_ancestors(each) for each in self.publications(piece, reader)]
        digest = digest if self._telling.count == told else NO_PIECE
        return [Fresh(each, digest) for each in found]

    def publications(self, piece: Piece, reader: Reader) -> Iterator[Publication]:
        """Yield the publications of a piece. Report entries and values that are not usable."""
        tell, limits = self._telling.tell, self.limits
        for entry in reader.parse(piece, limits):
            if isinstance(entry, Problem):
                tell(entry)
            elif found := validation.publication(entry, self.catalogue, tell, limits):
                yield found
