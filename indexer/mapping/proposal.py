"""Source proposal: the entry of a source in `sources.toml`, with a column for each row."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import chain, count
from typing import NamedTuple

import msgspec

from indexer.analysis.cleaning import make_slug
from indexer.catalogue.catalogue_checks import RESERVED_NAMES
from indexer.catalogue.column_names import fold_heading
from indexer.catalogue.fields import Catalogue, Field
from indexer.mapping import marc_headings, templates
from indexer.mapping.exported_columns import read_heading
from indexer.mapping.guessing import NAME_ROWS, Guess, guess
from indexer.mapping.headings import is_record_date
from indexer.mapping.mapper import ID_ROW, list_mapped
from indexer.mapping.profile import ColumnProfile, Profile
from indexer.mapping.separators import find_separator
from indexer.mapping.sources import Source
from indexer.mapping.standard_rows import FULLTEXT_ROW, list_standard_rows
from indexer.readers.base import Reader
from indexer.values import dates

_MAX_LEFTOVERS, _MAX_LEFTOVER_CHARS, _MIN_LEFTOVER_SHARE = 15, 120, 0.1
"""Limits on rows for leftover columns: their maximum number, the maximum mean length of a value in
characters, and the minimum share of the records with a value."""

_MAX_UNUSED_CHARS = 1_000_000
"""Maximum characters of the list of unused columns. A build reports the others."""

_BODIES = re.compile(r"\bcorp|collecti|institucional|коллектив")
"""Words of headings of the names of bodies: "Corporate author", "auteurs collectifs"."""
_MIN_RECORDS = 3
"""Minimum number of records. If all have the same value in a column, it gets no row."""
_TECHNICAL_SHARE = 0.8
_TECHNICAL = re.compile(
    r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}|[0-9a-f]{24,}|(?:[a-z]:)?[/\\]\S.*"
    r"|\d{4}-\d\d-\d\d[T ]\d\d:.*",
    re.IGNORECASE,
)
"""UUIDs, hashes, file paths, and times."""


class Proposal(NamedTuple):
    """A proposed source, the rows for its leftover columns, and comments on guesses by row."""

    source: Source
    leftover_rows: tuple[Field, ...]
    comments: Mapping[str, str]


def propose(file: str, reader: Reader, profile: Profile) -> Proposal:
    """Return a proposal for one source. Some of its rows may turn out to be empty.

    The default mapping of a format is its standard: nothing is guessed about such a source, nor
    about a table whose headings are tags of MARC. In other sources, a person chose the headings.
    There, leftover columns become rows too.
    """
    if reader.FIELDS:
        return Proposal(Source(file=file, format=reader.NAME), (), {})
    if standard := marc_headings.propose(profile):
        return Proposal(_make_marc_source(file, reader, standard, profile), (), {})
    stated = _read_headings(profile)
    guesses, spoken = guess(profile, stated)
    fields: dict[str, str | tuple[str, ...]] = {}
    for row in [field.name for field in list_standard_rows()] + ["id"]:
        if row in guesses:
            fields[row] = _state(row, guesses[row])
    if "year" in fields and "date" not in fields:
        fields |= _list_dates(fields["year"], profile)
    guessed = ((*row_guess.columns, *row_guess.repeated) for row_guess in guesses.values())
    used = {*stated, *chain.from_iterable(guessed)}
    free = [
        (plain, names) for plain, names in profile.list_plain()
        if used.isdisjoint((plain, *names))
    ]  # fmt: skip
    leftover_rows = [(row, [column]) for column, row in stated.items()]
    leftover_rows += _make_leftover_rows(free, profile)
    for leftover, columns in leftover_rows:
        fields[leftover.name] = templates.escape(columns[0])
    leftovers = tuple(leftover for leftover, _ in leftover_rows)
    rows = {field.name: field for field in (*list_standard_rows(), *leftovers)}
    source = Source(
        file=file,
        format=reader.NAME,
        fields=fields,
        split=dict(_find_splits(fields, rows, profile)),
        day_first=tuple(_find_day_first(fields, profile)),
        languages=spoken,
    )
    comments = {row: row_guess.reason for row, row_guess in guesses.items() if row_guess.reason}
    return Proposal(source, leftovers, comments)


def _make_marc_source(
    file: str, reader: Reader, standard: marc_headings.MarcProposal, profile: Profile
) -> Source:
    """Return the source of a table of MARC. A comma is part of a subject, and separates nothing."""
    rows = {field.name: field for field in list_standard_rows()}
    splits = _find_splits(standard.fields, rows, profile)
    return Source(
        file=file,
        format=reader.NAME,
        fields=standard.fields,
        split={row: separator for row, separator in splits if separator.strip() != ","},
        change=standard.changes,
        day_first=tuple(_find_day_first(standard.fields, profile)),
    )


def fit(source: Source, reader: Reader, profile: Profile, catalogue: Catalogue) -> Source:
    """Return a proposed source with only the rows of the catalogue, and with its unused columns."""
    rows = {ID_ROW, *catalogue.by_name}
    mapped = list_mapped(source, reader.FIELDS, catalogue, profile.columns)
    used = {name for columns in mapped.values() for name in columns}
    unused = [name for name in {**profile.columns, **profile.headings} if name not in used]
    return msgspec.structs.replace(
        source,
        fields={row: stated for row, stated in source.fields.items() if row in rows},
        split={row: separator for row, separator in source.split.items() if row in rows},
        unused=dict(_describe_columns(unused, profile)),
    )


def _describe_columns(names: Iterable[str], profile: Profile) -> Iterator[tuple[str, str]]:
    """Yield unused columns, each with a note, up to the length limit of the list."""
    remaining = _MAX_UNUSED_CHARS
    for name in names:
        note = _describe(profile.columns.get(name))
        remaining -= len(name) + len(note)
        if remaining >= 0:
            yield name, note


def _read_headings(profile: Profile) -> dict[str, Field]:
    """Return the rows that headings state, as in an export of a catalogue, by column."""
    taken = {field.name for field in list_standard_rows()} | RESERVED_NAMES
    rows: dict[str, Field] = {}
    for name in profile.columns:
        if row := read_heading(name):
            row = msgspec.structs.replace(row, name=_find_free_name(row.name, taken))
            taken |= {row.name}
            rows[name] = row
    return rows


def _make_leftover_rows(
    free: Iterable[tuple[str, list[str]]], profile: Profile
) -> Iterator[tuple[Field, list[str]]]:
    """Yield a row for each leftover column that is worth showing, and the column's names."""
    standard = (name for field in list_standard_rows() for name in (field.name, *field.names))
    taken = {*standard, FULLTEXT_ROW.name} | RESERVED_NAMES
    taken |= {f"year_{end}" for end in ("from", "to")}  # URL parameters of the row `year`
    shown = [
        (plain, names) for plain, names in free
        if not is_record_date(plain) and _is_worth_showing(names, profile)
    ]  # fmt: skip
    for plain, names in shown[:_MAX_LEFTOVERS]:
        row = _make_row(plain, taken)
        taken |= {row.name}
        yield row, [plain, *names]


