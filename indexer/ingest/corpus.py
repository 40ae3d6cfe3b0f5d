"""Corpus reader: read the files of a folder, in order, into publications and problems.

`find_source_files` gives each file its reader and its mapping, and `watch` waits for changes. A
record of a file is recognized by its digest. If an earlier index contains it unchanged, it is
neither mapped nor validated again.
"""

import time
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path
from typing import NamedTuple

import msgspec

from indexer.analysis.cleaning import is_printable, replace_unprintable
from indexer.catalogue import access, safe_files
from indexer.catalogue.catalogue_toml import CATALOGUE_FILE, CatalogueError, raise_faults
from indexer.catalogue.fields import Catalogue
from indexer.catalogue.limits import LIMITS, Limits, suggest_raising
from indexer.catalogue.records import (
    DIGEST_BYTES,
    NO_DIGEST,
    Item,
    Parsed,
    Problem,
    Publication,
    Report,
    SourceLocation,
    SourceRecord,
    Unchanged,
)
from indexer.fulltext import attachments
from indexer.fulltext.documents import is_document
from indexer.ingest import validation
from indexer.ingest.duplicates import DuplicateFinder, DuplicatesFound, Merger, PreviousIndex
from indexer.mapping import sources as sources_toml
from indexer.mapping.mapper import ID_FIELD, Mapper
from indexer.mapping.sources import SOURCES_FILE, Source, Sources
from indexer.readers import registry
from indexer.readers.base import SURE, Reader
from indexer.readers.formats import pdf

NEVER_SOURCES = frozenset({".toml", ".css", ".links"})
"""Suffixes of files that belong in a corpus folder but contain no publications."""
NOTES = frozenset({".md", ""})
"""Suffixes of notes for people. Unless `sources.toml` names such a file, it is read only if a
reader is sure of its format."""

FolderState = dict[Path, tuple[int, int]]
"""Size in bytes and modification time in nanoseconds of each file of a folder."""
PROGRESS_SECONDS = 0.5
"""Time between two progress reports about a file."""
MAX_PROBLEMS = 1000
"""Maximum number of problems reported one by one per file, before the last one."""
MAX_MESSAGE_CHARS = 500
"""Maximum length of a problem's message and of its entry's title or id, in characters."""


class Progress:
    """Receiver of progress reports. This base class ignores them."""

    def report_bytes(self, count: int) -> None:
        """Receive the number of bytes read so far, over all files."""

    def report_publications(self, publications: Sequence[Publication]) -> None:
        """Receive publications that were parsed now, not copied from an earlier index."""

    def report_encoding(self, done: int, total: int) -> None:
        """Receive the number of publications encoded so far, and all of them, after reading."""

    def report_sorting(self, done: int, total: int) -> None:
        """Receive the steps of sorting done so far, and all steps, after the last publication."""

    def report_texts(self, done: int, total: int, pages: int, file: str) -> None:
        """Receive the numbers of read files and of all, and of pages; and the next file, or ""."""

    def report_loading(self, done: int, total: int) -> None:
        """Receive the documents that a cluster has accepted so far, and all of them."""


NO_PROGRESS = Progress()


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


class SourceFile(NamedTuple):
    """A file of a corpus, its reader, and its mapping."""

    path: Path
    file: str
    """Its name in problems and in `sources.toml`."""
    reader: Reader
    mapper: Mapper | None = None
    """None: its columns have the names of the catalogue."""


def find_source_files(
    folder: Path, catalogue: Catalogue, report: Report, limits: Limits
) -> Iterator[SourceFile]:
    """Yield the files of a corpus folder that can be read, in the order of their names.

    If the folder has a `sources.toml`, only the files that it names are read. Report the others.
    Raise CatalogueError if `sources.toml` is invalid, and ReaderError.
    """
    sources = sources_toml.load(folder)
    listed = safe_files.list_files(folder, report, limits)
    paths = [path for path in listed if path != folder / catalogue.logo]
    if sources.source:
        yield from _find_named(folder, paths, sources, catalogue, report)
        return
    for path in paths:
        file = safe_files.printable_path(path.relative_to(folder))
        if path.suffix.lower() not in NEVER_SOURCES and (
            source := _detect(path, file, catalogue, report)
        ):
            yield source


