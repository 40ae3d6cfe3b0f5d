"""Guess the dialect of a delimited text: its delimiter, quotation marks, and escapes."""

from __future__ import annotations

import re
from collections import Counter
from itertools import islice
from typing import NamedTuple

from indexer.readers.tables.headings import count_heading_words
from indexer.readers.tables.rows import Dialect, split_rows

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
