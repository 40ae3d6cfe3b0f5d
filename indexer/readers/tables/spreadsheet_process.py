"""Child process that reads an untrusted spreadsheet: see `indexer.child_process`.

Its standard input is a file: .xlsx, .xlsm, .xlsb, .xls, or .ods. Its standard output is lines of
JSON. For each sheet with a table, there is an object with its name and its merged cells, then a
list for each row: its number from 1, and the texts of its cells. Rows without text are left out,
but one of them stands for a gap. An empty list ends the sheet. Another sheet has an object with its
name, its state, and a hint. Before a sheet is read, an object names it, because its cells may need
more memory than the process has. The last line may be an object with a fault.
"""

import datetime
import os
import sys
import zipfile
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import groupby, islice
from typing import Any, BinaryIO, NamedTuple

import msgspec
import python_calamine

from indexer.readers.tables import opendocument
from indexer.readers.tables.headings import find_header, load_usual_names
from indexer.readers.tables.reader import SAMPLE_ROWS
from indexer.readers.text.streaming import peek

_MAX_RATIO = 250
"""Limit on the compression ratio of a large archive. Tables have about 10, bombs about 1,000."""
_LARGE_BYTES = 50_000_000
"""Unpacked size up to which the compression ratio of an archive is not limited."""
_BLOCK_BYTES = 1 << 20
_MAX_PARTS = 10_000
_MAX_SHEETS = 1_000
_MAX_EQUAL_ROWS = 100
"""Limit on equal rows at the end of a sheet. More come from filling a column to its end."""
_MAX_SPANS = 5_000

_CONTENT = "content.xml"
"""The part of an OpenDocument spreadsheet with the cells."""
_RepeatedRow = tuple[int, Sequence[object]]
"""How often a row is repeated, and its cells."""

load_usual_names()  # the process of a file can read no other


class _Sheet(NamedTuple):
    """A sheet and its first rows, which have numbers.

    `key`: its number in an OpenDocument file, else its name. `spans`: row, column, and width of the
    merged cells in its first rows.
    """

    key: int | str
    name: str
    is_shown: bool
    rows: list[list[Any]]
    spans: Sequence[tuple[int, int, int]] = ()


class _LimitExceeded(Exception):
    """The file exceeds a limit. The message names it."""


def main(largest_unpacked: int) -> None:
    """Write the sheets of the file on standard input as lines of JSON."""
    source, target = sys.stdin.buffer, sys.stdout.buffer
    encode = msgspec.json.Encoder().encode
    try:
        archive = _open_archive(source, largest_unpacked)
        for message in _read_opendocument(archive) if archive else _read_workbook(source):
            target.write(encode(message) + b"\n")
            if isinstance(message, dict):
                target.flush()
        fault = ""
    except _LimitExceeded as error:
        fault = str(error)
    except python_calamine.PasswordError:
        fault = "it is protected by a password"
    except MemoryError:
        raise  # the parent process knows the limit
    except Exception as error:  # noqa: BLE001 - a corrupt file can raise any exception
        fault = f"{type(error).__name__}: {error}"[:300]
    if fault:
        target.write(encode({"fault": fault}) + b"\n")
    target.flush()


def _open_archive(source: BinaryIO, largest_unpacked: int) -> zipfile.ZipFile | None:
    """Return the archive of an OpenDocument spreadsheet, or None for another file.

    Raise _LimitExceeded if an archive has too many, too large, or too compressed parts.
    """
    if not zipfile.is_zipfile(source):
        source.seek(0)
        return None
    archive = zipfile.ZipFile(source)
    parts = archive.infolist()
    if len(parts) > _MAX_PARTS:
        raise _LimitExceeded(f"it has more than {_MAX_PARTS} parts")
    size = sum(part.file_size for part in parts)
    if size > largest_unpacked:
        raise _LimitExceeded(f"its parts have more than {largest_unpacked} bytes")
    if size > max(_LARGE_BYTES, _MAX_RATIO * source.seek(0, os.SEEK_END)):
        raise _LimitExceeded(f"its parts are compressed too much: they have {size} bytes")
    for part in parts:
        # The read fails if the part is larger than the archive declares.
        with archive.open(part) as stream:
            while stream.read(_BLOCK_BYTES):
                pass
    source.seek(0)
    return archive if _CONTENT in archive.namelist() else None


def _read_opendocument(archive: zipfile.ZipFile) -> Iterator[object]:
    """Yield the messages of an OpenDocument spreadsheet."""
    if b"encryption-data" in archive.read("META-INF/manifest.xml"):
        raise _LimitExceeded("it is protected by a password")

    def read_rows(most: int | None = None) -> Iterator[opendocument.SheetRow]:
        with archive.open(_CONTENT) as content:
            yield from opendocument.read_rows(content, most)

    def list_samples() -> Iterator[_Sheet]:
        for key, found in groupby(read_rows(SAMPLE_ROWS), lambda row: row.sheet):
            first, rows = peek(found, 1, lambda _: 1)
            sample = [*islice(_number_rows(row[3:] for row in rows), SAMPLE_ROWS)]
            yield _Sheet(key, first[0].name, first[0].is_shown, sample)

    yield from _read_sheets(
        list_samples(), lambda key: (row[3:] for row in read_rows() if row.sheet == key)
    )


