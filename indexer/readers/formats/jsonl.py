"""JSON Lines reader: one object per line.

A key is the name of a property. A value is a string, a number, an object such as
`{"url": "https://...", "label": "...", "language": "..."}`, or a list of these. Keys without a
row in the catalogue are ignored.
"""

from __future__ import annotations

from codecs import BOM_UTF8
from collections.abc import Iterator
from functools import partial
from io import BufferedIOBase

import msgspec

from indexer.catalogue.limits import Limits, hint
from indexer.catalogue.records import Entry, Piece, Problem, Property, Source
from indexer.readers.base import Evidence, decode, detect_by_name

SUFFIXES: tuple[str, ...] = (".jsonl",)
"""Usual ends of the names of JSON Lines files."""
_BLOCK = 1 << 20
"""Bytes that are read at a time."""


class _Exceeded(Exception):
    """A file exceeds a limit. The message is the limit in words, `limit` is its name."""

    def __init__(self, what: str, limit: str) -> None:
        super().__init__(what)
        self.limit = limit


def detect(filename: str, head: bytes) -> Evidence | None:
    """Return the evidence of a file name."""
    return detect_by_name(filename, SUFFIXES)


def split(stream: BufferedIOBase, file: str, limits: Limits) -> Iterator[Piece | Problem]:
    """Yield the lines of a file in order. Skip blank lines; yield a Problem for one too long."""
    # `read` would lose what precedes the damage in a compressed file.
    blocks = iter(partial(stream.read1, _BLOCK), b"")
    number = 0
    try:
        for line in _split_lines(_bounded(blocks, limits), limits.largest_line):
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


def _bounded(blocks: Iterator[bytes], limits: Limits) -> Iterator[bytes]:
    """Yield the blocks. Raise _Exceeded after `largest_unpacked` bytes."""
    left = limits.largest_unpacked
    for block in blocks:
        left -= len(block)
        if left < 0:
            raise _Exceeded(f"{limits.largest_unpacked} bytes", "largest_unpacked")
        yield block


def _split_lines(blocks: Iterator[bytes], longest: int) -> Iterator[bytes | None]:
    """Yield lines without their newline, and None for a line of more than `longest` bytes."""
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


def parse(piece: Piece, limits: Limits) -> Iterator[Entry | Problem]:
    """Yield the object on a line as an entry, or a Problem if the line is not usable."""
    yield _parse_line(piece, limits)


def _parse_line(line: Piece, limits: Limits) -> Entry | Problem:
    """Return the object on a line as an entry, or a Problem.

    The key `id` is the id of the entry. `lang` is the language of all values except links.
    """
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
    """Return whether lists and objects are nested more than `deepest` levels deep."""
    if not isinstance(value, (dict, list)):
        return False
    within = value.values() if isinstance(value, dict) else value
    return deepest == 0 or any(_is_deeper(each, deepest - 1) for each in within)


def _too_deep(source: Source, limits: Limits) -> Problem:
    what = f"lists and objects are nested deeper than {limits.deepest}"
    return Problem(source.file, source.line, what, hint("deepest"))


def _broken(line: bytes, source: Source, error: Exception) -> Problem:
    """Return a Problem: the first byte that is not UTF-8, or the JSON error if all bytes are."""
    text = decode(line, source.file)
    if isinstance(text, Problem):
        return msgspec.structs.replace(
            text, line=source.line, hint="Save it as UTF-8: it was left out"
        )
    do = "Each line is one JSON object: it was left out"
    return Problem(source.file, source.line, str(error), do)


def _property(name: str, value: object, language: str | None) -> Property:
    """Return the property of a value that is not a string: a link, another object, or a number."""
    if isinstance(value, dict):
        if "url" not in value:  # unknown form: keep its JSON, so that the mistake shows
            text = msgspec.json.encode(value).decode()
            return Property(name, text, text, language)
        link_language = value.get("language")
        return Property(
            name, str(value.get("url") or ""), str(value.get("label") or ""),
            str(link_language) if link_language else None,
        )  # fmt: skip
    text = str(value)
    return Property(name, text, text, language)
