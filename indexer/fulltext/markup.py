"""Markup: the sections of web pages, and of articles and books in JATS or TEI."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from html.entities import html5
from typing import NamedTuple

from bs4.dammit import EncodingDetector
from lxml import etree

from indexer.fulltext.cleaning import clean_line, clean_pages
from indexer.fulltext.text import ExtractionError
from indexer.values.html_tree import REMOVE_THEM, PageTooLarge, parse_html

JATS, TEI, HTML = "application/jats+xml", "application/tei+xml", "text/html"
XML = "application/xml"
"""The type of XML that is neither JATS nor TEI."""

_SKIPPED = frozenset(
    "script style nav footer aside noscript template form svg teiHeader fw tex-math".split()
)
"""Elements whose text is no part of the document."""
_BLOCKS = frozenset(
    "p div section article main header h1 h2 h3 h4 h5 h6 ul ol li dl dt dd table caption tr pre br "
    "blockquote figure figcaption hr address title sec list list-item disp-quote disp-formula fig "
    "table-wrap boxed-text label def-list def-item def term verse-group verse-line body front back "
    "head ab l lg sp item row note lb pb".split()
)
"""Elements that start and end a paragraph."""
_CELLS = frozenset(("td", "th", "cell"))
_PARENTS_OF_SECTIONS = frozenset(("body", "front", "back"))
_ENTITY = re.compile(rb"&([A-Za-z]\w{1,31});")
_XML_ENTITIES = frozenset((b"amp", b"lt", b"gt", b"quot", b"apos"))


class Markup(NamedTuple):
    """The text of a file with markup: its type, its title or "", and its sections."""

    media_type: str
    title: str
    sections: tuple[str, ...]


def decode(data: bytes) -> str:
    """Return the text of a file in UTF-8, UTF-16, its declared encoding, or Windows-1252."""
    declared = EncodingDetector.find_declared_encoding(data, is_html=True)
    data, marked = EncodingDetector.strip_byte_order_mark(data)
    for encoding in filter(None, (marked, "utf-8", declared)):
        with suppress(LookupError, UnicodeError):
            return data.decode(encoding)
    return data.decode("cp1252", errors="replace")


def read_html(data: bytes) -> Markup:
    """Return the main text of a web page. Each heading of level 1 or 2 starts a section."""
    try:
        root = parse_html(decode(data))
    except PageTooLarge as error:
        raise ExtractionError(str(error), REMOVE_THEM) from None
    articles = root.findall(".//article")
    candidates = [root.find(".//main"), *articles[: len(articles) == 1], root.find("body"), root]
    main = next(element for element in candidates if element is not None)
    sections = _read_sections(main, lambda element: element.tag in {"h1", "h2"})
    return Markup(HTML, clean_line(root.findtext(".//title") or ""), sections)


def read_xml(data: bytes) -> Markup:
    """Return the body of an article in JATS, or the text in TEI. Raise ExtractionError.

    No entity of the file is expanded.
    """
    parser = etree.XMLParser(
        resolve_entities=False, load_dtd=False, no_network=True, huge_tree=False, recover=True,
        remove_comments=True, remove_pis=True,
    )  # fmt: skip
    root = etree.fromstring(_ENTITY.sub(_replace_entity, data), parser) if data.strip() else None
    if root is None:
        raise ExtractionError("the file is not XML", "Save it again")
    etree.strip_elements(root, etree.Entity, with_tail=False)
    kinds = {"article": (JATS, "body", "article-title"), "TEI": (TEI, "text", "title")}
    if not (kind := kinds.get(_name(root))):
        message = f"the XML is neither JATS nor TEI, but <{_name(root)[:50]}>"
        raise ExtractionError(message, "Save the text as PDF or HTML")
    media_type, body_name, title_name = kind
    body = root.find(f"{{*}}{body_name}")
    if body is None:
        raise ExtractionError("the XML has no text, only metadata", "Use a file with the full text")
    title = root.find(f".//{{*}}{title_name}")
    text = "" if title is None else " ".join("".join(title.itertext()).split())
    return Markup(media_type, clean_line(text), _read_sections(body, _is_section))


def _replace_entity(match: re.Match[bytes]) -> bytes:
    """Return the numeric form of an entity that HTML defines."""
    text = html5.get(f"{match[1].decode()};")
    if match[1] in _XML_ENTITIES or not text:
        return match[0]
    return "".join(f"&#{ord(char)};" for char in text).encode()


def _name(element: etree._Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _is_section(element: etree._Element) -> bool:
    parent = element.getparent()
    is_part = _name(element) in {"sec", "div", "div1"}
    return is_part and parent is not None and _name(parent) in _PARENTS_OF_SECTIONS


def _read_sections(
    root: etree._Element, is_section: Callable[[etree._Element], bool]
) -> tuple[str, ...]:
    """Return the texts of the sections of an element that have text."""
    sections: list[list[str]] = [[]]
    for text, starts_section in _walk(root, is_section):
        if starts_section:
            sections.append([])
        sections[-1].append(text)
    texts = (_join_paragraphs("".join(parts)) for parts in sections)
    return tuple(text for text in texts if text)


def _join_paragraphs(text: str) -> str:
    """Return the paragraphs of a text, in which a NUL is a break. Their lines are no lines."""
    lines = [line for part in text.split("\0") for line in (" ".join(part.split()), "")]
    return clean_pages([lines])[0]


def _walk(
    root: etree._Element, is_section: Callable[[etree._Element], bool]
) -> Iterator[tuple[str, bool]]:
    """Yield the texts in an element, and whether each starts a section. A NUL is a break."""
    walker = etree.iterwalk(root, events=("start", "end"))
    for event, element in walker:
        name = _name(element)
        space = "\0" if name in _BLOCKS else " " if name in _CELLS else ""
        if event == "end":
            yield space + ((element.tail or "") if element is not root else ""), False
        elif name in _SKIPPED:
            walker.skip_subtree()
        else:
            yield space + (element.text or ""), is_section(element)
