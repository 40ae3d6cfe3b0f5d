"""Split lines into records: by lines that start and end one, blank lines, or repeated keys."""

from __future__ import annotations

import re
from collections.abc import Iterator
from io import BufferedIOBase
from itertools import chain, islice
from typing import Protocol

from indexer.catalogue.limits import Limits, suggest_raising
from indexer.catalogue.records import Chunk, Problem
from indexer.readers.text.lines import CORRUPT, read_lines
from indexer.readers.text.streaming import LimitExceeded

_LOOK_AHEAD = 5000
"""Lines that are read to find out what separates the records of a file."""
_FORM_FEED = b"\f"
_NEVER = "(?!)"
"""A pattern that matches nothing."""
_KEYS_IN_BLOCK = 1.5
"""Keys in a block between blank lines, on average, from which on a block can be a record."""


class Separator(Protocol):
    """A rule that says where the next record starts. It has the state of the open record."""

    def separates(self, line: bytes) -> bool:
        """Return whether a line does not belong to the open record."""

    def note(self, line: bytes) -> None:
        """Note that a line belongs to the open record."""

    def reset(self) -> None:
        """Note that no record is open."""


class StartLines:
    """A line that matches `start` starts a record, and so does the first tag after its end.

    `ends_at_blank`: a blank line ends a record without such a line. `is_needed` is false if the
    line also ends a record that another one started.
    """

    def __init__(self, start: str, *, ends_at_blank: bool, is_needed: bool = True) -> None:
        self._match = re.compile(start.encode()).match
        self._ends_at_blank = ends_at_blank
        self._has_start = self._initial = not is_needed

    def separates(self, line: bytes) -> bool:
        """Return whether a line starts the next record, or ends one that has no start line."""
        if self._has_start:
            return self._match(line) is not None
        return self._ends_at_blank and not line.strip()

    def note(self, line: bytes) -> None:
        """Note the start line of the open record."""
        self._has_start = self._has_start or self._match(line) is not None

    def reset(self) -> None:
        """Note that no record is open."""
        self._has_start = self._initial


class RepeatedKeys:
    """A record starts where its first key comes again, but not if it has several values.

    `heeds_blank`: after a blank line, any key of the record that comes again starts the next.
    """

    def __init__(self, tag: str, *, heeds_blank: bool) -> None:
        self._match = re.compile(tag.encode()).match
        self._heeds_blank = heeds_blank
        self.reset()

    def reset(self) -> None:
        """Note that no record is open."""
        self._keys: set[bytes] = set()
        self._first = self._last = b""
        self._is_after_blank = False

    def separates(self, line: bytes) -> bool:
        """Return whether a line starts the next record."""
        found = self._match(line)
        if not found:
            return False
        is_first = found[1] == self._first != self._last
        return is_first or (self._is_after_blank and found[1] in self._keys)

    def note(self, line: bytes) -> None:
        """Note the key of a line, or a blank line."""
        self._is_after_blank = self._heeds_blank and not line.strip()
        if found := self._match(line):
            self._last = found[1]
            self._first = self._first or self._last
            self._keys.add(self._last)


def choose_separator(tag: str, end: str, start: bytes) -> Separator:
    """Return what separates records of keys and values that have no line to start one.

    `start` is the start of the file. Form feeds separate if there are any, and else lines that end
    a record. A blank line does not if most blocks between blank lines start with the same key, or
    have one key.
    """
    if _FORM_FEED in start:
        return StartLines(_FORM_FEED.decode(), ends_at_blank=False, is_needed=False)
    if end and re.search(rb"(?m)^(?:%b)" % end.encode(), start):
        return StartLines(_NEVER, ends_at_blank=False)
    match = re.compile(tag.encode()).match
    blocks = [block.split(b"\n") for block in re.split(rb"\n(?:[ \t]*\n)+", start)]
    keys = [[found[1] for line in block if (found := match(line))] for block in blocks]
    keys = [block for block in keys if block]
    if sum(map(len, keys)) < _KEYS_IN_BLOCK * len(keys):
        return RepeatedKeys(tag, heeds_blank=False)
    first = sum(block[0] == keys[0][0] for block in keys)
    if len(keys) > 1 and first * 2 < len(keys):
        return StartLines(_NEVER, ends_at_blank=True)
    return RepeatedKeys(tag, heeds_blank=True)


