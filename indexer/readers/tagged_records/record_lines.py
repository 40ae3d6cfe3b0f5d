"""Split lines into records: at start lines, end lines, blank lines, or repeated keys."""

from __future__ import annotations

import re
from collections.abc import Iterator

from indexer.readers.text.streaming import peek

_LOOK_AHEAD = 5000
"""Lines at the start of a file by which its separator is chosen."""
_FORM_FEED = b"\f"
_NEVER = "(?!)"
"""A regular expression that matches nothing."""
_KEYS_IN_BLOCK = 1.5
"""Minimum keys per block between blank lines, on average, if each block is a record."""


class StartLines:
    """Separates records by the lines that match `start`.

    The first line with a tag after the end of a record starts one too. `ends_at_blank`: a blank
    line ends a record that has no start line. `is_needed`: a start line separates only if the open
    record has a start line.

    `has_start`: only a start line separates from the open record, so no other line needs `note`.
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

    has_start = False

    def __init__(self, tag: str, *, heeds_blank: bool) -> None:
        self._match = re.compile(tag.encode()).match
        self._heeds_blank = heeds_blank
        self._keys, self._first, self._last = set[bytes](), b"", b""
        self._is_after_blank = False

    def separates(self, line: bytes) -> bool:
        """Return whether a line starts the next record."""
        if not (match := self._match(line)):
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

    def reset(self) -> None:
        """Forget the open record."""
        self._keys, self._first, self._last = set(), b"", b""
        self._is_after_blank = False


def _choose_separator(tag: str, end: str, head: bytes) -> StartLines | RepeatedKeys:
    """Return the separator of records without start lines, by the start of the file.

    The choice is: form feeds, if the file has any; end lines, if it has any; repeated keys, if most
    blocks between blank lines start with the same key or have one key; else blank lines.
    """
    if _FORM_FEED in head:
        return StartLines(_FORM_FEED.decode(), ends_at_blank=False, is_needed=False)
    if end and re.search(rb"(?m)^(?:%b)" % end.encode(), head):
        return StartLines(_NEVER, ends_at_blank=False)
    match_tag = re.compile(tag.encode()).match
    blocks = [block.split(b"\n") for block in re.split(rb"\n(?:[ \t]*\n)+", head)]
    keys = [[match[1] for line in block if (match := match_tag(line))] for block in blocks]
    keys = [block for block in keys if block]
    if sum(map(len, keys)) < _KEYS_IN_BLOCK * len(keys):
        return RepeatedKeys(tag, heeds_blank=False)
    first = sum(block[0] == keys[0][0] for block in keys)
    if len(keys) > 1 and first * 2 < len(keys):
        return StartLines(_NEVER, ends_at_blank=True)
    return RepeatedKeys(tag, heeds_blank=True)


class RecordLines:
    """Splits lines into records. The regular expressions match bytes at the start of a line.

    `tag`: a line with a tag. `start`: a line that starts a record; if it is empty, the start of the
    file decides. `end`: a line that ends a record. `ends_at_blank`: see StartLines. Between
    records, lines without a tag are ignored, because programs write notes there.
    """

    def __init__(self, tag: str, start: str, end: str, *, ends_at_blank: bool) -> None:
        self._tag, self._start, self._end = tag, start, end
        self._is_tag = re.compile(tag.encode()).match
        self._is_end = re.compile((end or _NEVER).encode()).match
        boundary = f"(?:{start or _FORM_FEED.decode()})|(?:{end or _NEVER})"
        self._is_boundary = re.compile(boundary.encode()).match
        self._ends_at_blank = ends_at_blank

    def split(
        self, lines: Iterator[bytes | None], max_bytes: int
    ) -> Iterator[tuple[int, bytes | None]]:
        """Yield the number of the first line of each record, from 1, and its bytes.

        They are None for a record of more than `max_bytes` bytes. A line is None if it is too long.
        """
        first, lines = peek(lines, 0 if self._start else _LOOK_AHEAD, lambda _: 1)
        head = b"\n".join(line for line in first if line is not None)
        separator = (
            StartLines(self._start, ends_at_blank=self._ends_at_blank)
            if self._start
            else _choose_separator(self._tag, self._end, head)
        )
        is_boundary, is_end = self._is_boundary, self._is_end
        record, start, size = list[bytes](), 0, 0
        for number, line in enumerate(lines, 1):
            if line is None:
                if start:
                    size += max_bytes + 1
                else:
                    yield number, None
                continue
            if not (start and separator.has_start) or is_boundary(line):
                ends = is_end(line)
                if start and (ends or separator.separates(line)):
                    yield start, b"\n".join(record) if size <= max_bytes else None
                    record, start, size = [], 0, 0
                    separator.reset()
                if ends or not (start or self._is_tag(line.lstrip(_FORM_FEED))):
                    continue
                separator.note(line)
            start = start or number
            size += len(line) + 1
            if size <= max_bytes:
                record.append(line)
        if start:
            yield start, b"\n".join(record) if size <= max_bytes else None
