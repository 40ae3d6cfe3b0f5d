"""Binary MARC (ISO 2709): records that end with byte 0x1D.

Lengths and directories are often wrong, because a program counted characters or edited a file.
Such a record is reported, and split at its terminators.
"""

from __future__ import annotations

import re
from codecs import BOM_UTF8
from collections.abc import Iterator
from io import BufferedIOBase

from indexer.catalogue.limits import Limits, suggest_raising
from indexer.catalogue.records import Problem
from indexer.readers.base import Evidence, detect_by_name
from indexer.readers.formats.marc.encoding import choose_encoding, decode, is_as_declared
from indexer.readers.formats.marc.record import LEADER, UNKNOWN, Field, Record, make_control_field
from indexer.readers.text.streaming import read_blocks, split_at

NAME = "marc"
SUFFIXES: tuple[str, ...] = (".mrc", ".marc", ".mrc21", ".iso2709", ".iso")
"""Usual suffixes of binary MARC files. Others occur too, such as .dat."""

_RECORD_END, _FIELD_END, _SUBFIELD = b"\x1d", b"\x1e", b"\x1f"
_LEADER_BYTES, _ENTRY_BYTES = 24, 12
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
    records = (record.lstrip(_BETWEEN_RECORDS) for record in head.split(_RECORD_END))
    return {entry[:3] for record in records for entry in _list_entries(record)}


def read(stream: BufferedIOBase, file: str, limits: Limits) -> Iterator[Record | Problem]:
    """Yield the records of a file. The line of a record is its number."""
    records = filter(lambda data: data != b"", _split_records(stream, limits))
    for number, data in enumerate(records, start=1):
        if data is not None:
            yield from _read_record(data, file, number)
            continue
        message = f"the record has more than {limits.largest_line} bytes"
        yield Problem(file, number, message, suggest_raising("largest_line"))


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


def _read_record(data: bytes, file: str, number: int) -> Iterator[Record | Problem]:
    """Yield a record, and a Problem for each of its faults."""
    parts = _read_by_directory(data)
    is_exact = data[:5] == b"%05d" % (len(data) + 1) and data.endswith(_FIELD_END)
    is_exact, parts = is_exact and parts is not None, parts or list(_read_by_terminators(data))
    encoding = choose_encoding(data)
    fields = [make_control_field(LEADER, decode(data[:_LEADER_BYTES], encoding))]
    fields += [_make_field(tag, value, encoding) for tag, value in parts]
    yield Record(number, fields)
    entry = next((field.subfields[0][1] for field in fields if field.tag == "001"), None)
    if parts and not is_exact:
        message = "the lengths or the directory of the MARC record are wrong"
        yield Problem(file, number, message, "It was read up to its terminators. Check it", entry)
    if not is_as_declared(data, encoding):
        message = "the MARC record has bytes that are invalid in the encoding it declares"
        hint = f"It was read as {encoding}. Check its accents"
        yield Problem(file, number, message, hint, entry)


def _list_entries(record: bytes) -> list[bytes]:
    """Return the entries of the directory of a record."""
    end = record.find(_FIELD_END, _LEADER_BYTES)
    offsets = range(_LEADER_BYTES, end, _ENTRY_BYTES)
    return [record[offset : min(offset + _ENTRY_BYTES, end)] for offset in offsets]


def _read_by_directory(record: bytes) -> list[tuple[bytes, bytes]] | None:
    """Return tags and data in the order of the directory, or None if the directory is wrong.

    A directory that names a field twice is wrong. Otherwise a small record could contain gigabytes.
    """
    base = record.find(_FIELD_END, _LEADER_BYTES) + 1
    fields: dict[int, tuple[bytes, bytes]] = {}
    for entry in _list_entries(record):
        if not entry[3:].isdigit() or len(entry) != _ENTRY_BYTES:
            return None
        start = base + int(entry[7:])
        stop = start + int(entry[3:7]) - 1
        data = record[start:stop]
        is_exact = record[start - 1 : start] == record[stop : stop + 1] == _FIELD_END
        if not is_exact or _FIELD_END in data or start in fields:
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
    tag = tag_bytes.decode("ascii", "replace").strip() or UNKNOWN
    indicators, *subfields = data.split(_SUBFIELD)
    if not subfields:
        return make_control_field(tag, decode(data, encoding))
    texts = filter(None, (decode(subfield, encoding) for subfield in subfields))
    pairs = tuple((text[0], text[1:]) for text in texts)
    return Field(tag, f"{decode(indicators, encoding):2.2}", pairs)
