"""JSON Lines: one object a line, plain or packed, read line by line.

A key is the name of a property; a value is a string, a number, an object such as
`{"url": "https://...", "label": "...", "language": "..."}`, or a list of these. Keys that the
catalogue has no row for are left aside.
"""

from __future__ import annotations

import gzip
import lzma
import zlib
from codecs import BOM_UTF8
from collections.abc import Iterator
from typing import BinaryIO, cast

import msgspec

from indexer.readers.decoding import decode
from indexer.record import Entry, Piece, Problem, Property, Source

_PACKED_ERRORS = (gzip.BadGzipFile, zlib.error, lzma.LZMAError, EOFError)


def lines(stream: BinaryIO, file: str) -> Iterator[Piece | Problem]:
    """The lines of a file, in order; empty ones are passed over."""
    number = 0
    try:
        for number, line in enumerate(stream, start=1):
            if not line.isspace():
                yield Piece(line, file, number)
    except _PACKED_ERRORS as error:
        what = f"the packed file can't be read beyond line {number}: {error}"
        yield Problem(file, number, what, "Make or copy it again")


def lines_gzip(stream: BinaryIO, file: str) -> Iterator[Piece | Problem]:
    """The same, packed with gzip."""
    with gzip.open(stream) as unpacked:
        yield from lines(cast(BinaryIO, unpacked), file)


def lines_xz(stream: BinaryIO, file: str) -> Iterator[Piece | Problem]:
    """The same, packed with xz."""
    with lzma.open(stream) as unpacked:
        yield from lines(cast(BinaryIO, unpacked), file)


def read(stream: BinaryIO, file: str) -> Iterator[Entry | Problem]:
    """The objects of a file, as entries, in order."""
    return map(_read, lines(stream, file))


def read_gzip(stream: BinaryIO, file: str) -> Iterator[Entry | Problem]:
    """The same, packed with gzip."""
    return map(_read, lines_gzip(stream, file))


def read_xz(stream: BinaryIO, file: str) -> Iterator[Entry | Problem]:
    """The same, packed with xz."""
    return map(_read, lines_xz(stream, file))


def _read(line: Piece | Problem) -> Entry | Problem:
    return line if isinstance(line, Problem) else entry(line)


def entry(line: Piece) -> Entry | Problem:
    """The object that stands on a line."""
    source = Source(line.file, line.line)
    try:
        found = msgspec.json.decode(line.data.removeprefix(BOM_UTF8))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return _broken(line.data, source, error)
    if not isinstance(found, dict):
        hint = "Write {...} with the fields by their names: it was left out"
        return Problem(source.file, source.line, "the line is no JSON object", hint)
    identity, language = found.pop("id", None), found.pop("lang", None)
    language = str(language) if language else None
    stated: list[Property] = []
    for name, value in found.items():
        for one in value if isinstance(value, list) else (value,):
            if isinstance(one, str):
                stated.append(Property(name, one, one, language))
            elif one is not None:
                stated.append(_property(name, one, language))
    return Entry(source, tuple(stated), None if identity is None else str(identity))


def _broken(line: bytes, source: Source, error: Exception) -> Problem:
    """What is wrong with a line that can't be decoded: a byte of it first, then its JSON."""
    text = decode(line, source.file)
    if isinstance(text, Problem):
        return msgspec.structs.replace(
            text, line=source.line, hint="Save it as UTF-8: it was left out"
        )
    hint = "Each line is one JSON object: it was left out"
    return Problem(source.file, source.line, str(error), hint)


def _property(name: str, value: object, language: str | None) -> Property:
    """What is stated by a value that is no text: a link, another object, a number."""
    if isinstance(value, dict):
        if "url" not in value:  # no form that is known: kept as it stands, so that it is seen
            text = msgspec.json.encode(value).decode()
            return Property(name, text, text, language)
        link_language = value.get("language")
        return Property(
            name, str(value.get("url") or ""), str(value.get("label") or ""),
            str(link_language) if link_language else None,
        )  # fmt: skip
    text = str(value)
    return Property(name, text, text, language)
