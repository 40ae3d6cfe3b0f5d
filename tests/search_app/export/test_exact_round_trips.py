"""Exported files have the same publications, or the same identifiers, when imported."""

import shutil
from pathlib import Path
from typing import get_args

import msgspec
import pytest

from indexer.catalogue.fields import Catalogue, TypeRule
from indexer.catalogue.records import Publication, SourceLocation
from indexer.mapping.standard_fields import list_standard_fields
from indexer.values.publication_types import PublicationType
from search_app.export.csl import Item
from search_app.export.registry import FORMATS
from tests.conftest import ROOT
from tests.samples import read_publications
from tests.search_app.export.conftest import Publications, import_file
from tests.search_app.export.test_round_trips import WRITERS, import_items
from tests.search_app.texts import make_publication

LOST = {
    "ris": {"paragraphs"},
    "bibtex": {"paragraphs", "second link", "type"},
    "csv": set[str](),
    "jsonl": set[str](),
}
"""Parts that are lost in an export, by format. docs/interoperability.md lists them."""

NUMBERS = Catalogue("Numbers", "", list_standard_fields(), types=(TypeRule("report"),))
IDENTIFIERS = {
    "number": "E/ESCWA/SDD/2017/2",
    "call_number": "HV6250 .W38 2017",
    "isbn": "9783161484100",
    "doi": "10.18356/abc-en",
    "pmid": "24675708",
}
WITHOUT = {"ris": {"pmid"}, "dc": {"call_number", "number", "pmid"}}
"""The fields for which a format has no place. Dublin Core has one element for all numbers."""


def export(name: str, publications: Publications, folder: Path) -> Path:
    catalogue, listed = publications
    file = folder / f"exported.{FORMATS[name].extension}"
    file.write_bytes(b"".join(FORMATS[name].write(listed, catalogue, lambda _: "")))
    return file


def drop_lost(publication: Publication, lost: set[str]) -> Publication:
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


@pytest.mark.slow
@pytest.mark.parametrize("name", [*LOST])
def test_an_imported_export_has_the_same_publications(
    name: str, papers: Publications, tmp_path: Path
) -> None:
    _, imported = import_file(export(name, papers, tmp_path), tmp_path / "new")
    lost = LOST[name]
    assert [drop_lost(each, lost) for each in imported] == [
        drop_lost(each, lost) for each in papers[1]
    ]


@pytest.mark.slow
def test_json_lines_have_every_field(first_catalogue: Publications, tmp_path: Path) -> None:
    """JSON Lines with the `catalogue.toml` of a corpus folder are the same corpus."""
    folder = tmp_path / "corpus"
    folder.mkdir()
    for name in ("catalogue.toml", "regions.toml"):
        shutil.copyfile(ROOT / "corpus" / name, folder / name)
    export("jsonl", first_catalogue, folder)
    assert [drop_lost(each, set()) for each in read_publications(folder)] == [
        drop_lost(each, set()) for each in first_catalogue[1]
    ]


@pytest.mark.parametrize("name", [*FORMATS])
def test_a_format_has_every_identifier(name: str, tmp_path: Path) -> None:
    publication = make_publication("p", "Water and energy", **IDENTIFIERS)
    file = export(name, (NUMBERS, [publication]), tmp_path)
    _, (read,) = import_file(file, tmp_path / "new")
    found = {field: values[0] for field, values in read.values.items() if field in IDENTIFIERS}
    lost = WITHOUT.get(name, set())
    assert found == {field: each for field, each in IDENTIFIERS.items() if field not in lost}


@pytest.mark.parametrize("name", ["ris", "bibtex", "csl", "mods", "marcxml"])
def test_every_type_survives(name: str, tmp_path: Path) -> None:
    """A format without a type of its own for a publication states it in another field.

    Only a preprint in CSL-JSON is an article in a journal, because others mean that by `article`.
    """
    kinds: tuple[PublicationType, ...] = get_args(PublicationType)
    items = [Item(id=kind, type=kind, title=f"Salt, a {kind}") for kind in kinds]
    file = tmp_path / f"exported.{FORMATS[name].extension}"
    file.write_bytes(b"".join(WRITERS[name].write(items)))
    read = {each.id: each.type for each in import_items(file, tmp_path / "new").values()}
    changed = {kind: read.get(kind) for kind in kinds if read.get(kind) != kind}
    assert changed == ({"article": "article-journal"} if name == "csl" else {})
