"""Records whose parts are elsewhere in the file: attach the parts that a record refers to."""

from __future__ import annotations

from collections.abc import Iterator
from tempfile import TemporaryFile

import msgspec
from lxml import etree

from indexer.catalogue.limits import Limits
from indexer.catalogue.records import Chunk, Problem
from indexer.readers.xml_records.options import XmlOptions
from indexer.readers.xml_records.sketch import local_name
from indexer.readers.xml_records.split import Context, Found, wrap
from indexer.readers.xml_records.values import flatten

_MAX_DEPTH = 3
"""Depth to which references are followed."""


class _Item:
    """A record that waits in a file for its parts."""

    __slots__ = ("key", "line", "references", "size")

    def __init__(self, size: int, line: int, key: str, references: tuple[str, ...]) -> None:
        self.size, self.line, self.key, self.references = size, line, key, references


class _Parts:
    """The elements that records refer to, by id."""

    def __init__(self, options: XmlOptions) -> None:
        self._options = options
        self._data: dict[str, bytes] = {}
        self._references: dict[str, tuple[str, ...]] = {}
        self._members: dict[str, list[tuple[str, str]]] = {}
        self._used: set[str] = set()

    def add(self, found: Found) -> None:
        """Note an element, and the records that it has as members."""
        element = found.element
        key = get_attribute(element, self._options.target)
        self._data[key] = found.chunk.data
        references = find_references(element, self._options)
        members = {
            get_attribute(part, self._options.reference)
            for part in element.iterfind(f"{{*}}{self._options.member}")
        }
        title = element.find("{*}title")
        if not members or title is None:
            self._references[key] = references
            return
        self._used.add(key)
        column = (local_name(element), flatten(title, has_paragraphs=False))
        for member in members:
            self._members.setdefault(member, []).append(column)

    def make_context(self, item: _Item) -> bytes:
        """Return the parts and the collections of a record, as context."""
        keys: dict[str, None] = {}
        level = item.references
        for _ in range(_MAX_DEPTH):
            level = tuple(key for key in level if key in self._data and key not in keys)
            keys.update(dict.fromkeys(level))
            level = tuple(key for each in level for key in self._references.get(each, ()))
        self._used.update(keys)
        xml = b"".join(self._data[key] for key in keys)
        columns = tuple(self._members.get(item.key, ()))
        return msgspec.json.encode(Context(columns, wrap(xml))) if xml or columns else b""

    def count_unused(self) -> int:
        """Return the number of parts that no record refers to."""
        return len(self._data.keys() - self._used)


def resolve(
    records: Iterator[Found | Problem], options: XmlOptions, file: str, limits: Limits
) -> Iterator[Chunk | Problem]:
    """Yield the records with the parts that they refer to. Records wait in a temporary file."""
    parts = _Parts(options)
    items: list[_Item] = []
    with TemporaryFile() as waiting:
        for found in records:
            if isinstance(found, Problem):
                yield found
            elif _is_part(found.element, options):
                parts.add(found)
            else:
                waiting.write(found.chunk.data)
                key = get_attribute(found.element, options.target)
                references = find_references(found.element, options)
                items.append(_Item(len(found.chunk.data), found.chunk.line, key, references))
        waiting.seek(0)
        for item in items:
            context = parts.make_context(item)
            yield Chunk(waiting.read(item.size), file, item.line, context)
    if unused := parts.count_unused():
        what = f"{unused} notes, attachments, or containers belong to no record"
        yield Problem(file, 0, what, "Attach them to a record. They were left out")


def _is_part(element: etree._Element, options: XmlOptions) -> bool:
    """Return whether an element is no record of its own."""
    kind = element.findtext(f"{{*}}{options.kind}")
    return local_name(element) in options.parts or not kind or kind in options.not_kinds


def get_attribute(element: etree._Element, name: str) -> str:
    """Return the value of an attribute, in any namespace, or an empty text."""
    for key, value in element.attrib.items():
        if key.rpartition("}")[2] == name:
            return str(value)
    return ""


def find_references(element: etree._Element, options: XmlOptions) -> tuple[str, ...]:
    """Return the ids of the elements that an element refers to."""
    found = (get_attribute(part, options.reference) for part in element.iter("*"))
    return tuple(dict.fromkeys(key for key in found if key))
