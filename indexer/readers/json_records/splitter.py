"""Split a stream of JSON into records. At most one record is in memory.

The splitter recognizes only strings and brackets. The reader's `parse` validates the records.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import NamedTuple

from indexer.readers.json_records.outline import ANY, ROW

_SPACE = re.compile(rb"[\s,\x1e]*+")
_KEY = re.compile(rb'("[^"\\]*+(?:\\.[^"\\]*+)*+")\s*+:\s*+', re.DOTALL)
_SCALAR = re.compile(rb'[^\s,\[\]{}":]++')
_RUN = re.compile(
    rb'[^"{}\[\]]*+(?:"[^"\\]*+(?:\\.[^"\\]*+)*+"[^"{}\[\]]*+)*+([{}\[\]])', re.DOTALL
)
"""Whole strings and text outside strings, up to and with the next bracket."""
_OUTSIDE = re.compile(rb'[^"{}\[\]]++')
_INSIDE = re.compile(rb'(?:[^"\\]++|\\.)*+', re.DOTALL)
_MAX_DEPTH = 50
"""Limit on the lists around records."""
_MIN_READ = 1 << 17
"""Minimum bytes per read. Larger reads scan fewer bytes twice."""


class Piece(NamedTuple):
    """A record, or a part of the file that is not usable.

    `data`: the bytes of the record, or None if it is too large or has a `problem`. `line`: its
    first line, from 1. `key`: its key in an object of records. `is_cut`: the file ends within the
    record. `problem`: the message and the hint of a Problem. `columns`: the names of the values if
    the record is a row.
    """

    data: bytes | None
    line: int
    key: str = ""
    is_cut: bool = False
    problem: tuple[str, str] | None = None
    columns: tuple[str, ...] = ()


class _End(Exception):
    """The file has ended."""


def split_records(
    blocks: Iterator[bytes], path: tuple[str, ...], max_bytes: int
) -> Iterator[Piece]:
    """Yield the records of a UTF-8 stream. The data of one over `max_bytes` is None."""
    window = _Window(blocks, max_bytes)
    try:
        while True:
            yield from _walk(window, path, "", 0)
    except _End:
        return


def _walk(window: _Window, path: tuple[str, ...], key: str, depth: int) -> Iterator[Piece]:
    """Yield the records in the value at the position, and move past it. Raise _End."""
    first = window.peek()
    if first == b"[" and (not path or path[0] == ANY) and depth < _MAX_DEPTH:
        window.position += 1
        while window.peek() != b"]":
            yield from _walk(window, path[1:], "", depth + 1)
        window.position += 1
    elif first == b"[" and path == (ROW,):
        yield window.take(key)
    elif first == b"{" and path:
        window.position += 1
        yield from _walk_object(window, path, depth)
    elif path:
        window.skip()
    else:
        yield window.take(key)


def _walk_object(window: _Window, path: tuple[str, ...], depth: int) -> Iterator[Piece]:
    while window.peek() != b"}":
        key = window.take_key()
        if key is None:
            window.skip()
        elif path == (ANY,) and window.peek() != b"{":
            window.skip()  # an object with records by key may also have a list of the keys
        elif path[0] in (ANY, key):
            yield from _walk(window, path[1:], key if path[0] == ANY else "", depth + 1)
        else:
            window.skip()
    window.position += 1


class _Window:
    """The part of the stream that is in memory, and the position in it."""

    def __init__(self, blocks: Iterator[bytes], max_bytes: int) -> None:
        self._blocks, self._max_bytes = blocks, max_bytes
        self._data, self.position = b"", 0
        self._start: int | None = None  # start of the value that is taken; its bytes are kept
        self._line, self._counted = 1, 0

    def peek(self) -> bytes:
        """Move to the next value, key, or bracket, and return its first byte. Raise _End."""
        while True:
            match = _SPACE.match(self._data, self.position)
            assert match
            self.position = match.end()
            if self.position < len(self._data):
                return self._data[self.position : self.position + 1]
            self._read()

    def take_key(self) -> str | None:
        """Return the key at the position and move past it, or return None. Raise _End."""
        while self._data.startswith(b'"', self.position):
            match = _KEY.match(self._data, self.position)
            if match and match.end() < len(self._data):
                self.position = match.end()
                return _decode_key(match[1])
            if len(self._data) - self.position > self._max_bytes:
                break
            self._read()
        return None

    def skip(self) -> None:
        """Move past the value at the position. Raise _End."""
        if self.peek() in b"}]:":
            self.position += 1
        else:
            self._pass_value()

    def take(self, key: str) -> Piece:
        """Return the value at the position, and move past it."""
        self._start, line = self.position, self._count_line()
        is_cut = False
        try:
            self.skip()
        except _End:
            self.position, is_cut = len(self._data), True
        data = self._pop_kept()
        return Piece(data, line, key, is_cut and data is not None)

    def _pop_kept(self) -> bytes | None:
        start, self._start = self._start, None
        if start is None or self.position - start > self._max_bytes:
            return None
        return self._data[start : self.position]

    def _pass_value(self) -> None:
        first = self._data[self.position : self.position + 1]
        if first == b'"':
            self._pass_string()
        elif first in b"{[":
            self._pass_brackets()
        else:
            self._pass_matches(_SCALAR)

    def _pass_brackets(self) -> None:
        depth = 0
        while True:
            if match := _RUN.match(self._data, self.position):
                self.position = match.end()
                depth += 1 if match[1] in b"{[" else -1
                if depth <= 0:
                    return
            elif len(self._data) - self.position <= self._max_bytes:
                self._read()
            else:  # too long to keep until its end
                self._pass_matches(_OUTSIDE)
                while self._data.startswith(b'"', self.position):
                    self._pass_string()
                    self._pass_matches(_OUTSIDE)

    def _pass_string(self) -> None:
        self.position += 1
        self._pass_matches(_INSIDE)
        self.position += 1

    def _pass_matches(self, expression: re.Pattern[bytes]) -> None:
        """Move past all bytes that match. Raise _End."""
        while True:
            if match := expression.match(self._data, self.position):
                self.position = match.end()
            # A backslash at the end of the window escapes a character that is not read yet.
            rest = len(self._data) - self.position
            if rest > 1 or (rest and not self._data.endswith(b"\\")):
                return
            self._read()

    def _count_line(self) -> int:
        self._line += self._data.count(b"\n", self._counted, self.position)
        self._counted = self.position
        return self._line

    def _read(self) -> None:
        """Add bytes to the window, and drop bytes that are no longer needed. Raise _End."""
        if self._start is not None and self.position - self._start > self._max_bytes:
            self._start = None
        keep = self.position if self._start is None else self._start
        if self._counted < keep:
            self._line += self._data.count(b"\n", self._counted, keep)
            self._counted = keep
        blocks, size = [self._data[keep:]], 0
        while size < _MIN_READ and (block := next(self._blocks, b"")):
            blocks.append(block)
            size += len(block)
        if not size:
            raise _End
        self._data = b"".join(blocks)
        self.position -= keep
        self._counted -= keep
        if self._start is not None:
            self._start = 0


def _decode_key(data: bytes) -> str:
    try:
        key = str(json.loads(data, strict=False))
        return key.encode("utf-8", "replace").decode()
    except ValueError:
        return data[1:-1].decode(errors="replace")
