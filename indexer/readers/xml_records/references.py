"""Attach to each record of an RDF file the elements elsewhere in the file that it refers to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from tempfile import TemporaryFile

import msgspec

from indexer.catalogue.records import Problem, Property, SourceRecord
from indexer.readers.xml_records.options import XmlOptions

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
