"""Exported files are read back by other programs with the same content."""

from __future__ import annotations

import csv
import io
from codecs import BOM_UTF8
from pathlib import Path

import msgspec
import pymarc
import pytest
from lxml import etree

from indexer.catalogue import catalogue_toml
from indexer.catalogue.fields import Catalogue
from indexer.catalogue.records import Problem, Publication
from indexer.catalogue.roles import Role
from indexer.ingest import corpus
from indexer.jobs import importer
from indexer.values.publication_types import PublicationType
from search_app.export import marcxml, mods
from search_app.export.csl import Item
from search_app.export.registry import FORMATS
from tests.conftest import ROOT
from tests.search_app.export.independent import READERS, describe, make_page_url

Publications = tuple[Catalogue, list[Publication]]

PAPERS = r"""TY  - JOUR
ID  - art/2014.1
TI  - 100% {Data} & "Tips" #1: @home_2 ~ x^y $5 \emph{unbalanced -- it's ``so''
AU  - van Gogh, Vincent
AU  - King, Martin Luther, Jr.
AU  - Ministry of Food, Water and Energy
AU  - Food & Health Agency
PY  - 2014
DA  - 2014/05/03/
T2  - Journal of R&D, {applied}
VL  - 12
IS  - 3
SP  - 12
EP  - 19
DO  - 10.1000/x(1)_y
SN  - 0378-5955
LA  - fr
KW  - air, land
KW  - sea; sky
AB  - The first paragraph ends with 50% of {it}.

AB  - The second one has @article{x, title = {y}} and TY  - BOOK.
ER  -
TY  - BOOK
ID  - livre
TI  - تقرير عن الاتجار بالأشخاص
AU  - أحمد, علي
ED  - Marsh, Eva
PY  - 1998
PB  - Brand and Sons
CY  - Wien
SN  - 9783161484100
LA  - ar; en
UR  - https://example.org/a_b?c=%7Ed&e=1#f
UR  - https://example.org/second
ER  -
TY  - CHAP
ID  - zh
TI  - =SUM(A1) 关于人口贩运的报告
AU  - 王, 五
T2  - 选集
T3  - Series on the Sea
SP  - e12
ER  -
TY  - THES
ID  - ru
TI  - -5 Отчёт о торговле людьми
AU  - Plato
PY  - 2001
LA  - ru
ER  -
"""


@pytest.fixture(scope="module")
def first_catalogue() -> Publications:
    """Return all publications of the first catalogue."""
    catalogue = catalogue_toml.load(ROOT / "corpus")
    return catalogue, list(corpus.read(ROOT / "corpus", catalogue, fail))


@pytest.fixture(scope="module")
def papers(tmp_path_factory: pytest.TempPathFactory) -> Publications:
    """Return an imported catalogue with authors and hostile characters."""
    folder = tmp_path_factory.mktemp("papers")
    (folder / "papers.ris").write_text(PAPERS, encoding="utf-8")
    return import_file(folder / "papers.ris", folder / "new")


def import_file(file: Path, into: Path) -> Publications:
    """Return the catalogue and the publications that an import makes of a file."""
    importer.import_files([file], into, report=fail)
    catalogue = catalogue_toml.load(into)
    return catalogue, list(corpus.read(into, catalogue, fail))


def fail(problem: Problem) -> None:
    """Fail the test with a problem."""
    pytest.fail(str(problem))


def write(name: str, publications: Publications) -> bytes:
    """Return publications in a format."""
    catalogue, listed = publications
    return b"".join(FORMATS[name].write(listed, catalogue, make_page_url))


@pytest.mark.parametrize("source", ["first_catalogue", "papers"])
@pytest.mark.parametrize("name", [*FORMATS])
@pytest.mark.slow
def test_another_program_reads_the_same_content(
    name: str, source: str, request: pytest.FixtureRequest
) -> None:
    """Every title, year, author, language, abstract, and address is the same."""
    catalogue, publications = request.getfixturevalue(source)
    found = READERS[name](write(name, (catalogue, publications)), catalogue)
    expected = [describe(publication, catalogue) for publication in publications]
    assert len(found) == len(expected) > 0
    for each, record in zip(expected, found, strict=True):
        pairs = zip(each, record, strict=True)
        assert tuple(record) == tuple(None if value is None else want for want, value in pairs)


