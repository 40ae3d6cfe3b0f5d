"""The files of an import: which are one source, which belong to records, and the folder of all.

An export of records is read first, then texts such as web pages, and PDFs last. A file that belongs
to records of an earlier tier is no record.

An interrupted import changes nothing, because the whole folder is replaced. The new folder is
written as `.NAME.import`, and renamed when it is complete. If the target folder exists, its files
are copied first. It is renamed to `.NAME.former` just before it is replaced.
"""

import glob
import shutil
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from hashlib import file_digest
from io import BufferedIOBase
from itertools import chain
from pathlib import Path
from typing import NamedTuple

from indexer.analysis.cleaning import is_printable
from indexer.catalogue import safe_files
from indexer.catalogue.catalogue_toml import CATALOGUE_FILE
from indexer.catalogue.fields import Catalogue
from indexer.catalogue.limits import Limits
from indexer.catalogue.records import Problem, Publication, Report
from indexer.catalogue.thesaurus import THESAURUS_FILE
from indexer.errors import HintedError
from indexer.fulltext.attachments import attach
from indexer.fulltext.documents import TextCache, extract_all, is_document
from indexer.generations import fsync
from indexer.ingest import corpus
from indexer.ingest.corpus import NEVER_SOURCES, CorpusReader, Progress, SourceFile
from indexer.mapping.mapper import Mapper
from indexer.mapping.profile import Profile
from indexer.mapping.sources import SOURCES_FILE, Source, Sources
from indexer.readers import registry
from indexer.readers.base import Reader
from indexer.readers.formats import pdf

_IGNORE: Report = lambda _: None  # noqa: E731
_ARCHIVES = (b"PK\x03\x04", b"Rar!", b"7z\xbc\xaf")
"""The first bytes of ZIP, RAR, and 7z archives."""
_OFFICE = (".doc", ".docx", ".epub", ".odp", ".odt", ".ppt", ".pptx", ".rtf")
"""Suffixes of documents that no reader knows. Some of them are archives."""
_UNRECOGNIZED = (
    "no reader recognizes the contents of this file",
    "Name its format with --format. The file was left out",
)


class ImportRejected(HintedError):
    """The file or folder can't be used for an import."""


class _Unrecognized:
    """The reader of a document that no other one recognizes. It may belong to a record."""

    NAME = "text"
    SUFFIXES: tuple[str, ...] = ()
    FIELDS: Mapping[str, tuple[str, ...]] = {}

    def detect(self, filename: str, head: bytes) -> None:
        """Return None."""

    def read(self, stream: BufferedIOBase, file: str, limits: Limits) -> Iterator[Problem]:
        """Yield the problem that the document has no records."""
        yield Problem(file, 0, *_UNRECOGNIZED)


class ImportFile(NamedTuple):
    """A file to import."""

    path: Path
    name: str
    """Its path in the corpus folder, or its absolute path if it is not copied."""
    reader: Reader
    evidence: str
    """Why its format was recognized."""
    source: Source | None = None
    """Its source in the existing `sources.toml`."""
    root: Path | None = None
    """The imported folder that contains it, as in its name, or None for a file of its own."""

    @property
    def is_pdf(self) -> bool:
        """Whether the file is a PDF."""
        return self.reader.NAME == pdf.NAME

    @property
    def stays(self) -> bool:
        """Whether the folder refers to the file instead of a copy."""
        return Path(self.name).is_absolute()

    @property
    def place(self) -> Path:
        """The folder of its source. PDFs of a folder and of its subfolders have one source."""
        is_usual = self.is_pdf and self.path.suffix.lower() in pdf.SUFFIXES
        return self.root if self.root and is_usual else Path(self.name).parent


