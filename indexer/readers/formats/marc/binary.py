"""Binary MARC (ISO 2709): records that end with byte 0x1D.

Lengths and directories are often wrong, because a program counted characters or edited a file.
Such a record is reported, and split at its terminators.
"""

import io
import re
from codecs import BOM_UTF8
from collections.abc import Iterator
from contextlib import redirect_stderr
from io import BufferedIOBase
from itertools import accumulate, chain, repeat

from pymarc.marc8 import marc8_to_unicode

from indexer.catalogue.limits import Limits, suggest_raising
from indexer.catalogue.records import Problem
from indexer.readers.base import CERTAIN, HEAD_BYTES, Evidence, detect_by_name
from indexer.readers.formats.marc.record import (
    LEADER,
    UNKNOWN,
    Field,
    Record,
    find_value,
    make_control_field,
)
from indexer.readers.text.encodings import guess_encoding
from indexer.readers.text.streaming import read_blocks, split_at

NAMES = ("marc", "unimarc")
SUFFIXES: tuple[str, ...] = (".mrc", ".marc", ".mrc21", ".iso2709", ".iso")
"""Usual suffixes of binary MARC files. Others occur too, such as .dat."""

_RECORD_END, _FIELD_END, _SUBFIELD = b"\x1d", b"\x1e", b"\x1f"
_LEADER_BYTES, _ENTRY_BYTES = 24, 12
_BETWEEN_RECORDS = b"\0\r\n\x1a" + BOM_UTF8
_SIGN = re.compile(rb"[\d ]{5}[^\x1e\x1f]{19,9976}\x1e.*\x1f", re.DOTALL)
"""The length of a record or blanks, the rest of its leader, a directory, and a field."""
_LOST_END = re.compile(rb"\x1e(?=[\s\0]*\d{5}.{5}22\d{5}.{3}4500(?:\w{3}\d{9}))", re.DOTALL)
"""The end of a record that lacks its terminator. The leader of the next record follows."""


def detect(filename: str, head: bytes) -> Evidence | None:
    """Return the evidence of the separators of fields, or of the file name."""
    if _SIGN.match(head.lstrip(_BETWEEN_RECORDS)):
        return Evidence(CERTAIN, "it has the separators of MARC records")
    return detect_by_name(filename, SUFFIXES) if not head else None


def read(stream: BufferedIOBase, file: str, limits: Limits) -> Iterator[Record | Problem]:
    """Yield the records of a file. The line of a record is its number."""
    number = 0
    blocks = read_blocks(stream, limits)
    for part in split_at(_RECORD_END, blocks, limits.largest_line, limits):
        if part is None:
            number += 1
            message = f"the record has more than {limits.largest_line} bytes"
            yield Problem(file, number, message, suggest_raising("largest_line"))
            continue
        for record in _LOST_END.split(part):
            if data := record.lstrip(_BETWEEN_RECORDS):
                number += 1
                yield from _read_record(data, file, number)


def _read_record(data: bytes, file: str, number: int) -> Iterator[Record | Problem]:
    """Yield a record, and a Problem for each of its faults."""
    parts, is_exact = _split_fields(data)
    is_exact &= data[:5] == b"%05d" % (len(data) + 1) and data.endswith(_FIELD_END)
    encoding, is_declared = choose_encoding(data)
    fields = [make_control_field(LEADER, decode(data[:_LEADER_BYTES], encoding))]
    fields += [_make_field(tag, value, encoding) for tag, value in parts]
    yield Record(number, fields)
    entry = find_value(fields, "001") or None
    if parts and not is_exact:
        message = "the lengths or the directory of the MARC record are wrong"
        yield Problem(file, number, message, "It was read up to its terminators. Check it", entry)
    if not is_declared:
        message = "the MARC record has bytes that are invalid in the encoding it declares"
        hint = f"It was read as {encoding}. Check its accents"
        yield Problem(file, number, message, hint, entry)


