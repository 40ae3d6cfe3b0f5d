"""Detect and decode the encodings of binary MARC: UTF-8, MARC-8, and older ones."""

from __future__ import annotations

import io
import re
from contextlib import redirect_stderr

from pymarc.marc8 import marc8_to_unicode

from indexer.readers.formats.marc.legacy_encodings import (
    ISO_5426,
    decode_iso_5426,
    guess_encoding,
)

UTF_8, MARC_8, WINDOWS_1252 = "utf-8", "marc-8", "cp1252"

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


def choose_encoding(record: bytes) -> str:
    """Return the encoding of a record. The declaration in the leader is only a hint.

    Text with accents in MARC-8 or Windows-1252 is almost never valid UTF-8.
    """
    if record.isascii():
        return MARC_8 if b"\x1b" in record else UTF_8
    if is_utf8(record):
        return UTF_8
    is_declared_utf8 = record[9:10] == b"a"
    if is_declared_utf8 and not record.decode("utf-8", "ignore").isascii():
        return UTF_8
    if b"\x1b" in record and not is_declared_utf8:
        return MARC_8
    if legacy := guess_encoding(record):
        return legacy
    return MARC_8 if _is_ansel(record) else WINDOWS_1252


def is_utf8(data: bytes) -> bool:
    """Return whether all bytes are valid UTF-8."""
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def _is_ansel(data: bytes) -> bool:
    """Return whether diacritics precede letters that can have them, as in MARC-8."""
    if _NOT_ANSEL.search(data):
        return False
    return 2 * len(_PLAUSIBLE.findall(data)) >= len(_DIACRITIC.findall(data))


def decode(data: bytes, encoding: str) -> str:
    """Return the text of a value. An invalid byte becomes U+FFFD."""
    if encoding == ISO_5426:
        return decode_iso_5426(data)
    if encoding != MARC_8:
        return data.decode(encoding, "replace")
    if data.isascii() and b"\x1b" not in data:
        return data.decode("ascii")
    try:
        with redirect_stderr(io.StringIO()):
            return str(marc8_to_unicode(data, hide_utf8_warnings=True))
    except UnicodeDecodeError:
        return data.decode("ascii", "replace")