class Group:
    """The files of one source. They have the same format, folder, and columns.

    Every file has records. `records` and `problems` have their numbers by file name.
    """

    def __init__(self, first: ImportFile) -> None:
        self.reader, self.evidence, self.source = first.reader, first.evidence, first.source
        self.place = first.place
        self.files: list[ImportFile] = []
        self.profile = Profile()
        self.records: Counter[str] = Counter()
        self.problems: Counter[str] = Counter()

    def list_patterns(self, files: Sequence[ImportFile]) -> tuple[list[str], list[str]]:
        """Return globs for the files of the group, or their names if these match other `files`.

        Return also the other files that the globs must leave out: PDFs that belong to records.

        Globs also match files that are added later. A single file has none, except a PDF if only
        PDFs are imported. PDFs with another suffix have none either. If single files are imported,
        which are not copied, globs must not match other files in their folder either.
        """
        names, first = set(self.records), self.files[0]
        suffixes = {Path(name).suffix for name in names}
        folder = Path(glob.escape(str(self.place)), "**" if self._is_tree and first.stays else "")
        globs = [(folder / f"*{suffix}").as_posix() for suffix in sorted(suffixes)]
        may_grow = len(names) > 1
        if self.reader.NAME == pdf.NAME:
            # Next to an export, a PDF that is added later may belong to one of its records.
            is_alone = self._is_tree and all(file.is_pdf for file in files)
            may_grow = (may_grow or is_alone) and {*map(str.lower, suffixes)} == {*pdf.SUFFIXES}
        if not may_grow:
            return sorted(names), []
        others = {file.name for file in files}
        if first.stays and not all(file.root for file in self.files):
            others |= {str(path) for path in self.place.iterdir()}
        sources = [Source(file=each, format="") for each in globs]
        matching = {name for name in others if any(source.matches(name) for source in sources)}
        if matching == names or (self._is_tree and matching > names):
            return globs, sorted(matching - names)
        return sorted(names), []

    @property
    def _is_tree(self) -> bool:
        """Whether the source has the files of subfolders, too."""
        return self.reader.NAME == pdf.NAME and self.place == self.files[0].root


class Plan(NamedTuple):
    """A group and its sources, those of the folder, or else those of a proposal."""

    group: Group
    sources: Sequence[Source]
    comments: Mapping[str, str] = {}
    """The reason of each guess, by field."""


def find_files(
    paths: Sequence[Path],
    into: Path,
    kept: Sources,
    report: Report,
    limits: Limits,
    *,
    in_place: bool,
    format_name: str | None,
) -> Iterator[ImportFile]:
    """Yield the files that a reader recognizes, with unique names. Report the others.

    A file of a source in `kept` has the format of that source. Raise ImportRejected if the name of
    a format is unknown.
    """
    taken = {CATALOGUE_FILE, SOURCES_FILE, THESAURUS_FILE}
    forced = _find_format(format_name) if format_name else None
    list_files = safe_files.list_outside if in_place else safe_files.list_files
    list_folder = partial(list_files, report=report, limits=limits)
    for file, relative, folder in _list_files(paths, into, list_folder):
        name, number = relative, 1
        while name in taken:
            number += 1
            name = Path(relative).with_stem(f"{Path(relative).stem}-{number}").as_posix()
        taken.add(name)
        # A link stays a file of its own.
        absolute = str(safe_files.resolve(file.parent) / file.name)
        names = (absolute, name) if in_place else (name, absolute)
        source = next((kept_source for path in names if (kept_source := kept.find(path))), None)
        if source:
            name = absolute if source.matches(absolute) else name
            reader = _find_format(source.format)
            yield ImportFile(file, name, reader, f"{SOURCES_FILE} names the format", source)
            continue
        name = names[0]
        if not is_printable(name):
            # Only a path of a file that is not copied can be unprintable.
            report(Problem(safe_files.printable_path(Path(name)), 0, *safe_files.UNPRINTABLE))
            continue
        root = folder if in_place or not folder else Path()
        make = partial(ImportFile, file, name, root=root)
        match = None if forced else registry.detect(file)
        if forced:
            yield make(forced, "the option --format names it")
        elif match:
            yield make(match.reader, match.evidence.reason)
        elif (problem := _explain(file)) == _UNRECOGNIZED and is_document(file):
            yield make(_Unrecognized(), "")
        else:
            report(Problem(relative, 0, *problem))


