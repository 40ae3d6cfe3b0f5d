"""Column guessing: map the columns of a source to rows by their headings, then by their values."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from indexer.analysis.folding import fold
from indexer.catalogue.column_names import fold_heading
from indexer.mapping import headings
from indexer.mapping.profile import ColumnProfile, Profile
from indexer.mapping.templates import split_language
from indexer.values import dates, identifiers, languages

_SEVERAL_COLUMNS = frozenset(
    "summary authors editors contributors subjects number call_number identifier isbn issn link "
    "notes".split()
)
"""Rows that use every column with a matching heading. Other rows use the best match."""
_GAP_ROWS = frozenset(("year", "container"))
"""Rows with one value that use other columns if the first one is empty."""
_NAME_ROWS = frozenset(("authors", "editors", "contributors"))
_REPEATS_SHARE = 0.8
"""Minimum share of the records in which two columns name the same persons, to use only one."""
_BY_VALUE_SHARE, _WELL_FILLED = 0.8, 0.6
"""Minimum share of the values of a column that must look like those of a row, and of the records
that must have a title."""
_MIN_PROSE_CHARS, _MIN_TITLE_CHARS, _MAX_TITLE_CHARS = 200, 15, 300
_MIN_SUMMARY_CHARS = 10
"""Minimum mean length of summaries. Shorter descriptions have other contents, such as "v. 2"."""
_MAX_LANGUAGES = 30
_COMMON_LANGUAGES = frozenset(
    "ar bg cs da de el en es fa fi fr he hi hr hu id it ja ko nb nl pl pt ro ru sk sr sv th tr uk "
    "vi zh".split()
)
"""A column without a known heading must have at least one of these. Words such as "to-read" look
like codes of rare languages."""
_MIN_DOI_SHARE = 0.1
_MAX_DATE_CHARS = len("2014-03-31T00:00:00.000+00:00")
_URL = re.compile(r"https?://|www\.", re.IGNORECASE)
_WEAK_TITLES, _MIN_NAME_CHARS = frozenset({"label", "name"}), 6
"""Headings of titles and of codes, and the minimum mean length of titles under them."""
_DAY_CHARS = len("2014-03-31")
_LONG_WORD = re.compile(r"[^\W\d_]{3,}")


class Guess(NamedTuple):
    """A guess of the columns for a row. `reason` is a comment for `sources.toml`.

    `is_person`: the columns have the family name and the given name of one person.
    """

    columns: tuple[str, ...]
    reason: str
    is_person: bool = False


def guess(
    profile: Profile, mapped: Iterable[str] = (), rows: Iterable[str] = ()
) -> dict[str, Guess]:
    """Return a guess for each row that a column of the source seems to match.

    Ignore the columns `mapped`, which the default mapping of the format uses, and the rows `rows`,
    which it fills.
    """
    taken = set(mapped)
    columns = {
        plain: names for plain, names in profile.list_plain()
        if plain not in taken and taken.isdisjoint(names)
    }  # fmt: skip
    guesses = _guess_by_heading(columns, set(rows), profile)
    _combine_names(guesses, set(rows))
    if "number" in guesses:
        _share_numbers(guesses, {"id", "issue"} - guesses.keys() - set(rows), profile)
    _borrow_columns(guesses, set(rows), profile)
    used = {name for row_guess in guesses.values() for name in row_guess.columns}
    free = {
        plain: profile.columns[names[0]] for plain, names in columns.items()
        if used.isdisjoint((plain, *names))
    }  # fmt: skip
    for row, row_guess in _guess_by_values(free, {*guesses, *rows}, profile.records):
        guesses[row] = row_guess
    return guesses


def _combine_names(guesses: dict[str, Guess], filled: set[str]) -> None:
    """Merge the guesses for the parts of a name into one for `authors`, unless it is filled."""
    family, given = (guesses.pop(part, None) for part in ("author_family", "author_given"))
    if family and given and "authors" not in {*guesses, *filled}:
        guesses["authors"] = Guess((*family.columns, *given.columns), "", is_person=True)


def _guess_by_heading(
    columns: Mapping[str, list[str]], filled: set[str], profile: Profile
) -> dict[str, Guess]:
    """Return guesses by headings. A match of the whole name is better than a match of its end."""
    has_tags = headings.are_tags(columns)
    ranked: dict[str, list[tuple[int, int, str]]] = {}
    for position, (plain, names) in enumerate(columns.items()):
        match = headings.find_row(plain, has_tags=has_tags)
        if match and match.row not in filled and not _is_poor(match.row, plain, names, profile):
            ranked.setdefault(match.row, []).append((match.rank, position, plain))
    guesses: dict[str, Guess] = {}
    for row, candidates in ranked.items():
        candidates.sort()
        chosen = [plain for _, _, plain in candidates]
        if row in _NAME_ROWS:
            chosen = _drop_repeated_names(chosen, profile)
        elif row == "title":  # titles in other languages fill the gaps
            first = headings.drop_language(chosen[0])
            chosen = [name for name in chosen if headings.drop_language(name) == first]
        elif row not in _SEVERAL_COLUMNS:
            chosen = chosen[:1]
        guesses[row] = Guess(tuple(chosen), "")
    for row in _GAP_ROWS & ranked.keys():  # another column fills the gaps
        first, *later = (plain for _, _, plain in ranked[row])
        later = [plain for plain in later if row == "year" or _varies(columns[plain], profile)]
        guesses[row] = Guess((first, *later), "")
    return guesses


def _varies(names: Iterable[str], profile: Profile) -> bool:
    """Return whether columns have several distinct values. The name of a database has only one."""
    return len({value for name in names for value in profile.columns[name].values}) > 1


def _drop_repeated_names(columns: Iterable[str], profile: Profile) -> list[str]:
    """Drop columns that repeat earlier ones, such as "Author full names" after "Authors"."""
    kept: list[str] = []
    for column in columns:
        if not any(_have_same_names(other, column, profile) for other in kept):
            kept.append(column)
    return kept


def _have_same_names(first: str, second: str, profile: Profile) -> bool:
    """Return whether two columns have the same names in most of the records that have both."""
    both = same = 0
    for record in profile.sample:
        words: dict[str, set[str]] = {first: set(), second: set()}
        for prop in record.properties:
            if (column := split_language(prop.name)[0]) in words:
                words[column].update(_LONG_WORD.findall(fold(prop.value)))
        fewer, more = sorted(words.values(), key=len)
        both += bool(fewer)
        same += bool(fewer) and 2 * len(fewer & more) > len(fewer)
    return same > 0 and same >= _REPEATS_SHARE * both


def _is_poor(row: str, plain: str, names: Iterable[str], profile: Profile) -> bool:
    """Return whether a column has a common heading of a row, but unsuitable values."""
    columns = [profile.columns[name] for name in names]
    length = max(column.mean_length for column in columns)
    if row in ("issue", "number"):
        return any(column.is_counter for column in columns)
    if row == "summary":
        return length < _MIN_SUMMARY_CHARS
    if row == "title":
        return length < _MIN_NAME_CHARS and plain.casefold() in _WEAK_TITLES
    test: Callable[[str], object] | None = _ROW_TESTS.get(row)
    values = (value for column in columns for value in column.values)
    return test is not None and not any(test(value) for value in values)


def _borrow_columns(guesses: dict[str, Guess], filled: set[str], profile: Profile) -> None:
    """Fill rows without a column from the columns of related rows."""
    empty = {"title", "authors", "summary", "doi", "year"} - guesses.keys() - filled
    if "title" in empty and "container" in guesses:  # "Publication title" is ambiguous
        first, *later = guesses["container"].columns
        if "title" in first.casefold():
            guesses["title"] = Guess((first,), "")
            guesses["container"] = Guess(tuple(later), "")
    if "authors" in empty and "contributors" in guesses:
        guesses["authors"] = guesses.pop("contributors")
    notes = guesses["notes"].columns if "notes" in guesses else ()
    prose = [name for name in notes if _is_prose(_join_columns(name, profile))]
    if "summary" in empty and prose:
        guesses["summary"] = Guess(tuple(prose), "guessed: its values are long texts")
        guesses["notes"] = Guess(tuple(name for name in notes if name not in prose), "")
    if "doi" in empty:
        columns = [name for row in ("identifier", "link") if row in guesses
                   for name in guesses[row].columns]  # fmt: skip
        if dois := [name for name in columns if _has_dois(_join_columns(name, profile))]:
            guesses["doi"] = Guess(tuple(dois), "guessed: some of its values are DOIs")
    imprints = [name for row in ("publisher", "container") if row in guesses
                for name in guesses[row].columns]  # fmt: skip
    dated = [name for name in imprints if _mostly(dates.find_year)(_join_columns(name, profile))]
    if "year" in empty and dated:
        guesses["year"] = Guess(tuple(dated), "guessed: its values have years")
    for row in ("container", "notes", "number"):
        if row in guesses and not guesses[row].columns:
            del guesses[row]


def _share_numbers(guesses: dict[str, Guess], empty: set[str], profile: Profile) -> None:
    """Take a plain "Number" beside a volume as the issue, and a distinct symbol as the id too."""
    numbers = guesses["number"].columns
    plain = tuple(name for name in numbers if fold_heading(name) == "number")
    if plain and "issue" in empty and "volume" in guesses:
        guesses["issue"] = Guess(plain, "")
        guesses["number"] = Guess(tuple(name for name in numbers if name not in plain), "")
    symbols = (name for name in numbers if name not in plain and _is_distinct(name, profile))
    if "id" in empty and (symbol := next(symbols, None)):
        guesses["id"] = Guess((symbol,), "")


def _is_distinct(plain: str, profile: Profile) -> bool:
    """Return whether the values of a column tell most of the records with one apart."""
    values = _join_columns(plain, profile).values
    return len(values) >= _WELL_FILLED * values.total()


def _join_columns(plain: str, profile: Profile) -> ColumnProfile:
    """Return the merged profile of a column in all languages."""
    joined = ColumnProfile()
    for name in dict(profile.list_plain())[plain]:
        joined.merge(profile.columns[name])
    return joined


def _has_dois(column: ColumnProfile) -> bool:
    count = sum(bool(identifiers.find_dois(value)) for value in column.values)
    return count >= _MIN_DOI_SHARE * len(column.values) > 0


def _guess_by_values(
    columns: Mapping[str, ColumnProfile], filled: set[str], records: int
) -> Iterable[tuple[str, Guess]]:
    """Yield guesses by values for the rows that are not filled."""
    free = dict(columns)
    for row, reason, looks_right in _VALUE_TESTS:
        if row in filled:
            continue
        candidates = [
            name for name, column in free.items()
            if column.filled and looks_right(column)
            and (row != "year" or not headings.is_record_date(name))
        ]  # fmt: skip
        if row == "summary":
            candidates.sort(key=lambda name: -free[name].mean_length)
        if row == "year":
            candidates.sort(key=lambda name: (not headings.is_date(name), name.count(".")))
        if candidates:
            yield row, Guess((candidates[0],), f"guessed: {reason}")
            del free[candidates[0]]
            filled = filled | {row}
    if "year" not in filled:
        dated = [name for name, column in free.items() if column.filled and _has_years(column)]
        if dated:
            yield "year", Guess((dated[0],), "guessed: its dates may be those of the record")
            del free[dated[0]]
    if "title" not in filled and (title := _guess_title(free, records)):
        yield "title", Guess((title,), "guessed: short texts, most of them different")


def _guess_title(columns: Mapping[str, ColumnProfile], records: int) -> str | None:
    """Return the first well-filled column of distinct short texts, or else the most filled one."""
    texts = [
        name for name, column in columns.items()
        if _MIN_TITLE_CHARS <= column.mean_length <= _MAX_TITLE_CHARS
        and column.filled >= _WELL_FILLED * records
        and len(column.values) > column.occurrences / 2
        and sum(" " in value for value in column.values) > len(column.values) / 2
    ]  # fmt: skip
    if texts:
        return texts[0]
    named = [name for name, column in columns.items() if any(map(_has_letters, column.values))]
    return max(named, key=lambda name: columns[name].filled, default=None)


def _has_letters(text: str) -> bool:
    return sum(char.isalpha() for char in text) > len(text) / 2


def _mostly(test: Callable[[str], object]) -> Callable[[ColumnProfile], bool]:
    """Return a check whether most values of a column pass a test."""

    def check(column: ColumnProfile) -> bool:
        passed = sum(bool(test(value.strip())) for value in column.values)
        return passed >= _BY_VALUE_SHARE * len(column.values)

    return check


def _is_language_column(column: ColumnProfile) -> bool:
    if len(column.values) > _MAX_LANGUAGES or not _mostly(languages.find_languages)(column):
        return False
    codes = {code for value in column.values for code in languages.find_languages(value)}
    return not codes.isdisjoint(_COMMON_LANGUAGES)


def _is_prose(column: ColumnProfile) -> bool:
    return column.mean_length >= _MIN_PROSE_CHARS


def _is_year(text: str) -> bool:
    return len(text) <= _MAX_DATE_CHARS and dates.find_year(text) is not None


def _has_years(column: ColumnProfile) -> bool:
    """Return whether most values have years, unless all are the same day, as that of an export."""
    days = {dates.parse_date(value) or "" for value in column.values}
    is_one_day = len(days) == 1 and column.filled > 1 and len(max(days)) == _DAY_CHARS
    return not is_one_day and _mostly(_is_year)(column)


_ROW_TESTS: Mapping[str, Callable[[str], object]] = {
    "link": _URL.search, "doi": identifiers.find_dois, "year": dates.find_year
}  # fmt: skip
"""Tests for values of rows whose headings often have other contents."""
_VALUE_TESTS: tuple[tuple[str, str, Callable[[ColumnProfile], bool]], ...] = (
    ("doi", "its values are DOIs", _mostly(identifiers.find_dois)),
    ("isbn", "its values are ISBNs", _mostly(identifiers.find_isbns)),
    ("issn", "its values are ISSNs", _mostly(identifiers.find_issns)),
    ("link", "its values are URLs", _mostly(_URL.match)),
    ("language", "its values are languages", _is_language_column),
    ("year", "its values have years", _has_years),
    ("summary", "its values are long texts", _is_prose),
)
