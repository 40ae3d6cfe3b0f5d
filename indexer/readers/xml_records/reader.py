"""Generic reader of XML formats, configured by the table `[xml]` of a definition.

The column of an element is its path from the record, such as "titleInfo/title". The column of an
attribute is such as "titleInfo@displayLabel". Text with markup in it is one value.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from io import BufferedIOBase

import msgspec
from lxml import etree

from indexer.catalogue.limits import Limits, suggest_raising
from indexer.catalogue.records import Problem, SourceLocation, SourceRecord
from indexer.readers.base import Evidence, detect_by_name
from indexer.readers.chunks import Chunk, parse_chunks
from indexer.readers.definition import Definition
from indexer.readers.text.streaming import LimitExceeded
from indexer.readers.xml_records.find import RecordFinder, find_tops
from indexer.readers.xml_records.options import XmlOptions
from indexer.readers.xml_records.references import get_attribute, resolve
from indexer.readers.xml_records.sketch import local_name, sketch
from indexer.readers.xml_records.split import Context, RecordStream, XmlRecord
from indexer.readers.xml_records.values import Values

_ROOT_ONLY = 20
"""Points that a file loses if it has the root of the format, but no record."""
_LEFT_OUT = "Correct the record. It was left out"


_PAGES = (".html", ".htm")
"""Names of pages. A fragment of HTML can look like XML with an unknown root."""


class XmlReader:
    """The reader of one XML format; see `indexer.readers.base.Reader` for its members."""

    def __init__(self, definition: Definition) -> None:
        self.NAME = definition.name
        self.SUFFIXES = definition.suffixes
        self.FIELDS: Mapping[str, tuple[str, ...]] = definition.fields
        self._label = definition.label
        self._options = msgspec.convert(definition.xml, XmlOptions)

    def detect(self, filename: str, head: bytes) -> Evidence | None:
        """Return the evidence of the first record or else of the root, or None without evidence."""
        root = sketch(head)
        if root is None:
            return detect_by_name(filename, self.SUFFIXES) if self._options.any_repeated else None
        is_page = self._options.any_repeated and filename.lower().endswith(_PAGES)
        if is_page or local_name(root).lower() == "html":
            return None
        first = RecordFinder(self._options, root).find_first(root)
        if first is not None:
            reason = f"its <{local_name(first)}> elements are records of {self._label}"
            return Evidence(self._options.score, reason)
        if local_name(root) in self._options.roots:
            reason = f"its root <{local_name(root)}> is the root of {self._label}"
            return Evidence(self._options.score - _ROOT_ONLY, reason)
        return None

    def read(
        self, stream: BufferedIOBase, file: str, limits: Limits
    ) -> Iterator[SourceRecord | Problem]:
        """Yield the records of a file, in order."""
        return parse_chunks(self.split_chunks(stream, file, limits), self.parse, limits)

    def split_chunks(
        self, stream: BufferedIOBase, file: str, limits: Limits
    ) -> Iterator[Chunk | Problem]:
        """Yield the records of a file, in order."""
        records = RecordStream(self._options, file, limits).read(stream)
        if self._options.parts:
            yield from resolve(records, self._options, file, limits)
        else:
            for record in records:
                yield record.chunk if isinstance(record, XmlRecord) else record

    def parse(self, chunk: Chunk, limits: Limits) -> Iterator[SourceRecord | Problem]:
        """Yield the record of a chunk, or a Problem if the record is not usable."""
        try:
            yield self._parse(chunk, limits)
        except (etree.XMLSyntaxError, msgspec.DecodeError) as error:
            message = f"the XML is not well-formed: {error}"
            yield Problem(chunk.file, chunk.line, message, _LEFT_OUT)
        except LimitExceeded as error:
            yield Problem(chunk.file, chunk.line, str(error), suggest_raising(error.limit))

    def _parse(self, chunk: Chunk, limits: Limits) -> SourceRecord | Problem:
        record = _parse_xml(chunk.data)
        context = msgspec.json.decode(chunk.context or b"{}", type=Context)
        parts = list(_parse_xml(context.parts.encode())) if context.parts else []
        targets = {get_attribute(part, self._options.target): part for part in parts}
        values = Values(self._options, limits, targets if self._options.target else {})
        values.read(record, find_tops(record, self._options))
        for part in parts:
            if local_name(part) in self._options.siblings:
                values.read_sibling(part)
        for name, value in context.columns:
            values.add(name, value)
        if not values.properties:
            return Problem(chunk.file, chunk.line, "the record is empty", _LEFT_OUT)
        return SourceRecord(SourceLocation(chunk.file, chunk.line), tuple(values.properties))


def _parse_xml(data: bytes) -> etree._Element:
    """Return the root element of serialized XML. Raise XMLSyntaxError."""
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False,
        remove_comments=True, remove_pis=True, encoding="utf-8",
    )  # fmt: skip
    return etree.fromstring(data, parser)
