"""XML documents of many records, written record by record."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from lxml import etree

from indexer.analysis.cleaning import clean

_XML = "http://www.w3.org/XML/1998/namespace"
LANGUAGE = f"{{{_XML}}}lang"
"""The attribute `xml:lang`."""
XSI = "http://www.w3.org/2001/XMLSchema-instance"
SCHEMA_LOCATION = f"{{{XSI}}}schemaLocation"
"""The attribute `xsi:schemaLocation`."""


def write(root: etree._Element, records: Iterable[etree._Element]) -> Iterator[bytes]:
    """Yield the start of an empty root element, each record in it, and its end."""
    root.text = "\n"
    start, end = etree.tostring(root, encoding="utf-8", xml_declaration=True).rsplit(b"</", 1)
    yield start
    for record in records:
        yield etree.tostring(record, encoding="utf-8") + b"\n"
    yield b"</" + end + b"\n"


def add(parent: etree._Element, tag: str, text: str = "", /, **attributes: str) -> etree._Element:
    """Add an element without a prefix, in the namespace of its parent, and return it.

    The text is on one line, without characters that XML does not allow.
    """
    element = etree.SubElement(parent, parent.tag[: parent.tag.index("}") + 1] + tag, attributes)
    element.text = clean(text) or None
    return element


def add_all(parent: etree._Element, tag: str, texts: Iterable[str], /, **attributes: str) -> None:
    """Add an element for each text that is not empty."""
    for text in texts:
        if clean(text):
            add(parent, tag, text, **attributes)
