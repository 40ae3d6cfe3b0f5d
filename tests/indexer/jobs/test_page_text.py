"""Pages of publications are read back unchanged."""

from __future__ import annotations

import re

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from indexer.analysis import cleaning
from indexer.catalogue import catalogue_toml
from indexer.catalogue.records import (
    Problem,
    Property,
    Publication,
    SourceLocation,
    SourceRecord,
)
from indexer.ingest import validation
from indexer.jobs.pages import format_page
from indexer.readers.formats import html
from tests.catalogue import CORPUS
from tests.indexer.readers.reading import read_page

CATALOGUE = catalogue_toml.load(CORPUS)
ANY_TEXT = st.text(st.characters(), max_size=12) | st.sampled_from(
    ("", "<b>&amp;</b>", "\"quoted\" 'twice'", "a\n\nb", "-->", "</article>", "]]>", "none")
)
LANGUAGES = st.none() | st.sampled_from(("en", "es", "fra", "pt-BR", "qq", 'e"n', "zh_Hant"))
VALUES = {
    "year": st.integers(990, 2050).map(str) | st.sampled_from(("2017-10", "2017-10-01")),
    "language": st.sampled_from(("en", "fra", "Chinese", "pt-BR", "Elvish")),
    "country": st.sampled_from(("IN", "Moldova", "KE", "Atlantis")),
    "link": st.sampled_from(
        ("#", "https://example.org/?a=1&b=2", 'https://example.org/"quoted"', "http://ü.example/é",
         "/relative", "javascript:alert(1)")
    ),
}  # fmt: skip


@st.composite
def properties(draw: st.DrawFn) -> Property:
    """Return a strategy for a property of a row, under one of its names."""
    row = draw(st.sampled_from(CATALOGUE.fields))
    name = draw(st.sampled_from((row.name, *row.names)))
    allowed = st.sampled_from(row.values) if row.values else ANY_TEXT
    value = draw(VALUES.get(row.kind, allowed))
    text = draw(ANY_TEXT if row.kind == "link" or not value else st.just(value))
    return Property(name, value, text, draw(LANGUAGES))


IDS = st.none() | st.sampled_from(("a/b", "2020.acl-main.1", "é", 'q"&<>', "a b")) | ANY_TEXT
MADE = st.builds(
    lambda title, others, identity: validation.validate(
        SourceRecord(SourceLocation("page.html", 1), (title, *others), identity),
        CATALOGUE,
        lambda problem: None,
    ),
    st.builds(Property, st.just("name"), ANY_TEXT, st.just(""), LANGUAGES),
    st.lists(properties(), max_size=12),
    IDS,
)


@given(st.lists(MADE.filter(bool), min_size=1, max_size=4), ANY_TEXT.map(cleaning.clean))
def test_a_written_page_is_read_back_as_equal(made: list[Publication], heading: str) -> None:
    """Publications of any text, links, languages and ids are read back as equal from a page."""
    page = format_page(made, CATALOGUE, heading)
    problems: list[Problem] = []
    found = [
        validation.validate(each, CATALOGUE, problems.append)
        for each in read_page(html, "page.html", page) if isinstance(each, SourceRecord)
    ]  # fmt: skip
    lines = [page.count("\n", 0, match.start()) + 1 for match in re.finditer("<article ", page)]
    assert found == [
        msgspec.structs.replace(each, source=SourceLocation("page.html", line))
        for each, line in zip(made, lines, strict=True)
    ]
    assert [each.what for each in problems if "it is missing" not in each.what] == []


def test_written_page_is_readable(problems: list[Problem]) -> None:
    """A page has a heading and a language, and shows names instead of codes."""
    found = SourceRecord(
        SourceLocation("a.html", 1),
        (Property("name", "Law"), Property("genre", "Tools"), Property("country", "IN")),
    )
    made = validation.validate(found, CATALOGUE, problems.append)
    assert made is not None
    page = format_page([made], CATALOGUE, "Tools & more")
    assert "<h1>Tools &amp; more</h1>" in page
    assert '<html lang="en">' in page
    assert '<data itemprop="spatialCoverage" value="IN">India</data>' in page
