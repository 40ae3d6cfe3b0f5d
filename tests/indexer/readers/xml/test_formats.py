"""Each format of XML is recognized by its content, and its default mapping keeps titles apart."""

from pathlib import Path

import pytest

from indexer.catalogue.records import SourceRecord
from indexer.readers.base import HEAD_BYTES, Reader
from indexer.readers.registry import load_readers
from tests.indexer.readers.reading import choose, columns, map_records, read_records

SAMPLES = {
    path.stem: path.read_text("utf-8") for path in sorted(Path(__file__).parent.glob("files/*.xml"))
}
"""A file of each format, or of another form of it, with one or a few invented publications."""
_NAMES = {reader.NAME for reader in load_readers()}
FORMATS = {name: text for name, text in SAMPLES.items() if name in _NAMES}


def choose_xml(text: str) -> Reader:
    reader = choose(text)
    assert reader is not None
    return reader


def map_sample(name: str) -> list[SourceRecord]:
    return map_records(SAMPLES[name], choose_xml(SAMPLES[name]))


@pytest.mark.parametrize("name", ["data", "b.html"])
@pytest.mark.parametrize("expected", FORMATS)
def test_a_format_is_recognized_whatever_the_name(expected: str, name: str) -> None:
    """The content of a file decides, even in UTF-16 and if it ends within a character.

    Only a file with an unknown root and the name of a page may be a fragment of HTML.
    """
    reader = choose(FORMATS[expected], name)
    assert reader is not None
    if (expected, name) == ("xml", "b.html"):
        assert reader.NAME == "html"
        return
    assert expected == reader.NAME
    utf16 = choose(FORMATS[expected].split("?>")[-1].encode("utf-16"), name)
    assert utf16 is reader
    cut = (FORMATS[expected] + f"<!-- {'é' * HEAD_BYTES}").encode()
    assert choose(cut[: HEAD_BYTES - len(cut) % 2 - 1], name) is reader


@pytest.mark.parametrize("text", [
    "<!DOCTYPE html><html><head><title>A</title></head><body><p>A</p><p>B</p></body></html>",
    '<html xmlns="http://www.w3.org/1999/xhtml"><body/></html>', "<1>\nSalt <2>",
    "title,year\n<a>,1", "", "%PDF-1.4 <xml", '{"a": "<mods/>"}',
])  # fmt: skip
def test_other_text_is_not_recognized(text: str) -> None:
    reader = choose(text, "list.unknown")
    assert reader is None or reader.NAME not in FORMATS


@pytest.mark.parametrize(("name", "languages"), [
    ("mods", {"The Salt Road: A History": None, "La route du sel": "fre", "Salt. 2": None}),
    ("dublin-core", {"Sal y camino": "es", "Salt and Road": "en"}),
    ("datacite-xml", {"Salt data": "en", "Datos": "es", "Part 1": None}),
])  # fmt: skip
def test_a_title_in_another_language_keeps_it(name: str, languages: dict[str, str | None]) -> None:
    properties = map_sample(name)[0].properties
    titles = [each for each in properties if each.name in {"title", "other_titles"}]
    assert {each.value: each.language for each in titles} == languages
    assert [each.name for each in titles][:2] == ["title", "other_titles"]


PREFIX = "<TitlePrefix>The</TitlePrefix><TitleWithoutPrefix>Salt</TitleWithoutPrefix>"


@pytest.mark.parametrize(("titles", "expected"), [
    (["01 <TitleText>Salt</TitleText><Subtitle>A History</Subtitle>"], ["Salt: A History"]),
    ([f"01 {PREFIX}<Subtitle>A History</Subtitle>"], ["The Salt: A History"]),
    ([f"01 <TitleText>The Salt</TitleText>{PREFIX}<Subtitle>A</Subtitle>"], ["The Salt: A"]),
    (["03 <TitleText>Sel</TitleText><Subtitle>B</Subtitle>", f"01 {PREFIX}<Subtitle>A</Subtitle>"],
     ["The Salt: A", "Sel: B"]),
    (["01 <Subtitle>A History</Subtitle>"], ["A History"]),
])  # fmt: skip
@pytest.mark.parametrize("form", [
    "<TitleDetail><TitleType>{}</TitleType><TitleElement>{}</TitleElement></TitleDetail>",
    "<Title><TitleType>{}</TitleType>{}</Title>",
])  # fmt: skip
def test_a_title_of_onix_keeps_its_parts(form: str, titles: list[str], expected: list[str]) -> None:
    """ONIX 2.1 and 3 state a title as one text or with its article apart, and may have others."""
    stated = "".join(form.format(*title.split(" ", 1)) for title in titles)
    product = f"<ProductIdentifier/><DescriptiveDetail>{stated}</DescriptiveDetail>"
    text = f"<ONIXMessage><Product>{product}</Product></ONIXMessage>"
    record = map_records(text, choose_xml(text))[0]
    named = [each for each in record.properties if each.name in {"title", "other_titles"}]
    assert [each.value for each in named] == expected


def test_a_deleted_record_is_counted() -> None:
    records, problems = read_records(SAMPLES["dublin-core"], "dublin-core")
    assert [each.what for each in problems] == ["1 record is marked as deleted"]
    values = columns(records[0])
    expected = {
        "header/identifier": ["oai:x:2"], "header/setSpec": ["col_1"], "date": ["2011"],
        "date[timestamp]": ["2014-03-02T10:20:30Z"],
        "identifier[isbn]": ["ISBN 978-3-16-148410-0"],
        "description": ["First paragraph.\n\nSecond one."],
    }  # fmt: skip
    assert values | expected == values


ALONE = {
    "mods": "<mods xmlns='http://www.loc.gov/mods/v3'><titleInfo><title>A</title></titleInfo></mods>",
    "datacite-xml": SAMPLES["datacite-xml"], "ead": SAMPLES["ead"], "tei": SAMPLES["tei"],
    "jats": SAMPLES["jats"].partition('x.dtd">')[2], "xml": "<rec><title>A</title></rec>",
}  # fmt: skip


@pytest.mark.parametrize("name", ALONE)
def test_an_oai_response_may_have_any_format(name: str) -> None:
    inner = ALONE[name]
    header = "<header><identifier>oai:x:1</identifier></header>"
    text = (
        '<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/"><GetRecord><record>'
        f"{header}<metadata>{inner}</metadata></record></GetRecord></OAI-PMH>"
    )
    reader = choose_xml(text)
    assert name == reader.NAME
    records, problems = read_records(text, reader)
    assert problems == []
    values = columns(records[0])
    assert values.pop("header/identifier") == ["oai:x:1"]
    if name not in {"xml", "ead"}:
        assert values == columns(read_records(inner, choose_xml(inner)).records[0])
