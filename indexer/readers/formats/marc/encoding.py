"""Detect and decode the encodings of binary MARC: UTF-8, MARC-8, and older ones."""

from __future__ import annotations

import io
import re
from contextlib import redirect_stderr

from pymarc.marc8 import marc8_to_unicode

from indexer.readers.base import HEAD_BYTES
from indexer.readers.text.encodings import guess_encoding

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
