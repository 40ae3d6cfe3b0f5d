"""Parse the start of an XML file, to recognize its format."""

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
"""Limit on the elements at the start of a file that are inspected."""
_MAX_NAMES = 20
"""Limit on the element names per level that are compared in an unknown format."""


def make_parser(tags: tuple[str, ...] | None = None) -> etree.XMLPullParser:
    """Return a parser for the text from XmlText that recovers from errors.

    It reports the start and end of elements with one of `tags`. It loads no external files and
    defines no entities.
    """
    return etree.XMLPullParser(
        events=("start", "end"), tag=tags, encoding="utf-8", recover=True,
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False,
        remove_comments=True, remove_pis=True,
    )  # fmt: skip


@lru_cache(maxsize=4)
def sketch(head: bytes) -> etree._Element | None:
    """Return the root of an XML file, parsed as far as `head` goes, or None if it is not XML."""
    return sketch_text("".join(XmlText(BytesIO(head), "", LIMITS)))


def sketch_text(text: str) -> etree._Element | None:
    """Return the root of the XML at the start of a text, or None if it is not XML."""
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
    """Yield the root and its first descendants, in document order."""
    return islice(root.iter("*"), _MAX_ELEMENTS)


def local_name(element: etree._Element) -> str:
    """Return the name of an element without its namespace."""
    tag: str = element.tag
    return tag.rpartition("}")[2]


def namespace(element: etree._Element) -> str:
    """Return the namespace of an element, or an empty string."""
    tag: str = element.tag
    return tag[1:].rpartition("}")[0]


def find_repeated(root: etree._Element) -> etree._Element:
    """Return the most likely first record of an unknown format.

    The first choice is the outermost element that repeats in its parent and has a title. Next is
    the root, if it has a title. The last choice is the outermost element that repeats.
    """
    first: etree._Element | None = None
    level = [root]
    for _ in range(LIMITS.deepest):
        parts = [child for parent in level for child in parent if len(child) or child.attrib]
        names = Counter((child.getparent(), child.tag) for child in parts)
        for (parent, tag), count in names.most_common(_MAX_NAMES):
            if count > 1:
                element = next(child for child in parent if child.tag == tag)
                if _has_title(element):
                    return element
                first = element if first is None else first
        level = [child for child in parts if len(child)][:_MAX_ELEMENTS]
    return root if first is None or _has_title(root) else first


def _has_title(element: etree._Element) -> bool:
    """Return whether a descendant or its attribute has a name such as "title" or "titulo"."""
    names = (name for part in islice(element.iter("*"), 1, 50) for name in (part.tag, *part.attrib))
    return any("tit" in name.rpartition("}")[2].lower() for name in names)
