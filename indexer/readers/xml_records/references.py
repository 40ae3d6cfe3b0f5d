"""Attach to each record the elements elsewhere in the file that it refers to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from tempfile import TemporaryFile

import msgspec

from indexer.catalogue.records import Problem, Property, SourceRecord
from indexer.readers.xml_records.options import XmlOptions

_MAX_DEPTH = 3
"""Depth to which references are followed."""


def attach_parts(
    records: Iterable[SourceRecord | Problem], options: XmlOptions, file: str
) -> Iterator[SourceRecord | Problem]:
    """Yield each record with the properties of the parts that it refers to.

    A collection is a part with a title that lists its records as members. They get its title. A
    temporary file stores the records until all parts are known.
    """
    parts: dict[str, list[Property]] = {}
    collections: defaultdict[str, list[Property]] = defaultdict(list)
    used: set[str] = set()
    with TemporaryFile() as waiting:
        for record in records:
            if isinstance(record, Problem):
                yield record
                continue
            columns = _group_by_column(record)
            name, kind = columns[options.element_column][0], [*columns[options.kind], ""][0]
            if kind and kind not in options.not_kinds and name not in options.parts:
                waiting.write(msgspec.json.encode(record) + b"\n")
                continue
            key = [*columns[f"@{options.target}"], ""][0]
            parts[key] = [
                _prefix(each, name) for each in record.properties
                if each.name != options.element_column
            ]  # fmt: skip
            for member in columns[f"{options.member}@{options.reference}"]:
                for title in columns["title"][:1]:
                    used.add(key)
                    collections[member].append(Property(name, title, title))
        waiting.seek(0)
        for line in waiting:
            record = msgspec.json.decode(line, type=SourceRecord)
            follower = _Follower(parts, f"@{options.reference}")
            properties = follower.follow(record.properties)
            used |= follower.followed
            for key in _group_by_column(record)[f"@{options.target}"]:
                properties += collections[key]
            yield msgspec.structs.replace(record, properties=tuple(properties))
    if unused := len(parts.keys() - used):
        message = f"{unused} notes, attachments, or containers belong to no record"
        yield Problem(file, 0, message, "Attach them to a record. They were left out")


class _Follower:
    """Follows the references of one record. Each part is attached once. `followed`: their ids."""

    def __init__(self, parts: Mapping[str, Sequence[Property]], reference: str) -> None:
        self._parts, self._reference = parts, reference
        self.followed: set[str] = set()
        self._last_group = 0

    def follow(self, properties: Sequence[Property], depth: int = 0) -> list[Property]:
        """Return properties, each reference with the properties of its part, in new groups."""
        first_group = self._last_group
        self._last_group += max((each.group for each in properties), default=0)
        followed: list[Property] = []
        for each in properties:
            group = each.group and each.group + first_group
            followed.append(msgspec.structs.replace(each, group=group))
            is_reference = each.name.endswith(self._reference) and each.value in self._parts
            if is_reference and depth < _MAX_DEPTH and each.value not in self.followed:
                self.followed.add(each.value)
                column = each.name.removesuffix(self._reference)
                part = self.follow(self._parts[each.value], depth + 1)
                followed += [_prefix(inner, column) for inner in part]
        return followed


def _prefix(inner: Property, column: str) -> Property:
    """Return a property of an element in another one, which has this column."""
    separator = "" if inner.name.startswith("@") else "/"
    return msgspec.structs.replace(inner, name=f"{column}{separator}{inner.name}")


def _group_by_column(record: SourceRecord) -> defaultdict[str, list[str]]:
    columns: defaultdict[str, list[str]] = defaultdict(list)
    for each in record.properties:
        columns[each.name].append(each.value)
    return columns
