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

from indexer.catalogue.limits import Limits
from indexer.catalogue.records import Problem, SourceRecord
from indexer.child_process import ChildFailed, ProcessLimits, run_limited
from indexer.readers.base import Evidence, detect_by_name
from indexer.readers.tables import spreadsheet_process
from indexer.readers.tables.reader import read_table
from indexer.readers.tables.rows import Row
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


def read(stream: BufferedIOBase, file: str, limits: Limits) -> Iterator[SourceRecord | Problem]:
    """Yield the rows of all sheets with a table."""
    row = 0
    with TemporaryFile() as copy:
        for block in read_blocks(stream, limits):
            copy.write(block)
        copy.seek(0)
        size = limits.largest_unpacked
        child_limits = ProcessLimits(_MAX_MEMORY_BYTES, _MAX_SECONDS, _MAX_SECONDS, size)
        with run_limited(_PROGRAM, (size,), copy, child_limits) as output:
            lines = split_at(b"\n", output, limits.largest_line, limits)
            try:
                for item in _read_sheets(map(_decode, lines), file, limits):
                    row = item.line or row
                    yield item
            except ChildFailed as error:
                message = f"the spreadsheet can't be read beyond row {row}: {error.reason}"
                hint = "Open it in a spreadsheet program, and save it as CSV"
                yield Problem(file, 0, message, hint)


def _decode(line: bytes | None) -> Any:  # noqa: ANN401 any JSON value
    """Return a message of the child process, or None if it is too long. Raise ChildFailed."""
    message = msgspec.json.decode(line) if line else None
    if isinstance(message, dict) and "fault" in message:
        raise ChildFailed(message["fault"])
    return message


def _read_sheets(
    messages: Iterator[Any], file: str, limits: Limits
) -> Iterator[SourceRecord | Problem]:
    """Yield the rows of sheets: an object, the rows, and an empty list, for each with a table."""
    for sheet in messages:
        if "spans" in sheet:
            spans = {(row, column): width for row, column, width in sheet["spans"]}
            yield from read_table(
                _read_rows(messages), file, limits, sheet=sheet["name"], spans=spans
            )
        else:
            message = f"the sheet {sheet['name']!r} {sheet['state']}"
            yield Problem(file, 0, message, "Show the sheet, or add a header. It was left out")


def _read_rows(messages: Iterator[Any]) -> Iterator[Row]:
    """Yield the rows of a sheet. One that is too long has no cells."""
    number = 0
    for message in messages:
        if message == []:
            return
        number, *cells = message or (number + 1,)
        yield Row(number, cells if message else None)
