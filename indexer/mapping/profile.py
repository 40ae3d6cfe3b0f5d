"""Source profile: the columns of a source, how often each is filled, and samples of its values."""

from __future__ import annotations

from collections import Counter
from itertools import chain

from indexer.catalogue.records import SourceRecord
from indexer.mapping.templates import split_language
from indexer.values.iso_codes import find_languages

MAX_VALUES = 2000
"""Maximum number of distinct values that are kept per column. Later ones only add to the sums."""
MAX_RECORDS = 3000
"""Number of records in the sample. Later records are added only if they have a new column."""
MAX_VALUE_CHARS = 500
"""Maximum number of characters that are kept of a value."""
_MAX_SINGLE = 1.05
"""Maximum mean number of values per record in a column with one value per record."""
_SAMPLE_CHARS = 60
_MIN_COUNTED, _MAX_DIGITS = 3, 12


class ColumnProfile:
    """Profile of one column. `filled` is the number of records in which it has a value.

    `is_listed`: the source has a list of its values, so each text is one.

    `values` gives the number of occurrences of the first distinct values. `occurrences` and
    `characters` are the sums over all values.
    """

    def __init__(self) -> None:
        self.filled, self.occurrences, self.characters = 0, 0, 0
        self.is_listed = False
        self.values: Counter[str] = Counter()

    def add(self, value: str) -> None:
        self.occurrences += 1
        self.characters += len(value)
        value = value[:MAX_VALUE_CHARS]
        if value in self.values or len(self.values) < MAX_VALUES:
            self.values[value] += 1

    def merge(self, other: ColumnProfile) -> None:
        self.filled += other.filled
        self.is_listed |= other.is_listed
        self.occurrences += other.occurrences
        self.characters += other.characters
        for value, count in other.values.items():
            if value in self.values or len(self.values) < MAX_VALUES:
                self.values[value] += count

    @property
    def is_repeated(self) -> bool:
        """Whether more than a few records have several values. The format separates these."""
        return self.occurrences > _MAX_SINGLE * self.filled

    @property
    def mean_length(self) -> float:
        return self.characters / self.occurrences if self.occurrences else 0.0

    @property
    def is_counter(self) -> bool:
        """Whether its values are row numbers: consecutive and distinct."""
        digits = [value for value in self.values if value.isdecimal() and len(value) <= _MAX_DIGITS]
        are_distinct = _MIN_COUNTED <= len(digits) == len(self.values) == self.occurrences
        return are_distinct and max(map(int, digits)) - min(map(int, digits)) < len(digits)

    @property
    def sample(self) -> str:
        """The first value, on one line, shortened."""
        value = " ".join(next(iter(self.values), "").split())
        return value if len(value) <= _SAMPLE_CHARS else f"{value[: _SAMPLE_CHARS - 1]}…"


class Profile:
    """The columns of a source, in the order of the file, and a sample of its records.

    `headings` contains the columns of a table's header, including those that are empty in all rows.
    """

    def __init__(self) -> None:
        self.headings: dict[str, None] = {}
        self.columns: dict[str, ColumnProfile] = {}
        self.records = 0
        self.sample: list[SourceRecord] = []

    def add(self, record: SourceRecord) -> None:
        self.records += 1
        column_count = len(self.columns)
        filled: set[str] = set()
        for prop in record.properties:
            column = self.columns.get(prop.name)
            if column is None:
                column = self.columns[prop.name] = ColumnProfile()
            if prop.value:
                column.add(prop.value)
                filled.add(prop.name)
        for name in filled:
            self.columns[name].filled += 1
            self.columns[name].is_listed |= name in record.lists
        if len(self.sample) < MAX_RECORDS or len(self.columns) > column_count:
            self.sample.append(record)

    def merge(self, other: Profile) -> None:
        """Add the records of another file."""
        self.records += other.records
        self.headings |= other.headings
        known_names = set(self.columns)
        for record in other.sample:
            names = {prop.name for prop in record.properties}
            if len(self.sample) < MAX_RECORDS or not names <= known_names:
                self.sample.append(record)
            known_names |= names
        for name, column in other.columns.items():
            self.columns.setdefault(name, ColumnProfile()).merge(column)

    def join_languages(self) -> dict[str, ColumnProfile]:
        """Return the columns by plain name. Those in several languages are joined."""
        joined: dict[str, ColumnProfile] = {}
        ordered = (name for name in self.headings if name in self.columns)
        for name in dict.fromkeys((*ordered, *self.columns)):
            plain = split_language(name)[0]
            joined.setdefault(plain, ColumnProfile()).merge(self.columns[name])
        return joined

    @property
    def names(self) -> dict[str, None]:
        """The names of its columns, also those of empty ones, and those without a language."""
        names = {**self.headings, **self.columns}
        return dict.fromkeys(chain.from_iterable((name, split_language(name)[0]) for name in names))

    @property
    def languages(self) -> list[str]:
        """The languages of texts in the sample, by their codes."""
        stated = {prop.language or "" for record in self.sample for prop in record.properties}
        stated |= {split_language(name)[1] or "" for name in self.columns}
        return sorted({code for text in stated for code in find_languages(text)})
