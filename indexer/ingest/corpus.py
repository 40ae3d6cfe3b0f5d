"""Corpus reader: parse the files of a folder, in order, into publications and problems.

A reader splits a file into chunks, such as lines, or the whole file. A chunk is recognized by its
digest. A chunk that an earlier index contains unchanged is not parsed again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Protocol

import msgspec

from indexer.catalogue import safe_files
from indexer.catalogue.fields import Catalogue
from indexer.catalogue.limits import LIMITS, Limits, suggest_raising
from indexer.catalogue.records import (
    DIGEST_CHARS,
    NO_DIGEST,
    Chunk,
    Item,
    Parsed,
    Problem,
    Publication,
    SourceLocation,
    Unchanged,
)
from indexer.ingest import ids, validation
from indexer.readers import registry
from indexer.readers.base import Reader

IGNORED_SUFFIXES = frozenset({".toml", ".md", ".css", ""})
"""Extensions of files that are not reported if no reader recognizes them. They belong in a corpus
folder, but usually contain no publications."""

PROGRESS_INTERVAL = 100
"""Number of chunks of a file between two progress reports."""

MAX_PROBLEMS = 1000
"""Maximum number of problems reported one by one per file. The others are only counted."""

MAX_MESSAGE_CHARS = 500
"""Maximum length of a problem's message and of its entry's title or id, in characters."""

Report = Callable[[Problem], None]


class Progress:
    """Receiver of progress reports. This base class ignores them."""

    def report_bytes(self, count: int) -> None:
        """Receive the number of bytes read so far, over all files."""

    def report_publications(self, publications: Sequence[Publication]) -> None:
        """Receive publications that were parsed now, not copied from an earlier index."""


NO_PROGRESS = Progress()


class PreviousIndex(Protocol):
    """An earlier index of the same catalogue. Its publications are numbered from 0."""

    @property
    def docs_by_digest(self) -> Mapping[bytes, range]:
        """Numbers of the publications of each chunk, by its digest (16 bytes)."""

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
    items = CorpusReader(catalogue, report, limits=limits).read_folder(folder)
    return (item.publication for item in items if isinstance(item, Parsed))


class ProblemReporter:
    """Problem reporter of one file: reports the first `MAX_PROBLEMS`, counts the others."""

    def __init__(self, report: Report, file: str) -> None:
        self._report, self._file, self.count = report, file, 0

    def report(self, problem: Problem) -> None:
        """Count a problem, and report it unless `MAX_PROBLEMS` were reported before."""
        self.count += 1
        if self.count <= MAX_PROBLEMS:
            message, entry = (
                problem.what[:MAX_MESSAGE_CHARS],
                (problem.entry or "")[:MAX_MESSAGE_CHARS],
            )
            self._report(msgspec.structs.replace(problem, what=message, entry=entry or None))

    def report_suppressed(self) -> None:
        """Report the number of problems that were only counted, if there are any."""
        if self.count > MAX_PROBLEMS:
            message = f"{self.count - MAX_PROBLEMS} more problems are not listed"
            self._report(
                Problem(self._file, 0, message, "Fix those above, then run the command again")
            )


class CorpusReader:
    """Reader of one corpus. It does not parse chunks that the earlier index `previous` contains.

    `report_bytes` is called with the number of bytes read so far, over all files.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        report: Report,
        previous: PreviousIndex | None = None,
        report_bytes: Callable[[int], object] = lambda _: None,
        limits: Limits = LIMITS,
    ) -> None:
        self.catalogue, self.report, self.previous, self.report_bytes = (
            catalogue,
            report,
            previous,
            report_bytes,
        )
        self.limits = limits
        self._places: dict[str, SourceLocation] = {}
        self._bytes = 0
        self._reporter = ProblemReporter(report, "")

    def read_folder(self, folder: Path) -> Iterator[Item]:
        """Yield the items of all files of a folder, in order, with unique ids."""
        for path in safe_files.list_files(folder, self.report, self.limits):
            file = safe_files.printable_path(path.relative_to(folder))
            if match := registry.detect(path):
                yield from self.read_file(path, file, match.reader)
            elif path.suffix.lower() not in IGNORED_SUFFIXES:
                hint = f"Convert it to {registry.list_suffixes()}. The file was left out"
                self.report(Problem(file, 0, f"no reader for {path.suffix!r} files", hint))

    def read_file(self, path: Path, file: str, reader: Reader) -> Iterator[Item]:
        """Yield the items of one file with unique ids. Problems name the file `file`."""
        for chunk in self.read_chunks(path, file, reader):
            yield from self._drop_repeated(chunk, reader)

    def read_chunks(self, path: Path, file: str, reader: Reader) -> Iterator[Chunk]:
        """Yield the chunks of one file. Problems name the file `file`."""
        self._reporter = ProblemReporter(self.report, file)
        try:
            with safe_files.open_file(path) as stream:
                chunks = registry.split(stream, file, reader, self.limits)
                for number, chunk in enumerate(chunks, start=1):
                    if isinstance(chunk, Problem):
                        self._reporter.report(chunk)
                    elif len(self._places) < self.limits.most_entries:
                        yield chunk
                    else:
                        self._reporter.report(self._make_limit_problem(chunk))
                        break
                    if number % PROGRESS_INTERVAL == 0:
                        self.report_bytes(self._bytes + stream.tell())
                self._bytes += stream.tell()
                self.report_bytes(self._bytes)
        except OSError as error:
            message = f"the file can't be read: {error.strerror or error}"
            self._reporter.report(Problem(file, 0, message, "Check that it exists and is readable"))
        self._reporter.report_suppressed()

    def _make_limit_problem(self, chunk: Chunk) -> Problem:
        message = f"the rest of the file exceeds the limit of {self.limits.most_entries} entries"
        return Problem(chunk.file, chunk.line, message, suggest_raising("most_entries"))

    def _drop_repeated(self, chunk: Chunk, reader: Reader) -> list[Item]:
        """Return the items of a chunk. Report and leave out those whose id is already taken."""
        items, report = self._parse_or_reuse(chunk, reader, self.previous), self._reporter.report
        unique = [item for item in items if ids.claim_id(item, report, self._places)]
        if len(unique) == len(items):
            return items
        # The next build must report the duplicates again, so it must not recognize this chunk.
        unique_objects = {id(item) for item in unique}
        reparsed = (
            items if isinstance(items[0], Parsed) else self._parse_or_reuse(chunk, reader, None)
        )
        return [
            Parsed(parsed.publication)
            for parsed, item in zip(reparsed, items, strict=True)
            if isinstance(parsed, Parsed) and id(item) in unique_objects
        ]

    def _parse_or_reuse(
        self, chunk: Chunk, reader: Reader, previous: PreviousIndex | None
    ) -> list[Item]:
        """Return the items of a chunk: Unchanged if `previous` contains it, otherwise Parsed."""
        digest = sha256(chunk.data).digest()[: DIGEST_CHARS // 2]
        if previous and (numbers := previous.docs_by_digest.get(digest)):
            file, line = chunk.file, chunk.line
            return [
                Unchanged(
                    doc_number,
                    previous.all_ids[doc_number],
                    SourceLocation(file, line or previous.all_lines[doc_number]),
                )
                for doc_number in numbers
            ]
        problems_before = self._reporter.count
        publications = [
            self.catalogue.with_ancestors(publication)
            for publication in self.parse_chunk(chunk, reader)
        ]
        digest = digest if self._reporter.count == problems_before else NO_DIGEST
        return [Parsed(publication, digest) for publication in publications]

    def parse_chunk(self, chunk: Chunk, reader: Reader) -> Iterator[Publication]:
        """Yield the publications of a chunk. Report entries and values that are not usable."""
        report, limits = self._reporter.report, self.limits
        for entry in reader.parse(chunk, limits):
            if isinstance(entry, Problem):
                report(entry)
            elif publication := validation.validate(entry, self.catalogue, report, limits):
                yield publication
