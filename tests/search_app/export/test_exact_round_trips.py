"""Exported files of hostile papers and of all rows have the same publications when imported."""

from __future__ import annotations

import shutil
from pathlib import Path

import msgspec
import pytest

from indexer.catalogue import catalogue_toml
from indexer.catalogue.records import Publication, SourceLocation
from indexer.ingest import corpus
from search_app.export.registry import FORMATS
from tests.conftest import ROOT
from tests.search_app.export.test_formats import Publications, fail, import_file

# Import the fixtures of that module.
from tests.search_app.export.test_formats import first_catalogue as first_catalogue
from tests.search_app.export.test_formats import papers as papers

pytestmark = pytest.mark.slow

LOST = {
    "ris": {"paragraphs"},
    "bibtex": {"paragraphs", "second link", "type"},
    "csv": set[str](),
    "jsonl": set[str](),
}
"""Parts that are lost in an export, by format. docs/interoperability.md lists them."""


def export(name: str, publications: Publications, folder: Path) -> Path:
    """Return a file of publications in a format, without addresses of pages."""
    catalogue, listed = publications
    file = folder / f"exported.{FORMATS[name].extension}"
    file.write_bytes(b"".join(FORMATS[name].write(listed, catalogue, lambda _: "")))
    return file


def drop_lost(publication: Publication, lost: set[str]) -> Publication:
    """Return a publication without its source and the parts that a format loses."""
    values = dict(publication.values)
    summary = publication.summary
    if "paragraphs" in lost and summary:
        summary = " ".join(summary.split())
    if "second link" in lost and "link" in values:
        values["link"] = values["link"][:1]
    if "type" in lost:
        values.pop("type", None)
    source = SourceLocation("", 0)
    return msgspec.structs.replace(publication, values=values, summary=summary, source=source)


@pytest.mark.parametrize("name", [*LOST])
def test_an_imported_export_has_the_same_publications(
    name: str, papers: Publications, tmp_path: Path
) -> None:
    """All rows of an imported catalogue are the same after an export and an import."""
    _, imported = import_file(export(name, papers, tmp_path), tmp_path / "new")
    lost = LOST[name]
    assert [drop_lost(each, lost) for each in imported] == [
        drop_lost(each, lost) for each in papers[1]
    ]


def test_json_lines_have_every_row(first_catalogue: Publications, tmp_path: Path) -> None:
    """JSON Lines with the `catalogue.toml` of a corpus folder are the same corpus."""
    folder = tmp_path / "corpus"
    folder.mkdir()
    for name in ("catalogue.toml", "regions.toml"):
        shutil.copyfile(ROOT / "corpus" / name, folder / name)
    export("jsonl", first_catalogue, folder)
    read = corpus.read(folder, catalogue_toml.load(folder), fail)
    assert [drop_lost(each, set()) for each in read] == [
        drop_lost(each, set()) for each in first_catalogue[1]
    ]