def _explain(file: Path) -> tuple[str, str]:
    """Return why no reader recognizes a file, and a hint."""
    try:
        head = safe_files.read_file(file, 4)
    except OSError as error:
        return f"the file can't be read: {error.strerror}", "Make it a regular, readable file"
    if not head:
        return "the file is empty", "Export it again"
    if file.suffix.lower() in _OFFICE:
        return f"documents of the type {file.suffix} can't be read", "Save it as PDF"
    if head in _ARCHIVES:
        return "the file is an archive", "Unpack it, and import its folder"
    return _UNRECOGNIZED


def _find_format(name: str) -> Reader:
    reader = registry.find_reader(name)
    if not reader:
        names = ", ".join(reader.NAME for reader in registry.load_readers())
        raise ImportRejected(f"the format {name!r} is unknown", f"Use one of: {names}")
    return reader


def _list_files(
    paths: Iterable[Path], into: Path, list_folder: Callable[[Path], list[Path]]
) -> Iterator[tuple[Path, str, Path | None]]:
    """Yield the files at the paths, their names in the corpus folder, and the path of a folder."""
    for path in paths:
        if not path.is_dir():
            yield path, safe_files.printable_path(Path(path.name.lstrip(".") or "file")), None
            continue
        folder = safe_files.resolve(path)
        for file in list_folder(folder):
            is_target = safe_files.resolve(file).is_relative_to(into)
            if file.suffix.lower() not in NEVER_SOURCES and not is_target:
                yield file, safe_files.printable_path(file.relative_to(folder)), folder


def read_groups(
    files: Iterable[ImportFile], report: Report, progress: Progress, limits: Limits
) -> list[Group]:
    """Read all files. Return the groups of those with records, and report the others."""
    problems: Counter[str] = Counter()

    def count(problem: Problem) -> None:
        problems[problem.file] += 1
        report(problem)

    reader = CorpusReader(
        Catalogue("", "", ()), count, report_bytes=progress.report_bytes, limits=limits
    )
    groups: dict[object, Group] = {}
    for file in files:
        profile, columns = Profile(), tuple[str, ...]()
        for record in reader.read_records(SourceFile(file.path, file.name, file.reader)):
            if record.columns is not columns:  # a table has those of empty columns, too
                columns = record.columns
                profile.headings |= dict.fromkeys(columns)
            profile.add(record)
        if not profile.records:
            if not problems[file.name]:
                hint = f"If it is not {file.reader.NAME}, name its format with --format"
                report(Problem(file.name, 0, "the file has no records", hint))
            continue
        group = groups.setdefault(_make_key(file, profile), Group(file))
        group.files.append(file)
        group.profile.merge(profile)
        group.records[file.name] = profile.records
        group.problems[file.name] = problems[file.name]
    return list(groups.values())


def _make_key(file: ImportFile, profile: Profile) -> object:
    """Return the key of a group: files with the same key are one source."""
    if file.source:
        return file.source.file
    path = Path(file.name)
    key = (file.reader.NAME, file.place, path.suffix.lower())
    if file.reader.FIELDS or profile.records == 1:
        return key
    return (*key, frozenset(profile.headings or profile.columns))


def split_tiers(files: Sequence[ImportFile]) -> list[list[ImportFile]]:
    """Return the files that have records in any case, then texts, then PDFs."""
    tiers: list[list[ImportFile]] = [[], [], []]
    for file in files:
        may_belong = file.source is None and (is_document(file.path) or file.is_pdf)
        tiers[may_belong + (may_belong and file.is_pdf)].append(file)
    return tiers


