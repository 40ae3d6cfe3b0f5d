"""Read the records of a stream of JSON one by one. At most one record is in memory.

The decoder of the standard library finds the end of each value. After a mistake, the next record
starts where the brackets of the broken one are closed, or on the next line that starts like it.
"""

from __future__ import annotations

import json
import re
from codecs import getincrementaldecoder
from collections.abc import Iterator
from typing import Any, NamedTuple

from indexer.catalogue.limits import Limits, suggest_raising
from indexer.catalogue.records import Problem
from indexer.readers.text.encodings import decode_text

ANY = "*"
"""In a path: every element of a list, or every value of an object."""

_DECODER = json.JSONDecoder(
    strict=False, parse_int=str, parse_float=str, parse_constant=lambda _: None
)
"""Numbers stay as they are written. Control characters in strings and NaN are accepted."""
_SPACE = re.compile(r"[\s,\x1e]*+")
_SCALAR = re.compile(r'[^\s,\[\]{}":]*+')
_OUTSIDE = re.compile(r'[^"{}\[\]\n]*+')
_INSIDE = re.compile(r'[^"\\\n]*+(?:\\.[^"\\\n]*+)*+', re.DOTALL)
_AFTER = re.compile(r"[ \t\r]*(?:[,:\]}\n]|\Z)")
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
_BAD_BYTE = re.compile("[\udc80-\udcff]")
_MAX_DEPTH = 50
"""Limit on the lists around records."""
_MAX_INDENT = 1_000
_MAX_PASSED = 1 << 14
_MIN_READ = 1 << 17
"""Minimum bytes per read. Larger reads decode fewer values twice."""


class Value(NamedTuple):
    """A record.

    `line`: its first line, from 1. `size`: its characters. `key`: its key in an object of records.
    """

    value: Any
    line: int
    size: int
    key: str = ""


class _End(Exception):
    """The file ends within a list or an object."""


def decode(text: str) -> Any:  # noqa: ANN401 any JSON value
    """Return a JSON value. Numbers stay text. Raise ValueError or RecursionError.

    A question mark replaces a lone surrogate, which no encoding has.
    """
    value = _DECODER.decode(text)
    if _SURROGATE.search(text):
        text = json.dumps(value, ensure_ascii=False)
        value = _DECODER.decode(text.encode("utf-8", "replace").decode())
    return value


def is_too_deep(value: object, source: str, limits: Limits) -> bool:
    """Return whether lists and objects of a JSON text are nested deeper than the limit."""
    brackets = source.count("[") + source.count("{")
    return brackets > limits.deepest and _is_deeper(value, limits.deepest)


def _is_deeper(value: object, max_depth: int) -> bool:
    if not isinstance(value, (dict, list)):
        return False
    children = value.values() if isinstance(value, dict) else value
    return max_depth == 0 or any(_is_deeper(child, max_depth - 1) for child in children)


def report_depth(file: str, line: int, limits: Limits) -> Problem:
    """Return the Problem of a record whose lists and objects are nested too deeply."""
    message = f"lists and objects are nested deeper than {limits.deepest}"
    return Problem(file, line, message, suggest_raising("deepest"))


def read_values(
    blocks: Iterator[bytes], path: tuple[str, ...], file: str, limits: Limits, max_chars: int = 0
) -> Iterator[Value | Problem]:
    """Yield the values at a path of a UTF-8 stream.

    A value that is not JSON, is nested too deeply, or has more than `max_chars` characters, by
    default `largest_line`, becomes a Problem.
    """
    window = _Window(blocks, file, limits, max_chars or limits.largest_line)
    try:
        while window.peek():
            yield from _walk(window, path, "", 0)
    except _End:
        if not window.is_cut:
            yield window.report("the file ends too early", "Create or copy the file again")


def _walk(
    window: _Window, path: tuple[str, ...], key: str, depth: int
) -> Iterator[Value | Problem]:
    """Yield the records in the value at the position, and move past it. Raise _End."""
    first = window.peek()
    if first == "[" and (not path or path[0] == ANY) and depth < _MAX_DEPTH:
        window.position += 1
        while window.peek_inside() != "]":
            yield from _walk(window, path[1:], "", depth + 1)
        window.position += 1
    elif first == "{" and path:
        window.position += 1
        while window.peek_inside() != "}":
            yield from _walk_member(window, path, depth)
        window.position += 1
    else:
        yield from window.take(key, is_record=not path)


def _walk_member(window: _Window, path: tuple[str, ...], depth: int) -> Iterator[Value | Problem]:
    [*problems, item] = window.take("")
    yield from (problem for problem in (*problems, item) if isinstance(problem, Problem))
    if window.peek_inside() != ":":
        if isinstance(item, Value):
            hint = "Correct the JSON there, or create the file again"
            yield window.report("a value in the object has no key", hint)
        return
    window.position += 1
    key = item.value if isinstance(item, Value) and isinstance(item.value, str) else ""
    # An object with records by key may also have a list of the keys.
    is_object = window.peek() == "{"
    if path[0] == key or (path[0] == ANY and (len(path) > 1 or is_object)):
        yield from _walk(window, path[1:], key if path[0] == ANY else "", depth + 1)
    else:
        yield from window.take("", is_record=False)


