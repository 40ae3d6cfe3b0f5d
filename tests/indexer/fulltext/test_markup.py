"""Full text in web pages, JATS and TEI."""

from __future__ import annotations

import pytest

from indexer.fulltext.markup import HTML, JATS, TEI, decode, read_html, read_xml
from indexer.fulltext.text import ExtractionError


def test_a_page_has_its_main_text_in_sections() -> None:
    """Navigation and scripts are left out, and headings start sections."""
    page = read_html(
        b"<!doctype html><title>A page</title><main><nav>Menu <a>Link</a></nav>"
        b"<h1>First</h1><p>One <b>bo</b>ld<script>x()</script> text"
        b"<p>Two<br>lines<h2>Second</h2><table><tr><td>a<td>b<tr><td>c"
        b"</table></main><footer>Imprint</footer>"
    )
    assert page == (
        HTML, "A page",
        ("First\n\nOne bold text\n\nTwo\n\nlines", "Second\n\na b\n\nc"),
    )  # fmt: skip


def test_a_page_without_main_is_read_as_a_whole() -> None:
    """The only article is the text of a page, or else all of it."""
    assert read_html(b"<body>out<article>in</article>").sections == ("in",)
    assert read_html(b"<body>out<article>in</article><article>two").sections == (
        "out\n\nin\n\ntwo",
    )


def test_an_article_in_jats_has_the_sections_of_its_body() -> None:
    """The sections of the body are items, without the metadata and the references."""
    article = read_xml(
        b'<!DOCTYPE article PUBLIC "-//NLM//DTD JATS" "JATS.dtd"><article xmlns:x="urn:x"><front>'
        b"<article-meta><article-title>On <italic>Bees</italic></article-title></article-meta>"
        b"</front><body><p>Intro.</p><sec><title>Methods</title><p>We count&eacute;d<xref>1</xref>"
        b" bees.</p><sec><title>Inner</title><p>More.</p></sec></sec></body>"
        b"<back><ref-list><ref>Ref</ref></ref-list></back></article>"
    )
    assert article == (
        JATS, "On Bees",
        ("Intro.", "Methods\n\nWe countéd1 bees.\n\nInner\n\nMore."),
    )  # fmt: skip


def test_a_text_in_tei_has_the_divisions_of_its_body() -> None:
    """The divisions of the body are items, without the header and running heads."""
    text = read_xml(
        b'<?xml version="1.0" encoding="ISO-8859-1"?><TEI xmlns="http://www.tei-c.org/ns/1.0">'
        b"<teiHeader><titleStmt><title>A Book</title></titleStmt></teiHeader><text><front><div>"
        b"<p>Pr\xe9face</p></div></front><body><div><head>One</head><fw>Head 7</fw><p>Text<pb/>"
        b"</p></div></body></text></TEI>"
    )
    assert text == (TEI, "A Book", ("Préface", "One\n\nText"))


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "not XML"),
        (b"plain", "not XML"),
        (b"<rss/>", "neither JATS nor TEI, but <rss>"),
        (b"<article><front/></article>", "only metadata"),
    ],
)
def test_other_xml_is_an_error(data: bytes, reason: str) -> None:
    """The error says what is missing."""
    with pytest.raises(ExtractionError, match=reason):
        read_xml(data)


def test_no_entity_is_expanded() -> None:
    """Neither a bomb nor the content of another file gets into the text. A bomb ends it."""
    bomb = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10 if n else "text"}">' for n in range(12))
    data = (
        f'<!DOCTYPE article [{bomb}<!ENTITY file SYSTEM "file:///etc/passwd">]>'
        "<article><body><p>one &file; two &e11; three</p></body></article>"
    )
    assert read_xml(data.encode()).sections == ("one two",)


@pytest.mark.parametrize("tag", ["div", "b", "sec"])
def test_deep_markup_is_no_error(tag: str) -> None:
    """A page or an article of 100,000 nested elements loses only what is too deep."""
    nested = f"<{tag}>" * 100_000
    assert read_html(f"<p>text</p>{nested}".encode()).sections == ("text",)
    assert read_xml(f"<article><body><p>text</p>{nested}".encode()).sections == ("text",)


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ("Zürich".encode(), "Zürich"),
        ("Zürich".encode("utf-8-sig"), "Zürich"),
        ("Zürich".encode("utf-16"), "Zürich"),
        ("Zürich".encode("cp1252"), "Zürich"),
        ('<meta charset="koi8-r">Вода'.encode("koi8-r"), '<meta charset="koi8-r">Вода'),
    ],
)
def test_encodings_are_recognized(data: bytes, text: str) -> None:
    """A text is in Unicode, in its declared encoding, or else in Windows-1252."""
    assert decode(data) == text
