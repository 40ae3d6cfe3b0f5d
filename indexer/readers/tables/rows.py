"""Split delimited text into rows with the `csv` module, and mend rows with broken quotation marks.

A quotation mark that is never closed costs at most its own row: the lines after it are rows again.
"""

import csv
import re
import sys
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from typing import NamedTuple

csv.field_size_limit(sys.maxsize)  # of the whole process; `split_rows` has its own limit

Line = tuple[int, str | None]
"""A line without its line break, and its number from 1. The text is None if it is too long."""
_MAX_REREAD_LINES = 200_000
"""Limit on the lines of a file that are read again after unclosed marks. Bounds the time."""
_MIN_ROWS = 5
"""Minimum lines in quotation marks that can be separate rows, if they form a row too."""
_SAMPLE_ROWS = 20
"""Limit on the lines in quotation marks that are inspected to find out if they are rows."""


class Dialect(NamedTuple):
    """The syntax of delimited rows.

    `delimiter`: a single character; NUL if the rows have one cell. `has_escapes`: a backslash
    escapes a quotation mark in a cell. `is_wrapped`: each whole row is quoted too. Some spreadsheet
    programs write such files.
    """

    delimiter: str
    quote: str = '"'
    has_escapes: bool = False
    is_wrapped: bool = False

    def parse(self, lines: Iterable[str], *, strict: bool = False) -> Iterator[list[str]]:
        """Return a reader of the cells of rows. If `strict`, it may raise csv.Error."""
        return csv.reader(
            lines, delimiter=self.delimiter, quotechar=self.quote, skipinitialspace=True,
            strict=strict,
        )  # fmt: skip


class Row(NamedTuple):
    """A row: its first line, and its cells, or None if it is too long.

    `is_open`: a quotation mark in it is not closed.
    """

    line: int
    cells: list[str] | None
    is_open: bool = False


class _Lines:
    """The lines of a file, for the `csv` module.

    `taken` contains those since `start`. They end if they have more than `max_chars` characters, or
    after one line if too many lines were read again. `is_full`: they are too long for a row.
    """

    def __init__(self, lines: Iterable[Line], max_chars: int) -> None:
        self._again = deque[Line]()
        self._lines, self._max_chars, self._reread = iter(lines), max_chars, 0
        self.start()

    def start(self) -> None:
        self.taken, self.is_full = list[tuple[int, str]](), False
        self._left = self._max_chars + 1

    def give_back(self, lines: list[tuple[int, str]]) -> None:
        self._again.extendleft(reversed(lines))
        self._reread += max(0, len(lines) - 1)

    def skip_quoted(self, mark: str) -> None:
        """Move past the rest of a row in which a mark is not closed."""
        marks = sum(line.count(mark) for _, line in self.taken)
        while marks % 2 and (line := next(self._lines, None)):
            marks += (line[1] or "").count(mark)

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if self.is_full or (self.taken and self._reread > _MAX_REREAD_LINES):
            raise StopIteration
        number, line = self._again.popleft() if self._again else next(self._lines)
        self.taken.append((number, line or ""))
        self._left -= len(line or "") + 1
        self.is_full = line is None or self._left < 0
        return f"{line or ''}\n"


def split_rows(
    lines: Iterable[Line], dialect: Dialect, max_chars: int, width: int = 0
) -> Iterator[Row]:
    """Yield the rows of a file. A blank line is a row without cells.

    `width`: the usual number of cells, or 0 if unknown.
    """
    prepared = ((number, line and _prepare(line, dialect)) for number, line in lines)
    source = _Lines(prepared, max_chars)
    for cells, is_open in _parse_strictly(source, dialect):
        number, _ = source.taken[0]
        is_usual = cells is not None and (len(cells) == width or not width)
        if is_usual and len(source.taken) == 1 and not source.is_full:
            yield Row(number, cells)
        elif row := _mend_row(source, cells, dialect, width, is_open=is_open):
            yield row
        source.start()