def _find_named(
    folder: Path, paths: Iterable[Path], sources: Sources, catalogue: Catalogue, report: Report
) -> Iterator[SourceFile]:
    """Yield the files that `sources.toml` names. Report other files, and sources without a file."""
    faults = (fault for source in sources.source for fault in _find_faults(source, catalogue))
    raise_faults(folder / SOURCES_FILE, faults)
    found = ((source.file, registry.find_reader(source.format)) for source in sources.source)
    readers = {name: reader for name, reader in found if reader}
    mappers: dict[str, Mapper] = {}
    inside = [(path, safe_files.printable_path(path.relative_to(folder))) for path in paths]
    others = [(path, str(path)) for path in list_outside(sources, report)]
    for path, file in (*inside, *others):
        is_never = path.suffix.lower() in NEVER_SOURCES
        source = sources.find(file)
        if source and (source.file == file or not is_never):  # a glob may match these
            reader = readers[source.file]
            if source.file not in mappers:
                mappers[source.file] = Mapper(source, reader, catalogue)
            yield SourceFile(path, file, reader, mappers[source.file])
        elif not (is_never or _is_attachment(file, catalogue) or _is_note(path)):
            hint = f"Add a [[source]] to {SOURCES_FILE}, or import the file"
            report(Problem(file, 0, f"no source of {SOURCES_FILE} names this file", hint))
    for file in [name for name in readers if name not in mappers]:
        hint = "Restore the file, or remove the source"
        report(Problem(SOURCES_FILE, 0, f"there is no file for the source {file!r}", hint))


def list_outside(sources: Sources, report: Report = lambda _: None) -> list[Path]:
    """Return the files that sources name by an absolute path or glob, without duplicates.

    A glob matches no folders and no hidden files. Leave out, and report, files that it matches if
    their names are unprintable, or if they are not regular files of its folder.
    """
    listed: dict[Path, None] = {}
    for path in (Path(source.file) for source in sources.source):
        if path.is_absolute():
            is_glob = safe_files.find_glob_start(path) != path
            listed |= dict.fromkeys(_expand(path, report) if is_glob else [path])
    return list(listed)


def _expand(pattern: Path, report: Report) -> Iterator[Path]:
    folder = safe_files.find_glob_start(pattern)
    for path in safe_files.match_files(folder, pattern.relative_to(folder), report):
        if is_printable(str(path)):
            yield path
        else:
            report(Problem(safe_files.printable_path(path), 0, *safe_files.UNPRINTABLE))


def _find_faults(source: Source, catalogue: Catalogue) -> Iterator[tuple[str, str]]:
    """Yield each unknown field and format of a source, with a hint. Raise ReaderError."""
    fields = {ID_FIELD, *(field.name for field in catalogue.stored)}
    for field in dict.fromkeys((*source.fields, *source.split, *source.change)):
        if field not in fields:
            hint = f"Add it to {CATALOGUE_FILE}, or use one of: {', '.join(sorted(fields))}"
            yield f"the source {source.file!r} has the unknown field {field!r}", hint
    if registry.find_reader(source.format) is None:
        names = ", ".join(reader.NAME for reader in registry.load_readers())
        message = f"the source {source.file!r} has the unknown format {source.format!r}"
        yield message, f"Use one of: {names}"


def _is_attachment(file: str, catalogue: Catalogue) -> bool:
    """Return whether a file may belong to publications. The build reports it if it does not."""
    return catalogue.fulltext is not None and is_document(Path(file))


def _is_note(path: Path) -> bool:
    """Return whether a file seems to be a note for people without publications."""
    match = registry.detect(path) if path.suffix.lower() in NOTES else None
    return path.suffix.lower() in NOTES and not (match and match.evidence.score >= SURE)


