"""Split lines into records: at start lines, end lines, blank lines, or repeated keys."""

from __future__ import annotations

import re
from collections.abc import Iterator
from io import BufferedIOBase
from typing import Protocol

from indexer.catalogue.limits import Limits, suggest_raising
from indexer.catalogue.records import Problem
from indexer.readers.chunks import Chunk
from indexer.readers.text.lines import read_lines
from indexer.readers.text.streaming import peek

_LOOK_AHEAD = 5000
"""Lines at the start of a file by which its separator is chosen."""
_FORM_FEED = b"\f"
_NEVER = "(?!)"
"""A regular expression that matches nothing."""
_KEYS_IN_BLOCK = 1.5
"""Minimum keys per block between blank lines, on average, if each block is a record."""


class Separator(Protocol):
    """A rule that determines where the next record starts. It has the state of the open record.

    `has_start`: only a start line separates from the open record, and no line changes the state.
    """

    has_start: bool

    def separates(self, line: bytes) -> bool:
        """Return whether a line does not belong to the open record."""

    def note(self, line: bytes) -> None:
        """Add a line to the state of the open record."""

    def reset(self) -> None:
        """Forget the open record."""


class StartLines:
    """Separates records by the lines that match `start`.

    The first line with a tag after the end of a record starts one too. `ends_at_blank`: a blank
    line ends a record that has no start line. `is_needed`: a start line separates only if the open
    record has a start line.
    """

    def __init__(self, start: str, *, ends_at_blank: bool, is_needed: bool = True) -> None:
        self._match = re.compile(start.encode()).match
        self._ends_at_blank = ends_at_blank
        self.has_start = self._initial = not is_needed

    def separates(self, line: bytes) -> bool:
        """Return whether a line starts the next record, or ends a record without a start line."""
        if self.has_start:
            return self._match(line) is not None
        return self._ends_at_blank and not line.strip()

    def note(self, line: bytes) -> None:
        """Record whether the open record has a start line."""
        self.has_start = self.has_start or self._match(line) is not None

    def reset(self) -> None:
        """Forget the open record."""
        self.has_start = self._initial


class RepeatedKeys:
    """Separates records by their first key: its next occurrence starts the next record.

    The first key may have several values in a row. `heeds_blank`: after a blank line, every key
    that the record already has starts the next record.
    """

    def __init__(self, tag: str, *, heeds_blank: bool) -> None:
        self._match = re.compile(tag.encode()).match
        self._heeds_blank = heeds_blank
        self.has_start = False
        self.reset()

    def reset(self) -> None:
        """Forget the open record."""
        self._keys: set[bytes] = set()
        self._first = self._last = b""
        self._is_after_blank = False

    def separates(self, line: bytes) -> bool:
        """Return whether a line starts the next record."""
        match = self._match(line)
        if not match:
            return False
        is_first = match[1] == self._first != self._last
        return is_first or (self._is_after_blank and match[1] in self._keys)

    def note(self, line: bytes) -> None:
        """Record the key of a line, or that the line is blank."""
        self._is_after_blank = self._heeds_blank and not line.strip()
        if match := self._match(line):
            self._last = match[1]
            self._first = self._first or self._last
            self._keys.add(self._last)


def choose_separator(tag: str, end: str, start: bytes) -> Separator:
    """Return the separator of records without start lines.

    `start` is the start of the file. The choice is: form feeds, if the file has any; end lines, if
    it has any; repeated keys, if most blocks between blank lines start with the same key or have
    one key; else blank lines.
    """
    if _FORM_FEED in start:
        return StartLines(_FORM_FEED.decode(), ends_at_blank=False, is_needed=False)
    if end and re.search(rb"(?m)^(?:%b)" % end.encode(), start):
        return StartLines(_NEVER, ends_at_blank=False)
    match_tag = re.compile(tag.encode()).match
    blocks = [block.split(b"\n") for block in re.split(rb"\n(?:[ \t]*\n)+", start)]
    keys = [[match[1] for line in block if (match := match_tag(line))] for block in blocks]
    keys = [block for block in keys if block]
    if sum(map(len, keys)) < _KEYS_IN_BLOCK * len(keys):
        return RepeatedKeys(tag, heeds_blank=False)
    first = sum(block[0] == keys[0][0] for block in keys)
    if len(keys) > 1 and first * 2 < len(keys):
        return StartLines(_NEVER, ends_at_blank=True)
    return RepeatedKeys(tag, heeds_blank=True)


