"""Binary MARC (ISO 2709): records that end with byte 0x1D.

Lengths and directories are often wrong, because a program counted characters or edited a file.
Such a record is split at its terminators. One problem per file has the number of these records.
"""

from __future__ import annotations

import re
from codecs import BOM_UTF8
from collections.abc import Iterator
from io import BufferedIOBase

from indexer.catalogue.limits import Limits, suggest_raising
from indexer.catalogue.records import Problem
from indexer.readers.base import Evidence, detect_by_name
from indexer.readers.chunks import Chunk
from indexer.readers.formats.marc.encoding import WINDOWS_1252, choose_encoding, decode, is_utf8
from indexer.readers.formats.marc.record import LEADER, Field, make_control_field
from indexer.readers.text.streaming import LimitExceeded, read_blocks, split_at

NAME = "marc"
SUFFIXES: tuple[str, ...] = (".mrc", ".marc", ".mrc21", ".iso2709", ".iso")
"""Usual suffixes of binary MARC files. Others occur too, such as .dat."""

_RECORD_END, _FIELD_END, _SUBFIELD = b"\x1d", b"\x1e", b"\x1f"
_LEADER_BYTES, _ENTRY_BYTES = 24, 12
_NO_TAG = "???"
_BETWEEN_RECORDS = b"\0\r\n\x1a" + BOM_UTF8
_SIGNATURE = re.compile(rb"[\d ]{5}.{5}[2 ][2 ][\d ]{5}.{3}45[0 ].", re.DOTALL)
_LOST_END = re.compile(rb"\x1e(?=[\s\0]*\d{5}.{5}22\d{5}.{3}4500(?:\w{3}\d{9}))", re.DOTALL)
"""The end of a record that lacks its terminator. The leader of the next record follows."""
_DIRECTORY = re.compile(rb".{24}(?:[0-9A-Za-z]{3}\d{9}){1,400}\x1e", re.DOTALL)


def detect(filename: str, head: bytes) -> Evidence | None:
    """Return the evidence of the first leader and directory, or of the file name."""
    start = head.lstrip(_BETWEEN_RECORDS)
    if _FIELD_END in start[:10_000] and start[:5].strip(b" 0123456789") == b"":
        if _SIGNATURE.match(start):
            return Evidence(100, "it begins with the leader of a MARC record")
        if _DIRECTORY.match(start):
            return Evidence(90, "it begins with the directory of a MARC record")
        if _SUBFIELD in start and _RECORD_END in start:
            return Evidence(80, "it has the separators of MARC records")
    return detect_by_name(filename, SUFFIXES) if not head else None


def find_tags(head: bytes) -> set[bytes]:
    """Return the tags in the directories of the first records."""
    return {
        entry[:3]
        for record in head.split(_RECORD_END)
        for entry in _list_entries(record.lstrip(_BETWEEN_RECORDS))
    }


def split(stream: BufferedIOBase, file: str, limits: Limits) -> Iterator[Chunk | Problem]:
    """Yield the records of a file. The line of a chunk is the number of its record."""
    number, faults = 0, _Faults(file)
    try:
        for record in _split_records(stream, limits):
            if record == b"":
                continue
            if number == limits.most_entries:
                raise LimitExceeded(f"{number} records", "most_entries")
            number += 1
            if record is None:
                message = f"the record has more than {limits.largest_line} bytes"
                yield Problem(file, number, message, suggest_raising("largest_line"))
            else:
                faults.check(record, number)
                yield Chunk(record, file, number)
    except LimitExceeded as error:
        yield error.describe(file, number)
    yield from faults.describe()


def _split_records(stream: BufferedIOBase, limits: Limits) -> Iterator[bytes | None]:
    """Yield records without the padding between them, or None for a record that is too large."""
    for part in split_at(_RECORD_END, read_blocks(stream, limits), limits.largest_line):
        if part is None:
            yield None
            continue
        *unterminated, last = _LOST_END.split(part)
        for record in unterminated:
            yield record.lstrip(_BETWEEN_RECORDS) + _FIELD_END
        yield last.lstrip(_BETWEEN_RECORDS)


