"""No text opens a new record, tag, field, subfield, or cell of an exported file."""

import csv
import io
import json
import re
from xml.etree import ElementTree

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from indexer.analysis.cleaning import clean, is_visible
from indexer.catalogue.records import Link, Publication, SourceLocation, Value
from search_app.export.bibtex import make_key
from search_app.export.registry import FORMATS
from tests.search_app.export.independent import READERS, make_page_url
from tests.search_app.export.test_csl import PAPERS

_FORMULA = re.compile(r"^'(?='*[=+\-@\uff0b\uff0d\uff1d\uff20])")
"""An apostrophe before a formula."""
MARKS = st.sampled_from(
    [
        *"\r\n\t\x0b\x00\x1e\x1f\u2028\ufffe\ud800",
        *"{}\\%\",;~^$&#_<>=+-@'|",
        "\r\n",
        "TY  - ",
        "ER  - ",
        "  AU  - ",
        "@book{a,",
        "--",
        "``",
        "''",
        "?`",
        " and ",
        "\\end{x}",
        "</",
        "&amp;",
        "]]>",
        "$a",
        "||",
        "; ",
    ]
)
TEXTS = st.one_of(st.text(), st.lists(st.one_of(MARKS, st.text(max_size=3))).map("".join))
VALID_TEXTS = TEXTS.map(lambda text: text.encode("utf-8", "replace").decode())
"""Texts without lone surrogates, which a publication never contains. JSON cannot have them."""


def publish(text: str) -> Publication:
    values: dict[str, tuple[Value, ...]] = {
        "body": (text,),
        "journal": (text,),
        "subjects": (text, "last"),
        "shelf": (text,),
        "link": (Link("https://example.org/" + text, text),),
        "doi": (text,),
    }
    source = SourceLocation("a.ris", 1)
    return Publication(id=text, title=text, source=source, summary=text, values=values)


@pytest.mark.parametrize("name", ["ris", "bibtex", "csl", "marcxml", "dc"])
def test_any_text_stays_in_its_place(name: str) -> None:
    @given(VALID_TEXTS if name == "csl" else TEXTS)
    @example("Two\n\nparagraphs\r\nER  - \r\nTY  - BOOK")
    @example("a}, title = {b")
    def check(text: str) -> None:
        assume(is_visible(text) and clean(text))
        data = b"".join(FORMATS[name].write([publish(text)], PAPERS, make_page_url))
        [found] = READERS[name](data)
        assert clean(found.title) == clean(text)
        assert clean(found.abstract or "") == clean(text)
        # RIS marks bodies by a comma at the end.
        authors = [clean(author).rstrip(", ") for author in found.authors or ()]
        assert authors == [clean(text).rstrip(", ")]

    check()


@given(VALID_TEXTS)
@example("'=1")
def test_any_text_stays_in_its_cell(text: str) -> None:
    table, lines = (
        b"".join(FORMATS[name].write([publish(text)], PAPERS, make_page_url)).decode()
        for name in ("csv", "jsonl")
    )
    [row] = csv.DictReader(io.StringIO(table.removeprefix("\ufeff"), newline=""))
    assert _FORMULA.sub("", row["title"]) == _FORMULA.sub("", row["id"]) == clean(text)
    assert row["subjects"].endswith("||last")
    [line] = map(json.loads, lines.split("\n")[:-1])
    assert (line["title"], line["id"], line["subjects"]) == (text, text, [text, "last"])


@given(TEXTS)
def test_any_text_stays_in_its_element_of_mods(text: str) -> None:
    assume(clean(text))
    data = b"".join(FORMATS["mods"].write([publish(text)], PAPERS, make_page_url))
    [record] = ElementTree.fromstring(data)
    space = "{http://www.loc.gov/mods/v3}"
    assert record.findtext(f"{space}titleInfo/{space}title") == clean(text)
    topics = [topic.text for topic in record.iterfind(f"{space}subject/{space}topic")]
    assert topics == [clean(text), "last"]


@given(st.lists(TEXTS, unique=True))
def test_different_ids_have_different_keys(ids: list[str]) -> None:
    assert len({make_key(identity) for identity in ids}) == len(ids)


def test_ids_with_slashes_and_dots_are_keys() -> None:
    assert make_key("art/2014.1") == "art/2014.1"
    assert make_key("10.1000/x(1),y+z") == "10.1000/x+28+1+29++2c+y+2b+z"
