"""Exported files are read back by other programs with the same content."""

import csv
import io
from codecs import BOM_UTF8

import pytest
from bibtexparser.entrypoint import parse_string
from hypothesis import example, given
from lxml import etree

from search_app.export import bibtex, mods
from search_app.export.csl import Item
from search_app.export.registry import FORMATS
from tests.search_app.export.conftest import Publications
from tests.search_app.export.independent import READERS, describe, make_page_url
from tests.search_app.export.test_csl import PAPERS
from tests.search_app.export.test_hostile_text import TEXTS, publish


def write(name: str, publications: Publications) -> bytes:
    catalogue, listed = publications
    return b"".join(FORMATS[name].write(listed, catalogue, make_page_url))


@pytest.mark.parametrize("source", ["first_catalogue", "papers"])
@pytest.mark.parametrize("name", [*READERS])
@pytest.mark.slow
def test_another_program_reads_the_same_content(
    name: str, source: str, request: pytest.FixtureRequest
) -> None:
    catalogue, publications = request.getfixturevalue(source)
    found = READERS[name](write(name, (catalogue, publications)))
    expected = [describe(publication, catalogue) for publication in publications]
    assert len(found) == len(expected) > 0
    for each, record in zip(expected, found, strict=True):
        pairs = zip(each, record, strict=True)
        assert tuple(record) == tuple(None if value is None else want for want, value in pairs)


@given(TEXTS)
@example("=SUM(A1)")
@example("\uff1dSUM(A1)")
@example("'-5")
def test_a_spreadsheet_runs_no_cell(text: str) -> None:
    """No cell of CSV begins like a formula, also in East Asian Excel, which reads it as UTF-8."""
    data = write("csv", (PAPERS, [publish(text)]))
    assert data.startswith(BOM_UTF8)
    for row in csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")):
        assert not [cell for cell in row if cell[:1] in {*"=+-@\t\r\uff0b\uff0d\uff1d\uff20"}]


def test_a_file_without_publications_is_valid(papers: Publications) -> None:
    for name in ("csl", "marcxml", "dc"):
        assert READERS[name](write(name, (papers[0], []))) == []
    assert len(write("csv", (papers[0], [])).splitlines()) == 1
    assert write("jsonl", (papers[0], [])) == b""


_MODS = {"m": "http://www.loc.gov/mods/v3"}


@pytest.mark.parametrize(
    ("pages", "written"),
    [
        ("e12", [("list", "e12")]),
        ("4-9", [("start", "4"), ("end", "9")]),
        ("iv–ix", [("start", "iv"), ("end", "ix")]),
    ],
)
def test_one_page_in_mods_is_no_range(pages: str, written: list[tuple[str, str]]) -> None:
    """A single page has neither a start nor an end: Zotero would read it as "4null"."""
    item = Item(id="x", type="chapter", title="Salt", values={"page": (pages,)})
    (extent,) = etree.fromstring(b"".join(mods.write([item]))).iterfind(".//m:extent", _MODS)
    assert [(etree.QName(each).localname, each.text) for each in extent] == written


@pytest.mark.parametrize(
    ("stated", "of_title", "written"),
    [
        (("de",), "", ("German", "german")),
        (("ar", "en"), "en", ("Arabic and English", "english")),
        (("ar", "en"), "", ("Arabic and English", "")),
        (("nb",), "nb", ("Norwegian Bokmål", "")),
        ((), "en", ("", "")),
    ],
)
def test_bibtex_names_languages(
    stated: tuple[str, ...], of_title: str, written: tuple[str, str]
) -> None:
    """`language` has names to print, `langid` the name that LaTeX knows for that of the title."""
    item = Item(id="x", type="book", title="S", language=of_title, values={"language": stated})
    (entry,) = parse_string(b"".join(bibtex.write([item])).decode()).entries
    fields = {field.key: field.value for field in entry.fields}
    assert (fields.get("language", ""), fields.get("langid", "")) == written