def find_attached(
    documents: Sequence[ImportFile],
    into: Path | None,
    plans: Iterable[Plan],
    catalogue: Catalogue,
    limits: Limits,
) -> list[ImportFile]:
    """Return the documents that belong to records of planned sources, or of a corpus folder.

    The build that follows reports what is ambiguous or missing.
    """

    def read_planned() -> Iterator[Publication]:
        """Yield the publications of the plans, as a build reads them from their sources."""
        reader = CorpusReader(catalogue, _IGNORE, limits=limits)
        for group, sources, _ in plans:
            for source in sources:
                mapper = Mapper(source, group.reader, catalogue)
                for file in group.files:
                    if source.matches(file.name):
                        source_file = SourceFile(file.path, file.name, group.reader, mapper)
                        yield from reader.read_publications(source_file)

    known = corpus.read(into, catalogue, _IGNORE, limits) if into else ()
    files = {file.name: file.path for file in documents}
    records = enumerate(chain(known, read_planned()))
    attached = {each.file for each in attach(files, catalogue, records, _IGNORE)}
    return [file for file in documents if file.name in attached]


def cache_texts(documents: Iterable[ImportFile], limits: Limits, progress: Progress) -> None:
    """Read the texts of PDFs two at a time, so that their reader finds them in the cache."""
    sizes: deque[int] = deque()

    def list_digests() -> Iterator[tuple[Path, str]]:
        for file in documents:
            # The reader of the file reports the error.
            with suppress(OSError), safe_files.open_file(file.path) as stream:
                digest = file_digest(stream, "sha256").hexdigest()
                sizes.append(stream.tell())
                yield file.path, digest

    read = 0
    for _ in extract_all(list_digests(), limits, TextCache()):
        read += sizes.popleft()
        progress.report_bytes(read)


@contextmanager
def replace_folder(folder: Path) -> Iterator[Path]:
    """Yield a copy of a folder, or an empty folder. Replace the folder with it after the block.

    Raise OSError. After any error, the folder is as before.
    """
    temporary = folder.with_name(f".{folder.name}.import")
    shutil.rmtree(temporary, ignore_errors=True)  # an interrupted import can leave it
    try:
        fsync.make_folder(folder.parent)
        if folder.is_dir():
            shutil.copytree(folder, temporary, symlinks=True)
        else:
            temporary.mkdir()
        yield temporary
        fsync.flush_and_digest([path for path in temporary.rglob("*") if path.is_file()])
        fsync.sync(temporary)
        backup = _make_backup_path(folder)
        if folder.is_dir() and any(folder.iterdir()):  # only an empty one can be replaced
            folder.rename(backup)
        try:
            temporary.rename(folder)
        except BaseException:
            undo_partial_switch(folder)
            raise
        fsync.sync(folder.parent)
        shutil.rmtree(backup, ignore_errors=True)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def make_place(folder: Path, name: str) -> Path:
    """Return the path of a file to write in a folder of `replace_folder`, and make its parents.

    A link of this name is removed, so that its target is kept. Raise ImportRejected if a link to a
    folder leads out, and OSError.
    """
    path = folder / name
    if not safe_files.resolve(path.parent).is_relative_to(safe_files.resolve(folder)):
        message = f"{safe_files.printable_path(Path(name))} is behind a link out of the folder"
        raise ImportRejected(message, "Remove the link")
    if not path.parent.is_dir():
        path.parent.mkdir(parents=True)
    if path.is_symlink():
        path.unlink()
    return path


def _make_backup_path(folder: Path) -> Path:
    return folder.with_name(f".{folder.name}.former")


def undo_partial_switch(folder: Path) -> None:
    """Restore the former folder if an import was interrupted between its two renames."""
    backup = _make_backup_path(folder)
    if backup.is_dir() and not folder.exists():
        backup.rename(folder)
    shutil.rmtree(backup, ignore_errors=True)
