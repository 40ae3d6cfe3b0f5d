"""Generic reader of XML formats, configured by the table `[xml]` of a definition.

The column of an element is its path from the record, such as "titleInfo/title". The column of an
attribute is such as "titleInfo@displayLabel". Text with markup in it is one value.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from io import BufferedIOBase
from tempfile import TemporaryFile

import msgspec

from indexer.catalogue.limits import Limits, suggest_raising
from indexer.catalogue.records import Problem, Property, SourceRecord
from indexer.readers.base import Definition, Evidence, LimitExceeded, detect_by_name
from indexer.readers.xml_records.elements import (
    RecordFinder,
    XmlOptions,
    local_name,
    parse_head,
    read_elements,
)
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


_REFERENCE = "@resource"
_MEMBER = "hasPart@resource"
"""The column of a collection that refers to a record in it."""


def attach_parts(
    records: Iterable[SourceRecord | Problem], options: XmlOptions, file: str
) -> Iterator[SourceRecord | Problem]:
    """Yield each record with the properties of the parts that it refers to, in new groups.

    The records in a collection have its title in the column "Collection". A temporary file stores
    the records until all parts are known.
    """
    parts: dict[str, SourceRecord] = {}
    collections: defaultdict[str, list[Property]] = defaultdict(list)
    used: set[str] = set()
    with TemporaryFile() as waiting:
        for record in records:
            if isinstance(record, Problem):
                yield record
                continue
            values = {each.name: each.value for each in record.properties}
            references = [each for each in record.properties if each.name.endswith(_REFERENCE)]
            used |= {each.value for each in references}
            if options.kind in values and values[options.kind] not in options.not_kinds:
                waiting.write(msgspec.json.encode(record) + b"\n")
            elif title := _MEMBER in values and values.get("title"):
                for each in references:
                    collections[each.value].append(Property("Collection", title, title))
            else:
                parts[values.get("@about", "")] = record
        waiting.seek(0)
        for line in waiting:
            record = msgspec.json.decode(line, type=SourceRecord)
            properties = [*_attach(record.properties, parts, options.element_column)]
            ids = [each.value for each in record.properties if each.name == "@about"]
            properties += [each for key in ids for each in collections[key]]
            yield msgspec.structs.replace(record, properties=tuple(properties))
    if unused := len(parts.keys() - used):
        message = f"{unused} notes, attachments, or containers belong to no record"
        yield Problem(file, 0, message, "Attach them to a record. They were left out")


def _attach(
    properties: tuple[Property, ...], parts: dict[str, SourceRecord], element_column: str
) -> Iterator[Property]:
    """Yield properties, and at the first reference to each part, its properties in new groups."""
    last_group, attached = max(each.group for each in properties), set[str]()
    for each in properties:
        yield each
        is_new = each.value in parts and each.value not in attached
        if is_new and each.name.endswith(_REFERENCE):
            attached.add(each.value)
            column, part = each.name.removesuffix(_REFERENCE), parts[each.value].properties
            [element] = [inner.value for inner in part if inner.name == element_column]
            for inner in part:
                if inner.name != element_column:
                    separator = "" if inner.name.startswith("@") else "/"
                    name = f"{column}/{element}{separator}{inner.name}"
                    group = inner.group and inner.group + last_group
                    yield msgspec.structs.replace(inner, name=name, group=group)
            last_group += max(inner.group for inner in part)
