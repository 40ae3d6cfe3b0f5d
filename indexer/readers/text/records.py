"""Split the lines of a text file into records: at start lines, end lines, or repeated keys."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BufferedIOBase
from itertools import groupby
from typing import NamedTuple

from indexer.catalogue.limits import Limits, suggest_raising
from indexer.catalogue.records import Problem
from indexer.readers.text.encodings import decode_text, read_lines
from indexer.readers.text.streaming import peek

_LOOK_AHEAD = 5000
"""Lines at the start of a file by which the ends of records without a start line are chosen."""
_FORM_FEED = b"\f"
_NEVER = "(?!)"
"""A regular expression that matches nothing."""
_KEYS_IN_BLOCK = 1.5
"""Minimum keys per block between blank lines, on average, if each block is a record."""


class _Ends(NamedTuple):
    """Where a record without a start line ends, except at an end line.

    `blank`: at a blank line. `repeated`: where its first key repeats, which may have several values
    in a row. `again`: after a blank line, at any key that the record has.
    """

    blank: bool = False
    repeated: bool = False
    again: bool = False


@dataclass(slots=True)
class _Record:
    """The lines of a record, its bytes, and the number of its first line: 0 between records."""

    line: int = 0
    lines: list[bytes] = field(default_factory=list)
    size: int = 0
    has_start: bool = False
    keys: set[bytes] = field(default_factory=set)
    first_key: bytes = b""
    last_key: bytes = b""
    is_after_blank: bool = False


class RecordLines:
    """Splits lines into records. The regular expressions match bytes at the start of a line.

    `tag`: a line with a tag. `start`: a line that starts a record; if it is empty, the start of the
    file decides. `end`: a line that ends a record. `ends_at_blank`: a blank line ends a record that
    has no start line.

    A start line separates only if the open record has a start line. The first line with a tag after
    the end of a record starts one too. Between records, lines without a tag are ignored, because
    programs write notes there.
    """

    def __init__(
        self, tag: str, start: str = "", end: str = "", *, ends_at_blank: bool = False
    ) -> None:
        self._match_tag = re.compile(tag.encode()).match
        self._is_end = re.compile((end or _NEVER).encode()).match
        self._has_starts = bool(start)
        self._is_start = re.compile(start.encode() or _FORM_FEED).match
        self._is_boundary = re.compile(f"(?:{start})|(?:{end or _NEVER})".encode()).match
        self._ends = _Ends(blank=ends_at_blank)

    def read(
        self, stream: BufferedIOBase, file: str, limits: Limits
    ) -> Iterator[tuple[int, str] | Problem]:
        """Yield the number of the first line of each record, from 1, and its text.

        A line of more than `largest_line` bytes is left out of its record, and a record that is
        larger is left out. Each is a Problem.
        """
        lines, ends = read_lines(stream, limits), self._ends
        if not self._has_starts:
            first, lines = peek(lines, _LOOK_AHEAD, lambda _: 1)
            ends = self._choose_ends([line for line in first if line is not None])
        record, largest, is_boundary = _Record(), limits.largest_line, self._is_boundary
        for number, line in enumerate(lines, 1):
            if line is None:
                message = f"the line has more than {largest} bytes"
                yield Problem(file, number, message, suggest_raising("largest_line"))
                continue
            if not record.has_start or is_boundary(line):  # not most lines
                is_end = self._is_end(line)
                if record.line and (is_end or self._separates(line, record, ends)):
                    yield from _decode(record, file, limits)
                    record = _Record()
                if is_end or not (record.line or self._match_tag(line.lstrip(_FORM_FEED))):
                    continue
                self._note(line, record, ends)
            record.line = record.line or number
            record.size += len(line) + 1
            if record.size <= largest:
                record.lines.append(line)
        if record.line:
            yield from _decode(record, file, limits)

    def _separates(self, line: bytes, record: _Record, ends: _Ends) -> bool:
        if record.has_start == self._has_starts and self._is_start(line):
            return True
        if not line.strip():
            return ends.blank and not record.has_start
        if not ends.repeated or not (match := self._match_tag(line)):
            return False
        is_first = match[1] == record.first_key != record.last_key
        return is_first or (record.is_after_blank and match[1] in record.keys)

    def _note(self, line: bytes, record: _Record, ends: _Ends) -> None:
        """Note what a line says about where the record ends."""
        if self._has_starts:
            record.has_start = record.has_start or self._is_start(line) is not None
            return
        record.is_after_blank = ends.again and not line.strip()
        if match := self._match_tag(line):
            record.last_key = match[1]
            record.first_key = record.first_key or match[1]
            record.keys.add(match[1])

    def _choose_ends(self, lines: list[bytes]) -> _Ends:
        """Return where the records of a file without start lines end, by its first lines.

        They end at form feeds or end lines, if there are any. They end where keys repeat, if most
        blocks between blank lines start with the same key or have one key, and else at blank lines.
        """
        if any(_FORM_FEED in line or self._is_end(line) for line in lines):
            return _Ends()
        blocks = [
            [match[1] for line in block if (match := self._match_tag(line))]
            for _, block in groupby(lines, lambda line: not line.strip())
        ]
        blocks = [keys for keys in blocks if keys]
        if sum(map(len, blocks)) < _KEYS_IN_BLOCK * len(blocks):
            return _Ends(repeated=True)
        if 2 * sum(keys[0] == blocks[0][0] for keys in blocks) < len(blocks):
            return _Ends(blank=True)
        return _Ends(repeated=True, again=True)


def _decode(record: _Record, file: str, limits: Limits) -> Iterator[tuple[int, str] | Problem]:
    if record.size > limits.largest_line:
        message = f"the record has more than {limits.largest_line} bytes"
        yield Problem(file, record.line, message, suggest_raising("largest_line"))
        return
    text, problem = decode_text(b"\n".join(record.lines), file, record.line)
    if problem:
        yield problem
    yield record.line, text
