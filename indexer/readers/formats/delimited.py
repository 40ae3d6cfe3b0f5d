"""Reader of delimited tables: CSV, TSV, and tables with semicolons, bars, or other delimiters.

A row is a record, and a cell is a property under the heading of its column.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from io import BufferedIOBase
from itertools import islice
from typing import NamedTuple

from indexer.catalogue.limits import Limits
from indexer.catalogue.records import Problem, SourceRecord
from indexer.readers.base import HEAD_BYTES, NAME_ONLY, Evidence, detect_by_name
from indexer.readers.tables.headings import count_heading_words
from indexer.readers.tables.reader import read_table
from indexer.readers.tables.rows import Dialect, Line, split_rows
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


NO_DELIMITER = "\0"
DELIMITERS = ",;\t|^~\x1f"
_ROWS = 100
"""Limit on the rows of a sample."""
_MAX_LINES = 1000
"""Limit on the lines of a sample."""
_QUOTES_CHARS = 10_000
"""Characters at the start of a text by which its quotation mark is guessed."""
_DECLARATION = re.compile(r'"?sep=(.)"?\n', re.IGNORECASE)
"""A first line that declares the delimiter for spreadsheet programs."""
_SINGLE_QUOTED = re.compile(r"(?:^|[,;\t|])'[^'\n]*'(?=[,;\t|]|$)", re.MULTILINE)
_WRAPPED = re.compile(r'"[^\n]*"\n"')
_MIN_WRAPPED_SHARE = 0.8
"""Minimum share of rows with the usual width, if each row is quoted as a whole."""
_ESCAPED = re.compile(r'[^\\,;\t|\n]\\"')


class Sample(NamedTuple):
    """The first rows of a text in the most likely dialect.

    `width`: the most frequent number of cells. `share`: the share of rows with this width. `words`:
    the number of usual headings in the row with the most. `is_declared`: the file declares its
    delimiter.
    """

    dialect: Dialect
    rows: list[list[str]]
    width: int
    share: float
    words: int
    is_declared: bool = False

    @property
    def score(self) -> float:
        """The quality of the dialect for this text; more is better."""
        return self.share * (1 + min(self.width, 12) / 12) + min(self.words, 5) / 3


def guess_dialect(text: str) -> Sample:
    """Return a sample of a text in its most likely dialect.

    See docs/decisions for the reason why `csv.Sniffer` does not guess it.
    """
    start = text[:_QUOTES_CHARS]
    quote = "'" if len(_SINGLE_QUOTED.findall(start)) > start.count('"') + 4 else '"'
    has_escapes = quote == '"' and len(_ESCAPED.findall(text)) > text.count('""')
    if match := _DECLARATION.match(text):
        sample = _read_sample(text, Dialect(match[1], quote, has_escapes))
        return sample._replace(is_declared=True)
    used = [mark for mark in DELIMITERS if mark in text]
    samples = [_read_sample(text, Dialect(mark, quote, has_escapes)) for mark in used]
    good = [each for each in samples if each.width > 1 and (each.share >= 0.5 or each.words > 1)]
    if not good and _WRAPPED.match(text):
        samples = [_read_sample(text, Dialect(mark, is_wrapped=True)) for mark in used]
        good = [each for each in samples if each.width > 1 and each.share >= _MIN_WRAPPED_SHARE]
    plain = Dialect(NO_DELIMITER, quote, has_escapes)
    return max(good, key=lambda sample: sample.score, default=_read_sample(text, plain))


def _read_sample(text: str, dialect: Dialect) -> Sample:
    lines = enumerate(text.split("\n", _MAX_LINES)[:_MAX_LINES], 1)
    found = islice(split_rows(lines, dialect, len(text)), _ROWS)
    rows = [[cell.strip() for cell in row.cells or ()] for row in found]
    filled = [row for row in rows if any(row)]
    widths = Counter(map(len, filled))
    # Titles and notes before the table have one cell each.
    wide = Counter({width: count for width, count in widths.items() if width > 1}) or widths
    width, count = max(wide.items(), key=lambda item: (item[1], item[0]), default=(0, 0))
    words = max((count_heading_words(row) for row in filled[:20] if len(row) > 1), default=0)
    return Sample(dialect, rows, width, count / max(1, len(filled)), words)
