"""Full text in web pages, JATS and TEI."""

from collections.abc import Callable

import pytest

from indexer.catalogue.limits import LIMITS, Limits
from indexer.fulltext.text import ExtractionError, FullText
from indexer.fulltext.text_files import HTML, JATS, TEI, decode, read_html, read_xml


@pytest.mark.parametrize(
    ("read", "data", "expected"),
    [
        # Navigation and scripts are left out, and headings start sections.
        (
            read_html,
            (
                "<!doctype html><title>A page</title><main><nav>Menu <a>Link</a></nav>"
                "<h1>First</h1><p>One <b>bo</b>ld<script>x()</script> text"
                "<p>Two<br>lines<h2>Second</h2><table><tr><td>a<td>b<tr><td>c"
                "</table></main><footer>Imprint</footer>"
            ),
            (HTML, "A page", "First\n\nOne bold text\n\nTwo\n\nlines", "Second\n\na b\n\nc"),
        ),
        # The only article is the text of a page, or else all of it.
        (read_html, "<body>out<article>in</article>", (HTML, "", "in")),
        (read_html, "<body>out<article>in</article><article>two", (HTML, "", "out\n\nin\n\ntwo")),
        # The sections of the body are items, without the metadata and the references.
        (
            read_xml,
            (
                '<!DOCTYPE article PUBLIC "-//NLM//DTD JATS" "JATS.dtd"><article xmlns:x="urn:x">'
                "<front><article-meta><article-title>On <italic>Bees</italic></article-title>"
                "</article-meta></front><body><p>Intro.</p><sec><title>Methods</title>"
                "<p>We count&eacute;d<xref>1</xref> bees.</p><sec><title>Inner</title><p>More.</p>"
                "</sec></sec></body><back><ref-list><ref>Ref</ref></ref-list></back></article>"
            ),
            (JATS, "On Bees", "Intro.", "Methods\n\nWe countéd1 bees.\n\nInner\n\nMore."),
        ),
        # The divisions of the text are items, without the header and running heads.
        (
            read_xml,
            (
                '<?xml version="1.0" encoding="ISO-8859-1"?>'
                '<TEI xmlns="http://www.tei-c.org/ns/1.0">'
                "<teiHeader><titleStmt><title>A Book</title></titleStmt></teiHeader>"
                "<text><front><div><p>Préface</p></div></front><body><div>"
                "<head>One</head><fw>Head 7</fw><p>Text<pb/></p></div></body></text></TEI>"
            ),
            (TEI, "A Book", "Préface", "One\n\nText"),
        ),
    ],
)
def test_a_file_has_its_main_text_in_sections(
    read: Callable[[bytes, Limits], FullText], data: str, expected: tuple[str, ...]
) -> None:
    text = read(data.encode("ISO-8859-1"), LIMITS)
    assert (text.media_type, text.title, *text.pages) == expected
    assert not text.has_pages


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
    with pytest.raises(ExtractionError, match=reason):
        read_xml(data, LIMITS)


def test_no_entity_is_expanded() -> None:
    bomb = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10 if n else "text"}">' for n in range(12))
    data = (
        f'<!DOCTYPE article [{bomb}<!ENTITY file SYSTEM "file:///etc/passwd">]>'
        "<article><body><p>one &file; two &e11; three</p></body></article>"
    )
    assert read_xml(data.encode(), LIMITS).pages == ("one two",)


@pytest.mark.parametrize("tag", ["div", "b", "sec"])
def test_deep_markup_is_no_error(tag: str) -> None:
    """A page or an article of 100,000 nested elements loses only what is too deep."""
    nested = f"<{tag}>" * 100_000
    assert read_html(f"<p>text</p>{nested}".encode(), LIMITS).pages == ("text",)
    article = f"<article><body><p>text</p>{nested}".encode()
    assert read_xml(article, LIMITS).pages == ("text",)


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
