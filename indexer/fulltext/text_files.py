"""Plain text, web pages, and articles and books in JATS or TEI: their text, by a child process.

`extract_text` runs `main` of this file in a process with limits (`indexer.child_process`). It reads
the file from standard input, and writes a FullText in MessagePack on standard output.
"""

import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from html.entities import html5
from typing import IO, Any

import msgspec
from bs4.dammit import EncodingDetector
from lxml import etree

from indexer.catalogue.limits import Limits, suggest_raising
from indexer.child_process import ChildFailed, ProcessLimits, run_limited
from indexer.fulltext.text import (
    DECODING_ERRORS,
    OUTPUT_BYTES_PER_CHARACTER,
    PLAIN_TEXT,
    ExtractionError,
    Fault,
    FullText,
    clean_line,
    clean_pages,
    limit_pages,
    make_page_fault,
)
from indexer.values.markup import REMOVE_THEM, PageTooLarge, parse_html

JATS, TEI, HTML = "application/jats+xml", "application/tei+xml", "text/html"
XML = "application/xml"
"""The type of XML that is neither JATS nor TEI."""
MAX_MEMORY_BYTES = 1_500_000_000
"""Limit on the address space to read a text. A page of 10 MB takes up to 1 GB."""
MAX_SECONDS = 30
"""Limit on the processor time to read a text. 10 MB take about 8 s."""
_PROGRAM = __file__
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
_HEADINGS = frozenset(("h1", "h2"))
_SECTIONS = frozenset(("sec", "div", "div1"))
_PARENTS_OF_SECTIONS = frozenset(("body", "front", "back"))
_ENTITY = re.compile(rb"&([A-Za-z]\w{1,31});")
_XML_ENTITIES = frozenset((b"amp", b"lt", b"gt", b"quot", b"apos"))


def extract_text(stream: IO[bytes], suffix: str, limits: Limits) -> FullText:
    """Return the text of a file by the suffix of its name. Raise ExtractionError."""
    is_tree = READERS[suffix][1] != PLAIN_TEXT
    if is_tree and os.fstat(stream.fileno()).st_size > limits.largest_file:
        # A tree takes much more memory than its file.
        message = f"the file has more than {limits.largest_file} bytes"
        raise ExtractionError(message, suggest_raising("largest_file"))
    most_bytes = OUTPUT_BYTES_PER_CHARACTER * max(limits.longest_document, 1_000_000)
    child_limits = ProcessLimits(MAX_MEMORY_BYTES, MAX_SECONDS, MAX_SECONDS * 4, most_bytes)
    arguments = (suffix, msgspec.to_builtins(limits))
    with run_limited(_PROGRAM, arguments, stream, child_limits) as blocks:
        try:
            text = msgspec.msgpack.decode(b"".join(blocks), type=FullText)
        except (ChildFailed, *DECODING_ERRORS) as error:
            raise ExtractionError(f"the file can't be read: {error}", "Save it again") from None
    if not text.pages:
        fault = text.faults[0] if text.faults else Fault("the file can't be read", "Save it again")
        raise ExtractionError(fault.what, fault.hint)
    return text


def main(suffix: str, limits: dict[str, Any]) -> None:
    """Write the text of the file on standard input, or else the reason as its only fault."""
    read, media_type = READERS[suffix]
    try:
        text = read(sys.stdin.buffer.read(), msgspec.convert(limits, Limits))
        if not any(text.pages):
            raise ExtractionError("the file has no text", "Remove it, or save it again")
    except ExtractionError as error:
        faults = (Fault(error.message, error.hint),)
        text = FullText(media_type=media_type, pages=(), faults=faults)
    sys.stdout.buffer.write(msgspec.msgpack.encode(text))
    sys.stdout.buffer.flush()


def decode(data: bytes) -> str:
    """Return the text of a file in UTF-8, UTF-16, its declared encoding, or Windows-1252."""
    declared = EncodingDetector.find_declared_encoding(data, is_html=True)
    data, marked = EncodingDetector.strip_byte_order_mark(data)
    for encoding in filter(None, (marked, "utf-8", declared)):
        with suppress(LookupError, UnicodeError):
            return data.decode(encoding)
    return data.decode("cp1252", errors="replace")


def read_plain_text(data: bytes, limits: Limits) -> FullText:
    """Return a plain text. A form feed ends a page. Text over the limits is not cleaned."""
    text = decode(data)
    count = text.count("\f") + 1
    faults = [make_page_fault(count, limits)] if count > limits.most_pages else []
    raw, more = limit_pages(tuple(text.split("\f", limits.most_pages)[: limits.most_pages]), limits)
    return FullText(
        media_type=PLAIN_TEXT,
        pages=clean_pages([page.splitlines() for page in raw]),
        has_pages=count > 1,
        faults=(*faults, *more),
    )


def read_html(data: bytes, limits: Limits) -> FullText:
    """Return the main text of a web page. Each heading of level 1 or 2 starts a section."""
    try:
        root = parse_html(decode(data))
    except PageTooLarge as error:
        raise ExtractionError(str(error), REMOVE_THEM) from None
    articles = root.findall(".//article")
    candidates = [root.find(".//main"), *articles[: len(articles) == 1], root.find("body"), root]
    main = next(element for element in candidates if element is not None)
    title = root.findtext(".//title") or ""
    return _make_text(HTML, title, main, lambda element: element.tag in _HEADINGS, limits)


def read_xml(data: bytes, limits: Limits) -> FullText:
    """Return the body of JATS or text of TEI, with no entity expanded. Raise ExtractionError."""
    parser = etree.XMLParser(
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        huge_tree=False,
        recover=True,
        remove_comments=True,
        remove_pis=True,
    )
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
    return _make_text(media_type, text, body, _is_section, limits)


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
    is_below = parent is not None and _name(parent) in _PARENTS_OF_SECTIONS
    return is_below and _name(element) in _SECTIONS


def _make_text(
    media_type: str,
    title: str,
    root: etree._Element,
    is_section: Callable[[etree._Element], bool],
    limits: Limits,
) -> FullText:
    sections: list[list[str]] = [[]]
    for text, starts_section in _walk(root, is_section):
        if starts_section:
            sections.append([])
        sections[-1].append(text)
    texts = (_join_paragraphs("".join(parts)) for parts in sections)
    pages, faults = limit_pages(tuple(filter(None, texts)), limits)
    return FullText(
        media_type=media_type,
        pages=pages,
        has_pages=False,
        faults=tuple(faults),
        title=clean_line(title),
    )


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


def _join_paragraphs(text: str) -> str:
    """Return the paragraphs of a text, in which a NUL is a break. Their lines are no lines."""
    lines = [line for part in text.split("\0") for line in (" ".join(part.split()), "")]
    return clean_pages([lines])[0]


READERS: dict[str, tuple[Callable[[bytes, Limits], FullText], str]] = {
    **dict.fromkeys((".txt", ".text", ".md", ".markdown"), (read_plain_text, PLAIN_TEXT)),
    **dict.fromkeys((".html", ".htm", ".xhtml"), (read_html, HTML)),
    **dict.fromkeys((".xml", ".nxml", ".tei"), (read_xml, XML)),
}
"""The functions that read a text, and its type if it can't be read, by the suffix of its name."""
