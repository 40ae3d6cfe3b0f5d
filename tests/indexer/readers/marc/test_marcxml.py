"""MARCXML is read record by record, in any wrapper, and repaired where it is broken."""

from __future__ import annotations

import pytest

from indexer.catalogue.records import Problem, SourceRecord
from indexer.readers.formats.marc import marcxml
from tests.cpu_time import limit_cpu_time
from tests.indexer.readers.marc.samples import (
    READERS,
    RIVERS,
    choose,
    columns,
    make_xml,
    read,
    read_records,
)

ONE = make_xml(RIVERS)
SLIM = 'xmlns="http://www.loc.gov/MARC21/slim"'
COLLECTION = f'<?xml version="1.0"?>\n<collection {SLIM}>\n{ONE}\n{ONE}\n</collection>'
OAI = f"""<?xml version="1.0" encoding="UTF-8"?>
<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/"><ListRecords>
<record><header status="deleted"><identifier>oai:a:0</identifier></header></record>
<record><header><identifier>oai:a:1</identifier><datestamp>2020-01-02</datestamp>
<setSpec>x</setSpec></header><metadata>
{ONE.replace("<record>", f"<record {SLIM}>")}</metadata></record>
<record><header><identifier>oai:a:2</identifier></header><metadata>
{ONE}</metadata></record>
</ListRecords></OAI-PMH>"""
SRU = f"""<zs:searchRetrieveResponse xmlns:zs="http://docs.oasis-open.org/ns/search-ws/sruResponse">
<zs:records><zs:record><zs:recordData>{make_xml(RIVERS, "marc:")}</zs:recordData>
<zs:recordPosition>1</zs:recordPosition></zs:record></zs:records></zs:searchRetrieveResponse>"""
OAI_MARC = """<oai_marc status="c" type="a"><fixfield id="LDR">^^^^^nam^^2200000^a^4500</fixfield>
<fixfield id="001">"x1"</fixfield>
<varfield id="245" i1="1" i2="0"><subfield label="a">Salt</subfield></varfield></oai_marc>"""


@pytest.mark.parametrize("data", [ONE, COLLECTION, OAI, SRU, OAI_MARC, "\ufeff" + COLLECTION])
def test_fields_are_recognized(data: str) -> None:
    """A file with fields of MARC is MARCXML, whatever its wrapper and its name are."""
    for filename in ("a.xml", "a", "a.csv"):
        assert choose(data, filename) == "marcxml"
    assert choose(data.lstrip("\ufeff").encode("utf-16")) == "marcxml"


@pytest.mark.parametrize(
    "data", ["", "<html><p>datafield</p></html>", "<record><title>A</title></record>", "datafield"]
)
def test_other_files_are_not_recognized(data: str) -> None:
    """Other XML is not recognized as MARCXML."""
    assert marcxml.detect("a.xml", data.encode()) is None


def read_kept(data: bytes | str) -> list[dict[str, list[str]]]:
    """Return the columns of the records of a file, which may have problems too."""
    records = read(data, READERS["marcxml"])
    return [columns(record) for record in records if isinstance(record, SourceRecord)]


@pytest.mark.parametrize(("data", "count"), [(COLLECTION, 2), (OAI, 2), (SRU, 1), (ONE, 1)])
def test_wrappers_and_deleted_records_are_not_records(data: str, count: int) -> None:
    """A `record` element around a MARC record is not a record. Nor is a deleted record."""
    [expected] = read_kept(ONE)
    found = read_kept(data)
    assert [{name: record[name] for name in expected} for record in found] == [expected] * count


def test_header_of_oai_is_kept() -> None:
    """The header of an OAI-PMH record is part of it."""
    found = read_kept(OAI)[0]
    assert found["header/identifier"] == ["oai:a:1"]
    assert found["header/datestamp"] == ["2020-01-02"]
    assert found["header/setSpec"] == ["x"]


def test_older_elements_are_read() -> None:
    """The elements of `oai_marc` give the same columns."""
    found = columns(read_records(OAI_MARC, "marcxml")[0])
    assert (found["001"], found["245$a"]) == (["x1"], ["Salt"])