def _split_fields(record: bytes) -> tuple[list[tuple[bytes, bytes]], bool]:
    """Return the tags and the data of the fields, and whether the directory has their lengths.

    Fields are in the order of a right directory. Otherwise they are in the order of the data, and
    get the tags of the directory by their number. So a directory never repeats or hides a field.
    """
    directory, *values = record.split(_FIELD_END)
    if values and not values[-1].strip():
        values.pop()
    offsets = range(_LEADER_BYTES, len(directory), _ENTRY_BYTES)
    entries = [directory[offset : offset + _ENTRY_BYTES] for offset in offsets]
    lengths = [len(value) + 1 for value in values]
    starts = accumulate(lengths, initial=0)
    places = [b"%04d%05d" % place for place in zip(lengths, starts, strict=False)]
    by_start = sorted(entries, key=lambda entry: entry[7:])
    if [entry[3:] for entry in by_start] == places:
        data = dict(zip(places, values, strict=True))
        return [(entry[:3], data[entry[3:]]) for entry in entries], True
    stated = {entry[7:] for entry in entries}
    if len(stated) == len(entries) and all(map(bytes.isdigit, stated)):
        entries = by_start
    tags = chain((entry[:3] for entry in entries), repeat(b""))
    return [*zip(tags, values, strict=False)], False


def _make_field(tag_bytes: bytes, data: bytes, encoding: str) -> Field:
    """Return a field. It is a control field if it has no subfields, whatever its tag."""
    tag = tag_bytes.decode("ascii", "replace").strip() or UNKNOWN
    indicators, *subfields = data.split(_SUBFIELD)
    if not subfields:
        return make_control_field(tag, decode(data, encoding))
    texts = filter(None, (decode(subfield, encoding) for subfield in subfields))
    pairs = tuple((text[0], text[1:]) for text in texts)
    return Field(tag, f"{decode(indicators, encoding):2.2}", pairs)


_UTF_8, _MARC_8, _WINDOWS_1252 = "UTF-8", "MARC-8", "Windows-1252"

_SEPARATORS = re.compile(rb"[\x1d-\x1f]")
_NOT_ANSEL = re.compile(
    rb"[\x80-\x87\x8a-\x8c\x8f-\xa0\xaf\xbb\xc9-\xdf\xff]|[\xe0-\xfe](?![A-Za-z\xe0-\xfe])"
)
"""Bytes that MARC-8 does not define, and diacritics that precede no letter."""
_DIACRITIC = re.compile(rb"[\xe0-\xfe](?=[A-Za-z])")
_PLAUSIBLE = re.compile(
    rb"[\xe1-\xe3\xe5\xe6\xe8](?=[aeiouyAEIOUY])|[\xe2\xe7](?=[cnszgrlCNSZ])|\xe4(?=[naoNAO])"
    rb"|\xe9(?=[cszertndCSZERTND])|\xea(?=[auAU])|\xf0(?=[cstgCSTG])"
    rb"|[\xeb\xec\xf2](?=[A-Za-z])"
)
"""MARC-8 diacritics before a letter that can have them. In Windows-1252 such pairs are rare."""


def choose_encoding(record: bytes) -> tuple[str, bool]:
    """Return the encoding of a record, and whether its bytes fit the declaration in the leader.

    That is only a hint. Text with accents in MARC-8 or Windows-1252 is almost never valid UTF-8,
    so valid UTF-8 needs no declaration.
    """
    declares_utf8 = record[9:10] == b"a"
    if record.isascii():
        return _MARC_8 if b"\x1b" in record else _UTF_8, True
    text = record.decode("utf-8", "ignore")
    is_utf8 = len(text.encode()) == len(record)
    if is_utf8 or (declares_utf8 and not text.isascii()):
        return _UTF_8, is_utf8
    if (b"\x1b" in record and not declares_utf8) or _is_ansel(record):
        return _MARC_8, not declares_utf8
    guess = guess_encoding(_SEPARATORS.sub(b"\n", record[:HEAD_BYTES]))
    return guess or _WINDOWS_1252, False


def _is_ansel(data: bytes) -> bool:
    """Return whether diacritics precede letters that can have them, as in MARC-8."""
    if _NOT_ANSEL.search(data):
        return False
    return 2 * len(_PLAUSIBLE.findall(data)) >= len(_DIACRITIC.findall(data))


def decode(data: bytes, encoding: str) -> str:
    """Return the text of a value. An invalid byte becomes U+FFFD."""
    if encoding != _MARC_8:
        return data.decode(encoding, "replace")
    if data.isascii() and b"\x1b" not in data:
        return data.decode("ascii")
    try:
        with redirect_stderr(io.StringIO()):
            return str(marc8_to_unicode(data, hide_utf8_warnings=True))
    except UnicodeDecodeError:
        return data.decode("ascii", "replace")