def _detect(path: Path, file: str, catalogue: Catalogue, report: Report) -> SourceFile | None:
    """Return a file with the reader that recognizes it. Report a file that no reader recognizes.

    Without a `sources.toml`, a PDF is no record of its own, and neither is a text or a page that
    may belong to a record, unless a reader is sure of its format.
    """
    if _is_note(path):
        return None
    match = registry.detect(path)
    if match and match.reader.NAME == pdf.NAME:
        if not _is_attachment(file, catalogue):
            hint = f"Add a field of the kind 'fulltext' to {CATALOGUE_FILE}. The file was left out"
            if catalogue.fulltext:
                hint = "Rename it, so that its name ends with .pdf. The file was left out"
            report(Problem(file, 0, "the text of the file is not searched", hint))
        return None
    is_sure = match is not None and match.evidence.score >= SURE
    if not is_sure and _is_attachment(file, catalogue):
        return None
    if match is None:
        hint = "`pubsearch formats` lists the formats. The file was left out"
        report(Problem(file, 0, f"no reader for {path.suffix!r} files", hint))
        return None
    return make_source_file(path, file, match.reader, catalogue)


def make_source_file(path: Path, file: str, reader: Reader, catalogue: Catalogue) -> SourceFile:
    """Return a file with the default mapping of its format, if it has one."""
    if not reader.FIELDS:
        return SourceFile(path, file, reader)
    mapper = Mapper(Source(file=file, format=reader.NAME), reader, catalogue)
    return SourceFile(path, file, reader, mapper)