def _read_workbook(source: BinaryIO) -> Iterator[object]:
    """Yield the messages of an Excel workbook."""
    book = python_calamine.load_workbook(source)
    open_sheet = lru_cache(1)(book.get_sheet_by_name)  # the only sheet is read once

    def list_samples() -> Iterator[_Sheet | dict[str, str]]:
        for info in book.sheets_metadata[:_MAX_SHEETS]:
            if info.typ == python_calamine.SheetTypeEnum.WorkSheet:
                yield {"opened": info.name}
                rows = [*islice(_number_rows(read_rows(info.name)), SAMPLE_ROWS)]
                spans = [*_find_spans(open_sheet(info.name), [number for number, *_ in rows])]
                is_shown = info.visible == python_calamine.SheetVisibleEnum.Visible
                yield _Sheet(info.name, info.name, is_shown, rows, spans)

    def read_rows(name: str) -> Iterator[tuple[int, list[Any]]]:
        return ((1, row) for row in open_sheet(name).iter_rows())

    yield from _read_sheets(list_samples(), read_rows)
    if len(book.sheets_metadata) > _MAX_SHEETS:
        raise _LimitExceeded(f"it has more than {_MAX_SHEETS} sheets")


def _read_sheets(
    samples: Iterable[_Sheet | dict[str, str]], read_rows: Callable[[Any], Iterator[_RepeatedRow]]
) -> Iterator[object]:
    """Yield the messages of all sheets. If no visible sheet has a header, all are tables."""
    found, tables, with_header = list[_Sheet](), list[_Sheet](), list[_Sheet]()
    for sheet in samples:
        if isinstance(sheet, dict):
            yield sheet
        elif sheet.rows:
            found.append(sheet._replace(rows=[]))
            by_cell = {(row, column): width for row, column, width in sheet.spans}
            header = find_header([cells for _, *cells in sheet.rows], by_cell)
            if sheet.is_shown and header.start < len(sheet.rows):
                tables.append(found[-1])
                with_header += [found[-1]] * header.has_row
    tables = with_header or tables
    for sheet in found:
        if sheet not in tables:
            state = "has no table with a header" if sheet.is_shown else "is hidden"
            hint = "Show the sheet, or add a header. It was left out"
            yield {"name": sheet.name, "state": state, "hint": hint}
    for sheet in tables:
        yield {"opened": sheet.name}
        yield {"name": sheet.name if len(tables) > 1 else "", "spans": sheet.spans}
        end = yield from _number_rows(read_rows(sheet.key))
        yield []
        if end > _MAX_EQUAL_ROWS:
            state = f"ends with {end} equal rows, more than {_MAX_EQUAL_ROWS}"
            hint = "Delete them. Only the first was read"
            yield {"name": sheet.name, "state": state, "hint": hint}


def _find_spans(
    sheet: python_calamine.CalamineSheet, numbers: list[int]
) -> Iterator[tuple[int, int, int]]:
    """Yield the row, column and width of merged cells in the first rows, which have numbers."""
    _, left = sheet.start or (0, 0)
    rows = {number: row for row, number in enumerate(numbers)}
    for (top, first), (_, last) in (sheet.merged_cell_ranges or ())[:_MAX_SPANS]:
        if last > first and top + 1 in rows:
            yield rows[top + 1], first - left, last - first + 1


def _number_rows(rows: Iterable[_RepeatedRow]) -> Generator[list[Any], None, int]:
    """Yield the rows with text, each with its number, and an empty one for a gap.

    Return how many of the last ones are equal. If they exceed the limit, only the first is yielded.
    """
    last, number, count, is_start = list[str](), 1, 0, True
    previous: Sequence[object] | None = None
    for repeated, row in rows:
        # Millions of rows may be equal. TRUE equals 1, but is another text.
        if row != previous or 0 in row or 1 in row:
            previous, cells = row, [_format_cell(cell) for cell in row]
            while cells and not cells[-1]:
                cells.pop()
            if cells != last:
                shown = count if last else int(not is_start)
                yield from ([each, *last] for each in range(number, number + shown))
                is_start = is_start and not last
                last, number, count = cells, number + count, 0
        count += repeated
    count = count if last else 0
    shown = count if count <= _MAX_EQUAL_ROWS else 1
    yield from ([each, *last] for each in range(number, number + shown))
    return count


def _format_cell(value: object) -> str:
    """Return a cell as text: a date in ISO 8601, and a whole number without a decimal point."""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e16 else repr(value)
    if isinstance(value, datetime.datetime):
        is_day = value.time() == datetime.time()
        return value.date().isoformat() if is_day else value.isoformat(" ", "seconds")
    return str(value)


if __name__ == "__main__":
    main(int(sys.argv[1]))
