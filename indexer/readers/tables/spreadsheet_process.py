"""Child process that reads an untrusted spreadsheet: see `indexer.child_process`.

Its standard input is a file: .xlsx, .xlsm, .xlsb, .xls, or .ods. Its standard output is lines of
JSON. For each sheet with a table, there is an object with its name and its merged cells, then a
list for each row: its number from 1, and the texts of its cells. Rows without text are left out,
but one of them stands for a gap. An empty list ends the sheet. Another sheet has an object with its
name and its state. The last line may be an object with a fault.
"""

from __future__ import annotations

import datetime
import sys
import zipfile
from collections.abc import Iterator
from itertools import islice
from typing import Any, BinaryIO, NamedTuple

import msgspec
import python_calamine

from indexer.readers.tables.headings import find_header, load_usual_names
from indexer.readers.tables.reader import SAMPLE_ROWS

_MAX_RATIO = 250
"""Limit on the compression ratio of a large part. Tables have about 10, bombs about 1,000."""
_LARGE_BYTES = 50_000_000
"""Unpacked size up to which the compression ratio of a part is not limited."""
_BLOCK_BYTES = 1 << 20
_MAX_PARTS = 10_000
_MAX_SPANS = 5_000

load_usual_names()  # the process of a file can read no other


class _Sheet(NamedTuple):
    """A sheet with rows. `spans`: row, column, and width of the merged cells in its first rows.

    `has_rows`: it is visible, and has rows below its header. `has_header`: its header is a row.
    """

    name: str
    spans: list[tuple[int, int, int]]
    is_shown: bool
    has_rows: bool
    has_header: bool


class _LimitExceeded(Exception):
    """The file exceeds a limit. The message names it."""


def main(largest_unpacked: int) -> None:
    """Write the sheets of the file on standard input as lines of JSON."""
    source, target = sys.stdin.buffer, sys.stdout.buffer
    encode = msgspec.json.Encoder().encode
    try:
        _check_archive(source, largest_unpacked)
        source.seek(0)
        for message in _read_sheets(source):
            target.write(encode(message) + b"\n")
        fault = ""
    except _LimitExceeded as error:
        fault = str(error)
    except python_calamine.PasswordError:
        fault = "it is protected by a password"
    except MemoryError:
        fault = "it needs too much memory"
    except Exception as error:  # noqa: BLE001 - a corrupt file can raise any exception
        fault = f"{type(error).__name__}: {error}"[:300]
    if fault:
        target.write(encode({"fault": fault}) + b"\n")
    target.flush()


def _check_archive(source: BinaryIO, largest_unpacked: int) -> None:
    """Raise _LimitExceeded if an archive has too many, too large, or too compressed parts."""
    if not zipfile.is_zipfile(source):
        return
    with zipfile.ZipFile(source) as archive:
        parts = archive.infolist()
        if len(parts) > _MAX_PARTS:
            raise _LimitExceeded(f"it has more than {_MAX_PARTS} parts")
        if sum(part.file_size for part in parts) > largest_unpacked:
            raise _LimitExceeded(f"its parts have more than {largest_unpacked} bytes")
        for part in parts:
            if part.file_size > max(_LARGE_BYTES, _MAX_RATIO * part.compress_size):
                raise _LimitExceeded(f"its part {part.filename[:100]!r} is compressed too much")
            # The read fails if the part is larger than the archive declares.
            with archive.open(part) as stream:
                while stream.read(_BLOCK_BYTES):
                    pass


def _read_sheets(source: BinaryIO) -> Iterator[object]:
    """Yield the messages of all sheets. If no visible sheet has a header, all are tables."""
    book = python_calamine.load_workbook(source)
    found: list[_Sheet] = []
    sheet: python_calamine.CalamineSheet
    for info in book.sheets_metadata:
        if info.typ == python_calamine.SheetTypeEnum.WorkSheet:
            opened = book.get_sheet_by_name(info.name)
            if rows := [*islice(_read_rows(opened), SAMPLE_ROWS)]:
                sheet, is_shown = opened, info.visible == python_calamine.SheetVisibleEnum.Visible
                spans = [*_find_spans(opened, [number for number, *_ in rows])]
                by_cell = {(row, column): width for row, column, width in spans}
                header = find_header([cells for _, *cells in rows], by_cell)
                has_rows = is_shown and header.start < len(rows)
                found.append(_Sheet(info.name, spans, is_shown, has_rows, header.has_row))
    tables = [each for each in found if each.has_rows]
    tables = [each for each in tables if each.has_header] or tables
    for each in found:
        if each not in tables:
            state = "has no table with a header" if each.is_shown else "is hidden"
            yield {"name": each.name, "state": state}
    for each in tables:
        if len(found) > 1:  # the only sheet is read once
            sheet = book.get_sheet_by_name(each.name)
        yield {"name": each.name if len(tables) > 1 else "", "spans": each.spans}
        yield from _read_rows(sheet)
        yield []


def _find_spans(
    sheet: python_calamine.CalamineSheet, numbers: list[int]
) -> Iterator[tuple[int, int, int]]:
    """Yield the row, column and width of merged cells in the first rows, which have numbers."""
    _, left = sheet.start or (0, 0)
    rows = {number: row for row, number in enumerate(numbers)}
    for (top, first), (_, last) in (sheet.merged_cell_ranges or ())[:_MAX_SPANS]:
        if last > first and top + 1 in rows:
            yield rows[top + 1], first - left, last - first + 1


def _read_rows(sheet: python_calamine.CalamineSheet) -> Iterator[list[Any]]:
    is_gap = True
    for number, row in enumerate(sheet.iter_rows(), 1):
        cells = [_format_cell(cell) for cell in row]
        while cells and not cells[-1]:
            cells.pop()
        if cells or not is_gap:
            yield [number, *cells]
        is_gap = not cells


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