class CorpusReader:
    """Reader of one corpus. It does not map records that the earlier index `previous` contains.

    `report_bytes` is called with the number of bytes read so far, over all files. `unused` counts
    the columns that no field uses, by source and column, in the records that were mapped.

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
        self.report_bytes = report_bytes
        self._known = previous.docs_by_digest if previous else {}
        self._known_ids = previous.all_ids if previous else ()
        self._finder = duplicates if isinstance(duplicates, DuplicateFinder) else None
        self._merger = duplicates if isinstance(duplicates, Merger) else None
        self._taken = _TakenIds()
        self._repeats: Counter[str] = Counter()
        self._bytes = self._records = 0
        self.unused: Counter[tuple[str, str]] = Counter()
        self._problems = _FileProblems(report, "")

    def read_folder(self, folder: Path) -> Generator[Item, None, None]:
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
        if self._merger:
            yield from map(Parsed, self._merger.drain())
        if self._finder and (merger := self._finder.make_merger()):
            raise DuplicatesFound(merger)
        self._taken = _TakenIds()  # the build needs the memory to sort
        for name, mapper in mappers.items():
            self.unused.update({(name, column): count for column, count in mapper.unknown.items()})
            for problem in () if name in copied else mapper.find_missing_columns():
                self.report(problem)

    def read_file(self, source: SourceFile) -> Iterator[Item]:
        """Yield the items of one file with unique ids."""
        rules = source.mapper.digest if source.mapper else b""
        finder = self._finder if source.mapper else None
        for record in self.read_records(source):
            digest = record.compute_digest(rules)
            number = self._known.get(digest)
            if number is None:
                item: Item | None = self._parse(record, source, digest)
            else:
                item = Unchanged(number, self._known_ids[number], record.source)
            if item and self._merger and source.mapper and self._merger.has_group(item):
                item = self._merge(item, record, source, self._merger)
            elif item and (first := self._taken.claim(item.id, item.source)):
                item = self._resolve_repeated(item, record, source, first)
            if item and finder:
                finder.collect(item)
            if item and not (finder and finder.has_duplicates):
                yield item

    def read_records(self, source: SourceFile) -> Iterator[SourceRecord]:
        """Yield the records of one file. Report its problems."""
        self._problems = _FileProblems(self.report, source.file)
        columns: tuple[str, ...] = ()
        for piece in self._read(source):
            if isinstance(piece, Problem):
                self._problems.report(piece)
                continue
            if self._records == self.limits.most_entries:
                message = f"the rest of the file exceeds the limit of {self._records} entries"
                hint = suggest_raising("most_entries")
                self._problems.report(Problem(source.file, piece.line, message, hint))
                break
            self._records += 1
            if piece.columns is not columns and source.mapper:
                columns = piece.columns
                source.mapper.add_columns(columns)
            yield piece
        self._problems.report_suppressed()

    def _read(self, source: SourceFile) -> Iterator[SourceRecord | Problem]:
        """Yield the records of a file, and a Problem if it can't be read to the end."""
        file = source.file
        try:
            with safe_files.open_file(source.path) as stream:
                reported = time.monotonic()
                for piece in registry.read(stream, file, source.reader, self.limits):
                    yield piece
                    if (now := time.monotonic()) - reported >= PROGRESS_SECONDS:
                        reported = now
                        self.report_bytes(self._bytes + stream.tell())
                self._bytes += stream.tell()
                self.report_bytes(self._bytes)
        except OSError as error:
            message = f"the file can't be read: {error.strerror or error}"
            yield Problem(file, 0, message, "Check that it exists and is readable")

    def read_publications(self, source: SourceFile) -> Iterator[Publication]:
        """Yield the publications of a file, without ancestors. Ids may repeat. Report the rest."""
        for record in self.read_records(source):
            if publication := self._validate(record, source):
                yield publication

    def _parse(self, record: SourceRecord, source: SourceFile, digest: bytes) -> Parsed | None:
        """Return the publication of a record, or None if the record is not usable."""
        problems = self._problems.count
        publication = self._validate(record, source)
        if publication is None:
            return None
        has_problems = self._problems.count > problems
        whole = self.catalogue.with_ancestors(publication)
        return Parsed(whole, NO_DIGEST if has_problems else digest)

    def _validate(self, record: SourceRecord, source: SourceFile) -> Publication | None:
        """Return the publication that a record describes. Report what is not usable."""
        report, mapper = self._problems.report, source.mapper
        if mapper:
            record = mapper.map(record, self.limits)
            if mapper.cut_fields:
                hint = suggest_raising("longest_field")
                cut = mapper.cut_fields - {ID_FIELD}
                if any(self.catalogue.by_name[field].restricted for field in cut):
                    hint += access.UNTIL_THEN
                message = f"the templates of {', '.join(sorted(mapper.cut_fields))} join too much"
                report(Problem(source.file, record.line, message, hint))
        else:
            for name in dict.fromkeys(prop.name for prop in record.properties):
                if name not in self.catalogue.by_source_name:
                    self.unused[source.file, name] += 1
        return validation.validate(record, self.catalogue, report, self.limits)

    def _reparse(self, item: Item, record: SourceRecord, source: SourceFile) -> Publication:
        """Return the publication of an item, made again if it was copied from the earlier index."""
        parsed = item if isinstance(item, Parsed) else self._parse(record, source, NO_DIGEST)
        assert parsed is not None  # as in the build that made the earlier index
        return parsed.publication

    def _resolve_repeated(
        self, item: Item, record: SourceRecord, source: SourceFile, first: SourceLocation
    ) -> Parsed | None:
        """Return an item whose id is taken, with a unique id, or None if it is left out.

        In a mapped source, a repeated id gets a number, because users often can't correct the ids
        of an export. The item has no digest, because this depends on earlier records. So the next
        build must do it again. In any other source, the item is reported and left out.
        """
        if source.mapper:
            return Parsed(self._number_id(self._reparse(item, record, source)))
        message = f"the entry at {first.file}:{first.line} already has this id"
        hint = "Choose a unique id. The entry was left out"
        place = item.source
        self._problems.report(Problem(place.file, place.line, message, hint, item.id))
        return None

    def _merge(
        self, item: Item, record: SourceRecord, source: SourceFile, merger: Merger
    ) -> Parsed | None:
        """Return the merged item of a group after its last record, or None before it.

        A group of duplicates gets its id at its first record. The item has no digest: the next
        build makes it again.
        """
        publication = self._reparse(item, record, source)
        group = merger.find_group(publication)
        if group is None or merger.is_first(group):
            publication = self._number_id(publication)
        whole = publication if group is None else merger.add(group, publication)
        return Parsed(self.catalogue.with_ancestors(whole)) if whole else None

    def _number_id(self, publication: Publication) -> Publication:
        """Return the publication with a unique id. Add a number only if its id is taken."""
        identity = publication.id
        while self._taken.claim(identity, publication.source):
            self._repeats[publication.id] += 1
            identity = f"{publication.id}-{self._repeats[publication.id] + 1}"
        return msgspec.structs.replace(publication, id=identity)


