"""JSON Lines reader: one object per line.

A key is the name of a property. A value is a string, a number, an object such as
`{"url": "https://...", "label": "...", "language": "..."}`, or a list of these. Keys without a
row in the catalogue are ignored.
"""

from __future__ import annotations

from codecs import BOM_UTF8
from collections.abc import Iterator, Mapping
from functools import partial
from io import BufferedIOBase

import msgspec

from indexer.catalogue.limits import Limits, suggest_raising
from indexer.catalogue.records import Chunk, Problem, Property, SourceLocation, SourceRecord
from indexer.readers.base import Evidence, decode, detect_by_name

NAME = "jsonl"
VERSION = 1
FIELDS: Mapping[str, tuple[str, ...]] = {}
SUFFIXES: tuple[str, ...] = (".jsonl",)
"""Usual ends of the names of JSON Lines files."""
_BLOCK = 1 << 20
"""Bytes that are read at a time."""


class _LimitExceeded(Exception):
    """A file exceeds a limit. The message is the limit in words, `limit` is its name."""

    def __init__(self, message: str, limit: str) -> None:
        super().__init__(message)
        self.limit = limit


def detect(filename: str, head: bytes) -> Evidence | None:
    """Return the evidence of a file name."""
    return detect_by_name(filename, SUFFIXES)


def split(stream: BufferedIOBase, file: str, limits: Limits) -> Iterator[Chunk | Problem]:
    """Yield the lines of a file in order. Skip blank lines; yield a Problem for one too long."""
    # `read` would lose what precedes the damage in a compressed file.
    blocks = iter(partial(stream.read1, _BLOCK), b"")
    number = 0
    try:
        for line in _split_lines(_limit_size(blocks, limits), limits.largest_line):
            if number == limits.most_entries:
                raise _LimitExceeded(f"{number} lines", "most_entries")
            number += 1
            if line is None:
                message = f"the line has more than {limits.largest_line} bytes"
                yield Problem(file, number, message, suggest_raising("largest_line"))
            elif line and not line.isspace():
                yield Chunk(line, file, number)
    except _LimitExceeded as error:
        message = f"the file has more than {error}. It was read up to line {number}"
        yield Problem(file, number, message, suggest_raising(error.limit))


def _limit_size(blocks: Iterator[bytes], limits: Limits) -> Iterator[bytes]:
    """Yield the blocks. Raise _LimitExceeded after `largest_unpacked` bytes."""
    remaining = limits.largest_unpacked
    for block in blocks:
        remaining -= len(block)
        if remaining < 0:
            raise _LimitExceeded(f"{limits.largest_unpacked} bytes", "largest_unpacked")
        yield block


def _split_lines(blocks: Iterator[bytes], max_bytes: int) -> Iterator[bytes | None]:
    """Yield lines without their newline, and None for a line of more than `max_bytes` bytes."""
    unfinished, is_long = b"", False
    for block in blocks:
        *ended, unfinished = (unfinished + block).split(b"\n")
        for line in ended:
            yield None if is_long or len(line) > max_bytes else line
            is_long = False
        if is_long or len(unfinished) > max_bytes:
            unfinished, is_long = b"", True
    if unfinished or is_long:
        yield None if is_long else unfinished


def parse(chunk: Chunk, limits: Limits) -> Iterator[SourceRecord | Problem]:
    """Yield the object on a line as an entry, or a Problem if the line is not usable."""
    yield _parse_line(chunk, limits)


def _parse_line(chunk: Chunk, limits: Limits) -> SourceRecord | Problem:
    """Return the object on a line as an entry, or a Problem.

    The key `id` is the id of the entry. `lang` is the language of all values except links.
    """
    source = SourceLocation(chunk.file, chunk.line)
    try:
        record = msgspec.json.decode(chunk.data.removeprefix(BOM_UTF8))
    except RecursionError:
        return _make_depth_problem(source, limits)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        return _make_syntax_problem(chunk.data, source, error)
    if not isinstance(record, dict):
        hint = "Write {...} with the fields by name. The line was left out"
        return Problem(source.file, source.line, "the line is not a JSON object", hint)
    brackets = chunk.data.count(b"[") + chunk.data.count(b"{")
    if brackets > limits.deepest and _is_deeper(record, limits.deepest):
        return _make_depth_problem(source, limits)
    identity, language = record.pop("id", None), record.pop("lang", None)
    language = str(language) if language else None
    stated: list[Property] = []
    for name, value in record.items():
        for value_part in value if isinstance(value, list) else (value,):
            if isinstance(value_part, str):
                stated.append(Property(name, value_part, value_part, language))
            elif value_part is not None:
                stated.append(_make_property(name, value_part, language))
    return SourceRecord(source, tuple(stated), None if identity is None else str(identity))


def _is_deeper(value: object, max_depth: int) -> bool:
    """Return whether lists and objects are nested more than `max_depth` levels deep."""
    if not isinstance(value, (dict, list)):
        return False
    children = value.values() if isinstance(value, dict) else value
    return max_depth == 0 or any(_is_deeper(child, max_depth - 1) for child in children)


def _make_depth_problem(source: SourceLocation, limits: Limits) -> Problem:
    message = f"lists and objects are nested deeper than {limits.deepest}"
    return Problem(source.file, source.line, message, suggest_raising("deepest"))


def _make_syntax_problem(line: bytes, source: SourceLocation, error: Exception) -> Problem:
    """Return a Problem: the first byte that is not UTF-8, or the JSON error if all bytes are."""
    text = decode(line, source.file)
    if isinstance(text, Problem):
        return msgspec.structs.replace(
            text, line=source.line, hint="Save the file as UTF-8. The line was left out"
        )
    hint = "Write one JSON object per line. The line was left out"
    return Problem(source.file, source.line, str(error), hint)


def _make_property(name: str, value: object, language: str | None) -> Property:
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
