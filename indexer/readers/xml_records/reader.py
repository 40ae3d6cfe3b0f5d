"""Generic reader of XML formats, configured by the table `[xml]` of a definition.

The column of an element is its path from the record, such as "titleInfo/title". The column of an
attribute is such as "titleInfo@displayLabel". Text with markup in it is one value.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from io import BufferedIOBase

import msgspec

from indexer.catalogue.limits import Limits, suggest_raising
from indexer.catalogue.records import Problem, SourceRecord
from indexer.readers.base import Evidence, LimitExceeded, detect_by_name
from indexer.readers.definition import Definition
from indexer.readers.xml_records.find import RecordFinder, local_name, parse_head
from indexer.readers.xml_records.options import XmlOptions
from indexer.readers.xml_records.references import attach_parts
from indexer.readers.xml_records.stream import read_elements
from indexer.readers.xml_records.values import read_record

_ROOT_ONLY = 20
"""Points that a file loses if it has the root of the format, but no record."""
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
        root = parse_head(head)
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
        """Yield the records of a file, in order, and a Problem for each part that is not usable."""
        records = self._read_records(stream, file, limits)
        return attach_parts(records, self._options, file) if self._options.kind else records

    def _read_records(
        self, stream: BufferedIOBase, file: str, limits: Limits
    ) -> Iterator[SourceRecord | Problem]:
        for item in read_elements(stream, self._options, file, limits):
            if isinstance(item, Problem):
                yield item
                continue
            try:
                yield read_record(item, self._options, file, limits)
            except LimitExceeded as error:
                yield Problem(file, item.sourceline or 0, str(error), suggest_raising(error.limit))
