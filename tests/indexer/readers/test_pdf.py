"""A PDF is one record, whatever its text is like."""

import gzip
from pathlib import Path

import pytest

from indexer.catalogue.limits import LIMITS, Limits
from indexer.catalogue.records import Problem, SourceRecord
from indexer.readers import registry
from indexer.readers.formats import pdf
from tests.indexer.fulltext.pdfs import add_scan, make_pdf, new_pdf
from tests.indexer.readers.reading import Reading


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def read_pdf(path: Path, limits: Limits = LIMITS) -> Reading:
    """Return the record and the problems of a file, which is recognized."""
    match = registry.detect(path)
    assert match
    assert match.reader.NAME == "pdf"
    with path.open("rb") as stream:
        parts = list(registry.read(stream, path.name, match.reader, limits))
    records = [part for part in parts if isinstance(part, SourceRecord)]
    return Reading(records, [part for part in parts if isinstance(part, Problem)])


def test_a_pdf_describes_itself(tmp_path: Path) -> None:
    made = new_pdf()
    made.set_title("Salt and pepper in history")
    made.set_author("Marsh, Ada; Jean-Luc Picard")
    made.set_lang("en-GB")
    made.add_page()
    made.multi_cell(w=0, text="Some text\nhttps://doi.org/10.5555/Salt\n© 2019 The Agency")
    path = tmp_path / "Salt_2.pdf"
    path.write_bytes(bytes(made.output()))
    found = read_pdf(path)
    assert found.columns() == {
        "name": ["salt-2"], "title": ["Salt and pepper in history"], "language": ["en"],
        "author": ["Marsh, Ada", "Picard, Jean-Luc"], "doi": ["10.5555/salt"], "year": ["2019"],
    }  # fmt: skip
    assert not found.problems


def test_a_title_that_is_not_stated_is_marked(tmp_path: Path) -> None:
    path = tmp_path / "annual_report-2019.pdf"
    path.write_bytes(make_pdf(["All text has the same size."]))
    columns = read_pdf(path).columns()
    assert columns["name"] == ["annual-report-2019"]
    assert columns["title source"] == [pdf.GUESSED]


@pytest.mark.parametrize(
    "data",
    [
        b"%PDF-1.7 this is all",
        b"\0" * 1000,
        make_pdf(["text"])[:300],
        b"<!DOCTYPE html><html><body><h1>Not found</h1></body></html>",
        b"not found\n",
    ],
)
def test_a_damaged_pdf_keeps_its_record(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "old_map.pdf"
    path.write_bytes(data)
    found = read_pdf(path)
    [problem] = found.problems
    assert found.columns() == {
        "name": ["old-map"],
        "title": ["old map"],
        "title source": [pdf.GUESSED],
    }
    assert "damaged" in problem.what
    assert problem.file == "old_map.pdf"


def test_a_scan_has_the_title_of_its_metadata(tmp_path: Path) -> None:
    scan = new_pdf()
    scan.set_title("Letters of the harbour master")
    add_scan(scan)
    path = tmp_path / "old_map.pdf"
    path.write_bytes(bytes(scan.output()))
    found = read_pdf(path)
    assert found.columns() == {"name": ["old-map"], "title": ["Letters of the harbour master"]}
    assert not found.problems


def test_a_record_is_the_same_after_other_changes(tmp_path: Path) -> None:
    """A record has only the description, so a change of the text leaves the record unchanged."""
    first, second = tmp_path / "a.pdf", tmp_path / "b" / "a.pdf"
    second.parent.mkdir()
    first.write_bytes(make_pdf(["The text of the first version.", "more " * 900]))
    second.write_bytes(make_pdf(["The text of the first version.", "less " * 900]))
    assert read_pdf(first).records == read_pdf(second).records != []


def test_the_limit_on_pdfs_is_that_on_documents(tmp_path: Path) -> None:
    """A PDF may be larger than a page of records. One that is too large to read has a record."""
    path = tmp_path / "a.pdf"
    path.write_bytes(make_pdf(["Some text."]))
    [_], [] = read_pdf(path, Limits(largest_file=10))
    found = read_pdf(path, Limits(largest_document=10))
    assert found.columns() == {"name": ["a"], "title": ["a"], "title source": [pdf.GUESSED]}
    assert "PUBSEARCH_LARGEST_DOCUMENT" in found.problems[0].hint


def test_a_compressed_pdf_is_a_problem(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf.gz"
    path.write_bytes(gzip.compress(make_pdf(["Some text."])))
    [], [problem] = read_pdf(path)
    assert problem.hint == "Decompress it"