class _TakenIds:
    """The ids of the publications that were read, and the places of these.

    A corpus may have millions of them. To save memory, an id is kept as a digest, and a place as
    one number: that of its file, then a line in the lowest bits.
    """

    _LINE_BITS = 32  # a file has at most as many lines as bytes

    def __init__(self) -> None:
        self._places: dict[bytes, int] = {}
        self._files: list[str] = []

    def claim(self, identity: str, source: SourceLocation) -> SourceLocation | None:
        """Take an id if it is free, and return None. Otherwise, return its first place."""
        digest = blake2b(identity.encode(), digest_size=DIGEST_BYTES).digest()
        if (place := self._places.get(digest)) is not None:
            number, line = divmod(place, 1 << self._LINE_BITS)
            return SourceLocation(self._files[number], line)
        if self._files[-1:] != [source.file]:  # files are read one after another
            self._files.append(source.file)
        self._places[digest] = len(self._files) - 1 << self._LINE_BITS | source.line
        return None


class _FileProblems:
    """The problems of one file: the first `MAX_PROBLEMS` and the last are reported, all counted.

    The last problem often says why the rest of the file was not read.
    """

    def __init__(self, report: Report, file: str) -> None:
        self._report, self._file, self.count = report, file, 0
        self._last: Problem | None = None

    def report(self, problem: Problem) -> None:
        """Count a problem, and report it unless `MAX_PROBLEMS` were reported before."""
        self.count += 1
        if self.count <= MAX_PROBLEMS:
            self._report_one(problem)
        else:
            self._last = problem

    def report_suppressed(self) -> None:
        """Report the last problem, and the number of those that were only counted, if any."""
        if self._last:
            self._report_one(self._last)
        if self.count > MAX_PROBLEMS + 1:
            message = f"{self.count - MAX_PROBLEMS - 1} more problems are not listed"
            hint = "Fix those above, then run the command again"
            self._report(Problem(self._file, 0, message, hint))

    def _report_one(self, problem: Problem) -> None:
        texts = (text[:MAX_MESSAGE_CHARS] for text in (problem.what, problem.entry or ""))
        message, entry = (replace_unprintable(" ".join(text.split())) for text in texts)
        self._report(msgspec.structs.replace(problem, what=message, entry=entry or None))


def watch(
    corpus_folder: Path,
    *,
    interval: float,
    sleep: Callable[[float], None] = time.sleep,
    seen: FolderState | None = None,
) -> Iterator[None]:
    """Yield at once, then each time the folder has changed and settled.

    If `seen` is given, the first yield also waits until the folder differs from that state.

    The folder is polled every `interval` seconds. A change is a new or removed file, or a
    different size or modification time. The folder has settled if two polls in a row agree, so a
    copy in progress delays the yield.
    """
    while True:
        current = read_state(corpus_folder)
        if current != seen:
            sleep(interval if seen is not None else 0)
            if seen is None or read_state(corpus_folder) == current:
                seen = current
                yield
            continue
        sleep(interval)


def read_state(folder: Path) -> FolderState:
    """Return the state of a folder and of the files outside of it that `sources.toml` names."""
    paths = safe_files.list_files(folder, lambda _: None)
    with suppress(CatalogueError):  # the build reports it
        stated = sources_toml.load(folder)
        paths += list_outside(stated)
        paths += attachments.list_files(stated.list_attachments(), lambda _: None)
    sizes_and_times = {}
    for path in paths:
        with suppress(OSError):
            status = path.stat()
            sizes_and_times[path] = (status.st_size, status.st_mtime_ns)
    return sizes_and_times
