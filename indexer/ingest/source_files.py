"""Source files: the files of a corpus folder, each with its reader and its mapping."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from indexer.catalogue import safe_files
from indexer.catalogue.catalogue_toml import CatalogueError
from indexer.catalogue.fields import Catalogue
from indexer.catalogue.limits import Limits
from indexer.catalogue.records import Problem
from indexer.mapping import sources as sources_toml
from indexer.mapping.mapper import Mapper
from indexer.mapping.sources import SOURCES_FILE, Source
from indexer.readers import registry
from indexer.readers.base import SURE, Reader

NEVER_SOURCES = frozenset({".toml", ".css"})
"""Suffixes of files that belong in a corpus folder but contain no publications."""
NOTES = frozenset({".md", ""})
"""Suffixes of notes for people. Unless `sources.toml` names such a file, it is read only if its
contents leave no doubt."""

Report = Callable[[Problem], None]


class SourceFile(NamedTuple):
    """A file of a corpus, its reader, and its mapping.

    `file` is its name in problems and sources. Without a `mapper`, the file uses the names of the
    catalogue.
    """

    path: Path
    file: str
    reader: Reader
    mapper: Mapper | None = None


def find_source_files(
    folder: Path, catalogue: Catalogue, report: Report, limits: Limits
) -> Iterator[SourceFile]:
    """Yield the files of a corpus folder that can be read, in the order of their names.

    If the folder has a `sources.toml`, only the files that it names are read. Report the others.
    Raise CatalogueError if `sources.toml` is invalid, and ReaderError.
    """
    sources = sources_toml.load(folder)
    paths = safe_files.list_files(folder, report, limits)
    outside = [
        Path(source.file) for source in sources.source if Path(source.file).is_absolute()
    ]  # fmt: skip
    for path in (*paths, *outside):
        is_inside = path.is_relative_to(folder)
        file = safe_files.printable_path(path.relative_to(folder) if is_inside else path)
        if path.suffix.lower() in NEVER_SOURCES:
            continue
        if sources.source:
            source = sources.find(file)
            if source:
                yield _open_source(path, file, source, folder, catalogue)
            else:
                hint = f"Add a [[source]] to {SOURCES_FILE}, or import the file"
                report(Problem(file, 0, f"no source of {SOURCES_FILE} names this file", hint))
        elif found := _detect(path, file, catalogue, report):
            yield found


def _open_source(
    path: Path, file: str, source: Source, folder: Path, catalogue: Catalogue
) -> SourceFile:
    reader = registry.find_reader(source.format)
    if reader is None:
        names = ", ".join(reader.NAME for reader in registry.load_readers())
        message = f"the source {source.file!r} has the unknown format {source.format!r}"
        raise CatalogueError(folder / SOURCES_FILE, message, f"Formats: {names}")
    return SourceFile(path, file, reader, Mapper(source, reader, catalogue))


def _detect(path: Path, file: str, catalogue: Catalogue, report: Report) -> SourceFile | None:
    """Return a file without a source with the reader that recognizes it. Report any other file."""
    match = registry.detect(path)
    if path.suffix.lower() in NOTES and not (match and match.evidence.score >= SURE):
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
