"""Recognize XML by its first elements."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import lru_cache
from io import BytesIO
from itertools import islice

from lxml import etree

from indexer.catalogue.limits import LIMITS
from indexer.readers.xml_records.text import XmlText

_MAX_ELEMENTS = 5_000
"""Elements at the start of a file that are looked at."""
_MAX_NAMES = 20
"""Names of one level that are compared to find the records of an unknown format."""


def make_parser(tags: tuple[str, ...] | None = None) -> etree.XMLPullParser:
    """Return a parser of text from XmlText, with events for the tags, that never raises.

    It loads nothing from outside the file and defines no entities.
    """
    return etree.XMLPullParser(
        events=("start", "end"), tag=tags, encoding="utf-8", recover=True,
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False,
        remove_comments=True, remove_pis=True,
    )  # fmt: skip


@lru_cache(maxsize=4)
def sketch(head: bytes) -> etree._Element | None:
    """Return the root of the XML that a file starts with, as far as it is read, or None."""
    return sketch_text("".join(XmlText(BytesIO(head), "", LIMITS)))


def sketch_text(text: str) -> etree._Element | None:
    """Return the root of the XML that a text starts with, or None if it is no XML."""
    if not text.lstrip().startswith("<"):
        return None
    parser = make_parser()
    try:
        parser.feed(text.encode("utf-8", "replace"))
    except etree.XMLSyntaxError:
        return None
    first = next(iter(parser.read_events()), None)
    return None if first is None else first[1]


def walk(root: etree._Element) -> Iterator[etree._Element]:
    """Yield the first elements below and with the root, in order."""
    return islice(root.iter("*"), _MAX_ELEMENTS)


def local_name(element: etree._Element) -> str:
    """Return the name of an element without its namespace."""
    tag: str = element.tag
    return tag.rpartition("}")[2]


def namespace(element: etree._Element) -> str:
    """Return the namespace of an element, or an empty text."""
    tag: str = element.tag
    return tag[1:].rpartition("}")[0]


def find_repeated(root: etree._Element) -> etree._Element:
    """Return the element that looks like the first record of an unknown format.

    It is the first one, from the root on, that repeats below its parent and has a title. If none
    has, it is the root if that has a title, else the first one that repeats.
    """
    first: etree._Element | None = None
    level = [root]
    for _ in range(LIMITS.deepest):
        parts = [child for parent in level for child in parent if len(child) or child.attrib]
        names = Counter((child.getparent(), child.tag) for child in parts)
        for (parent, tag), count in names.most_common(_MAX_NAMES):
            if count > 1:
                found = next(child for child in parent if child.tag == tag)
                if _has_title(found):
                    return found
                first = found if first is None else first
        level = [child for child in parts if len(child)][:_MAX_ELEMENTS]
    return root if first is None or _has_title(root) else first


def _has_title(element: etree._Element) -> bool:
    """Return whether an element has a part that is called a title in some language."""
    names = (name for part in islice(element.iter("*"), 1, 50) for name in (part.tag, *part.attrib))
    return any("tit" in name.rpartition("}")[2].lower() for name in names)