class _Faults:
    """Counts of the records with wrong lengths or bad bytes. A file has one problem per kind."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._lengths = _Count()
        self._bytes = _Count()

    def check(self, record: bytes, number: int) -> None:
        """Count a record that has a fault."""
        is_exact = record[:5] == b"%05d" % (len(record) + 1) and record.endswith(_FIELD_END)
        if not is_exact or _read_by_directory(record) is None:
            self._lengths.add(number)
        if not record.isascii():
            encoding = choose_encoding(record)
            is_misdeclared = record[9:10] == b"a" and not is_utf8(record)
            if is_misdeclared or encoding == WINDOWS_1252:
                self._bytes.add(number)

    def describe(self) -> Iterator[Problem]:
        """Yield a problem for each kind of fault."""
        for count, fault, hint in (
            (
                self._lengths, "wrong lengths or directories",
                "They were read up to their terminators. Compare some of them with the source",
            ),
            (
                self._bytes, "bytes that are invalid in the encoding they declare",
                "Their encoding was guessed. Check the accents in some of them",
            ),
        ):  # fmt: skip
            if count.total:
                records = "1 record has" if count.total == 1 else f"{count.total} records have"
                message = f"{records} {fault}; the first is record {count.first}"
                yield Problem(self._file, count.first, message, hint)


class _Count:
    """The number of records with a fault, and the first of them."""

    def __init__(self) -> None:
        self.total = self.first = 0

    def add(self, number: int) -> None:
        """Count a record."""
        self.total += 1
        self.first = self.first or number


def parse(chunk: Chunk, limits: Limits) -> Iterator[list[Field] | Problem]:
    """Yield the fields of a record."""
    record = chunk.data
    parts = _read_by_directory(record)
    if parts is None:
        parts = list(_read_by_terminators(record))
    if not parts:
        hint = "Export the record again. It was left out"
        yield Problem(chunk.file, chunk.line, "the MARC record has no fields", hint)
        return
    encoding = choose_encoding(record)
    fields = [make_control_field(LEADER, decode(record[:_LEADER_BYTES], encoding))]
    fields += [_make_field(tag, data, encoding) for tag, data in parts]
    yield fields


def _list_entries(record: bytes) -> list[bytes]:
    """Return the entries of the directory of a record."""
    end = record.find(_FIELD_END, _LEADER_BYTES)
    offsets = range(_LEADER_BYTES, end, _ENTRY_BYTES)
    return [record[offset : offset + _ENTRY_BYTES] for offset in offsets]


def _read_by_directory(record: bytes) -> list[tuple[bytes, bytes]] | None:
    """Return tags and data in the order of the directory, or None if the directory is wrong.

    A directory that names a field twice is wrong. Otherwise a small record could contain gigabytes.
    """
    base = record.find(_FIELD_END, _LEADER_BYTES) + 1
    end = len(record)
    fields: dict[int, tuple[bytes, bytes]] = {}
    for offset in range(_LEADER_BYTES, base - 1, _ENTRY_BYTES):
        entry = record[offset : offset + _ENTRY_BYTES]
        if not entry[3:].isdigit() or len(entry) != _ENTRY_BYTES:
            return None
        start = base + int(entry[7:])
        if start in fields:
            return None
        stop = start + int(entry[3:7]) - 1
        data = record[start:stop]
        is_exact = (
            stop < end and record[stop] == _FIELD_END[0] and record[start - 1] == _FIELD_END[0]
        )
        if not is_exact or _FIELD_END in data:
            return None
        fields[start] = entry[:3], data
    # Without this check, a field that no entry names would be lost.
    return list(fields.values()) if len(fields) == record.count(_FIELD_END) - 1 else None


def _read_by_terminators(record: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield tags and data of the fields in order. Tags of the directory are sorted by start."""
    entries = _list_entries(record)
    starts = [entry[7:] for entry in entries]
    if all(start.isdigit() for start in starts) and len(set(starts)) == len(starts):
        entries.sort(key=lambda entry: int(entry[7:]))
    fields = record.split(_FIELD_END)[1:]
    if fields and not fields[-1].strip():
        fields.pop()
    for index, data in enumerate(fields):
        yield (entries[index][:3] if index < len(entries) else b""), data


def _make_field(tag_bytes: bytes, data: bytes, encoding: str) -> Field:
    """Return a field. It is a control field if it has no subfields, whatever its tag."""
    tag = tag_bytes.decode("ascii", "replace").strip() or _NO_TAG
    indicators, *subfields = data.split(_SUBFIELD)
    if not subfields:
        return make_control_field(tag, decode(data, encoding))
    pairs = []
    for subfield in subfields:
        text = decode(subfield, encoding)
        if text:
            pairs.append((text[0], text[1:]))
    return Field(tag, f"{decode(indicators, encoding):2.2}", tuple(pairs))
