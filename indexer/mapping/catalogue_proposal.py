"""Catalogue proposal: the rows, facets, and example queries of imported sources."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise

import msgspec

from indexer.analysis import stemming, tokenizer
from indexer.catalogue.fields import Catalogue, Field
from indexer.catalogue.records import SourceRecord
from indexer.catalogue.roles import TypeRule
from indexer.mapping.mapper import OTHER_TITLES, Mapper
from indexer.mapping.standard_rows import list_standard_rows
from indexer.values.publication_types import group_by_csl_type

_ALWAYS_FACETS = frozenset({"authors", "subjects", "container"})
_MIN_VALUES, _MAX_VALUES, _MIN_REPEATS = 2, 200, 1.5
"""A facet has 2 to 200 values. On average, a value occurs in at least 1.5 publications."""
_MAX_LEFTOVER_FACETS = 4
_MIN_WORD_CHARS = 4
_BOTH = "publications that have both words, the best first"


class RowValues:
    """The values of one row in a sample of records."""

    def __init__(self) -> None:
        self.values: Counter[str] = Counter()
        self.records = 0

    @property
    def repeats(self) -> float:
        """The mean number of occurrences of a value."""
        return sum(self.values.values()) / len(self.values) if self.values else 0.0


def make_catalogue(
    title: str, fields: Sequence[Field], samples: Iterable[tuple[Mapper, SourceRecord]]
) -> Catalogue:
    """Return a catalogue with those rows among `fields` that have values in the samples."""
    counts: dict[str, RowValues] = {}
    titles: list[str] = []
    for mapper, record in samples:
        seen: set[str] = set()
        for prop in mapper.map(record).properties:
            row = counts.setdefault(prop.name, RowValues())
            row.values[prop.value] += 1
            row.records += prop.name not in seen
            seen.add(prop.name)
            if prop.name == "title":
                titles.append(prop.value)
    kept = {field.name for field in fields if _has_values(field, counts)} | {"title"}
    if any(field.translates == "title" for field in fields if field.name in kept):
        kept.add(OTHER_TITLES)  # its columns may feed these rows
    rows = [field for field in fields if field.name in kept]
    return Catalogue(
        title=title,
        description="",
        fields=tuple(_with_numbers(rows, counts)),
        examples=tuple(_make_examples(titles, counts)),
        types=tuple(_make_type_rules(rows)),
    )


def _make_type_rules(rows: Iterable[Field]) -> Iterable[TypeRule]:
    """Yield the type of every name in the row of types, also of those that an update brings."""
    for row in rows:
        if row.role == "type":
            for csl, names in group_by_csl_type().items():
                yield TypeRule(csl, {row.name: names})


def _has_values(field: Field, counts: dict[str, RowValues]) -> bool:
    values = counts.get(field.name)
    if values is None:
        return False
    if field.kind == "date":  # a separate row only if it is more precise than the year
        return any("-" in value for value in values.values)
    return True


def _with_numbers(rows: Sequence[Field], counts: dict[str, RowValues]) -> Iterable[Field]:
    """Yield the rows, with consecutive numbers for the facets and for the metadata line."""
    standard = sorted((row for row in rows if row.facet), key=lambda row: row.facet or 0)
    facets = [row.name for row in standard if _is_facet(row, counts[row.name])]
    standard_names = {row.name for row in list_standard_rows()}
    leftovers = [
        row.name for row in rows
        if row.name not in standard_names and not row.translates
        and _is_facet(row, counts[row.name])
    ]  # fmt: skip
    facets += leftovers[:_MAX_LEFTOVER_FACETS]
    facts = sorted((row for row in rows if row.fact), key=lambda row: row.fact or 0)
    for row in rows:
        yield msgspec.structs.replace(
            row,
            facet=facets.index(row.name) + 1 if row.name in facets else None,
            fact=facts.index(row) + 1 if row in facts else None,
        )


def _is_facet(row: Field, values: RowValues) -> bool:
    if len(values.values) < _MIN_VALUES:
        return False
    if row.name in _ALWAYS_FACETS or row.kind in ("year", "language"):
        return True
    return len(values.values) <= _MAX_VALUES and values.repeats >= _MIN_REPEATS


def _make_examples(
    titles: Sequence[str], counts: dict[str, RowValues]
) -> Iterable[tuple[str, str]]:
    """Yield example queries with frequent words of the titles, and descriptions of their hits."""
    words: Counter[str] = Counter()
    pairs: Counter[str] = Counter()
    for title in titles:
        tokens = [
            token
            for token in tokenizer.tokenize(title, "en")
            if len(token.surface) >= _MIN_WORD_CHARS
            and token.surface not in stemming.ALL_STOP_WORDS
        ]
        words.update({token.surface.lower() for token in tokens})
        pairs.update(
            f"{first.surface} {second.surface}".lower()
            for first, second in pairwise(tokens) if second.position == first.position + 1
        )  # fmt: skip
    frequent = [word for word, _ in words.most_common(3)]
    if len(frequent) > 1:
        yield f"{frequent[0]} {frequent[1]}", _BOTH
    for pair, _ in pairs.most_common(1):
        yield f'"{pair}"', "the words side by side"
    if frequent:
        yield f"{frequent[0][:_MIN_WORD_CHARS]}*", "all words that start with these letters"
        yield f"title:{frequent[-1]}", "a word in one field"
    if years := counts.get("year"):
        ordered = sorted(years.values)
        if ordered[0] != ordered[-1]:
            yield f"year:{ordered[len(ordered) // 2]}..", "since this year"