def _state(row: str, row_guess: Guess) -> str | tuple[str, ...]:
    """Return a guess as a value of `sources.toml`. A heading may state that it names bodies."""
    names = [
        f"{{{{{{{name}}}}}}}" if row in NAME_ROWS and _BODIES.search(fold_heading(column)) else name
        for column in row_guess.columns if (name := templates.escape(column))
    ]  # fmt: skip
    if row_guess.between:
        return f"{{{names[0]}}}{row_guess.between}{{{names[1]}}}"
    return names[0] if len(names) == 1 else tuple(names)


def _is_worth_showing(names: Iterable[str], profile: Profile) -> bool:
    columns = [profile.columns[name] for name in names]
    filled = sum(column.filled for column in columns)
    return (
        filled >= max(1, _MIN_LEFTOVER_SHARE * profile.records)
        and max(column.mean_length for column in columns) <= _MAX_LEFTOVER_CHARS
        and not all(_is_uninformative(column, profile.records) for column in columns)
    )


def _is_uninformative(column: ColumnProfile, records: int) -> bool:
    """Return whether a column has the same value in all records, or only technical values."""
    values = column.values
    if records >= _MIN_RECORDS and len(values) == 1 and column.filled == records:
        return True
    if column.is_counter:
        return True
    technical = sum(bool(_TECHNICAL.fullmatch(value)) for value in values)
    return technical > _TECHNICAL_SHARE * len(values)