class _Window:
    """The part of the stream that is in memory, and the position in it."""

    def __init__(self, blocks: Iterator[bytes], file: str, limits: Limits, max_chars: int) -> None:
        self._blocks, self._file, self._limits, self._max_chars = blocks, file, limits, max_chars
        self._decoder = getincrementaldecoder("utf-8")("surrogateescape")
        self._text, self.position = "", 0
        self._line, self._counted = 1, 0
        self._indent = ""
        self.is_cut = False

    def report(self, message: str, hint: str) -> Problem:
        return Problem(self._file, self._count_line(), message, hint)

    def peek(self) -> str:
        """Move to the next value, key, or bracket. Return its first character, or "" at the end."""
        gap = ""
        while True:
            match = _SPACE.match(self._text, self.position)
            assert match
            self.position = match.end()
            gap = (gap + match[0])[-_MAX_INDENT:]
            if self.position < len(self._text) or not self._read():
                break
        if "\n" in gap:
            self._indent = gap.rpartition("\n")[2]
        return self._text[self.position : self.position + 1]

    def peek_inside(self) -> str:
        """Move to the next value, key, or bracket, and return its first character. Raise _End."""
        first = self.peek()
        if not first:
            raise _End
        return first

    def take(self, key: str, *, is_record: bool = True) -> Iterator[Value | Problem]:
        """Yield the value at the position, and a Problem if it was not usable. Move past it.

        If it is not a record, only yield a Problem if it is not JSON.
        """
        line = self._count_line()
        try:
            value, end = self._decode()
        except (json.JSONDecodeError, RecursionError) as error:
            yield from self._pass_broken(error, line, is_record=is_record)
            return
        source, self.position = self._text[self.position : end], end
        if not is_record:
            return
        if len(source) > self._max_chars:
            yield self._report_size(line)
            return
        if is_too_deep(value, source, self._limits):
            yield report_depth(self._file, line, self._limits)
            return
        if not source.isascii() and _BAD_BYTE.search(source):
            data = source.encode("utf-8", "surrogateescape")
            source, problem = decode_text(data, self._file, line)
            value = decode(source)
            if problem:
                yield problem
        elif "\\u" in source:
            value = decode(source)
        yield Value(value, line, len(source), key)

    def _decode(self) -> tuple[Any, int]:
        """Return the next value and its end. Raise RecursionError or JSONDecodeError."""
        while True:
            try:
                value, end = _DECODER.raw_decode(self._text, self.position)
            except json.JSONDecodeError:
                if len(self._text) - self.position > self._max_chars or not self._read():
                    raise
                continue
            # A number at the end of the window may go on.
            if end < len(self._text) or isinstance(value, (dict, list)) or not self._read():
                return value, end

    def _pass_broken(self, error: Exception, line: int, *, is_record: bool) -> Iterator[Problem]:
        """Move past the value at the position, which raised an error. Yield its Problem."""
        hint = "Correct the JSON there, or create the file again. The record was left out"
        problem = report_depth(self._file, line, self._limits)
        if isinstance(error, json.JSONDecodeError):
            at = line + self._text.count("\n", self.position, error.pos)
            message = f"the record is malformed in line {at}: {error.msg}"
            problem = Problem(self._file, line, message, hint)
        if self._skip() > self._max_chars:
            if is_record:
                yield self._report_size(line)
        elif self.is_cut:
            hint = "Create or copy the file again. This record was left out"
            yield Problem(self._file, line, "the file ends within a record", hint)
        else:
            yield problem
        if self.position > _MAX_PASSED:  # an error takes time for each character before it
            self._drop_passed()

    def _report_size(self, line: int) -> Problem:
        message = f"the record has more than {self._max_chars} characters"
        return Problem(self._file, line, message, suggest_raising("largest_line"))

    def _skip(self) -> int:
        """Move past the value at the position, which can't be decoded. Return its characters."""
        size, depth, is_string = 0, 0, False
        while True:
            pattern = _INSIDE if is_string else _OUTSIDE if depth else _SCALAR
            match = pattern.match(self._text, self.position)
            assert match
            size += match.end() - self.position
            self.position = match.end()
            # A backslash at the end of the window escapes a character that is not read yet.
            rest = len(self._text) - self.position
            if not rest or (rest == 1 and self._text.endswith("\\")):
                if self._read():
                    continue
                self.position, self.is_cut = len(self._text), depth > 0 or is_string
                return size
            first = self._text[self.position]
            if not depth and not is_string and size and first not in '"{[':
                return size
            self.position += 1
            size += 1
            if first == '"':
                is_string = not is_string
            elif first == "\n":
                is_string = False
                if self._starts_record():
                    return size
            else:
                depth += 1 if first in "{[" else -1
            if depth <= 0 and not is_string:
                if _AFTER.match(self._text, self.position):
                    return size
                depth = 1  # a quotation mark is missing

    def _starts_record(self) -> bool:
        """Return whether the next line starts like the one on which the broken record started."""
        start = self._indent + "{"
        while len(self._text) - self.position < len(start) and self._read():
            pass
        return self._text.startswith(start, self.position)

    def _count_line(self) -> int:
        self._line += self._text.count("\n", self._counted, self.position)
        self._counted = self.position
        return self._line

    def _read(self) -> bool:
        """Add bytes to the window, and drop what is passed. Return whether there were any."""
        parts, size = list[bytes](), 0
        least = max(_MIN_READ, len(self._text) - self.position)
        while size < least and (block := next(self._blocks, None)) is not None:
            parts.append(block)
            size += len(block)
        text = self._decoder.decode(b"".join(parts), final=not parts)
        if not text and not parts:
            return False
        self._drop_passed()
        self._text += text
        return True

    def _drop_passed(self) -> None:
        self._count_line()
        self._text = self._text[self.position :]
        self.position = self._counted = 0
