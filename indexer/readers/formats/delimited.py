"""Reader of delimited tables: CSV, TSV, and tables with semicolons, bars, or other delimiters.

A row is a record, and a cell is a property under the heading of its column.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from io import BufferedIOBase
from itertools import islice

from indexer.catalogue.limits import Limits
from indexer.catalogue.records import Problem, SourceRecord
from indexer.readers.base import HEAD_BYTES, NAME_ONLY, Evidence, detect_by_name
from indexer.readers.tables.dialects import Sample, guess_dialect
from indexer.readers.tables.reader import read_table
from indexer.readers.tables.rows import Line, split_rows
from indexer.readers.text.encodings import decode_head, decode_text, read_lines
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
    for item in read_table(rows, file, limits, delimiter=sample.dialect.delimiter):
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
