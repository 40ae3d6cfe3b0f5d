"""Split delimited text into records, and records into fields.

A quoted field may contain delimiters and line breaks. A quotation mark closes a field only before a
delimiter or the end of a line, so that unescaped quotation marks in a field are harmless. An
opening mark that is never closed is plain text. Then the lines after it are separate records.
"""

from __future__ import annotations

import re
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import islice
from typing import NamedTuple

import msgspec

_Line = tuple[int, bytes | None]
_MAX_RESCANNED_LINES = 200_000
"""Limit on the lines of a file that are read again after unclosed quotation marks. Bounds time."""
_MAX_RESCANNED_CHARS = 1_000_000
"""Limit on the characters of a record that are searched again, for the same reason."""
_MIN_ROWS = 5
"""Minimum lines in quotation marks that can be separate records, if they form a record too."""
_SAMPLE_ROWS = 20
"""Limit on the lines in quotation marks that are inspected to find out if they are records."""


class Dialect(msgspec.Struct, frozen=True):
    """The syntax of delimited records.

    `delimiter`: a single character; NUL if the records have one field. `has_escapes`: a backslash
    escapes a quotation mark in a field. `is_wrapped`: each whole record is quoted too. Some
    spreadsheet programs write such files.
    """

    delimiter: str
    quote: str = '"'
    has_escapes: bool = False
    is_wrapped: bool = False


class Record(NamedTuple):
    """A record of a file.

    `line`: its first line, from 1. `data`: its bytes, or None if it is too long. `is_open`: a
    quotation mark in it is not closed.
    """

    line: int
    data: bytes | None
    is_open: bool = False


class _Patterns(NamedTuple):
    field: re.Pattern[str]
    opening: re.Pattern[bytes]
    rest: re.Pattern[bytes]


@lru_cache(maxsize=32)
def _compile(dialect: Dialect) -> _Patterns:
    mark, delimiter = re.escape(dialect.quote), re.escape(dialect.delimiter)
    plain, escaped = (rf"[^{mark}\\]", r"\\.|") if dialect.has_escapes else (f"[^{mark}]", "")
    content = rf"(?:{plain}++|{escaped}{mark}{mark}|{mark}(?! *(?:{delimiter}|\n|\Z)))*+"
    return _Patterns(
        re.compile(rf" *{mark}({content}){mark} *(?:({delimiter})|\Z)", re.DOTALL),
        re.compile(rf"(?:\A|{delimiter}) *{mark}".encode()),
        re.compile(f"{content}{mark}".encode(), re.DOTALL),
    )


def split_fields(text: str, dialect: Dialect, width: int = 0) -> list[str]:
    """Return the fields of a record without quotation marks, but with the white space around them.

    `width`: the usual number of fields, or 0 if unknown. If the record has this width only with
    quotation marks as plain text, as in files without quoting, they are plain text.
    """
    delimiter, mark = dialect.delimiter, dialect.quote
    if dialect.is_wrapped and text[:1] == mark == text[-1:]:
        text = text[1:-1].replace(mark + mark, mark)
    if mark not in text:
        return text.split(delimiter)
    fields = _split_quoted(text, dialect)
    if width and len(fields) != width and text.count(delimiter) == width - 1:
        return [_strip_marks(field, dialect) for field in text.split(delimiter)]
    return fields


def _strip_marks(field: str, dialect: Dialect) -> str:
    trimmed, mark = field.strip(" "), dialect.quote
    is_quoted = len(trimmed) > 1 and trimmed[0] == mark == trimmed[-1] and mark not in trimmed[1:-1]
    return trimmed[1:-1] if is_quoted else field


def _split_quoted(text: str, dialect: Dialect) -> list[str]:
    delimiter, mark = dialect.delimiter, dialect.quote
    pattern, fields, position, failures = _compile(dialect).field, list[str](), 0, 0
    while failures * len(text) <= _MAX_RESCANNED_CHARS:
        if text[position : position + 1] in {mark, " "}:
            if match := pattern.match(text, position):
                fields.append(_unescape(match[1], dialect))
                position = match.end()
                if not match[2]:
                    return fields
                continue
            failures += 1
        end = text.find(delimiter, position)
        if end < 0:
            return [*fields, text[position:]]
        fields.append(text[position:end])
        position = end + 1
    return fields + text[position:].split(delimiter)


