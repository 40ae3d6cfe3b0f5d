"""Guess which columns of a source feed which rows: by their headings, then by their values."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from indexer.analysis.folding import fold
from indexer.mapping import headings
from indexer.mapping.profile import ColumnProfile, Profile
from indexer.mapping.templates import split_language
from indexer.values import dates, identifiers, languages

_SEVERAL_COLUMNS = frozenset(
    "summary authors editors contributors subjects identifier isbn issn link notes".split()
)
"""Rows that use every column with a fitting heading. Other rows use the first that fits best."""
_GAP_ROWS = frozenset(("year", "container"))
"""Rows with one value that use further columns where the first one is empty."""
_NAME_ROWS = frozenset(("authors", "editors", "contributors"))
_REPEATS_SHARE = 0.8
"""Share of the records in which a column of names must name the people of another one."""
_BY_VALUE_SHARE, _WELL_FILLED = 0.8, 0.6
"""Share of the values of a column that must look like those of a row, and share of records that
must have a title."""
_MIN_PROSE_CHARS, _MIN_TITLE_CHARS, _MAX_TITLE_CHARS = 200, 15, 300
_MIN_SUMMARY_CHARS = 10
"""Shorter descriptions on average are something else, such as "v. 2"."""
_MAX_LANGUAGES = 30
_COMMON_LANGUAGES = frozenset(
    "ar bg cs da de el en es fa fi fr he hi hr hu id it ja ko nb nl pl pt ro ru sk sr sv th tr uk "
    "vi zh".split()
)
"""At least one language of a column without a heading is among these. Words such as "to-read" look
like codes of rare languages."""
_MIN_DOI_SHARE = 0.1
_MAX_DATE_CHARS = len("2014-03-31T00:00:00.000+00:00")
_URL = re.compile(r"https?://|www\.", re.IGNORECASE)
_WEAK_TITLES, _MIN_NAME_CHARS = frozenset({"label", "name"}), 6
"""Headings of titles that codes have too, and characters of a title on average."""
_DAY_CHARS = len("2014-03-31")
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
    _borrow_columns(guesses, set(rows), profile)
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
        elif row == "title":  # those in other languages fill its gaps
            first = headings.drop_language(chosen[0])
            chosen = [name for name in chosen if headings.drop_language(name) == first]
        elif row not in _SEVERAL_COLUMNS:
            chosen = chosen[:1]
        guesses[row] = Guess(tuple(chosen), "")
    for row in _GAP_ROWS & ranked.keys():  # another column fills the gaps
        first, *others = (plain for _, _, plain in ranked[row])
        others = [plain for plain in others if row == "year" or _varies(columns[plain], profile)]
        guesses[row] = Guess((first, *others), "")
    return guesses


def _varies(names: Iterable[str], profile: Profile) -> bool:
    """Return whether columns have several values, unlike the name of a database."""
    return len({value for name in names for value in profile.columns[name].values}) > 1


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


def _is_poor(row: str, plain: str, names: Iterable[str], profile: Profile) -> bool:
    """Return whether a column has a usual heading of a row, but something else in it."""
    columns = [profile.columns[name] for name in names]
    length = max(column.mean_length for column in columns)
    if row == "issue":
        return any(column.is_counter for column in columns)
    if row == "summary":
        return length < _MIN_SUMMARY_CHARS
    if row == "title":
        return length < _MIN_NAME_CHARS and plain.casefold() in _WEAK_TITLES
    test: Callable[[str], object] | None = _ROW_TESTS.get(row)
    return test is not None and not any(test(value) for each in columns for value in each.values)


def _borrow_columns(guesses: dict[str, Guess], filled: set[str], profile: Profile) -> None:
    """Let rows without a column take one of a related row."""
    empty = {"title", "authors", "summary", "doi", "year"} - guesses.keys() - filled
    if "title" in empty and "container" in guesses:  # "Publication title" is of an article or book
        first, *others = guesses["container"].columns
        if "title" in first.casefold():
            guesses["title"] = Guess((first,), "")
            guesses["container"] = Guess(tuple(others), "")
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
    for row in ("container", "notes"):
        if row in guesses and not guesses[row].columns:
            del guesses[row]


def _join_columns(plain: str, profile: Profile) -> ColumnProfile:
    """Return the profile of a column in all languages."""
    joined = ColumnProfile()
    for name in dict(profile.list_plain())[plain]:
        joined.merge(profile.columns[name])
    return joined


def _has_dois(column: ColumnProfile) -> bool:
    found = sum(bool(identifiers.find_dois(value)) for value in column.values)
    return found >= _MIN_DOI_SHARE * len(column.values) > 0


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
    if len(column.values) > _MAX_LANGUAGES or not _mostly(languages.find_languages)(column):
        return False
    codes = {code for value in column.values for code in languages.find_languages(value)}
    return not codes.isdisjoint(_COMMON_LANGUAGES)


def _is_prose(column: ColumnProfile) -> bool:
    return column.mean_length >= _MIN_PROSE_CHARS


def _is_year(text: str) -> bool:
    return len(text) <= _MAX_DATE_CHARS and dates.find_year(text) is not None


def _has_years(column: ColumnProfile) -> bool:
    """Return whether most values have years, and not all are the day of an export."""
    days = {dates.parse_date(value) or "" for value in column.values}
    is_one_day = len(days) == 1 and column.filled > 1 and len(max(days)) == _DAY_CHARS
    return not is_one_day and _mostly(_is_year)(column)


_ROW_TESTS: Mapping[str, Callable[[str], object]] = {
    "link": _URL.search, "doi": identifiers.find_dois, "year": dates.find_year
}  # fmt: skip
"""What a value of a row is, where headings are often used for something else."""
_VALUE_TESTS: tuple[tuple[str, str, Callable[[ColumnProfile], bool]], ...] = (
    ("doi", "its values are DOIs", _mostly(identifiers.find_dois)),
    ("isbn", "its values are ISBNs", _mostly(identifiers.find_isbns)),
    ("issn", "its values are ISSNs", _mostly(identifiers.find_issns)),
    ("link", "its values are web addresses", _mostly(_URL.match)),
    ("language", "its values are languages", _is_language_column),
    ("year", "its values have years", _has_years),
    ("summary", "its values are long texts", _is_prose),
)
