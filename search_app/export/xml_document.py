"""XML documents of many records, written record by record.

A record is a text, because a tree of it takes several times longer. `add` builds other documents.
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from html import escape

from lxml import etree

from indexer.analysis.cleaning import clean

_XML = "http://www.w3.org/XML/1998/namespace"
LANGUAGE = f"{{{_XML}}}lang"
"""The attribute `xml:lang`."""
XSI = "http://www.w3.org/2001/XMLSchema-instance"
SCHEMA_LOCATION = f"{{{XSI}}}schemaLocation"
"""The attribute `xsi:schemaLocation`."""


def write(tag: str, records: Iterable[str], /, **attributes: str) -> Iterator[bytes]:
    """Yield the start of the root element, each record in it, and its end."""
    yield f"<?xml version='1.0' encoding='utf-8'?>\n{_open(tag, **attributes)}>\n".encode()
    for record in records:
        yield f"{record}\n".encode()
    yield f"</{tag}>\n".encode()


@lru_cache(maxsize=1000)
def _open(tag: str, /, **attributes: str) -> str:
    """Return a start tag without its end."""
    pairs = (f' {name}="{escape(value)}"' for name, value in attributes.items())
    return f"<{tag}{''.join(pairs)}"


def element(tag: str, /, *elements: str, **attributes: str) -> str:
    """Return an element with other elements in it, or "" if there are none."""
    content = "".join(elements)
    return f"{_open(tag, **attributes)}>{content}</{tag}>" if content else ""


def leaf(tag: str, text: str, /, **attributes: str) -> str:
    """Return an element with a text, on one line, without characters that XML does not allow."""
    line = escape(clean(text), quote=False)
    start = _open(tag, **attributes)
    return f"{start}>{line}</{tag}>" if line else f"{start}/>"


def leaves(tag: str, texts: Sequence[str], /, **attributes: str) -> str:
    """Return an element for each text that is not empty."""
    if not any(texts):  # most variables have none
        return ""
    lines, start = filter(None, map(clean, texts)), _open(tag, **attributes)
    return "".join([f"{start}>{escape(line, quote=False)}</{tag}>" for line in lines])


def add(parent: etree._Element, tag: str, text: str = "", /, **attributes: str) -> etree._Element:
    """Add an element without a prefix, in the namespace of its parent, and return it.

    The text is on one line, without characters that XML does not allow.
    """
    element = etree.SubElement(parent, parent.tag[: parent.tag.index("}") + 1] + tag, attributes)
    element.text = clean(text) or None
    return element