def _make_row(column: str, taken: set[str] | frozenset[str]) -> Field:
    """Return a row for a leftover column, with a free name."""
    label = " ".join(re.split(r"[\s._/:@\-]+", column)).strip() or column.strip()
    base = re.sub(r"\W+", "_", make_slug(label, None), flags=re.ASCII).strip("_").lower()
    base = base if re.match(r"[a-z]", base) else f"column_{base}".rstrip("_")
    name = _find_free_name(base, taken)
    label = label or name
    return Field(name, label[:1].upper() + label[1:], several=True, weight=0.2)


def _find_free_name(base: str, taken: Collection[str]) -> str:
    """Return a name that is not taken: itself, or with the first free number."""
    numbered = (f"{base}_{number}" for number in count(2))
    return next(name for name in chain([base], numbered) if name not in taken)


def _find_splits(
    fields: Mapping[str, str | tuple[str, ...]], rows: Mapping[str, Field], profile: Profile
) -> Iterable[tuple[str, str]]:
    """Yield the separator of each row whose columns have several values in one text."""
    for row, stated in fields.items():
        field = rows.get(row)
        if not field or not field.several or field.kind == "file":  # the value itself is a list
            continue
        for column in _list_profiles(stated, profile):
            kind = "text" if row == "series" else field.kind  # "Salt roads ; 6" is one series
            separator = find_separator(column, kind, are_subjects=row == "subjects")
            if separator:
                yield row, separator
                break


def _find_day_first(fields: Mapping[str, str | tuple[str, ...]], profile: Profile) -> Iterable[str]:
    """Yield the date columns that have the day before the month."""
    date_columns = {
        name for row in ("date", "year")
        for specification in _as_list(fields.get(row, ()))
        for name in templates.list_columns(specification)
    }  # fmt: skip
    for name, column in profile.columns.items():
        is_date = name in date_columns or templates.split_language(name)[0] in date_columns
        if is_date and dates.is_day_first([*column.values]):
            yield name


def _list_dates(
    stated: str | tuple[str, ...], profile: Profile
) -> dict[str, str | tuple[str, ...]]:
    """Return the columns of the row `date`, given those of `year`, if one of them has months.

    A column with months comes before one with years only.
    """
    dated = [
        specification for specification in _as_list(stated)
        if any(
            "-" in (dates.parse_date(value) or "")
            for column in _list_profiles(specification, profile) for value in column.values
        )
    ]  # fmt: skip
    ordered = tuple(dict.fromkeys([*dated, *_as_list(stated)]))
    return {"date": ordered if len(ordered) > 1 else ordered[0]} if dated else {}


def _list_profiles(stated: str | tuple[str, ...], profile: Profile) -> Iterable[ColumnProfile]:
    stated_columns = [
        name for specification in _as_list(stated) for name in templates.list_columns(specification)
    ]
    for name, column in profile.columns.items():
        if name in stated_columns or templates.split_language(name)[0] in stated_columns:
            yield column


def _as_list(stated: str | tuple[str, ...]) -> tuple[str, ...]:
    return (stated,) if isinstance(stated, str) else stated


def _describe(column: ColumnProfile | None) -> str:
    return f"{column.filled:,} filled: {column.sample}" if column and column.filled else "empty"