def test_a_spreadsheet_runs_no_cell(papers: Publications) -> None:
    """No cell of CSV begins like a formula. Excel recognizes the file as UTF-8."""
    data = write("csv", papers)
    rows = [*csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""))]
    assert data.startswith(BOM_UTF8)
    assert {"'=SUM(A1) 关于人口贩运的报告", "'-5 Отчёт о торговле людьми"} <= {
        row[1] for row in rows
    }
    assert not [cell for row in rows for cell in row if cell[:1] in {*"=+-@\t\r"} - {""}]


def test_a_full_width_sign_begins_a_formula(papers: Publications) -> None:
    """A value that begins with a full-width sign gets an apostrophe: East Asian Excel runs it."""
    catalogue, (first, *_) = papers
    named = msgspec.structs.replace(first, title="\uff1dSUM(A1)")
    assert "'\uff1dSUM(A1)" in write("csv", (catalogue, [named])).decode()


def test_each_issn_of_a_journal_has_its_field_of_marc() -> None:
    """A journal with two ISSNs is two fields 773: the subfield of an ISSN cannot be repeated."""
    values: dict[Role, tuple[str, ...]] = {
        "container-title": ("Roads",), "volume": ("7",), "ISSN": ("1234-5679", "2434-561X")
    }  # fmt: skip
    item = Item(id="x", type="article-journal", title="Salt", language="en", values=values)
    data = b"".join(marcxml.write([item]))
    (record,) = pymarc.parse_xml_to_array(io.BytesIO(data))  # type: ignore[no-untyped-call]
    hosts = [[tuple(part) for part in field.subfields] for field in record.get_fields("773")]
    assert hosts == [
        [("t", "Roads"), ("g", "vol. 7"), ("x", "1234-5679")],
        [("t", "Roads"), ("x", "2434-561X")],
    ]


def test_a_file_without_publications_is_valid(papers: Publications) -> None:
    """A file without publications is read as an empty list."""
    for name in ("csl", "csv", "jsonl", "marcxml", "dc"):
        assert READERS[name](write(name, (papers[0], [])), papers[0]) == []


_MODS = {"m": "http://www.loc.gov/mods/v3"}


@pytest.mark.parametrize(
    ("kind", "genres"),
    [
        ("chapter", ["bookSection", "Essay"]),
        ("article-journal", ["journalArticle", "article", "Essay"]),
        ("report", ["report", "technical report", "Essay"]),
        ("paper-conference", ["conferencePaper", "conference publication", "Essay"]),
        ("periodical", ["periodical", "Essay"]),
    ],
)
def test_the_first_genre_of_mods_is_a_type_of_zotero(
    kind: PublicationType, genres: list[str]
) -> None:
    """Zotero takes the first genre that is one of its types, whatever genre the record states."""
    item = Item(id="x", type=kind, title="Salt", values={"genre": ("Essay",)})
    (record,) = etree.fromstring(b"".join(mods.write([item])))
    assert [each.text for each in record.iterfind("m:genre", _MODS)] == genres


@pytest.mark.parametrize(
    ("pages", "written"),
    [
        ("4", [("list", "4")]), ("e12", [("list", "e12")]),
        ("4-9", [("start", "4"), ("end", "9")]), ("iv–ix", [("start", "iv"), ("end", "ix")]),
    ],
)  # fmt: skip
def test_one_page_in_mods_is_no_range(pages: str, written: list[tuple[str, str]]) -> None:
    """A single page has neither a start nor an end: Zotero would read it as "4null"."""
    item = Item(id="x", type="chapter", title="Salt", values={"page": (pages,)})
    (extent,) = etree.fromstring(b"".join(mods.write([item]))).iterfind(".//m:extent", _MODS)
    assert [(etree.QName(each).localname, each.text) for each in extent] == written