def test_a_record_has_the_line_of_its_start_tag() -> None:
    """The line of a record is that of its start tag."""
    lines = COLLECTION.splitlines()
    starts = [number for number, line in enumerate(lines, 1) if line.startswith("<record>")]
    assert [record.source.line for record in read_records(COLLECTION, "marcxml")] == starts


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "iso-8859-1", "cp1252"])
def test_encodings_are_recognized(encoding: str) -> None:
    """A file is decoded by its mark or declaration, or else as UTF-8 or Windows-1252."""
    text = ONE.replace("Rivers of salt", "Flüsse")
    declaration = "" if encoding == "cp1252" else f'<?xml version="1.0" encoding="{encoding}"?>'
    [record] = read_kept((declaration + text).encode(encoding))
    assert record["245$a"] == ["Flüsse"]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("Salt & Co", "Salt & Co"),
        ("a < b", "a < b"),
        ("Caf&eacute; &amp; &#233;", "Café & é"),
        ("&#152;Das&#156; Salz", "Das Salz"),
        ("&lt;i&gt;x&lt;/i&gt;", "<i>x</i>"),
        ("Salt <i>and</i> sea", "Salt and sea"),
        ("Salt\n   and sea", "Salt and sea"),
        ("<![CDATA[a <b> c]]>", "a <b> c"),
        ("&unknown; x", "&unknown; x"),
    ],
)
def test_markup_is_decoded_and_repaired(value: str, text: str) -> None:
    """Entities are decoded. A bare sign or a forbidden character does not break its record."""
    [record] = read_kept(ONE.replace("Rivers of salt /", value))
    assert (record["245$a"], record["245$c"]) == ([text], ["Ada Moss and Bo Lind"])


@pytest.mark.parametrize("tag", ["</subfield>", "</datafield>", "</record>"])
def test_a_broken_record_does_not_affect_the_others(tag: str) -> None:
    """A record without one of its end tags is left out, and reported with its line."""
    items = read(
        COLLECTION.replace(ONE, f"{ONE}\n{ONE.replace(tag, '', 1)}", 1), READERS["marcxml"]
    )
    kept = [columns(item) for item in items if isinstance(item, SourceRecord)]
    problems = [item for item in items if isinstance(item, Problem)]
    assert kept == read_kept(COLLECTION)
    line = COLLECTION[: COLLECTION.index(ONE) + len(ONE)].count("\n") + 2
    assert any(problem.line == line and "no end tag" in problem.what for problem in problems)


def test_a_truncated_file_keeps_its_complete_records() -> None:
    """The incomplete record at the end of a file is left out, and reported."""
    items = read(COLLECTION[:-120], READERS["marcxml"])
    assert [columns(item) for item in items if isinstance(item, SourceRecord)] == read_kept(ONE)
    assert "the file ends in <record>" in str(items)


@pytest.mark.parametrize("number", ["#xD800", "#55296", "#x110000", "#0", f"#{'9' * 5000}"])
def test_an_invalid_character_reference_raises_no_exception(number: str) -> None:
    """A reference to a surrogate or to a number without a character does not break its record."""
    attribute = f'<datafield tag="500" ind1="&{number};" ind2=" "><subfield code="a">x</subfield>'
    text = ONE.replace("</record>", f"{attribute}</datafield></record>").replace(
        "Rivers of salt", f"Rivers &{number}; of salt"
    )
    [record] = read_kept(text)
    assert record["500$a"] == ["x"]
    assert record["245$a"][0].endswith("of salt")


def test_entity_bombs_are_not_expanded() -> None:
    """The entities that a document type defines are not expanded."""
    bomb = '<!DOCTYPE r [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>' + ONE.replace("salt", "&b;")
    [record] = read_records(bomb, "marcxml")
    assert columns(record)["245$a"] == ["Rivers of &b;"]


@pytest.mark.parametrize(
    "unit",
    [
        "<record ",
        "<record>",
        "</record ",
        "<record><datafield ",
        "<identifier ",
        "<a>",
        "&",
        "<!--",
    ],
)
@pytest.mark.slow
def test_a_hostile_file_is_read_within_seconds(unit: str) -> None:
    """A file with tags that never end is read within 20 s."""
    with limit_cpu_time(20):
        for data in (unit * 20_000, ONE.replace("</leader>", "</leader>" + unit * 10_000)):
            choose(data[:65536])
            read("<record>" + data, READERS["marcxml"])