class _OpenRecord:
    """The record that is being read. `line` is its first line, from 1, or 0 if it has no lines."""

    def __init__(self, file: str, limits: Limits) -> None:
        self._file, self._limits, self._max_bytes = file, limits, limits.largest_line
        self.line = 0
        self._lines: list[bytes] = []
        self._size = 0

    def add(self, line: bytes | None, number: int) -> None:
        """Add a line. None is a line that is too long."""
        self.line = self.line or number
        self._size += self._max_bytes + 1 if line is None else len(line) + 1
        if line is not None and self._size <= self._max_bytes:
            self._lines.append(line)
        else:
            self._lines = []

    def close(self) -> Chunk | Problem:
        """Return the record, or a Problem if it is too large. Reset to no record."""
        line, size, self.line, self._size = self.line, self._size, 0, 0
        lines, self._lines = self._lines, []
        if size <= self._limits.largest_line:
            return Chunk(b"\n".join(lines).rstrip(), self._file, line)
        message = f"the record has more than {self._limits.largest_line} bytes"
        return Problem(self._file, line, message, suggest_raising("largest_line"))


class RecordLines:
    """Splits lines into records. The regular expressions match bytes at the start of a line.

    `tag`: a line with a tag. `start`: a line that starts a record; if it is empty, see
    choose_separator. `end`: a line that ends a record. `ends_at_blank`: see StartLines. Between
    records, lines without a tag are ignored, because programs write notes there.
    """

    def __init__(self, tag: str, start: str, end: str, *, ends_at_blank: bool) -> None:
        self._tag, self._start, self._end = tag, start, end
        self._is_tag = re.compile(tag.encode()).match
        self._is_end = re.compile((end or _NEVER).encode()).match
        self._is_boundary = re.compile(
            f"(?:{start or _FORM_FEED.decode()})|(?:{end or _NEVER})".encode()
        ).match
        self._ends_at_blank = ends_at_blank

    def split(self, stream: BufferedIOBase, file: str, limits: Limits) -> Iterator[Chunk | Problem]:
        """Yield the records of a file, and a Problem for each record that is too large."""
        lines = read_lines(stream, limits)
        separator: Separator = StartLines(self._start, ends_at_blank=self._ends_at_blank)
        if not self._start:
            first, lines = peek(lines, _LOOK_AHEAD, lambda _: 1)
            start = b"\n".join(line for line in first if line is not None)
            separator = choose_separator(self._tag, self._end, start)
        yield from self._split_lines(lines, separator, _OpenRecord(file, limits))

    def _split_lines(
        self, lines: Iterator[bytes | None], separator: Separator, record: _OpenRecord
    ) -> Iterator[Chunk | Problem]:
        is_boundary = self._is_boundary
        for number, line in enumerate(lines, 1):
            if line is None:
                record.add(None, number)
                if record.line == number:
                    yield record.close()
                continue
            if record.line and separator.has_start and not is_boundary(line):
                record.add(line, number)
                continue
            is_end = self._is_end(line)
            if record.line and (is_end or separator.separates(line)):
                yield record.close()
                separator.reset()
            if is_end is None and (record.line or self._is_tag(line.lstrip(_FORM_FEED))):
                separator.note(line)
                record.add(line, number)
        if record.line:
            yield record.close()
