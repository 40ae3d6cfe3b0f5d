"""Reader of delimited tables: CSV, TSV, and tables with semicolons, bars, or other delimiters.

A row is a record, and a cell is a property under the heading of its column. Rows before the header
are skipped, such as a title or notes. A total below the table is reported, not read. A table
without a header has columns named "column 1", "column 2".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from io import BufferedIOBase
from itertools import islice

from indexer.catalogue.limits import Limits, suggest_raising
from indexer.catalogue.records import Problem, SourceRecord
from indexer.readers.base import HEAD_BYTES, NAME_ONLY, Evidence, detect_by_name
from indexer.readers.chunks import Chunk, parse_chunks
from indexer.readers.tables.dialects import Sample, guess_dialect
from indexer.readers.tables.headings import find_header
from indexer.readers.tables.quoting import Dialect, Record, split_fields, split_records
from indexer.readers.tables.reader import (
    Table,
    add_row_names,
    count_usual_cells,
    decode_table,
    encode_table,
    hold_back,
    is_summary,
    make_record,
    name_columns,
    number_lines,
    report_summary,
)
from indexer.readers.text.encodings import decode_head, decode_text
from indexer.readers.text.lines import read_lines
from indexer.readers.text.streaming import LimitExceeded, peek

NAME = "delimited"
FIELDS: Mapping[str, tuple[str, ...]] = {}
SUFFIXES: tuple[str, ...] = (".csv", ".tsv", ".tab", ".psv")
"""Usual suffixes of delimited tables."""
_DELIMITER_NAMES = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
_OTHER_FORMAT = re.compile(
    r"\s*(?:[{<]|\[\s*[\[{\"\]]|@\w+\s*[{(]|%(?:PDF|!|0 )|TY  -|PMID- |FN |=LDR|---\n"
    r"|\d{5}[a-z ]{3}|\|[^\n]*\|\n\|[ :]*--)"
)
_BINARY = re.compile("[\0-\3]")
"""Control characters that text does not have."""
_SAMPLE_ROWS = 100
"""Rows at the start of a file in which the header is searched."""
_MAX_SUMMARY_BYTES = 1000
_OPEN = "a quotation mark is not closed before the end of the row"


def detect(filename: str, head: bytes) -> Evidence | None:
    """Return the evidence of lines with the same number of fields, or of a file name."""
    named = detect_by_name(filename, SUFFIXES)
    text = decode_head(head)
    if not text.strip() or _BINARY.search(text) or _OTHER_FORMAT.match(text):
        return named
    sample = _guess(head)
    if sample.is_declared:
        return Evidence(60, "its first line names the delimiter of a table")
    rows = sum(map(any, sample.rows))
    is_plain = (sample.width > 2 and sample.dialect.delimiter == "\t") or sample.words > 1
    is_table = sample.width > 1 and rows > 1 and sample.share >= (0.5 if named or is_plain else 0.8)
    if not is_table or not (named or is_plain or sample.width > 3):  # prose has commas, too
        return named
    delimiter = _DELIMITER_NAMES.get(sample.dialect.delimiter, repr(sample.dialect.delimiter))
    score = 20 + min(10, 3 * sample.words) + 5 * is_plain + (NAME_ONLY if named else 0)
    return Evidence(score, f"its lines have {sample.width} fields separated by {delimiter}")


def _guess(head: bytes) -> Sample:
    text = decode_head(head)
    if len(head) == HEAD_BYTES and "\n" in text:  # the last line is cut
        text = text[: text.rindex("\n")]
    return guess_dialect(text)


def read(stream: BufferedIOBase, file: str, limits: Limits) -> Iterator[SourceRecord | Problem]:
    """Yield the records of a file, in order."""
    return parse_chunks(split_chunks(stream, file, limits), parse, limits)


def split_chunks(stream: BufferedIOBase, file: str, limits: Limits) -> Iterator[Chunk | Problem]:
    """Yield the rows of a table. The context of a chunk has the column names."""
    first, lines = peek(read_lines(stream, limits), HEAD_BYTES, lambda line: len(line or b"") + 1)
    sample = _guess(b"\n".join(line or b"" for line in first)[:HEAD_BYTES])
    numbered = islice(number_lines(lines, limits), int(sample.is_declared), None)
    records = split_records(numbered, sample.dialect, limits.largest_line, sample.width)
    number = 0
    try:
        for piece in _split_rows(records, sample.dialect, file):
            number = piece.line
            if isinstance(piece, Chunk) or piece.hint:
                yield piece
            else:
                message = f"the row has more than {limits.largest_line} bytes"
                yield Problem(file, number, message, suggest_raising("largest_line"))
    except LimitExceeded as error:
        message = f"the file has more than {error}. It was read up to line {number}"
        yield Problem(file, number, message, suggest_raising(error.limit))


def _split_rows(
    records: Iterator[Record], dialect: Dialect, file: str
) -> Iterator[Chunk | Problem]:
    """Yield the rows below the header. The Problem of a row that is too long has no hint."""

    def read_cells(record: Record) -> list[str]:
        text, _ = decode_text(record.data or b"", file, record.line)
        return [cell.strip() for cell in split_fields(text, dialect)]

    first, records = peek(records, _SAMPLE_ROWS, lambda _: 1)
    rows = [*map(read_cells, first)]
    header = find_header(rows)
    headings = add_row_names(header, rows)
    context = encode_table(Table(name_columns(headings), dialect))
    usual = count_usual_cells(rows[header.start :])
    titles = {record.data for record in first[: header.start]} if header.has_row else set()

    def is_candidate(record: Record) -> bool:
        is_short = record.data is not None and len(record.data) <= _MAX_SUMMARY_BYTES
        return is_short and is_summary(read_cells(record), usual)

    body = (record for record in islice(records, header.start, None) if record.data != b"")
    for record, is_last in hold_back(body, is_candidate):
        if record.data is None:
            yield Problem(file, record.line, "", "")
        elif is_last:
            yield report_summary(file, record.line, read_cells(record))
        elif record.data not in titles:
            if record.is_open:
                yield Problem(file, record.line, _OPEN, "Close it, or write it twice")
            yield Chunk(record.data, file, record.line, context)


def parse(chunk: Chunk, limits: Limits) -> Iterator[SourceRecord | Problem]:
    """Yield the record of a row, and a Problem if its bytes or its number of cells is wrong."""
    table = decode_table(chunk.context)
    text, problem = decode_text(chunk.data, chunk.file, chunk.line)
    if problem:
        yield problem
    if not table.dialect:
        return
    cells = split_fields(text, table.dialect, len(table.columns))
    if len(cells) > limits.most_parts:
        message = f"the row has more than {limits.most_parts} cells"
        yield Problem(chunk.file, chunk.line, message, suggest_raising("most_parts"))
        return
    record = make_record(chunk, cells)
    if any(map(str.isalnum, text)):  # a line of dashes is not a row
        yield record
        if any(map(str.strip, cells[len(table.columns) :])):
            message = f"the row has {len(cells)} cells, but the header has {len(table.columns)}"
            hint = f"Put quotation marks around cells that contain {table.dialect.delimiter!r}"
            yield Problem(chunk.file, chunk.line, message, hint)
