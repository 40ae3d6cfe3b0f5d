"""Reader of spreadsheets: .xlsx, .xlsm, .xlsb, .xls, and .ods.

A row is a record, and a cell is a property under the heading of its column. If several sheets have
tables, the column "sheet" has the name of the sheet. Two header rows, the first with merged cells,
make headings such as "Group / Name". A child process reads the file, because a spreadsheet can
need far more memory and time than its size suggests.
"""

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
_MAX_MEMORY_BYTES = 1_500_000_000
"""Limit on the address space of the process."""
_MAX_SECONDS = 300
"""Limit on the processor time, and on the time without output."""


def detect(filename: str, head: bytes) -> Evidence | None:
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
    row, place = 0, "the spreadsheet"

    def decode(lines: Iterator[bytes | None]) -> Iterator[Any]:
        """Yield the messages of the process, or None for one that is too long."""
        nonlocal place
        for line in lines:
            message = msgspec.json.decode(line) if line else None
            if not isinstance(message, dict) or message.keys().isdisjoint(("fault", "opened")):
                yield message
            elif "fault" in message:
                raise ChildFailed(message["fault"])
            else:
                place = f"the sheet {message['opened']!r}"

    with TemporaryFile() as copy:
        for block in read_blocks(stream, limits):
            copy.write(block)
        child_limits = _limit_process(copy.tell(), limits)
        copy.seek(0)
        with run_limited(_PROGRAM, (limits.largest_unpacked,), copy, child_limits) as output:
            lines = split_at(b"\n", output, limits.largest_line, limits)
            try:
                for item in _read_sheets(decode(lines), file, limits):
                    row = item.line or row
                    yield item
            except ChildFailed as error:
                message = f"{place} can't be read beyond row {row}: {error.reason}"
                hint = "Delete cells far from its table in a spreadsheet program, or save it as CSV"
                yield Problem(file, 0, message, hint)


def _limit_process(size: int, limits: Limits) -> ProcessLimits:
    """Return the limits of the process that reads a file of `size` bytes.

    A small file can repeat rows, refer to a long text from each cell, or have a cell in the last
    corner. So a file gets far more memory, time, and output than one of its size needs, but not
    those of a large one.
    """
    memory = min(_MAX_MEMORY_BYTES, 400_000_000 + 100 * size)
    seconds = min(_MAX_SECONDS, 3 + size // 200_000)
    output = min(limits.largest_unpacked, 2_000_000 + 50 * size)
    return ProcessLimits(memory, seconds, _MAX_SECONDS, output)


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
            yield Problem(file, 0, message, sheet["hint"])


def _read_rows(messages: Iterator[Any]) -> Iterator[Row]:
    """Yield the rows of a sheet. One that is too long has no cells."""
    number = 0
    for message in messages:
        if message == []:
            return
        number, *cells = message or (number + 1,)
        yield Row(number, cells if message else None)