def look_ahead(lines: Iterator[bytes | None]) -> tuple[bytes, Iterator[bytes | None]]:
    """Return the first lines as one text, and all lines."""
    first: list[bytes | None] = []
    failure: Exception | None = None
    try:
        first.extend(islice(lines, _LOOK_AHEAD))
    except (LimitExceeded, *CORRUPT) as error:
        failure = error
    text = b"\n".join(line for line in first if line is not None)
    return text, chain(first, _fail(failure), lines)


def _fail(failure: Exception | None) -> Iterator[bytes | None]:
    yield from ()
    if failure:
        raise failure


class _OpenRecord:
    """The record that is being read. `line` is its first line, from 1, or 0 before that."""

    def __init__(self, file: str, limits: Limits) -> None:
        self._file, self._limits = file, limits
        self.line = 0
        self._lines: list[bytes] = []
        self._size = 0

    def add(self, line: bytes | None, number: int) -> None:
        """Add a line. None is a line that is too large."""
        self.line = self.line or number
        self._size += self._limits.largest_line + 1 if line is None else len(line) + 1
        if line is not None and self._size <= self._limits.largest_line:
            self._lines.append(line)
        else:
            self._lines = []

    def close(self) -> Chunk | Problem:
        """Return the record, or a Problem if it is too large. Then no record is open."""
        line, size, self.line, self._size = self.line, self._size, 0, 0
        lines, self._lines = self._lines, []
        if size <= self._limits.largest_line:
            return Chunk(b"\n".join(lines).rstrip(), self._file, line)
        message = f"the record has more than {self._limits.largest_line} bytes"
        return Problem(self._file, line, message, suggest_raising("largest_line"))


class RecordLines:
    """Rules that split lines into records. All patterns match bytes at the start of a line.

    `tag`: a line with a tag. `start`: a line that starts a record. Without it, repeated keys and
    blank lines do. `end`: a line that ends a record. `ends_at_blank`: see StartLines. Lines between
    records that have no tag are ignored, because programs write their own notes there.
    """

    def __init__(self, tag: str, start: str, end: str, *, ends_at_blank: bool) -> None:
        self._tag, self._start, self._end = tag, start, end
        self._is_tag = re.compile(tag.encode()).match
        self._is_end = re.compile((end or _NEVER).encode()).match
        self._ends_at_blank = ends_at_blank

    def split(self, stream: BufferedIOBase, file: str, limits: Limits) -> Iterator[Chunk | Problem]:
        """Yield the records of a file, and a Problem for one that is too large."""
        line = count = 0
        try:
            lines = read_lines(stream, limits)
            separator: Separator = StartLines(self._start, ends_at_blank=self._ends_at_blank)
            if not self._start:
                first, lines = look_ahead(lines)
                separator = choose_separator(self._tag, self._end, first)
            for piece in self._split_lines(lines, separator, _OpenRecord(file, limits)):
                if count == limits.most_entries:
                    raise LimitExceeded(f"{count} records", "most_entries")
                count, line = count + 1, piece.line
                yield piece
        except LimitExceeded as error:
            yield error.describe(file, line)

    def _split_lines(
        self, lines: Iterator[bytes | None], separator: Separator, record: _OpenRecord
    ) -> Iterator[Chunk | Problem]:
        for number, line in enumerate(lines, 1):
            if line is None:
                record.add(None, number)
                if record.line == number:
                    yield record.close()
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