def _parse_strictly(source: _Lines, dialect: Dialect) -> Iterator[tuple[list[str] | None, bool]]:
    """Yield the cells of rows, or None, and whether a mark is not closed, if they are not valid."""
    rows = dialect.parse(source, strict=True)
    while True:
        try:
            yield next(rows), False
        except StopIteration:
            return
        except csv.Error as error:
            yield None, "end of data" in str(error)


def _mend_row(
    source: _Lines, cells: list[str] | None, dialect: Dialect, width: int, *, is_open: bool
) -> Row | None:
    """Return the row of the lines that were taken, or None if they are to be read again, mended.

    `cells`: those that the `csv` module found. `is_open`: it found no closing mark.
    """
    number, first = source.taken[0]
    lines = [line for _, line in source.taken]
    if len(lines) > 1 and _are_rows(lines, cells, dialect, width):
        source.give_back(source.taken[1:])
        return Row(number, _parse_open(first, dialect), is_open=True)
    if source.is_full:
        if cells is None:
            source.skip_quoted(dialect.quote)
        return Row(number, None)
    if len(lines) == 1 and first.count(dialect.delimiter) == width - 1:
        cells = [_unquote(cell, dialect) for cell in first.split(dialect.delimiter)]
    if cells is not None:
        return Row(number, cells)
    mended = [_double_marks(line, dialect) for line in lines]
    if mended != lines:
        source.give_back([(n, line) for (n, _), line in zip(source.taken, mended, strict=True)])
        return None
    if is_open and len(lines) == 1:
        cells = _parse_open(first, dialect)
    else:
        unread = iter([f"{line}\n" for line in lines])
        cells = next(dialect.parse(unread))
        source.give_back(source.taken[len(lines) - len([*unread]) :])
    return Row(number, cells, is_open)


def _prepare(line: str, dialect: Dialect) -> str:
    """Return a line as the `csv` module expects it."""
    mark = dialect.quote
    if dialect.is_wrapped and len(line) > 1 and line[0] == line[-1] == mark:
        line = line[1:-1].replace(mark * 2, mark)
    return line.replace(f"\\{mark}", mark * 2) if dialect.has_escapes else line


def _are_rows(lines: list[str], cells: list[str] | None, dialect: Dialect, width: int) -> bool:
    """Return whether the lines of a row are separate rows of the usual width.

    If together, they do not have this width, most of the lines must have it, otherwise all of at
    least _MIN_ROWS lines.
    """
    sample = [line for line in lines[:_SAMPLE_ROWS] if line.strip()]
    widths = Counter(len(next(dialect.parse([line]))) for line in sample)
    usual, rows = widths.most_common(1)[0]
    if usual < 2 or usual != (width or usual):
        return False
    is_wrong = cells is None or (width > 0 and len(cells) != width)
    return 2 * rows > len(sample) if is_wrong else rows == len(sample) >= _MIN_ROWS


def _double_marks(line: str, dialect: Dialect) -> str:
    """Return a line with the marks inside cells doubled, and without spaces after the others."""
    mark, delimiter = map(re.escape, (dialect.quote, dialect.delimiter))
    line = re.sub(rf"{mark} +(?={delimiter}|\Z)", dialect.quote, line)
    inner = rf"([^{delimiter}{mark}\s] *){mark}(?!{mark}| *(?:{delimiter}|\Z))"
    return re.sub(inner, rf"\1{dialect.quote * 2}", line)


def _parse_open(line: str, dialect: Dialect) -> list[str]:
    """Return the cells of a line without its last opening mark, which is not closed."""
    opening = rf"(?:\A|{re.escape(dialect.delimiter)}) *{re.escape(dialect.quote)}"
    for last in deque(re.finditer(opening, line), maxlen=1):
        line = line[: last.end() - 1] + line[last.end() :]
    return next(dialect.parse([line]), [])


def _unquote(cell: str, dialect: Dialect) -> str:
    """Return a cell without the marks around it."""
    cell, mark = cell.strip(), dialect.quote
    is_quoted = len(cell) > 1 and cell[0] == cell[-1] == mark
    return cell[1:-1].replace(mark * 2, mark) if is_quoted else cell
