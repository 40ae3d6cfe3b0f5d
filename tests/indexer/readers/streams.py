"""Read files of the formats under test."""

from __future__ import annotations

import tomllib
from importlib.resources import files
from io import BufferedIOBase, BytesIO

import msgspec

from indexer.catalogue.fields import Catalogue
from indexer.catalogue.limits import LIMITS, Limits
from indexer.catalogue.records import Problem, SourceRecord
from indexer.mapping.mapper import Mapper
from indexer.mapping.sources import Source
from indexer.readers import registry
from indexer.readers.base import HEAD_BYTES, Reader

_ROWS = tomllib.loads(files("indexer.mapping").joinpath("standard_rows.toml").read_text("utf-8"))
CATALOGUE = msgspec.convert({"title": "Test", "description": "Test", **_ROWS}, Catalogue)
"""A catalogue with all standard rows."""


class Trickle(BytesIO):
    """A stream that yields few bytes at a time."""

    def __init__(self, data: bytes, size: int, *, seekable: bool = True) -> None:
        super().__init__(data)
        self._size, self._seekable = size, seekable

    def read1(self, size: int | None = -1, /) -> bytes:
        """Return the next bytes."""
        return super().read1(self._size)

    def seekable(self) -> bool:
        """Return whether the stream can be read again."""
        return self._seekable


def find_reader(name: str) -> Reader:
    """Return the reader of a format."""
    return next(reader for reader in registry.load_readers() if name == reader.NAME)


def recognize(data: bytes | str, filename: str = "records.txt") -> str | None:
    """Return the format with the best evidence for a file."""
    head = (data if isinstance(data, bytes) else data.encode())[:HEAD_BYTES]
    scores = {
        reader.NAME: evidence.score
        for reader in registry.load_readers()
        if (evidence := reader.detect(filename, head))
    }
    return max(scores, key=lambda name: scores[name], default=None)


def read(
    reader: Reader, data: bytes | str | BufferedIOBase, limits: Limits = LIMITS
) -> list[SourceRecord | Problem]:
    """Return all records and problems of a file."""
    data = data.encode() if isinstance(data, str) else data
    stream = BytesIO(data) if isinstance(data, bytes) else data
    return list(registry.read(stream, "file", reader, limits))


def read_columns(reader: Reader, data: bytes | str) -> list[list[tuple[str, str]]]:
    """Return the columns of all records of a file without problems."""
    records = read(reader, data)
    assert not [record for record in records if isinstance(record, Problem)]
    return [list_columns(record) for record in records]


def list_columns(record: SourceRecord | Problem) -> list[tuple[str, str]]:
    """Return the names and values of a record."""
    assert isinstance(record, SourceRecord)
    assert all(prop.text == prop.value for prop in record.properties)
    return [(prop.name, prop.value) for prop in record.properties]


def map_rows(reader: Reader, data: bytes | str) -> dict[str, list[str]]:
    """Return the values of the only record by row, as the default mapping fills them."""
    [record] = read(reader, data)
    assert isinstance(record, SourceRecord)
    mapped = Mapper(Source(file="*", format=reader.NAME), reader, CATALOGUE).map(record)
    rows: dict[str, list[str]] = {"id": [mapped.id]} if mapped.id else {}
    for prop in mapped.properties:
        rows.setdefault(prop.name, []).append(prop.value)
    return rows
