"""A catalogue in any format that is read becomes a corpus folder: pages, one a section."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import msgspec

from indexer import catalogue_file, cleaning, corpus, identities
from indexer.catalogue_file import CATALOGUE_FILE
from indexer.fields import Catalogue, Field
from indexer.limits import LIMITS, Limits
from indexer.readers import READERS, html
from indexer.record import Problem, Publication

LONGEST_NAME = 60
"""How long a page's file name may be: no file system takes more than 255 bytes."""


class ImportRefused(Exception):
    """A file or folder that can't be used for an import: what is wrong, and what to do."""

    def __init__(self, what: str, hint: str) -> None:
        super().__init__(f"{what}. {hint}")
        self.what, self.hint = what, hint


def import_file(
    file: Path, folder: Path, like: Path, report: Callable[[Problem], None],
    limits: Limits = LIMITS,
) -> list[Publication]:  # fmt: skip
    """Writes the publications of a file as pages into a folder, and its `catalogue.toml`.

    The rows are those of the corpus folder `like`; sections are taken as the file has them.
    Ids that are the same get a number, so that nothing is lost. Raises ImportRefused for a
    folder that has pages already and for a file that no reader knows, and CatalogueError.
    """
    ending = corpus.ending_of(file)
    if ending is None:
        raise ImportRefused(f"no reader knows {file.name}", f"Known are {', '.join(READERS)}")
    if folder.is_dir() and any(corpus.ending_of(each) for each in folder.rglob("*")):
        raise ImportRefused(f"{folder} has pages already", "Name an empty or a new folder")
    if (folder / CATALOGUE_FILE).exists() and not folder.samefile(like):
        hint = "Name another folder, or take its rows with --like"
        raise ImportRefused(f"{folder} has a {CATALOGUE_FILE} of its own", hint)
    catalogue = catalogue_file.load(like)
    section = _section_row(catalogue)
    read_by = _with_values(catalogue, section, ()) if section else catalogue
    reading = corpus.Reading(read_by, report, limits=limits)
    found = [
        each for piece in reading.pieces(file, file.name, ending)
        for each in reading.publications(piece, ending)
    ]  # fmt: skip
    if not found:
        raise ImportRefused(f"{file} holds no publication", "See the problems told")
    publications = identities.numbered(found)
    pages = _pages(publications, section, catalogue)
    if section:
        catalogue = _with_values(catalogue, section, tuple(pages))
    catalogue = msgspec.structs.replace(catalogue, notices=())
    _write(folder, pages, catalogue, like)
    return publications


def _section_row(catalogue: Catalogue) -> Field | None:
    listed = (field for field in catalogue.facets if field.order == "listed")
    return next(listed, None)


def _with_values(catalogue: Catalogue, row: Field, values: tuple[str, ...]) -> Catalogue:
    """The catalogue with other values allowed in one row; any, if there are none."""
    replaced = msgspec.structs.replace(row, values=values)
    rows = tuple(replaced if each is row else each for each in catalogue.fields)
    return msgspec.structs.replace(catalogue, fields=rows)


def _pages(
    publications: list[Publication], section: Field | None, catalogue: Catalogue
) -> dict[str, list[Publication]]:
    """The publications by their sections, both in the order of the file."""
    pages: dict[str, list[Publication]] = {}
    for each in publications:
        named = each.values.get(section.name, ()) if section else ()
        pages.setdefault(str(named[0]) if named else catalogue.title, []).append(each)
    return pages


def _write(
    folder: Path, pages: dict[str, list[Publication]], catalogue: Catalogue, like: Path
) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    names = identities.distinct(cleaning.slug(heading, None)[:LONGEST_NAME] for heading in pages)
    for name, (heading, publications) in zip(names, pages.items(), strict=True):
        page = html.write(publications, catalogue, heading)
        (folder / f"{name}.html").write_text(page, encoding="utf-8")
    for field in catalogue.fields:
        if field.grouping and folder.resolve() != like.resolve():
            shutil.copyfile(like / field.grouping, folder / field.grouping)
    (folder / CATALOGUE_FILE).write_text(catalogue_file.write(catalogue), encoding="utf-8")
