"""Child process that reads an untrusted spreadsheet: see `indexer.child_process`.

Its standard input is a file: .xlsx, .xlsm, .xlsb, .xls, or .ods. Its standard output is lines of
JSON. A list is a row: its number from 1, then the texts of its cells. Rows without text are left
out. The first part has, for each sheet, an object and its first rows. The second part has, for each
sheet, an object such as `{"rows": 0}` and all its rows. The last line may be an object with an
error. This module imports no other module of the project.
"""

from __future__ import annotations

import datetime
import json
import sys
import zipfile
from collections.abc import Iterator
from itertools import islice
from typing import Any, BinaryIO

import python_calamine

_MAX_RATIO = 250
"""Limit on the compression ratio of a large part. Tables have about 10, bombs about 1,000."""
_LARGE_BYTES = 50_000_000
"""Unpacked size up to which the compression ratio of a part is not limited."""
_BLOCK_BYTES = 1 << 20
_MAX_PARTS = 10_000
_MAX_SPANS = 5_000
FIRST_ROWS = 100
"""Limit on the first rows of each sheet, which have the header."""


class _LimitExceeded(Exception):
    """The file exceeds a limit. The message names it."""


def main(largest_unpacked: int) -> None:
    """Write the sheets of the file on standard input as lines of JSON."""
    source, target = sys.stdin.buffer, sys.stdout
    try:
        _check_archive(source, largest_unpacked)
        source.seek(0)
        for line in _read_sheets(source):
            target.write(json.dumps(line, ensure_ascii=False) + "\n")
    except _LimitExceeded as error:
        target.write(json.dumps({"refused": str(error)}) + "\n")
    except python_calamine.PasswordError:
        target.write(json.dumps({"error": "it is protected by a password"}) + "\n")
    except MemoryError:
        target.write(json.dumps({"refused": "it needs too much memory"}) + "\n")
    except Exception as error:  # noqa: BLE001 - a corrupt file can raise any exception
        target.write(json.dumps({"error": f"{type(error).__name__}: {error}"[:300]}) + "\n")


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


def _read_sheets(source: BinaryIO) -> Iterator[Any]:
    """Yield the description and first rows of each sheet, then all rows of each sheet."""
    book = python_calamine.load_workbook(source)
    kind, visible = (
        python_calamine.SheetTypeEnum.WorkSheet,
        python_calamine.SheetVisibleEnum.Visible,
    )
    sheets = [sheet for sheet in book.sheets_metadata if sheet.typ == kind]
    sheet: python_calamine.CalamineSheet | None = None
    for info in sheets:
        sheet = book.get_sheet_by_name(info.name)
        left = (sheet.start or (0, 0))[1]
        spans = [
            [first[0] + 1, first[1] - left, last[1] - first[1] + 1]
            for first, last in sheet.merged_cell_ranges or ()
            if last[1] > first[1]
        ]
        yield {
            "sheet": info.name,
            "is_hidden": info.visible != visible,
            "spans": spans[:_MAX_SPANS],
        }
        yield from islice(_read_rows(sheet), FIRST_ROWS)
    for index, info in enumerate(sheets):
        yield {"rows": index}
        if len(sheets) > 1 or not sheet:  # the only sheet is read once
            sheet = book.get_sheet_by_name(info.name)
        yield from _read_rows(sheet)


def _read_rows(sheet: python_calamine.CalamineSheet) -> Iterator[list[Any]]:
    for number, row in enumerate(sheet.iter_rows(), 1):
        cells = [_format_cell(cell) for cell in row]
        while cells and not cells[-1]:
            cells.pop()
        if cells:
            yield [number, *cells]


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
