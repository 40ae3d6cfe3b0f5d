"""A corpus folder becomes publications, in the order of its files, and problems."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

from indexer import validate
from indexer.fields import Catalogue
from indexer.readers import READERS, Reader
from indexer.record import Problem, Publication

PASSED_OVER = frozenset({".toml", ".md", ".css", ""})
"""Endings of files that belong to a corpus folder and hold no publications."""


def read(
    folder: Path, catalogue: Catalogue, report: Callable[[Problem], None]
) -> Iterator[Publication]:
    """The publications of a folder, ancestors of their values added, ids all different.

    Files are read in the order of their names, folders within the folder too; names that
    begin with a dot are passed over.
    """
    for each in validate.unique(_publications(folder, catalogue, report), report):
        yield catalogue.with_ancestors(each)


def _publications(
    folder: Path, catalogue: Catalogue, report: Callable[[Problem], None]
) -> Iterator[Publication]:
    for path in _files(folder, report):
        file = _shown(path.relative_to(folder))
        if reader := reader_of(path):
            yield from read_file(path, file, reader, catalogue, report)
        elif path.suffix.lower() not in PASSED_OVER:
            known = ", ".join(READERS)
            hint = f"Files read are {known}; it was left out"
            report(Problem(file, 0, f"no reader for {path.suffix!r} files", hint))


def _shown(relative: Path) -> str:
    return os.fsencode(relative.as_posix()).decode("utf-8", "replace")


def _files(folder: Path, report: Callable[[Problem], None]) -> list[Path]:
    """The files of a folder and those within it, in the order of their names.

    What can't be entered, and what is neither file nor folder, is told.
    """

    def closed(error: OSError) -> None:
        place = _shown(Path(error.filename).relative_to(folder))
        what = f"the folder can't be read: {error.strerror}"
        report(Problem(place, 0, what, "Nothing in it was read: check who may open it"))

    found = []
    for place, folders, files in os.walk(folder, onerror=closed):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for path in (Path(place, name) for name in [*folders, *files] if name[0] != "."):
            if path.is_file() or not path.exists():  # a link to nowhere is told when read
                found.append(path)
            elif path.is_symlink() or not path.is_dir():
                what = "it is no file, and no folder of its own"
                report(Problem(_shown(path.relative_to(folder)), 0, what, "It was left out"))
    return sorted(found)


def reader_of(path: Path) -> Reader | None:
    """The reader for a file, by how its name ends; None if there is none."""
    name = path.name.lower()
    return next((READERS[ending] for ending in READERS if name.endswith(ending)), None)


def read_file(
    path: Path,
    file: str,
    reader: Reader,
    catalogue: Catalogue,
    report: Callable[[Problem], None],
) -> Iterator[Publication]:
    """The publications of one file, reported under the name `file`."""
    try:
        with path.open("rb") as stream:
            for entry in reader(stream, file):
                if isinstance(entry, Problem):
                    report(entry)
                elif publication := validate.publication(entry, catalogue, report):
                    yield publication
    except OSError as error:
        report(Problem(file, 0, f"it can't be read: {error.strerror or error}", "Check the file"))
