"""Guess the dialect of a delimited text: its delimiter, quotation marks, and escapes."""

from __future__ import annotations

import re
from collections import Counter
from typing import NamedTuple

from indexer.readers.tables.headings import count_heading_words
from indexer.readers.tables.quoting import Dialect, split_fields, split_records

NO_DELIMITER = "\0"
DELIMITERS = ",;\t|^~\x1f"
_ROWS = 100
"""Limit on the records of a sample."""
_MAX_LINES = 1000
"""Limit on the lines of a sample."""
_QUOTES_CHARS = 10_000
"""Characters at the start of a text by which its quotation mark is guessed."""
_DECLARATION = re.compile(r'"?sep=(.)"?\n', re.IGNORECASE)
"""A first line that declares the delimiter for spreadsheet programs."""
_SINGLE_QUOTED = re.compile(r"(?:^|[,;\t|])'[^'\n]*'(?=[,;\t|]|$)", re.MULTILINE)
_WRAPPED = re.compile(r'"[^\n]*"\n"')
_MIN_WRAPPED_SHARE = 0.8
"""Minimum share of records with the usual width, if each record is quoted as a whole."""
_ESCAPED = re.compile(r'[^\\,;\t|\n]\\"')


class Sample(NamedTuple):
    """The first rows of a text in the most likely dialect.

    `width`: the most frequent number of fields. `share`: the share of rows with this width.
    `words`: the number of usual headings in the row with the most. `is_declared`: the file declares
    its delimiter.
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
    """Return a sample of a text in its most likely dialect."""
    start = text[:_QUOTES_CHARS]
    quote = "'" if len(_SINGLE_QUOTED.findall(start)) > start.count('"') + 4 else '"'
    has_escapes = quote == '"' and len(_ESCAPED.findall(text)) > text.count('""')
    if match := _DECLARATION.match(text):
        sample = _read_sample(text, Dialect(match[1], quote, has_escapes))
        return sample._replace(is_declared=True)
    plain = Dialect(NO_DELIMITER, quote, has_escapes)
    samples = [
        _read_sample(text, Dialect(delimiter, quote, has_escapes))
        for delimiter in DELIMITERS
        if delimiter in text
    ]
    good = [
        sample
        for sample in samples
        if sample.width > 1 and (sample.share >= 0.5 or sample.words > 1)
    ]
    if not good and _WRAPPED.match(text):
        samples = [_read_sample(text, Dialect(mark, is_wrapped=True)) for mark in DELIMITERS]
        good = [
            sample for sample in samples if sample.width > 1 and sample.share >= _MIN_WRAPPED_SHARE
        ]
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
