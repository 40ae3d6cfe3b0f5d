"""Read bytes with the reader that the registry would choose."""

import io
import json
import tomllib
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from indexer.catalogue.fields import Catalogue
from indexer.catalogue.limits import LIMITS, Limits
from indexer.catalogue.records import Problem, SourceRecord
from indexer.mapping.mapper import Mapper
from indexer.mapping.sources import Source
from indexer.readers import registry
from indexer.readers.base import HEAD_BYTES, Reader

_FIELDS = tomllib.loads(
    files("indexer.mapping").joinpath("standard_fields.toml").read_text("utf-8")
)
CATALOGUE = msgspec.convert({"title": "Test", "description": "Test", **_FIELDS}, Catalogue)
"""A catalogue with all standard fields."""


EXPECTED = Path(__file__).with_name("expected_records.json")
"""The records of a sample of every format: see `test_expected_records`."""


@cache
def read_expected() -> dict[str, Any]:
    expected: dict[str, Any] = json.loads(EXPECTED.read_text("utf-8"))
    return expected


class Slow(io.BytesIO):
    """A stream that gives a few bytes at a time."""

    def __init__(self, data: bytes, size: int) -> None:
        super().__init__(data)
        self._size = size

    def read1(self, size: int | None = -1) -> bytes:
        return super().read1(min(self._size, size) if size and size > 0 else self._size)


class Reading(NamedTuple):
    """The records and problems of a file."""

    records: list[SourceRecord]
    problems: list[Problem]

    def columns(self, number: int = 0) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for each in self.records[number].properties:
            found.setdefault(each.name, []).append(each.value)
        return found


def columns(record: SourceRecord | Problem) -> dict[str, list[str]]:
    """Return the values of a record by column."""
    assert isinstance(record, SourceRecord)
    return Reading([record], []).columns()


def read_page(
    reader: Reader, file: str, text: str | bytes, limits: Limits = LIMITS
) -> list[SourceRecord | Problem]:
    """Return the records and the problems of a page, in order."""
    data = text if isinstance(text, bytes) else text.encode()
    return list(registry.read(io.BytesIO(data), file, reader, limits))


def choose(data: bytes | str, filename: str = "export.txt") -> Reader | None:
    """Return the reader of a file with these contents."""
    head = (data if isinstance(data, bytes) else data.encode())[:HEAD_BYTES]
    found = [
        (evidence.score, -number, reader)
        for number, reader in enumerate(registry.load_readers())
        if (evidence := reader.detect(filename, head))
    ]
    return max(found, key=lambda each: each[:2])[2] if found else None


def find_reader(name: str) -> Reader:
    """Return the reader of a format."""
    return next(reader for reader in registry.load_readers() if name == reader.NAME)


def read_records(
    data: bytes | str, reader: Reader | str, limits: Limits = LIMITS, block: int = 1 << 20
) -> Reading:
    """Return the records and the problems of a file."""
    reader = find_reader(reader) if isinstance(reader, str) else reader
    stream = Slow(data if isinstance(data, bytes) else data.encode(), block)
    records, problems = list[SourceRecord](), list[Problem]()
    for each in registry.read(stream, "export", reader, limits):
        if isinstance(each, Problem):
            problems.append(each)
        else:
            records.append(each)
    return Reading(records, problems)


def list_pairs(data: bytes | str, reader: str) -> list[list[tuple[str, str]]]:
    """Return the names and values of all records of a file without problems."""
    found = read_records(data, reader)
    assert found.problems == []
    return [[(each.name, each.value) for each in record.properties] for record in found.records]


def map_records(data: bytes | str, reader: Reader) -> list[SourceRecord]:
    """Return the records of a file by line, mapped by the default mapping of the format."""
    records, problems = read_records(data, reader)
    assert [each for each in problems if "deleted" not in each.what] == []
    mapper = Mapper(Source(file="*", format=reader.NAME), reader, CATALOGUE)
    return [mapper.map(each) for each in sorted(records, key=lambda record: record.line)]


def map_fields(data: bytes | str, reader: str) -> dict[str, list[str]]:
    """Return the values of the only record by field, as the default mapping fills them."""
    [mapped] = map_records(data, find_reader(reader))
    return columns(mapped) | ({"id": [mapped.id]} if mapped.id else {})
