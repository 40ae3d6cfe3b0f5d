"""Read a web page as a tree, and the values that its elements state."""

from codecs import getincrementaldecoder
from contextlib import suppress

from bs4.dammit import EncodingDetector
from lxml import etree

from indexer.catalogue.limits import Limits, suggest_raising
from indexer.catalogue.records import Problem
from indexer.readers.text.encodings import decode_text
from indexer.values.markup import REMOVE_THEM, PageTooLarge, parse_html

_VALUE_ATTRIBUTES = {
    "a": "href", "area": "href", "link": "href", "img": "src", "audio": "src", "video": "src",
    "time": "datetime", "data": "value", "meter": "value", "object": "data",
}  # fmt: skip
"""Attributes with the value of a property in microdata. Any element may have `content` instead."""


def read_page(data: bytes, file: str, limits: Limits) -> tuple[etree._Element, list[Problem]]:
    """Return the root of a page, and its problems. A page without elements has an empty root."""
    text, problem = _decode(data, file)
    problems = [problem] if problem else []
    try:
        root = parse_html(text, limits.most_parts)
    except PageTooLarge as error:
        hint = suggest_raising("most_parts") if error.is_setting else REMOVE_THEM
        return etree.Element("html"), [*problems, Problem(file, 0, str(error), hint)]
    for fault in root.getroottree().parser.error_log if len(root) else ():
        if fault.type == etree.ErrorTypes.ERR_RESOURCE_LIMIT:
            message = "its tags are nested too deep. The rest of the page was not read"
            hint = "Close the tags, or save the page again"
            problems.append(Problem(file, fault.line, message, hint))
    return root, problems


def _decode(data: bytes, file: str) -> tuple[str, Problem | None]:
    """Return a page in UTF-8, UTF-16, its declared encoding, or Windows-1252."""
    declared = EncodingDetector.find_declared_encoding(data, is_html=True)
    data, marked = EncodingDetector.strip_byte_order_mark(data)
    for encoding in filter(None, (marked, "utf-8", declared)):
        with suppress(LookupError, UnicodeError):
            # The last character of the start of a page may be cut.
            return getincrementaldecoder(encoding)().decode(data), None
    return decode_text(data, file, 1)


def find_value(element: etree._Element) -> str | None:
    """Return the value that an attribute of an element with `itemprop` states, or None."""
    names = ("content", _VALUE_ATTRIBUTES.get(str(element.tag), "content"))
    return next((element.attrib[name] for name in names if name in element.attrib), None)
