"""Parse an HTML page, and read the text of its elements."""

from __future__ import annotations

import re

from lxml import etree

from indexer.values.html_tree import parse_html

STRONG = frozenset(("b", "strong", "cite", "h2", "h3", "h4", "h5", "h6", "dt"))
"""Elements whose text can be a title."""
_KNOWN_CLASS = re.compile(
    r"(?:^|[\W_])(title|author|abstract|summary|description|year|date|journal|venue|publisher|doi|"
    r"isbn|issn|keyword|tag|volume|issue|pages|type)s?(?:$|[\W_])",
    re.IGNORECASE,
)
"""Classes that name the content of an element."""
_CHARSET = re.compile(rb"""<meta[^>]{0,200}?charset\s*=\s*["']?\s*([\w.:-]{1,40})""", re.IGNORECASE)
_SPACE = re.compile(r"\s+")
_MAX_CUT = 4
"""Limit on the bytes of a character that is cut at the end of the data."""


def parse_page(data: bytes) -> etree._Element | None:
    """Return the root of a page, or None if it has no elements. Raise TooManyAttributes."""
    return parse_html(_decode(data))


def _decode(data: bytes) -> str:
    """Return the text of a page in UTF-8, UTF-16, its declared encoding, or Windows-1252."""
    declared = _CHARSET.search(data[:4096])
    names = ["utf-16"] if data[:2] in (b"\xff\xfe", b"\xfe\xff") else ["utf-8-sig"]
    names += [declared[1].decode("ascii", "replace")] if declared else []
    for name in names:
        try:
            return data.decode(name)
        except UnicodeDecodeError as error:
            if error.end == len(data) and len(data) - error.start < _MAX_CUT:
                return data[: error.start].decode(name, "replace")
        except (LookupError, ValueError):
            continue
    return data.decode("cp1252", "replace")


def squeeze(text: str | None) -> str:
    """Return a text with each run of whitespace replaced by a space."""
    return _SPACE.sub(" ", text or "").strip()


def read_text(element: etree._Element) -> str:
    """Return the text of an element."""
    return squeeze("".join(element.itertext()))


def read_term(description: etree._Element) -> str:
    """Return the `<dt>` that a `<dd>` describes, or an empty string for any other element."""
    term = description.getprevious() if description.tag == "dd" else None
    while term is not None and term.tag == "dd":
        term = term.getprevious()
    return read_text(term) if term is not None and term.tag == "dt" else ""


def name_by_class(element: etree._Element) -> str:
    """Return the name in the class of an element, or an empty string."""
    match = _KNOWN_CLASS.search(element.get("class") or "")
    return match[1].lower() if match else ""
