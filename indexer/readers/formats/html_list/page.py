"""Read the text of elements, and the names in their classes."""

from __future__ import annotations

import re

from lxml import etree

STRONG = frozenset(("b", "strong", "cite", "h2", "h3", "h4", "h5", "h6", "dt"))
"""Elements whose text can be a title."""
_KNOWN_CLASS = re.compile(
    r"(?:^|[\W_])(title|author|abstract|summary|description|year|date|journal|venue|publisher|doi|"
    r"isbn|issn|keyword|tag|volume|issue|pages|type)s?(?:$|[\W_])",
    re.IGNORECASE,
)
"""Classes that name the content of an element."""
_SPACE = re.compile(r"\s+")


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
