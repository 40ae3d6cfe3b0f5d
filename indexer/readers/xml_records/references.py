"""Attach to each record the elements elsewhere in the file that it refers to."""

from __future__ import annotations

from collections.abc import Iterator
from tempfile import TemporaryFile

import msgspec
from lxml import etree

from indexer.catalogue.limits import Limits
from indexer.catalogue.records import Problem
from indexer.readers.chunks import Chunk
from indexer.readers.xml_records.options import XmlOptions
from indexer.readers.xml_records.sketch import local_name
from indexer.readers.xml_records.split import Context, XmlRecord, wrap
from indexer.readers.xml_records.values import flatten

_MAX_DEPTH = 3
"""Depth to which references are followed."""


class _Item:
    """A record in the temporary file. Its parts may come later in the input."""

    __slots__ = ("key", "line", "references", "size")

    def __init__(self, size: int, line: int, key: str, references: tuple[str, ...]) -> None:
        self.size, self.line, self.key, self.references = size, line, key, references


class _Parts:
    """The elements that records refer to, by id.

    A collection is a part with a title that lists its records as members.
    """

    def __init__(self, options: XmlOptions) -> None:
        self._options = options
        self._data: dict[str, bytes] = {}
        self._references: dict[str, tuple[str, ...]] = {}
        self._members: dict[str, list[tuple[str, str]]] = {}
        self._used: set[str] = set()

    def add(self, record: XmlRecord) -> None:
        """Add an element, and the records that are its members."""
        element = record.element
        key = get_attribute(element, self._options.target)
        self._data[key] = record.chunk.data
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
        """Return the chunk context of a record: its parts, and the titles of its collections."""
        keys: dict[str, None] = {}
        level = item.references
        for _ in range(_MAX_DEPTH):
            level = tuple(key for key in level if key in self._data and key not in keys)
            keys.update(dict.fromkeys(level))
            level = tuple(reference for key in level for reference in self._references.get(key, ()))
        self._used.update(keys)
        xml = b"".join(self._data[key] for key in keys)
        columns = tuple(self._members.get(item.key, ()))
        return msgspec.json.encode(Context(columns, wrap(xml))) if xml or columns else b""

    def count_unused(self) -> int:
        """Return the number of parts that no record refers to."""
        return len(self._data.keys() - self._used)


def resolve(
    records: Iterator[XmlRecord | Problem], options: XmlOptions, file: str, limits: Limits
) -> Iterator[Chunk | Problem]:
    """Yield each record with the parts that it refers to.

    A temporary file stores the records until all parts are known.
    """
    parts = _Parts(options)
    items: list[_Item] = []
    with TemporaryFile() as waiting:
        for record in records:
            if isinstance(record, Problem):
                yield record
            elif _is_part(record.element, options):
                parts.add(record)
            else:
                waiting.write(record.chunk.data)
                key = get_attribute(record.element, options.target)
                references = find_references(record.element, options)
                items.append(_Item(len(record.chunk.data), record.chunk.line, key, references))
        waiting.seek(0)
        for item in items:
            context = parts.make_context(item)
            yield Chunk(waiting.read(item.size), file, item.line, context)
    if unused := parts.count_unused():
        message = f"{unused} notes, attachments, or containers belong to no record"
        yield Problem(file, 0, message, "Attach them to a record. They were left out")


def _is_part(element: etree._Element, options: XmlOptions) -> bool:
    """Return whether an element is not a record, but a part of others."""
    kind = element.findtext(f"{{*}}{options.kind}")
    return local_name(element) in options.parts or not kind or kind in options.not_kinds


def get_attribute(element: etree._Element, name: str) -> str:
    """Return the value of an attribute in any namespace, or an empty string."""
    for key, value in element.attrib.items():
        if key.rpartition("}")[2] == name:
            return str(value)
    return ""


def find_references(element: etree._Element, options: XmlOptions) -> tuple[str, ...]:
    """Return the ids that an element and its descendants refer to, without duplicates."""
    keys = (get_attribute(part, options.reference) for part in element.iter("*"))
    return tuple(dict.fromkeys(key for key in keys if key))
