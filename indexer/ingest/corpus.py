"""Corpus reader: parse the files of a folder, in order, into publications and problems.

A reader splits a file into chunks, such as lines, or the whole file. A chunk is recognized by its
digest. A chunk that an earlier index contains unchanged is not parsed again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

import msgspec

from indexer.catalogue import safe_files
from indexer.catalogue.fields import Catalogue
from indexer.catalogue.limits import LIMITS, Limits, suggest_raising
from indexer.catalogue.records import (
    NO_DIGEST,
    Chunk,
    Item,
    Parsed,
    Problem,
    Publication,
    SourceLocation,
    SourceRecord,
    Unchanged,
)
from indexer.ingest import ids
from indexer.ingest.duplicates import DuplicateFinder, DuplicatesFound, Merger
from indexer.ingest.parsing import ChunkParser, ParsedChunk, PendingChunk, PreviousIndex
from indexer.ingest.problem_reporter import ProblemReporter
from indexer.ingest.source_files import Report, SourceFile, find_source_files
from indexer.mapping.mapper import Mapper
from indexer.readers import registry
from indexer.readers.base import TableReader

AnyChunk = TypeVar("AnyChunk", Chunk, PendingChunk)
PROGRESS_INTERVAL = 100
"""Number of chunks of a file between two progress reports."""


def read(
    folder: Path, catalogue: Catalogue, report: Report, limits: Limits = LIMITS
) -> Iterator[Publication]:
    """Yield the publications of a folder, with unique ids and the ancestors of their values.

    Files are read in the order of their names, including those in subfolders. Names that start
    with a dot are skipped.
    """
    items = CorpusReader(catalogue, report, limits=limits).read_folder(folder)
    return (item.publication for item in items if isinstance(item, Parsed))


def find_duplicates(folder: Path, catalogue: Catalogue, limits: Limits = LIMITS) -> Merger | None:
    """Return a merger for the duplicates among the records of a folder, or None without any."""
    finder = DuplicateFinder(catalogue)
    reader = CorpusReader(catalogue, lambda _: None, limits=limits, duplicates=finder)
    try:
        for _ in reader.read_folder(folder):
            pass
    except DuplicatesFound as duplicates:
        return duplicates.merger
    return None


class CorpusReader:
    """Reader of one corpus. It does not parse chunks that the earlier index `previous` contains.

    `report_bytes` is called with the number of bytes read so far, over all files. `unused` counts
    the columns that no row uses, by source and column, in the records that were parsed.

    Only records of mapped sources can be duplicates. `duplicates` is a DuplicateFinder in the first
    pass, and a Merger in the second. Without it, duplicates are not merged.
    """

    def __init__(
        self, catalogue: Catalogue, report: Report, previous: PreviousIndex | None = None,
        report_bytes: Callable[[int], object] = lambda _: None, limits: Limits = LIMITS, *,
        duplicates: DuplicateFinder | Merger | None = None,
    ) -> None:  # fmt: skip
        self.catalogue, self.report, self.limits = catalogue, report, limits
        self._previous, self.report_bytes = previous, report_bytes
        self._finder = duplicates if isinstance(duplicates, DuplicateFinder) else None
        self._merger = duplicates if isinstance(duplicates, Merger) else None
        self._taken = ids.TakenIds()
        self._repeats: Counter[str] = Counter()
        self._bytes = 0
        self._parser = ChunkParser(catalogue, limits, previous)
        self.unused: Counter[tuple[str, str]] = Counter()
        self._reporter = ProblemReporter(report, "")

    def read_folder(self, folder: Path) -> Generator[Item, None, None]:
        """Yield the items of all files of a folder, in order, with unique ids.

        Raise CatalogueError if its `sources.toml` is invalid, and ReaderError. Raise
        DuplicatesFound after the last file if a finder found any. Close the generator to end the
        second process (`BuildProcess`, which has its errors).
        """
        mappers: dict[str, Mapper] = {}
        copied: set[str] = set()
        with self._parser:
            for source in find_source_files(folder, self.catalogue, self.report, self.limits):
                name = source.mapper.source.file if source.mapper else ""
                if source.mapper:
                    mappers[name] = source.mapper
                for item in self.read_file(source):
                    if isinstance(item, Unchanged):
                        copied.add(name)
                    yield item
        yield from self._end_duplicates()
        self._taken.clear()  # the build needs the memory to sort
        for name, mapper in mappers.items():
            if name not in copied:
                for problem in mapper.find_missing_columns():
                    self.report(problem)

    def read_file(self, source: SourceFile) -> Iterator[Item]:
        """Yield the items of one file with unique ids."""
        finder = self._finder if source.mapper else None
        context = b""
        pieces = self._parser.parse_ahead(self._split(source), source)
        for pending in self._accept(pieces, source.file):
            chunk = pending.chunk
            if chunk.context is not context and isinstance(source.reader, TableReader):
                context = chunk.context
                if source.mapper:
                    source.mapper.add_columns(source.reader.read_header(context))
            items = self._make_unique(pending, source)
            yield from finder.collect(items) if finder else items

    def _end_duplicates(self) -> Iterator[Parsed]:
        """Yield the remaining merged publications. Raise DuplicatesFound if the finder has any."""
        if self._merger:
            yield from map(Parsed, self._merger.drain())
        if self._finder and (merger := self._finder.make_merger()):
            raise DuplicatesFound(merger)

    def read_chunks(self, source: SourceFile) -> Iterator[Chunk]:
        """Yield the chunks of one file. Report its other parts."""
        return self._accept(self._split(source), source.file)

    def _accept(self, pieces: Iterator[AnyChunk | Problem], file: str) -> Iterator[AnyChunk]:
        """Yield the chunks of a file up to the limit on entries. Report the problems among them."""
        self._reporter = ProblemReporter(self.report, file)
        for piece in pieces:
            if isinstance(piece, Problem):
                self._reporter.report(piece)
            elif len(self._taken) < self.limits.most_entries:
                yield piece
            else:
                limit = self.limits.most_entries
                message = f"the rest of the file exceeds the limit of {limit} entries"
                hint = suggest_raising("most_entries")
                self._reporter.report(Problem(file, piece.line, message, hint))
                break
        self._reporter.report_suppressed()

    def _split(self, source: SourceFile) -> Iterator[Chunk | Problem]:
        """Yield the parts of a file, and a Problem if it can't be read to the end."""
        file = source.file
        try:
            with safe_files.open_file(source.path) as stream:
                pieces = registry.split(stream, file, source.reader, self.limits)
                for number, piece in enumerate(pieces, start=1):
                    yield piece
                    if number % PROGRESS_INTERVAL == 0:
                        self.report_bytes(self._bytes + stream.tell())
                self._bytes += stream.tell()
                self.report_bytes(self._bytes)
        except OSError as error:
            message = f"the file can't be read: {error.strerror or error}"
            yield Problem(file, 0, message, "Check that it exists and is readable")

    def _make_unique(self, pending: PendingChunk, source: SourceFile) -> list[Item]:
        """Return the items of a chunk with unique ids.

        In a mapped source, a repeated id gets a number, because users often can't correct the ids
        of an export. In any other source, it is reported and its item is left out.
        """
        items = self._reuse(pending) or [*self._parse(pending, source)]
        if self._merger and source.mapper and any(map(self._merger.has_group, items)):
            return list(self._merge(self._reparse(pending, source, items), self._merger))
        if self._taken.add_new(items):
            return items
        # The handling of a repeated id depends on earlier chunks. So the next build must parse
        # this chunk again.
        parsed = self._reparse(pending, source, items)
        if source.mapper:
            return [Parsed(self._number_id(item.publication)) for item in parsed]
        report = self._reporter.report
        return [
            Parsed(item.publication) for item in parsed if ids.claim_id(item, report, self._taken)
        ]

    def _merge(self, items: Iterable[Parsed], merger: Merger) -> Iterator[Parsed]:
        """Yield the merged items of a chunk, without digests: the next build parses them again.

        A group of duplicates gets its id at its first record. It is yielded after its last one.
        """
        for item in items:
            publication = item.publication
            group = merger.find_group(publication)
            if group is None or merger.is_first(group):
                publication = self._number_id(publication)
            whole = publication if group is None else merger.add(group, publication)
            if whole:
                yield Parsed(self.catalogue.with_ancestors(whole))

    def _number_id(self, publication: Publication) -> Publication:
        """Return the publication with a unique id. Add a number only if its id is taken."""
        identity = publication.id
        while identity in self._taken:
            self._repeats[publication.id] += 1
            identity = f"{publication.id}-{self._repeats[publication.id] + 1}"
        self._taken.add(identity, publication.source)
        return msgspec.structs.replace(publication, id=identity)

    def _reparse(
        self, pending: PendingChunk, source: SourceFile, items: Sequence[Item]
    ) -> list[Parsed]:
        """Return the items, parsed again if they were copied from the previous index."""
        parsed = [item for item in items if isinstance(item, Parsed)]
        return parsed or self._parse(pending, source)

    def _reuse(self, pending: PendingChunk) -> list[Item]:
        """Return the items of a chunk that the previous index contains, or none."""
        previous, chunk = self._previous, pending.chunk
        if not previous:
            return []
        return [
            Unchanged(
                doc_number,
                previous.all_ids[doc_number],
                SourceLocation(chunk.file, chunk.line or previous.all_lines[doc_number]),
            )
            for doc_number in pending.known
        ]

    def _parse(self, pending: PendingChunk, source: SourceFile) -> list[Parsed]:
        """Return the items of a chunk, parsed. Report its problems."""
        parsed = self._report(pending.parse(), source)
        digest = NO_DIGEST if parsed.problems else pending.digest
        return [
            Parsed(self.catalogue.with_ancestors(publication), digest)
            for publication in parsed.publications
        ]

    def _report(self, parsed: ParsedChunk, source: SourceFile) -> ParsedChunk:
        """Report the problems of a chunk. Count its unused columns."""
        for problem in parsed.problems:
            self._reporter.report(problem)
        if source.mapper:
            source.mapper.add_columns(parsed.columns)
        name = source.mapper.source.file if source.mapper else source.file
        for column, number in parsed.unused.items():
            self.unused[name, column] += number
        return parsed

    def parse_chunk(self, chunk: Chunk, source: SourceFile) -> Sequence[Publication]:
        """Return the publications of a chunk, without the ancestors of their values.

        Report entries and values that are not usable.
        """
        return self._report(self._parser.parse(chunk, source), source).publications

    def parse_records(self, chunk: Chunk, source: SourceFile) -> Iterator[SourceRecord]:
        """Yield the records of a chunk without validation. Report those that can't be parsed."""
        for record in source.reader.parse(chunk, self.limits):
            if isinstance(record, Problem):
                self._reporter.report(record)
            else:
                yield record
