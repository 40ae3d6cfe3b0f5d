"""Profile of a source: its columns, how often each holds something, and samples of its values."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from indexer.catalogue.records import Property, SourceRecord
from indexer.mapping.templates import split_language

MAX_VALUES = 2000
"""Distinct values of a column that are kept. Later ones are only counted."""
MAX_RECORDS = 3000
"""Records that are kept as a sample: the first ones, and later ones with a new column."""
MAX_VALUE_CHARS = 500
"""Characters of a value that are kept."""
_SAMPLE_CHARS = 60
_MIN_COUNTED, _MAX_DIGITS = 3, 12


class ColumnProfile:
    """One column. `filled` counts the records in which it holds something.

    `values` counts its first distinct values, and `characters` those of all its values.
    """

    def __init__(self) -> None:
        self.filled, self.occurrences, self.characters = 0, 0, 0
        self.values: Counter[str] = Counter()

    def add(self, value: str) -> None:
        """Add a value."""
        self.occurrences += 1
        self.characters += len(value)
        value = value[:MAX_VALUE_CHARS]
        if value in self.values or len(self.values) < MAX_VALUES:
            self.values[value] += 1

    def merge(self, other: ColumnProfile) -> None:
        """Add the values of another profile of the column."""
        self.filled += other.filled
        self.occurrences += other.occurrences
        self.characters += other.characters
        for value, count in other.values.items():
            if value in self.values or len(self.values) < MAX_VALUES:
                self.values[value] += count

    @property
    def mean_length(self) -> float:
        """Characters of a value on average."""
        return self.characters / self.occurrences if self.occurrences else 0.0

    @property
    def is_counter(self) -> bool:
        """Whether its values are the numbers of the rows: consecutive, and all different."""
        if not _MIN_COUNTED <= self.occurrences == len(self.values):
            return False
        if not all(value.isdecimal() and len(value) <= _MAX_DIGITS for value in self.values):
            return False
        numbers = [int(value) for value in self.values]
        return max(numbers) - min(numbers) < len(numbers)

    @property
    def sample(self) -> str:
        """A typical value, on one line."""
        value = " ".join(next(iter(self.values), "").split())
        return value if len(value) <= _SAMPLE_CHARS else f"{value[: _SAMPLE_CHARS - 1]}…"


class Profile:
    """The columns of a source, in the order of the file, and a sample of its records.

    `headings` has the columns of a table's header, also those that are empty in every row.
    """

    def __init__(self) -> None:
        self.headings: dict[str, None] = {}
        self.columns: dict[str, ColumnProfile] = {}
        self.records = 0
        self.sample: list[SourceRecord] = []

    def add(self, record: SourceRecord) -> None:
        """Add a record."""
        self.records += 1
        known = len(self.columns)
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
        if len(self.sample) < MAX_RECORDS or len(self.columns) > known:
            self.sample.append(record)

    def merge(self, other: Profile) -> None:
        """Add the records of another file."""
        self.records += other.records
        self.headings |= other.headings
        known = set(self.columns)
        for record in other.sample:
            names = {prop.name for prop in record.properties}
            if len(self.sample) < MAX_RECORDS or not names <= known:
                self.sample.append(record)
            known |= names
        for name, column in other.columns.items():
            self.columns.setdefault(name, ColumnProfile()).merge(column)

    def list_plain(self) -> Iterator[tuple[str, list[str]]]:
        """Yield the plain name of columns with and without a language, and their full names."""
        names: dict[str, list[str]] = {}
        for name in self.columns:
            names.setdefault(split_language(name)[0], []).append(name)
        yield from names.items()

    def list_values(self, name: str) -> Iterator[Property]:
        """Yield the properties of a column in the sample."""
        for record in self.sample:
            for prop in record.properties:
                if prop.name == name:
                    yield prop
