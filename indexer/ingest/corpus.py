"""Corpus reader: parse the files of a folder, in order, into publications and problems.

A reader splits a file into chunks, such as lines, or the whole file. A chunk is recognized by its
digest. A chunk that an earlier index contains unchanged is not parsed again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Protocol

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
from indexer.ingest import ids, validation
from indexer.ingest.duplicates import DuplicateFinder, DuplicatesFound, Merger
from indexer.ingest.problem_reporter import ProblemReporter
from indexer.ingest.source_files import Report, SourceFile, find_source_files
from indexer.mapping.mapper import Mapper
from indexer.readers import registry
from indexer.readers.base import TableReader

PROGRESS_INTERVAL = 100
"""Number of chunks of a file between two progress reports."""


class Progress:
    """Receiver of progress reports. This base class ignores them."""

    def report_bytes(self, count: int) -> None:
        """Receive the number of bytes read so far, over all files."""

    def report_publications(self, publications: Sequence[Publication]) -> None:
        """Receive publications that were parsed now, not copied from an earlier index."""

    def report_sorting(self, done: int, total: int) -> None:
        """Receive the steps of sorting done so far, and all steps, after the last publication."""


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
        self,
        catalogue: Catalogue,
        report: Report,
        previous: PreviousIndex | None = None,
        report_bytes: Callable[[int], object] = lambda _: None,
        limits: Limits = LIMITS,
        *,
        duplicates: DuplicateFinder | Merger | None = None,
    ) -> None:
        self.catalogue, self.report, self.limits = catalogue, report, limits
        self.previous, self.report_bytes = previous, report_bytes
        self._finder = duplicates if isinstance(duplicates, DuplicateFinder) else None
        self._merger = duplicates if isinstance(duplicates, Merger) else None
        self._places: dict[str, SourceLocation] = {}
        self._repeats: Counter[str] = Counter()
        self._bytes = 0
        self._known_names = catalogue.by_source_name.keys()
        self.unused: Counter[tuple[str, str]] = Counter()
        self._reporter = ProblemReporter(report, "")

    def read_folder(self, folder: Path) -> Iterator[Item]:
        """Yield the items of all files of a folder, in order, with unique ids.

        Raise CatalogueError if its `sources.toml` is invalid, and ReaderError. Raise
        DuplicatesFound after the last file if a finder found any.
        """
        mappers: dict[str, Mapper] = {}
        copied: set[str] = set()
        for source in find_source_files(folder, self.catalogue, self.report, self.limits):
            name = source.mapper.source.file if source.mapper else ""
            if source.mapper:
                mappers[name] = source.mapper
            for item in self.read_file(source):
                if isinstance(item, Unchanged):
                    copied.add(name)
                yield item
        yield from self._end_duplicates()
        self._places.clear()  # the build needs the memory to sort
        for name, mapper in mappers.items():
            self.unused.update({(name, column): n for column, n in mapper.unknown.items()})
            if name not in copied:
                for problem in mapper.find_missing_columns():
                    self.report(problem)

    def read_file(self, source: SourceFile) -> Iterator[Item]:
        """Yield the items of one file with unique ids."""
        finder = self._finder if source.mapper else None
        context = b""
        for chunk in self.read_chunks(source):
            if chunk.context is not context and isinstance(source.reader, TableReader):
                context = chunk.context
                if source.mapper:
                    source.mapper.add_columns(source.reader.read_header(context))
            items = self._make_unique(chunk, source)
            yield from finder.collect(items) if finder else items

    def _end_duplicates(self) -> Iterator[Parsed]:
        """Yield the remaining merged publications. Raise DuplicatesFound if the finder has any."""
        if self._merger:
            yield from map(Parsed, self._merger.drain())
        if self._finder and (merger := self._finder.make_merger()):
            raise DuplicatesFound(merger)

    def read_chunks(self, source: SourceFile) -> Iterator[Chunk]:
        """Yield the chunks of one file."""
        file = source.file
        self._reporter = ProblemReporter(self.report, file)
        try:
            with safe_files.open_file(source.path) as stream:
                chunks = registry.split(stream, file, source.reader, self.limits)
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

    def _make_unique(self, chunk: Chunk, source: SourceFile) -> list[Item]:
        """Return the items of a chunk with unique ids.

        In a mapped source, a repeated id gets a number, because users often can't correct the ids
        of an export. In any other source, it is reported and its item is left out.
        """
        items = self._parse_or_reuse(chunk, source, self.previous)
        if self._merger and source.mapper and any(map(self._merger.has_group, items)):
            return list(self._merge(self._reparse(chunk, source, items), self._merger))
        names = [item.id for item in items]
        if len(set(names)) == len(names) and self._places.keys().isdisjoint(names):
            self._places.update((item.id, item.source) for item in items)
            return items
        # The handling of a repeated id depends on earlier chunks. So the next build must parse
        # this chunk again.
        parsed = self._reparse(chunk, source, items)
        if source.mapper:
            return [Parsed(self._number_id(item.publication)) for item in parsed]
        report = self._reporter.report
        return [
            Parsed(item.publication) for item in parsed if ids.claim_id(item, report, self._places)
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
        while identity in self._places:
            self._repeats[publication.id] += 1
            identity = f"{publication.id}-{self._repeats[publication.id] + 1}"
        self._places[identity] = publication.source
        return msgspec.structs.replace(publication, id=identity)

    def _reparse(self, chunk: Chunk, source: SourceFile, items: list[Item]) -> list[Parsed]:
        """Return the items, parsed again if they were copied from the previous index."""
        if not isinstance(items[0], Parsed):
            items = self._parse_or_reuse(chunk, source, None)
        return [item for item in items if isinstance(item, Parsed)]

    def _parse_or_reuse(
        self, chunk: Chunk, source: SourceFile, previous: PreviousIndex | None
    ) -> list[Item]:
        """Return the items of a chunk: Unchanged if `previous` contains it, otherwise Parsed."""
        rules = source.mapper.digest if source.mapper else b""
        digest = chunk.compute_digest(rules)
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
            for publication in self.parse_chunk(chunk, source)
        ]
        digest = digest if self._reporter.count == problems_before else NO_DIGEST
        return [Parsed(publication, digest) for publication in publications]

    def _count_unused(self, record: SourceRecord) -> None:
        """Count the property names of an unmapped record that are not in the catalogue."""
        for name in {prop.name for prop in record.properties} - self._known_names:
            self.unused[record.source.file, name] += 1

    def parse_chunk(self, chunk: Chunk, source: SourceFile) -> Iterator[Publication]:
        """Yield the publications of a chunk. Report entries and values that are not usable."""
        report, limits = self._reporter.report, self.limits
        for record in self.parse_records(chunk, source):
            if source.mapper:
                entry = source.mapper.map(record)
            else:
                entry = record
                self._count_unused(record)
            if publication := validation.validate(entry, self.catalogue, report, limits):
                yield publication

    def parse_records(self, chunk: Chunk, source: SourceFile) -> Iterator[SourceRecord]:
        """Yield the records of a chunk without validation. Report those that can't be parsed."""
        for record in source.reader.parse(chunk, self.limits):
            if isinstance(record, Problem):
                self._reporter.report(record)
            else:
                yield record
