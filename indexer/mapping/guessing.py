"""Guess which columns of a source feed which rows: by their headings, then by their values."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from indexer.analysis.folding import fold
from indexer.mapping.profile import ColumnProfile, Profile
from indexer.mapping.templates import split_language
from indexer.values import dates, identifiers, languages

_SEVERAL_COLUMNS = frozenset(
    "summary authors editors contributors subjects identifier isbn issn link notes".split()
)
"""Rows that use every column with a fitting heading. Other rows use the first that fits best."""
_NAME_ROWS = frozenset(("authors", "editors", "contributors"))
_REPEATS_SHARE = 0.8
"""Share of the records in which a column of names must name the people of another one."""
_BY_VALUE_SHARE, _WELL_FILLED = 0.8, 0.6
"""Share of the values of a column that must look like those of a row, and share of records that
must have a title."""
_MIN_PROSE_CHARS, _MIN_TITLE_CHARS, _MAX_TITLE_CHARS = 200, 15, 300
_MAX_LANGUAGES = 30
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_URL = re.compile(r"https?://", re.IGNORECASE)
_RECORD_DATE = re.compile(
    r"\b(?:at|accessed|accessioned|added|available|changed|created|entered|exported|imported|indexed|"
    r"labell?ed|last|modified|retrieved|timestamp|updated|uploaded)\b"
)
_WEAK_TITLES, _MIN_NAME_CHARS = frozenset({"label", "name"}), 6
"""Headings of titles that codes have too, and characters of a title on average."""
_DAY_CHARS = len("2014-03-31")
_IN_BRACKETS = re.compile(r"\([^()]*\)")
_NOT_WORD = re.compile(r"[\W_]+")
_TAG = re.compile(r"[A-Z][A-Z0-9]")
_TAGS_SHARE = 0.7
"""Share of the columns whose names must be tags such as AU."""
_LONG_WORD = re.compile(r"[^\W\d_]{3,}")


class Guess(NamedTuple):
    """The columns that a row is guessed to use, and why: a comment for `sources.toml`.

    `is_person`: they have the family and the given name of one person.
    """

    columns: tuple[str, ...]
    reason: str
    is_person: bool = False


def guess(
    profile: Profile, mapped: Iterable[str] = (), rows: Iterable[str] = ()
) -> dict[str, Guess]:
    """Return a guess for each row that the columns of a source seem to have.

    `mapped` are columns that the default mapping of the format uses, and `rows` the rows that it
    fills. They are left alone.
    """
    taken = set(mapped)
    columns = {
        plain: names for plain, names in profile.list_plain()
        if plain not in taken and taken.isdisjoint(names)
    }  # fmt: skip
    guesses = _guess_by_heading(columns, set(rows), profile)
    _combine_names(guesses, set(rows))
    used = {name for found in guesses.values() for name in found.columns}
    free = {
        plain: profile.columns[names[0]] for plain, names in columns.items()
        if used.isdisjoint((plain, *names))
    }  # fmt: skip
    for row, found in _guess_by_values(free, {*guesses, *rows}, profile.records):
        guesses[row] = found
    return guesses


def _combine_names(guesses: dict[str, Guess], filled: set[str]) -> None:
    """Replace the guesses for the parts of a name by one for the authors, if they have no other."""
    family, given = (guesses.pop(part, None) for part in ("author_family", "author_given"))
    if family and given and "authors" not in {*guesses, *filled}:
        guesses["authors"] = Guess((*family.columns, *given.columns), "", is_person=True)


def _guess_by_heading(
    columns: Mapping[str, list[str]], filled: set[str], profile: Profile
) -> dict[str, Guess]:
    """Guess by headings. One that fits the whole name is better than one that fits its end."""
    has_tags = sum(map(bool, map(_TAG.fullmatch, columns))) >= _TAGS_SHARE * len(columns)
    known = _map_headings("headings.toml") | (_map_headings("tags.toml") if has_tags else {})
    ranked: dict[str, list[tuple[int, int, str]]] = {}
    for position, plain in enumerate(columns):
        best: tuple[int, str] | None = None
        for quality, heading in enumerate(_list_headings(plain)):
            if match := known.get(heading):
                row, rank = match
                candidate = (quality * 1000 + rank, row)
                best = min(best, candidate) if best else candidate
        if best and best[1] not in filled and not _is_poor(best[1], plain, profile):
            ranked.setdefault(best[1], []).append((best[0], position, plain))
    guesses: dict[str, Guess] = {}
    for row, candidates in ranked.items():
        candidates.sort()
        chosen = [plain for _, _, plain in candidates]
        if row in _NAME_ROWS:
            chosen = _drop_repeated_names(chosen, profile)
        elif row not in _SEVERAL_COLUMNS:
            chosen = chosen[:1]
        guesses[row] = Guess(tuple(chosen), "")
    if "year" in ranked and len(ranked["year"]) > 1:  # another column fills the gaps
        guesses["year"] = Guess(tuple(plain for _, _, plain in ranked["year"]), "")
    return guesses


def _drop_repeated_names(columns: Iterable[str], profile: Profile) -> list[str]:
    """Return the columns of names without those that name the people of an earlier one again.

    "Authors" and "Author full names" are such columns.
    """
    kept: list[str] = []
    for column in columns:
        if not any(_names_the_same(other, column, profile) for other in kept):
            kept.append(column)
    return kept


def _names_the_same(first: str, second: str, profile: Profile) -> bool:
    """Return whether two columns share the words of their names in most records with both."""
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


def _list_headings(name: str) -> list[str]:
    """Return the heading, folded, then without brackets, and then its ends.

    `dc.contributor.author` ends with `author`.
    """
    whole, bare = _fold_heading(name), _fold_heading(_IN_BRACKETS.sub(" ", name))
    words = whole.split()
    path = [part for part in re.split(r"[./:@]", name) if part]
    ends = [_fold_heading(" ".join(path[-count:])) for count in (2, 1) if len(path) > count - 1]
    return list(
        dict.fromkeys([whole, bare, *ends, " ".join(words[1:]) if words[:1] == ["dc"] else whole])
    )


def _is_poor(row: str, plain: str, profile: Profile) -> bool:
    """Return whether a column has a usual heading of a row, but something else in it."""
    column = profile.columns.get(plain)
    if row == "year":
        return is_record_date(plain)
    if row == "issue":
        return bool(column and column.is_counter)
    is_weak = row == "title" and _fold_heading(plain) in _WEAK_TITLES
    return is_weak and bool(column and column.mean_length < _MIN_NAME_CHARS)


def is_record_date(name: str) -> bool:
    """Return whether the dates of a column seem to be those of the record: `created_at`."""
    return bool(_RECORD_DATE.search(_fold_heading(name)))


def _fold_heading(name: str) -> str:
    return " ".join(_NOT_WORD.split(fold(_CAMEL.sub(" ", name)))).strip()


@cache
def _map_headings(file: str) -> dict[str, tuple[str, int]]:
    """Return the row of each folded heading of a file, and the rank of the heading for the row."""
    text = files("indexer.mapping").joinpath(file).read_text(encoding="utf-8")
    headings: dict[str, tuple[str, int]] = {}
    for row, names in tomllib.loads(text).items():
        for rank, name in enumerate(names):
            headings.setdefault(_fold_heading(name), (row, rank))
    return headings


def _guess_by_values(
    columns: Mapping[str, ColumnProfile], filled: set[str], records: int
) -> Iterable[tuple[str, Guess]]:
    """Yield guesses by values for the rows that are not filled yet."""
    free = dict(columns)
    for row, reason, looks_right in _VALUE_TESTS:
        if row in filled:
            continue
        candidates = [
            name for name, column in free.items()
            if column.filled and looks_right(column) and (row != "year" or not is_record_date(name))
        ]  # fmt: skip
        if row == "summary":
            candidates.sort(key=lambda name: -free[name].mean_length)
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
    """Return the first well-filled column of different short texts; else the most filled one."""
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
    """Return whether most values of a column pass a test."""

    def check(column: ColumnProfile) -> bool:
        passed = sum(bool(test(value.strip())) for value in column.values)
        return passed >= _BY_VALUE_SHARE * len(column.values)

    return check


def _is_language_column(column: ColumnProfile) -> bool:
    is_language = _mostly(languages.find_languages)
    return len(column.values) <= _MAX_LANGUAGES and is_language(column)


def _is_prose(column: ColumnProfile) -> bool:
    return column.mean_length >= _MIN_PROSE_CHARS


def _is_year(text: str) -> bool:
    return len(text) <= len("2014-03-31T00:00:00") and dates.find_year(text) is not None


def _has_years(column: ColumnProfile) -> bool:
    """Return whether most values have years, and not all are the day of an export."""
    days = {dates.parse_date(value) or "" for value in column.values}
    is_one_day = len(days) == 1 and column.filled > 1 and len(max(days)) == _DAY_CHARS
    return not is_one_day and _mostly(_is_year)(column)


_VALUE_TESTS: tuple[tuple[str, str, Callable[[ColumnProfile], bool]], ...] = (
    ("doi", "its values are DOIs", _mostly(identifiers.find_dois)),
    ("isbn", "its values are ISBNs", _mostly(identifiers.find_isbns)),
    ("issn", "its values are ISSNs", _mostly(identifiers.find_issns)),
    ("link", "its values are web addresses", _mostly(_URL.match)),
    ("language", "its values are languages", _is_language_column),
    ("year", "its values have years", _has_years),
    ("summary", "its values are long texts", _is_prose),
)
