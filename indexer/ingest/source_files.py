"""Source files: the files of a corpus folder with their readers and mappings, and their changes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from indexer.analysis.cleaning import is_printable
from indexer.catalogue import safe_files
from indexer.catalogue.catalogue_toml import CATALOGUE_FILE, CatalogueError, raise_faults
from indexer.catalogue.fields import Catalogue
from indexer.catalogue.limits import Limits
from indexer.catalogue.records import Problem, Report
from indexer.fulltext import attachments
from indexer.fulltext.documents import is_document
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
