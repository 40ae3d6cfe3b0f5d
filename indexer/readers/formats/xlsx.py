"""Reader of spreadsheets: .xlsx, .xlsm, .xlsb, .xls, and .ods.

A row is a record, and a cell is a property under the heading of its column. If several sheets have
tables, the column "sheet" has the name of the sheet. Two header rows, the first with merged cells,
make headings such as "Group / Name". A child process reads the file, because a spreadsheet can
need far more memory and time than its size suggests.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from io import BufferedIOBase
from tempfile import TemporaryFile
from typing import Any

import msgspec

from indexer.catalogue.limits import Limits, suggest_raising
from indexer.catalogue.records import Problem, SourceRecord
from indexer.child_process import ChildFailed, ProcessLimits, run_limited
from indexer.readers.base import Evidence, detect_by_name
from indexer.readers.tables import spreadsheet_process
from indexer.readers.tables.headings import Header, find_header
from indexer.readers.tables.reader import (
    SHEET,
    Table,
    count_usual_cells,
    hold_back,
    is_summary,
    name_columns,
    report_summary,
)
from indexer.readers.text.streaming import read_blocks, split_at

NAME = "xlsx"
FIELDS: Mapping[str, tuple[str, ...]] = {}
SUFFIXES: tuple[str, ...] = (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods")
"""Usual suffixes of spreadsheets."""
_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ODS = b"mimetypeapplication/vnd.oasis.opendocument.spreadsheet"
_PROGRAM = spreadsheet_process.__file__
_MAX_MEMORY_BYTES = 3_000_000_000
"""Limit on the address space. A sheet of one million rows and 20 columns takes 1 GB."""
_MAX_SECONDS = 300
"""Limit on the processor time, and on the time without output."""


def detect(filename: str, head: bytes) -> Evidence | None:
    """Return the evidence of the signature of a spreadsheet."""
    named = detect_by_name(filename, SUFFIXES)
    if head.startswith(_ZIP):
        if _ODS in head[:200]:
            return Evidence(100, "it starts like an OpenDocument spreadsheet")
        if b"xl/" in head:
            return Evidence(100, "it is an archive with the parts of an Excel workbook")
        return Evidence(60, "it is an archive named like a spreadsheet") if named else None
    if head.startswith(_OLE):
        if b"W\0o\0r\0k\0b\0o\0o\0k\0" in head or b"B\0o\0o\0k\0" in head:
            return Evidence(90, "it is a file of an older Excel version")
        return Evidence(60, "it starts like a file of an older Excel version") if named else None
    return named if not head else None


class _Sheet(msgspec.Struct):
    """The first rows of a sheet, and its header. `spans`: row, column and width of merged cells."""

    sheet: str
    is_hidden: bool
    spans: list[tuple[int, int, int]]
    rows: list[list[str]] = []
    numbers: list[int] = []

    def add(self, number: int, cells: list[str]) -> None:
        """Add a row. A gap before it becomes one empty row."""
        if self.numbers and number > self.numbers[-1] + 1:
            self.rows.append([])
            self.numbers.append(number - 1)
        self.rows.append(cells)
        self.numbers.append(number)

    def find_header(self) -> Header:
        """Return the header of the sheet."""
        index = {number: index for index, number in enumerate(self.numbers)}
        return find_header(
            self.rows,
            {(index[row], column): width for row, column, width in self.spans if row in index},
        )


class _Output:
    """Messages of the child process: rows, and the object after them, `control`."""

    def __init__(self, lines: Iterator[bytes | None]) -> None:
        self._lines = lines
        self.control: dict[str, Any] = {}
        self.line = 0
        for _ in self.read_rows():
            pass

    def read_rows(self) -> Iterator[tuple[int, list[str]]]:
        """Yield row numbers and rows up to the next object. A row that is too long is empty."""
        self.control = {}
        for line in self._lines:
            message = msgspec.json.decode(line) if line else None
            if isinstance(message, dict):
                self.control = message
                return
            self.line, cells = (message[0], message[1:]) if message else (self.line + 1, [])
            yield self.line, cells


def read(stream: BufferedIOBase, file: str, limits: Limits) -> Iterator[SourceRecord | Problem]:
    """Yield the rows of all sheets with a table."""
    with TemporaryFile() as copy:
        for block in read_blocks(stream, limits):
            copy.write(block)
        copy.seek(0)
        size = limits.largest_unpacked
        child_limits = ProcessLimits(_MAX_MEMORY_BYTES, _MAX_SECONDS, _MAX_SECONDS, size)
        with run_limited(_PROGRAM, (size,), copy, child_limits) as output:
            lines = split_at(b"\n", _add_failure(output), limits.largest_line)
            yield from _read_output(_Output(lines), file)


def _add_failure(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """Yield the output of the child process, and an error as its last line if it ends early."""
    try:
        yield from blocks
    except ChildFailed as error:
        yield b"\n" + msgspec.json.encode({"refused": error.reason}) + b"\n"


def _read_output(output: _Output, file: str) -> Iterator[SourceRecord | Problem]:
    """Yield the rows that the child process writes."""
    sheets: list[_Sheet] = []
    while "sheet" in output.control:
        sheets.append(msgspec.convert(output.control, _Sheet))
        for number, cells in output.read_rows():
            sheets[-1].add(number, cells)
    headers = [sheet.find_header() for sheet in sheets]
    tables = _choose_sheets(sheets, headers)
    for index, sheet in enumerate(sheets):
        if index not in tables and sheet.rows:
            state = "is hidden" if sheet.is_hidden else "has no table with a header"
            hint = "Show the sheet, or add a header. It was left out"
            yield Problem(file, 0, f"the sheet {sheet.sheet!r} {state}", hint)
    while "rows" in output.control:
        index = output.control["rows"]
        rows = output.read_rows()
        if index in tables:
            name = sheets[index].sheet if len(tables) > 1 else ""
            yield from _read_sheet(rows, sheets[index], headers[index], name, file)
        for _ in rows:
            pass
    if fault := output.control.get("refused"):
        message = f"the spreadsheet can't be read beyond row {output.line}: {fault}"
        yield Problem(file, 0, message, "Save it as CSV, and import that file")
    elif fault := output.control.get("error"):
        message = f"the spreadsheet can't be read beyond row {output.line}: {fault}"
        yield Problem(file, 0, message, "Open it in a spreadsheet program, and save it again")


def _choose_sheets(sheets: list[_Sheet], headers: list[Header]) -> set[int]:
    """Return the indexes of the visible sheets with a header. Without any, those with rows."""
    shown = [i for i, sheet in enumerate(sheets) if sheet.rows and not sheet.is_hidden]
    with_header = {
        i for i in shown if headers[i].has_row and headers[i].start < len(sheets[i].rows)
    }
    return with_header or {i for i in shown if headers[i].start < len(sheets[i].rows)}


def _read_sheet(
    rows: Iterator[tuple[int, list[str]]], sheet: _Sheet, header: Header, name: str, file: str
) -> Iterator[SourceRecord | Problem]:
    """Yield the rows of a sheet below its header."""
    width = max(len(header.headings), *map(len, sheet.rows))
    headings = [*header.headings, *[""] * (width - len(header.headings))]
    columns = name_columns([*headings, SHEET] if name else headings)
    table = Table(columns, name)
    start = sheet.numbers[header.start]
    usual = count_usual_cells(sheet.rows[header.start :])
    body = (row for row in rows if row[0] >= start)
    for (number, cells), is_last in hold_back(body, lambda row: is_summary(row[1], usual)):
        if is_last:
            yield report_summary(file, number, cells)
        elif not cells:
            message = "the row has too many bytes"
            yield Problem(file, number, message, suggest_raising("largest_line"))
        elif tuple(cells) != header.headings:
            yield table.make_record(file, number, cells)
