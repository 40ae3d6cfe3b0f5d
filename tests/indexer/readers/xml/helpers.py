"""Read XML samples with the registered readers, and map their records to rows."""

from __future__ import annotations

import io

from indexer.catalogue.fields import Catalogue
from indexer.catalogue.limits import LIMITS, Limits
from indexer.catalogue.records import Problem, SourceRecord
from indexer.mapping.mapper import Mapper
from indexer.mapping.sources import Source
from indexer.mapping.standard_rows import list_standard_rows
from indexer.readers import registry
from indexer.readers.base import HEAD_BYTES, Reader

Rows = dict[str, list[str]]


def recognize(data: bytes | str, name: str = "list.txt") -> Reader | None:
    """Return the reader with the best evidence for a file."""
    data = data if isinstance(data, bytes) else data.encode()
    found = [
        (evidence.score, reader)
        for reader in registry.load_readers()
        if (evidence := reader.detect(name, data[:HEAD_BYTES]))
    ]
    return max(found, key=lambda each: each[0])[1] if found else None


def read(
    data: bytes | str, reader: Reader | None = None, limits: Limits = LIMITS,
    stream: io.BufferedIOBase | None = None,
) -> tuple[list[SourceRecord], list[Problem]]:  # fmt: skip
    """Return the records and the problems of a file."""
    data = data if isinstance(data, bytes) else data.encode()
    reader = reader or recognize(data)
    assert reader is not None
    records: list[SourceRecord] = []
    problems: list[Problem] = []
    for each in registry.read(stream or io.BytesIO(data), "list.xml", reader, limits):
        if isinstance(each, Problem):
            problems.append(each)
        else:
            records.append(each)
    return records, problems


def get_columns(record: SourceRecord) -> Rows:
    """Return the values of a record by column."""
    columns: Rows = {}
    for stated in record.properties:
        columns.setdefault(stated.name, []).append(stated.value)
    return columns


def map_records(data: bytes | str) -> list[SourceRecord]:
    """Return the records of a file, mapped by the default mapping of its format."""
    reader = recognize(data)
    assert reader is not None
    catalogue = Catalogue("Test", "", list_standard_rows())
    mapper = Mapper(Source(file="*", format=reader.NAME), reader, catalogue)
    return [mapper.map(record) for record in read(data, reader)[0]]


def map_rows(data: bytes | str) -> list[Rows]:
    """Return the rows of each record of a file, by the default mapping. `id` is one of them."""
    return [
        get_columns(record) | ({"id": [record.id]} if record.id else {})
        for record in map_records(data)
    ]
