"""Guess how the records of a delimited text are written: delimiter, quotation marks, escapes."""

from __future__ import annotations

import re
from collections import Counter
from typing import NamedTuple

from indexer.readers.tables.headings import count_heading_words
from indexer.readers.tables.quoting import Dialect, split_fields, split_records

NO_DELIMITER = "\0"
DELIMITERS = ",;\t|^~\x1f"
_ROWS = 100
_MAX_LINES = 1000
_QUOTES_CHARS = 10_000
_DECLARATION = re.compile(r'"?sep=(.)"?\n', re.IGNORECASE)
"""The first line by which a spreadsheet program learns the delimiter."""
_SINGLE_QUOTED = re.compile(r"(?:^|[,;\t|])'[^'\n]*'(?=[,;\t|]|$)", re.MULTILINE)
_WRAPPED = re.compile(r'"[^\n]*"\n"')
_LEAST_WRAPPED = 0.8
_ESCAPED = re.compile(r'[^\\,;\t|\n]\\"')


class Sample(NamedTuple):
    """The first rows of a text in the most likely dialect.

    `width`: the most frequent number of fields. `share`: the share of rows that have it.
    `words`: usual headings in the row that has most of them. `is_declared`: the file names its
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
        """How well the text fits the dialect, for comparison with others."""
        return self.share * (1 + min(self.width, 12) / 12) + min(self.words, 5) / 3


def guess_dialect(text: str) -> Sample:
    """Return the start of a text in its most likely dialect."""
    start = text[:_QUOTES_CHARS]
    quote = "'" if len(_SINGLE_QUOTED.findall(start)) > start.count('"') + 4 else '"'
    has_escapes = quote == '"' and len(_ESCAPED.findall(text)) > text.count('""')
    if match := _DECLARATION.match(text):
        sample = _read_sample(text, Dialect(match[1], quote, has_escapes))
        return sample._replace(is_declared=True)
    plain = Dialect(NO_DELIMITER, quote, has_escapes)
    found = [
        _read_sample(text, Dialect(delimiter, quote, has_escapes))
        for delimiter in DELIMITERS
        if delimiter in text
    ]
    good = [each for each in found if each.width > 1 and (each.share >= 0.5 or each.words > 1)]
    if not good and _WRAPPED.match(text):
        found = [_read_sample(text, Dialect(each, is_wrapped=True)) for each in DELIMITERS]
        good = [each for each in found if each.width > 1 and each.share >= _LEAST_WRAPPED]
    return max(good, key=lambda sample: sample.score, default=_read_sample(text, plain))


def _read_sample(text: str, dialect: Dialect) -> Sample:
    lines = enumerate(text.encode().split(b"\n")[:_MAX_LINES], 1)
    rows = []
    for record in split_records(lines, dialect, len(text)):
        rows.append([cell.strip() for cell in split_fields((record.data or b"").decode(), dialect)])
        if len(rows) == _ROWS:
            break
    filled = [row for row in rows if any(row)]
    widths = Counter(map(len, filled))
    # Titles and notes before the table have one field each.
    wide = Counter({width: count for width, count in widths.items() if width > 1}) or widths
    width, count = max(wide.items(), key=lambda item: (item[1], item[0]), default=(0, 0))
    words = max((count_heading_words(row) for row in filled[:20] if len(row) > 1), default=0)
    return Sample(dialect, rows, width, count / max(1, len(filled)), words)
