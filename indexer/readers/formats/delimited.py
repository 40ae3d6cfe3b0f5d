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
from indexer.readers.tables.dialects import Sample, guess_dialect
from indexer.readers.tables.headings import find_header
from indexer.readers.tables.reader import (
    Table,
    add_row_names,
    count_usual_cells,
    hold_back,
    is_summary,
    name_columns,
    report_summary,
)
from indexer.readers.tables.rows import Dialect, Line, Row, split_rows
from indexer.readers.text.encodings import decode_head, decode_text
from indexer.readers.text.lines import read_lines
from indexer.readers.text.streaming import peek

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
_IS_WORD = re.compile(r"[^\W_]")
"""A letter or a digit. A line of dashes is not a row."""


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
    """Yield the rows below the header, and a Problem for each that is not wholly usable."""
    first, lines = peek(read_lines(stream, limits), HEAD_BYTES, lambda line: len(line or b"") + 1)
    sample = _guess(b"\n".join(line or b"" for line in first)[:HEAD_BYTES])
    bad_bytes: list[Problem] = []
    texts = islice(_decode_lines(lines, bad_bytes, file), int(sample.is_declared), None)
    rows = split_rows(texts, sample.dialect, limits.largest_line, sample.width)
    for item in _read_rows(rows, sample.dialect, file, limits):
        yield from bad_bytes
        bad_bytes.clear()
        yield item


def _decode_lines(
    lines: Iterator[bytes | None], bad_bytes: list[Problem], file: str
) -> Iterator[Line]:
    """Yield the texts of lines. Add a Problem to `bad_bytes` if a byte was replaced."""
    for number, line in enumerate(lines, 1):
        text, problem = (None, None) if line is None else decode_text(line, file, number)
        bad_bytes += [problem] if problem else []
        yield number, text


def _read_rows(
    rows: Iterator[Row], dialect: Dialect, file: str, limits: Limits
) -> Iterator[SourceRecord | Problem]:
    first, rows = peek(rows, _SAMPLE_ROWS, lambda _: 1)
    cells = [_strip(row) for row in first]
    header = find_header(cells)
    table = Table(name_columns(add_row_names(header, cells)))
    usual = count_usual_cells(cells[header.start :])
    titles = cells[: header.start] if header.has_row else []
    body = islice(rows, header.start, None)
    for row, is_last in hold_back(body, lambda row: is_summary(_strip(row), usual)):
        if row.cells is None or len(row.cells) > limits.most_parts:
            what, limit = f"{limits.largest_line} characters", "largest_line"
            if row.cells:
                what, limit = f"{limits.most_parts} cells", "most_parts"
            yield Problem(file, row.line, f"the row has more than {what}", suggest_raising(limit))
        elif is_last:
            yield report_summary(file, row.line, _strip(row))
        elif any(map(_IS_WORD.search, row.cells)) and _strip(row) not in titles:
            yield table.make_record(file, row.line, row.cells)
            yield from _check(row, len(table.columns), dialect, file)


def _strip(row: Row) -> list[str]:
    return [*map(str.strip, row.cells or ())]


def _check(row: Row, width: int, dialect: Dialect, file: str) -> Iterator[Problem]:
    """Yield the problems of a row that is read all the same."""
    if row.is_open:
        message = "a quotation mark is not closed before the end of the row"
        yield Problem(file, row.line, message, "Close it, or write it twice")
    if row.cells and any(map(str.strip, row.cells[width:])):
        message = f"the row has {len(row.cells)} cells, but the header has {width}"
        hint = f"Put quotation marks around cells that contain {dialect.delimiter!r}"
        yield Problem(file, row.line, message, hint)
