"""A file of publications becomes a corpus folder, and nothing of it is lost."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from indexer.catalogue import catalogue_toml
from indexer.catalogue.catalogue_toml import CatalogueError
from indexer.catalogue.records import Problem, Publication
from indexer.ingest import corpus as reading
from indexer.jobs import build, importer
from indexer.jobs.importer import ImportRefused
from tests.catalogue import CORPUS
from tests.samples import article, page

LINES = [
    {
        "title": "Model Law", "section": "Tools", "year": 2009, "summary": "Provisions.",
        "country": ["IN", "KE"], "link": {"url": "https://example.org/", "label": "Here"},
    },
    {"id": "brief/6", "title": "Brief & <more>", "section": "Films, old", "language": "fra"},
    {"title": "Model Law", "section": "Films: old", "year": 2009},
    {"title": "Guía", "lang": "es"},
]  # fmt: skip


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A file of four publications, two of them of one title and year, one of no section."""
    file = tmp_path / "list.jsonl"
    file.write_text("".join(f"{json.dumps(each)}\n" for each in LINES), encoding="utf-8")
    return file


@pytest.fixture
def into(tmp_path: Path) -> Path:
    """A folder that is not there yet."""
    return tmp_path / "new" / "pages"


def read_back(folder: Path, problems: list[Problem]) -> list[Publication]:
    """The publications of an imported folder."""
    return list(reading.read(folder, catalogue_toml.load(folder), problems.append))


def digests(publications: list[Publication]) -> dict[str, str]:
    """What publications say, by their ids."""
    return {each.id: each.digest for each in publications}


def test_what_was_imported_is_read_back_as_it_was(
    source: Path, into: Path, corpus: Path, problems: list[Problem]
) -> None:
    """Reading the pages of an import gives equal publications, each with its id."""
    imported = importer.import_file(source, into, corpus, problems.append)
    catalogue = catalogue_toml.load(into)
    expected = [catalogue.with_ancestors(each) for each in imported]
    assert digests(read_back(into, [])) == digests(expected)
    assert sorted(digests(imported)) == ["brief/6", "guia", "model-law-2009", "model-law-2009-2"]


def test_sections_are_taken_as_the_file_has_them(
    source: Path, into: Path, corpus: Path, problems: list[Problem]
) -> None:
    """The sections of the file, in its order, are those of the new catalogue."""
    importer.import_file(source, into, corpus, problems.append)
    catalogue = catalogue_toml.load(into)
    assert catalogue.by_name["section"].values[:3] == ("Tools", "Films, old", "Films: old")
    assert catalogue.groups == catalogue_toml.load(corpus).groups


def test_sections_of_one_name_get_pages_of_their_own(
    source: Path, into: Path, corpus: Path, problems: list[Problem]
) -> None:
    """Sections whose names differ only in signs have a page each."""
    importer.import_file(source, into, corpus, problems.append)
    assert sorted(each.name for each in into.glob("*.html")) == [
        "films-old-2.html", "films-old.html", "small-catalogue.html", "tools.html",
    ]  # fmt: skip


def test_section_with_a_very_long_name(
    into: Path, corpus: Path, tmp_path: Path, problems: list[Problem]
) -> None:
    """A section's page has a name that a file system takes, however long the section's is."""
    file = tmp_path / "list.jsonl"
    file.write_text(json.dumps({"title": "Law", "section": "人" * 300}), encoding="utf-8")
    importer.import_file(file, into, corpus, problems.append)
    assert len(read_back(into, problems)) == 1


def test_what_has_no_place_is_told(
    source: Path, into: Path, corpus: Path, problems: list[Problem]
) -> None:
    """What the file says and the catalogue can't hold is told with its line."""
    source.write_text(source.read_text(encoding="utf-8") + "{\n", encoding="utf-8")
    importer.import_file(source, into, corpus, problems.append)
    assert [(each.line, each.what.partition(":")[0]) for each in problems] == [
        (4, "Section"), (5, "Input data was truncated"),
    ]  # fmt: skip


def test_imported_folder_can_be_built(
    source: Path, into: Path, corpus: Path, tmp_path: Path, problems: list[Problem]
) -> None:
    """An imported folder is a corpus like any other."""
    importer.import_file(source, into, corpus, problems.append)
    assert build.build(into, tmp_path / "index").changes.added == 4


def test_import_again_gives_the_same_bytes(
    source: Path, tmp_path: Path, corpus: Path, problems: list[Problem]
) -> None:
    """Two imports of one file write the same."""
    written = []
    for name in ("one", "other"):
        importer.import_file(source, tmp_path / name, corpus, problems.append)
        written.append({each.name: each.read_bytes() for each in (tmp_path / name).iterdir()})
    assert written[0] == written[1]
    assert len(written[0]) == 6


def test_import_into_the_folder_of_the_rows(
    source: Path, corpus: Path, problems: list[Problem]
) -> None:
    """A folder that has a catalogue and no pages yet can take them itself."""
    for page_file in (*corpus.glob("*.html"), *corpus.glob("*.jsonl")):
        page_file.unlink()
    importer.import_file(source, corpus, corpus, problems.append)
    assert len(read_back(corpus, [])) == 4


def test_folder_with_pages_is_refused(
    source: Path, into: Path, corpus: Path, problems: list[Problem]
) -> None:
    """A folder that has pages, in a folder within too, is refused and left as it is."""
    (into / "within").mkdir(parents=True)
    (into / "within" / "page.html").write_text(page([article("Mine")]), encoding="utf-8")
    with pytest.raises(ImportRefused, match="has pages already"):
        importer.import_file(source, into, corpus, problems.append)
    assert [each.name for each in into.iterdir()] == ["within"]


def test_file_that_no_reader_knows_is_refused(
    into: Path, corpus: Path, tmp_path: Path, problems: list[Problem]
) -> None:
    """A file of an unknown kind is refused with the kinds that are known."""
    with pytest.raises(ImportRefused, match=r"no reader knows list\.pdf.*\.jsonl"):
        importer.import_file(tmp_path / "list.pdf", into, corpus, problems.append)
    assert not into.exists()


def test_file_without_publications_is_refused(
    source: Path, into: Path, corpus: Path, problems: list[Problem]
) -> None:
    """A file in which there is no publication is refused, its problems are told."""
    source.write_text("{}\n", encoding="utf-8")
    match = r"holds no publication\. Its reader was chosen because its name ends with \.jsonl"
    with pytest.raises(ImportRefused, match=match):
        importer.import_file(source, into, corpus, problems.append)
    assert [each.line for each in problems] == [1]
    assert not into.exists()


def test_rows_must_be_there(
    source: Path, into: Path, tmp_path: Path, problems: list[Problem]
) -> None:
    """Without the rows of a catalogue nothing is imported."""
    with pytest.raises(CatalogueError, match="there is no such file"):
        importer.import_file(source, into, tmp_path, problems.append)
    assert not into.exists()


def test_text_catalogue_is_imported_whole(
    shared: Path, into: Path, problems: list[Problem]
) -> None:
    """The text catalogue of 2019 gives 136 publications in 7 sections, read back as they were."""
    file = shared / "data/catalogue-2019.txt"
    imported = importer.import_file(file, into, CORPUS, problems.append)
    assert len(imported) == 136
    assert sum(each.summary is not None for each in imported) == 76
    catalogue = catalogue_toml.load(into)
    assert (
        catalogue.by_name["section"].values == catalogue_toml.load(CORPUS).by_name["section"].values
    )
    expected = [catalogue.with_ancestors(each) for each in imported]
    assert digests(read_back(into, [])) == digests(expected)
