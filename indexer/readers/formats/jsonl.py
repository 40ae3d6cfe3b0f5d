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
from functools import partial
from typing import BinaryIO

import msgspec

from indexer.catalogue.limits import LIMITS, Limits, hint
from indexer.catalogue.records import Entry, Piece, Problem, Property, Source
from indexer.readers.decoding import decode

_PACKED_ERRORS = (gzip.BadGzipFile, zlib.error, lzma.LZMAError, EOFError)
_BLOCK = 1 << 20
"""Bytes that are unpacked at a time."""
_LARGEST_DICTIONARY = 200_000_000
"""Bytes that unpacking xz may take: `xz -9` needs 68 million, a header can ask for gigabytes."""


class _Exceeded(Exception):
    """There is more of a file than is read: of what, and by which limit."""

    def __init__(self, what: str, limit: str) -> None:
        super().__init__(what)
        self.limit = limit


def lines(stream: BinaryIO, file: str, limits: Limits = LIMITS) -> Iterator[Piece | Problem]:
    """The lines of a file, in order; empty ones are passed over, and too long ones told."""
    return _pieces(iter(partial(stream.read, _BLOCK), b""), file, limits)


def lines_gzip(stream: BinaryIO, file: str, limits: Limits = LIMITS) -> Iterator[Piece | Problem]:
    """The same, packed with gzip."""
    with gzip.open(stream) as unpacked:
        yield from _pieces(iter(partial(unpacked.read1, _BLOCK), b""), file, limits)


def lines_xz(stream: BinaryIO, file: str, limits: Limits = LIMITS) -> Iterator[Piece | Problem]:
    """The same, packed with xz."""
    return _pieces(_unpacked(stream), file, limits)


def _pieces(blocks: Iterator[bytes], file: str, limits: Limits) -> Iterator[Piece | Problem]:
    number = 0
    try:
        for line in _split(_bounded(blocks, limits), limits.largest_line):
            if number == limits.most_entries:
                raise _Exceeded(f"{number} lines", "most_entries")
            number += 1
            if line is None:
                what = f"the line has more than {limits.largest_line} bytes"
                yield Problem(file, number, what, hint("largest_line"))
            elif line and not line.isspace():
                yield Piece(line, file, number)
    except _Exceeded as error:
        what = f"the file has more than {error}; it was read to line {number}"
        yield Problem(file, number, what, hint(error.limit))
    except _PACKED_ERRORS as error:
        what = f"the packed file can't be read beyond line {number}: {error}"
        yield Problem(file, number, what, "Make or copy it again")


def _unpacked(stream: BinaryIO) -> Iterator[bytes]:
    """What was packed with xz, in blocks.

    `lzma.open` does the same, but takes the memory that a file asks for.
    """
    rest = stream.read(_BLOCK)
    while True:
        unpacker = lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_LARGEST_DICTIONARY)
        while not unpacker.eof:
            if unpacker.needs_input and not (rest := rest or stream.read(_BLOCK)):
                raise EOFError("it ends before its end")
            if block := unpacker.decompress(rest, _BLOCK):
                yield block
            rest = b""
        # Files that were put behind one another stand for one; zeros may fill up between them.
        rest = unpacker.unused_data.lstrip(b"\0")
        while not rest:
            if not (block := stream.read(_BLOCK)):
                return
            rest = block.lstrip(b"\0")


def _bounded(blocks: Iterator[bytes], limits: Limits) -> Iterator[bytes]:
    """The blocks, up to as many bytes as are read of one file. Raises _Exceeded."""
    left = limits.largest_unpacked
    for block in blocks:
        left -= len(block)
        if left < 0:
            raise _Exceeded(f"{limits.largest_unpacked} bytes", "largest_unpacked")
        yield block


def _split(blocks: Iterator[bytes], longest: int) -> Iterator[bytes | None]:
    """The lines of a file, without their ends; None for one of more than `longest` bytes."""
    begun, is_long = b"", False
    for block in blocks:
        *ended, begun = (begun + block).split(b"\n")
        for line in ended:
            yield None if is_long or len(line) > longest else line
            is_long = False
        if is_long or len(begun) > longest:
            begun, is_long = b"", True
    if begun or is_long:
        yield None if is_long else begun


def read(stream: BinaryIO, file: str, limits: Limits = LIMITS) -> Iterator[Entry | Problem]:
    """The objects of a file, as entries, in order."""
    return _read(lines(stream, file, limits), limits)


def read_gzip(stream: BinaryIO, file: str, limits: Limits = LIMITS) -> Iterator[Entry | Problem]:
    """The same, packed with gzip."""
    return _read(lines_gzip(stream, file, limits), limits)


def read_xz(stream: BinaryIO, file: str, limits: Limits = LIMITS) -> Iterator[Entry | Problem]:
    """The same, packed with xz."""
    return _read(lines_xz(stream, file, limits), limits)


def _read(found: Iterator[Piece | Problem], limits: Limits) -> Iterator[Entry | Problem]:
    return (each if isinstance(each, Problem) else entry(each, limits) for each in found)


def entry(line: Piece, limits: Limits = LIMITS) -> Entry | Problem:
    """The object that stands on a line."""
    source = Source(line.file, line.line)
    try:
        found = msgspec.json.decode(line.data.removeprefix(BOM_UTF8))
    except RecursionError:
        return _too_deep(source, limits)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        return _broken(line.data, source, error)
    if not isinstance(found, dict):
        do = "Write {...} with the fields by their names: it was left out"
        return Problem(source.file, source.line, "the line is no JSON object", do)
    opened = line.data.count(b"[") + line.data.count(b"{")
    if opened > limits.deepest and _is_deeper(found, limits.deepest):
        return _too_deep(source, limits)
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


def _is_deeper(value: object, deepest: int) -> bool:
    """Whether lists and objects are nested deeper than that."""
    if not isinstance(value, (dict, list)):
        return False
    within = value.values() if isinstance(value, dict) else value
    return deepest == 0 or any(_is_deeper(each, deepest - 1) for each in within)


def _too_deep(source: Source, limits: Limits) -> Problem:
    what = f"lists and objects are nested deeper than {limits.deepest}"
    return Problem(source.file, source.line, what, hint("deepest"))


def _broken(line: bytes, source: Source, error: Exception) -> Problem:
    """What is wrong with a line that can't be decoded: a byte of it first, then its JSON."""
    text = decode(line, source.file)
    if isinstance(text, Problem):
        return msgspec.structs.replace(
            text, line=source.line, hint="Save it as UTF-8: it was left out"
        )
    do = "Each line is one JSON object: it was left out"
    return Problem(source.file, source.line, str(error), do)


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
