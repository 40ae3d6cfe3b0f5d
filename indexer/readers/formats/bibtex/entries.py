"""Split a BibTeX file into entries by counting braces."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from indexer.catalogue.limits import Limits, suggest_raising
from indexer.catalogue.records import Problem

_OPENING = re.compile(rb"[ \t,;]*@[ \t]*([A-Za-z][\w-]*)[ \t]*([{(]|$)")
_NEXT = re.compile(rb"[ \t]*@[ \t]*[A-Za-z][\w-]*[ \t]*[{(][ \t]*[^\s,{}()\"=#%]+[ \t]*,")
"""The first line of an entry. Inside another entry, it shows that this one lacks a brace."""
_FIELD = re.compile(rb"[ \t,]*[A-Za-z][\w-]*[ \t]*=[ \t]*[{\"\d]")
"""A field. After an entry, it shows that an extra brace closed the entry too early."""
_BRACE = re.compile(rb"[{}]")
_PAREN = re.compile(rb"\\\"|[{}()\"]")


class RawEntry(NamedTuple):
    """The bytes of an entry, and its first line. `kind` is its type in lowercase."""

    kind: bytes
    data: bytes
    line: int


class _OpenEntry:
    """The entry that is being read. `is_closed`: its closing bracket was read."""

    def __init__(self, kind: bytes, bracket: bytes, line: int) -> None:
        self.kind, self.line = kind.lower(), line
        self.is_closed = False
        self.size = 0
        self.lines: list[bytes] = []
        self._is_in_parens = bracket == b"("
        self._depth = 0
        self._is_quoted = False

    def feed(self, line: bytes, limits: Limits) -> bytes:
        """Add a line. Return the text after the end of the entry."""
        end = self._find_end(line)
        self.is_closed = end >= 0
        part = line[:end] if self.is_closed else line
        self.size += len(part) + 1
        self.lines.append(part)
        if self.size > limits.largest_line:
            self.lines = []
        return line[end:] if self.is_closed else b""

    def reopen(self) -> None:
        """Continue the entry after a brace that closed it too early."""
        self._depth, self.is_closed = 1, False

    def _find_end(self, line: bytes) -> int:
        """Return where the entry ends in a line, or -1."""
        if self._is_in_parens:
            return self._find_paren(line)
        closing = line.count(b"}")
        if self._depth > closing:
            self._depth += line.count(b"{") - closing
            return -1
        for brace in _BRACE.finditer(line):
            self._depth += 1 if brace[0] == b"{" else -1
            if self._depth <= 0:
                return brace.end()
        return -1

    def _find_paren(self, line: bytes) -> int:
        for mark in _PAREN.finditer(line):
            char = mark[0]
            if char == b"{":
                self._depth += 1
            elif char == b"}":
                self._depth -= 1
            elif char == b'"' and self._depth == 0:
                self._is_quoted = not self._is_quoted
            elif char == b")" and self._depth == 0 and not self._is_quoted:
                return mark.end()
        return -1


def split_entries(
    lines: Iterator[bytes | None], file: str, limits: Limits
) -> Iterator[RawEntry | Problem]:
    """Yield the entries of a file, and a Problem for an entry that is too large or not closed.

    BibTeX treats text between entries as a comment.
    """
    splitter = _Splitter(file, limits)
    for number, line in enumerate(lines, 1):
        if line is None:
            yield from splitter.drop(number)
        else:
            yield from splitter.feed(line, number)
    yield from splitter.finish()


class _Splitter:
    """Splits lines into entries. A closed entry can be reopened until the next line with text."""

    def __init__(self, file: str, limits: Limits) -> None:
        self._file, self._limits = file, limits
        self._entry: _OpenEntry | None = None

    def drop(self, number: int) -> Iterator[RawEntry | Problem]:
        """Yield a Problem for a line that is too large. Discard the entry around it."""
        if self._entry and self._entry.is_closed:
            yield from self.finish()
        line = self._entry.line if self._entry else number
        self._entry = None
        yield _make_size_problem(self._file, line, self._limits)

    def feed(self, line: bytes, number: int) -> Iterator[RawEntry | Problem]:
        """Add a line. Yield the entries that end before it or in it."""
        if self._entry:
            if not self._entry.is_closed:
                if self._entry.kind != b"comment" and _NEXT.match(line):
                    yield from self.finish()
                else:
                    line = self._entry.feed(line, self._limits)
            elif _FIELD.match(line):
                self._entry.reopen()
                line = self._entry.feed(line, self._limits)
            elif line.strip():
                yield from self.finish()
        while opening := _OPENING.match(line):
            yield from self.finish()
            self._entry = _OpenEntry(opening[1], opening[2], number)
            line = self._entry.feed(line[line.index(b"@") :], self._limits)

    def finish(self) -> Iterator[RawEntry | Problem]:
        """Yield the open entry, and a Problem if its closing bracket is missing."""
        entry, self._entry = self._entry, None
        if not entry:
            return
        if entry.size > self._limits.largest_line:
            yield _make_size_problem(self._file, entry.line, self._limits)
            return
        yield RawEntry(entry.kind, b"\n".join(entry.lines).rstrip(), entry.line)
        if not entry.is_closed:
            hint = "Add the missing brace. As much of the entry as possible was read"
            yield Problem(self._file, entry.line, "the entry is not closed", hint)


def _make_size_problem(file: str, line: int, limits: Limits) -> Problem:
    message = f"the entry has more than {limits.largest_line} bytes"
    return Problem(file, line, message, suggest_raising("largest_line"))
