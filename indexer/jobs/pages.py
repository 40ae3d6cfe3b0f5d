"""Convert a catalogue in any supported format to a corpus folder with one page per section.

The new folder is written as `.NAME.import`, and renamed when it is complete. If the target folder
exists, its files are copied first. It is renamed to `.NAME.former` just before it is replaced.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import msgspec

from indexer.analysis import cleaning
from indexer.catalogue import catalogue_toml
from indexer.catalogue.catalogue_toml import CATALOGUE_FILE
from indexer.catalogue.fields import Catalogue, Field
from indexer.catalogue.limits import LIMITS, Limits
from indexer.catalogue.records import Problem, Publication
from indexer.generations import fsync
from indexer.ingest import corpus, ids
from indexer.readers import registry
from indexer.readers.formats import html

MAX_NAME_CHARS = 60
"""Maximum characters in the name of a page, without its extension. File systems allow 255 bytes."""


class ImportRejected(Exception):
    """The file or folder can't be used for an import. `hint` says how to fix it."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(f"{message}. {hint}")
        self.message, self.hint = message, hint


def import_file(
    file: Path, folder: Path, like: Path, report: Callable[[Problem], None],
    limits: Limits = LIMITS,
) -> list[Publication]:  # fmt: skip
    """Write the publications of a file as pages into a folder, with a `catalogue.toml`.

    The rows of the catalogue come from the corpus folder `like`. The sections come from the file.
    Duplicate ids get a number as a suffix, so that no publication is lost. An import that is cut
    off changes nothing.

    Raise ImportRejected if the folder already has pages or a `catalogue.toml` of its own. Raise it
    also if no reader supports the file, or the file has no publications. Raise CatalogueError,
    ReaderError, or OSError.
    """
    folder = folder.resolve()
    _undo_partial_switch(folder)
    is_like = folder.is_dir() and folder.samefile(like)
    _check_target(folder, is_like=is_like)
    catalogue = catalogue_toml.load(like)
    section = _find_section_row(catalogue)
    catalogue_to_read = _with_values(catalogue, section, ()) if section else catalogue
    publications = ids.with_unique_ids(_read_publications(file, catalogue_to_read, report, limits))
    pages = _group_pages(publications, section, catalogue)
    if section:
        catalogue = _with_values(catalogue, section, tuple(pages))
    catalogue = msgspec.structs.replace(catalogue, notices=())
    temporary = _make_temporary_path(folder)
    shutil.rmtree(temporary, ignore_errors=True)  # an interrupted import can leave it
    try:
        _write(temporary, folder, pages, catalogue, None if is_like else like)
        _switch(folder, temporary)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return publications


def _read_publications(
    file: Path, catalogue: Catalogue, report: Callable[[Problem], None], limits: Limits
) -> list[Publication]:
    """Return the publications of a file. Raise ImportRejected if there is none, and ReaderError."""
    match = registry.detect(file)
    if match is None:
        suffixes = registry.list_suffixes()
        raise ImportRejected(f"no reader supports {file.name}", f"Supported suffixes: {suffixes}")
    reader = corpus.CorpusReader(catalogue, report, limits=limits)
    publications = [
        publication for chunk in reader.read_chunks(file, file.name, match.reader)
        for publication in reader.parse_chunk(chunk, match.reader)
    ]  # fmt: skip
    if not publications:
        hint = f"Its reader was chosen because {match.evidence.reason}. See the problems above"
        raise ImportRejected(f"{file} contains no publication", hint)
    return publications


def _check_target(folder: Path, *, is_like: bool) -> None:
    """Raise ImportRejected if an import would mix its pages with others."""
    if folder.exists() and not folder.is_dir():
        raise ImportRejected(f"{folder} is not a folder", "Use an empty or a new folder")
    if folder.is_dir() and any(registry.detect(path) for path in folder.rglob("*")):
        raise ImportRejected(f"{folder} has pages already", "Use an empty or a new folder")
    if (folder / CATALOGUE_FILE).exists() and not is_like:
        hint = "Use another folder, or copy its rows with --like"
        raise ImportRejected(f"{folder} has a {CATALOGUE_FILE} of its own", hint)


def _find_section_row(catalogue: Catalogue) -> Field | None:
    rows = (field for field in catalogue.facets if field.order == "listed")
    return next(rows, None)


def _with_values(catalogue: Catalogue, row: Field, values: tuple[str, ...]) -> Catalogue:
    """Return the catalogue with other allowed values in a row. An empty tuple allows any value."""
    replaced = msgspec.structs.replace(row, values=values)
    rows = tuple(replaced if field is row else field for field in catalogue.fields)
    return msgspec.structs.replace(catalogue, fields=rows)


def _group_pages(
    publications: list[Publication], section: Field | None, catalogue: Catalogue
) -> dict[str, list[Publication]]:
    """Return the publications of each section, both in the order of the file."""
    pages: dict[str, list[Publication]] = {}
    for publication in publications:
        values = publication.values.get(section.name, ()) if section else ()
        pages.setdefault(str(values[0]) if values else catalogue.title, []).append(publication)
    return pages


def _make_temporary_path(folder: Path) -> Path:
    return folder.with_name(f".{folder.name}.import")


def _make_backup_path(folder: Path) -> Path:
    return folder.with_name(f".{folder.name}.former")


def _write(
    temporary: Path, folder: Path, pages: dict[str, list[Publication]], catalogue: Catalogue,
    like: Path | None,
) -> None:  # fmt: skip
    """Write and flush the new contents of `folder`. Copy grouping files from `like` if given."""
    fsync.make_folder(folder.parent)
    if folder.is_dir():
        shutil.copytree(folder, temporary, symlinks=True)
    else:
        temporary.mkdir()
    names = ids.unique_names(
        cleaning.make_slug(heading, None)[:MAX_NAME_CHARS] for heading in pages
    )
    for name, (heading, publications) in zip(names, pages.items(), strict=True):
        page = html.format_page(publications, catalogue, heading)
        (temporary / f"{name}.html").write_text(page, encoding="utf-8")
    for field in catalogue.fields:
        if field.grouping and like:
            shutil.copyfile(like / field.grouping, temporary / field.grouping)
    (temporary / CATALOGUE_FILE).write_text(catalogue_toml.format_toml(catalogue), encoding="utf-8")
    fsync.flush_and_digest([path for path in temporary.rglob("*") if path.is_file()])
    fsync.sync(temporary)


def _switch(folder: Path, temporary: Path) -> None:
    """Replace `folder` by `temporary`. A non-empty folder must move away before the rename."""
    backup = _make_backup_path(folder)
    if folder.is_dir() and any(folder.iterdir()):
        folder.rename(backup)
    try:
        temporary.rename(folder)
    except BaseException:
        _undo_partial_switch(folder)
        raise
    fsync.sync(folder.parent)
    shutil.rmtree(backup, ignore_errors=True)


def _undo_partial_switch(folder: Path) -> None:
    """Restore the former folder if an import was cut off between its two renames."""
    backup = _make_backup_path(folder)
    if backup.is_dir() and not folder.exists():
        backup.rename(folder)
    shutil.rmtree(backup, ignore_errors=True)