def _unescape(text: str, dialect: Dialect) -> str:
    mark = dialect.quote
    if dialect.has_escapes and "\\" in text:
        text = text.replace(f"\\{mark}", mark)
    return text.replace(mark + mark, mark)


def split_records(
    lines: Iterable[_Line], dialect: Dialect, max_bytes: int, width: int = 0
) -> Iterator[Record]:
    """Yield the records of a file. A blank line is a record without bytes.

    `width`: the usual number of fields, or 0 if unknown. Lines with this width are not joined.
    """
    return iter(_RecordSplitter(lines, dialect, max_bytes, width))


class _RecordSplitter:
    """Splits the lines of a file into records. `_pending` has lines that are read again."""

    def __init__(
        self, lines: Iterable[_Line], dialect: Dialect, max_bytes: int, width: int
    ) -> None:
        self._lines, self._pending = iter(lines), deque[_Line]()
        self._dialect, self._max_bytes, self._width = dialect, max_bytes, width
        self._mark, self._patterns = dialect.quote.encode(), _compile(dialect)
        self._rescanned = 0

    def _take(self) -> _Line | None:
        return self._pending.popleft() if self._pending else next(self._lines, None)

    def __iter__(self) -> Iterator[Record]:
        while numbered_line := self._take():
            number, line = numbered_line
            if line is None or self._mark not in line or not self._ends_open(line, is_open=False):
                yield Record(number, line)
            else:
                yield self._join(number, line)

    def _ends_open(self, line: bytes, is_open: bool) -> bool:
        """Return whether a quoted field continues on the next line."""
        position = 0
        while True:
            if is_open:
                match = self._patterns.rest.match(line, position)
            else:
                match = self._patterns.opening.search(line, position)
            if not match:
                return is_open
            position, is_open = match.end(), not is_open

    def _join(self, number: int, line: bytes) -> Record:
        """Return the record that starts at a line with an unclosed quotation mark."""
        parts, size, is_open = [line], len(line), True
        while is_open and size <= self._max_bytes and (next_line := self._take()):
            if next_line[1] is None:
                self._pending.appendleft(next_line)
                break
            parts.append(next_line[1])
            size += len(next_line[1]) + 1
            is_open = self._ends_open(next_line[1], is_open=True)
        data = b"\n".join(parts)
        is_wrong = is_open or (self._width > 0 and self._count(data) != self._width)
        if self._rescanned < _MAX_RESCANNED_LINES and self._are_records(parts, is_wrong):
            self._rescanned += len(parts)
            self._pending.extendleft(reversed([*enumerate(parts[1:], number + 1)]))
            return Record(number, line, is_open=True)
        if size > self._max_bytes:
            self._skip_rest(is_open)
            return Record(number, None)
        return Record(number, data, is_open)

    def _skip_rest(self, is_open: bool) -> None:
        while is_open and (next_line := self._take()):
            is_open = self._ends_open(next_line[1] or b"", is_open=True)

    def _are_records(self, parts: list[bytes], is_wrong: bool) -> bool:
        """Return whether the joined lines are separate records of the usual width.

        `is_wrong`: together, they do not have this width. Then most of the lines must have it,
        otherwise all of at least _MIN_ROWS lines.
        """
        sample = [line for line in islice(parts, _SAMPLE_ROWS) if line.strip()]
        widths = Counter(map(self._count, sample))
        width, rows = widths.most_common(1)[0]
        if width < 2 or width != (self._width or width):
            return False
        return 2 * rows > len(sample) if is_wrong else rows == len(sample) >= _MIN_ROWS

    def _count(self, data: bytes) -> int:
        return len(split_fields(data.decode("latin-1"), self._dialect))
