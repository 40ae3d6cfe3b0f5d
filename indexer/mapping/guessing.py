"""Column guessing: map the columns of a source to rows by their headings, then by their values."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from indexer.analysis.folding import fold
from indexer.analysis.stemming import OTHER_SCRIPTS
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
_TEXT_ROWS = frozenset(("title", "other_titles", "summary", "link"))
"""Rows whose values have a language of their own."""
NAME_ROWS = frozenset(("authors", "editors", "contributors"))
_PARTS = (
    ("authors", ("author_family", "author_given"), ", "),
    ("pages", ("page_start", "page_end"), "-"),
)
"""Rows, the two headings of parts of their values, and the text between these."""
_REPEATS_SHARE = 0.8
"""Minimum share of the records in which two columns name the same persons, to use only one."""
_BY_VALUE_SHARE, _WELL_FILLED = 0.8, 0.6
"""Minimum share of the values of a column that must look like those of a row, and of the records
that must have a title."""
_MIN_PROSE_CHARS, _MIN_TITLE_CHARS, _MAX_TITLE_CHARS = 200, 15, 300
_MIN_SUMMARY_CHARS = 10
"""Minimum mean length of summaries. Shorter descriptions have other contents, such as "v. 2"."""
_MAX_LANGUAGES = 30
_MIN_DOI_SHARE = 0.1
_MAX_DATE_CHARS, _MAX_IMPRINT_CHARS = len("2014-03-31T00:00:00.000+00:00"), 80
"""Limits on a date, and on a date with other parts of an imprint around it."""
_URL = re.compile(r"https?://|www\.", re.IGNORECASE)
_WEAK_TITLES, _MIN_NAME_CHARS = frozenset({"label", "name"}), 6
"""Headings of titles and of codes, and the minimum mean length of titles under them."""
_DAY_CHARS = len("2014-03-31")
_LONG_WORD = re.compile(r"[^\W\d_]{3,}")


class Guess(NamedTuple):
    """A guess of the columns for a row. `reason` is a comment for `sources.toml`.

    `between`: the text between the values of two columns that have the parts of one value, such as
    the family name and the given name of a person. `repeated`: columns that repeat the values.
    """

    columns: tuple[str, ...]
    reason: str
    between: str = ""
    repeated: tuple[str, ...] = ()


def guess(
    profile: Profile, stated: Collection[str] = ()
) -> tuple[dict[str, Guess], dict[str, str]]:
    """Return a guess for each row that a column seems to match, and the languages of columns.

    Ignore the columns `stated`, whose headings leave nothing to guess.
    """
    columns = {plain: names for plain, names in profile.list_plain() if plain not in stated}
    spoken = _find_languages(columns, profile)
    unnamed = [name for name in spoken if not headings.split_language(name)[0]]
    named = {plain: names for plain, names in columns.items() if plain not in unnamed}
    guesses = _guess_by_heading(named, spoken, profile)
    if unnamed:
        _guess_by_language(guesses, unnamed, profile)
    _combine_parts(guesses)
    if "number" in guesses:
        _share_numbers(guesses, {"id", "issue"} - guesses.keys(), profile)
    _borrow_columns(guesses, profile)
    used = {name for each in guesses.values() for name in (*each.columns, *each.repeated)}
    free = {
        plain: profile.columns[names[0]] for plain, names in named.items()
        if used.isdisjoint((plain, *names))
    }  # fmt: skip
    for row, row_guess in _guess_by_values(free, {*guesses}, profile.records):
        guesses[row] = row_guess
    texts = {name for row in _TEXT_ROWS & guesses.keys() for name in guesses[row].columns}
    return guesses, {name: code for name, code in spoken.items() if name in texts}


def _find_languages(columns: Mapping[str, list[str]], profile: Profile) -> dict[str, str]:
    """Return the languages that headings state, of columns whose values may be in them.

    A heading that is nothing but a language, such as AR, needs another one of the kind.
    """
    spoken = {
        plain: code for plain in columns
        if (code := headings.split_language(plain)[1])
        and (code not in OTHER_SCRIPTS or not _mostly(str.isascii)(_join_columns(plain, profile)))
    }  # fmt: skip
    unnamed = [plain for plain in spoken if not headings.split_language(plain)[0]]
    is_ignored = not headings.are_languages(unnamed, columns)
    return {name: code for name, code in spoken.items() if not (is_ignored and name in unnamed)}


def _guess_by_language(guesses: dict[str, Guess], names: Sequence[str], profile: Profile) -> None:
    """Add columns whose headings are languages to the row that fits their values, if one does."""
    joined = ColumnProfile()
    for name in names:
        joined.merge(_join_columns(name, profile))
    if _mostly(_URL.match)(joined):
        row = "link"
    elif _is_prose(joined):
        row = "summary"
    elif joined.mean_length >= _MIN_TITLE_CHARS:
        row = "title"
    else:
        return
    first = guesses[row].columns if row in guesses else ()
    guesses[row] = Guess((*first, *names), "guessed: its headings are languages")


def _combine_parts(guesses: dict[str, Guess]) -> None:
    """Merge the guesses for two parts of a value into one for its row, unless it has columns."""
    for row, names, between in _PARTS:
        first, second = (guesses.pop(name, None) for name in names)
        if first and second and row not in guesses:
            guesses[row] = Guess((*first.columns, *second.columns), "", between)


def _guess_by_heading(
    columns: Mapping[str, list[str]], spoken: Mapping[str, str], profile: Profile
) -> dict[str, Guess]:
    """Return guesses by headings. A match of the whole name is better than a match of its end."""
    has_tags = headings.are_tags(columns)
    ranked: dict[str, list[tuple[int, int, str]]] = {}
    for position, (plain, names) in enumerate(columns.items()):
        heading = headings.split_language(plain)[0] if plain in spoken else plain
        match = headings.find_row(heading, has_tags=has_tags)
        if match and not _is_poor(match.row, plain, names, profile):
            rank = match.rank - match.rank % 1000 if plain in spoken else match.rank
            ranked.setdefault(match.row, []).append((rank, position, plain))
    guesses: dict[str, Guess] = {}
    for row, candidates in ranked.items():
        candidates.sort()
        chosen = every = [plain for _, _, plain in candidates]
        if row in NAME_ROWS:
            chosen = _drop_repeated_names(chosen, profile)
        elif row == "title":
            first, *others = chosen
            chosen = [first, *(name for name in others if name in spoken)]
        elif row not in _SEVERAL_COLUMNS:
            chosen = chosen[:1]
        repeated = [plain for plain in every if row in NAME_ROWS and plain not in chosen]
        guesses[row] = Guess(tuple(chosen), "", repeated=tuple(repeated))
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
    if row not in _ROW_TESTS:
        return False
    test, share = _ROW_TESTS[row]
    passed = [bool(test(value)) for column in columns for value in column.values]
    return sum(passed) <= share * len(passed)


def _borrow_columns(guesses: dict[str, Guess], profile: Profile) -> None:
    """Fill rows without a column from the columns of related rows."""
    empty = {"title", "authors", "summary", "doi", "year"} - guesses.keys()
    if "title" in empty and "container" in guesses:  # "Publication title" is ambiguous
        first, *later = guesses["container"].columns
        if "title" in first.casefold():
            guesses["title"] = Guess((first,), "guessed: no other column has titles")
            guesses["container"] = Guess(tuple(later), "")
    if "authors" in empty and "contributors" in guesses:
        names = guesses.pop("contributors").columns
        guesses["authors"] = Guess(names, "guessed: no other column has authors")
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
    return not codes.isdisjoint(headings.COMMON_LANGUAGES)


def _is_prose(column: ColumnProfile) -> bool:
    return column.mean_length >= _MIN_PROSE_CHARS


def _is_year(text: str) -> bool:
    return len(text) <= _MAX_DATE_CHARS and dates.find_year(text) is not None


def _has_years(column: ColumnProfile) -> bool:
    """Return whether most values have years, unless all are the same day, as that of an export."""
    days = {dates.parse_date(value) or "" for value in column.values}
    is_one_day = len(days) == 1 and column.filled > 1 and len(max(days)) == _DAY_CHARS
    return not is_one_day and _mostly(_is_year)(column)


_ROW_TESTS: Mapping[str, tuple[Callable[[str], object], float]] = {
    "link": (_URL.search, 0),
    "doi": (identifiers.find_dois, 0),
    "series": (_has_letters, 0),  # a DSpace collection is a number
    "page_start": (lambda text: text.strip("0"), 0),
    "year": (lambda text: len(text) <= _MAX_IMPRINT_CHARS and dates.find_year(text), 0.4),
    "language": (
        lambda text: text in languages.UNITED_NATIONS or languages.find_languages(text)
        or languages.find_named_languages(text) or languages.is_no_language(text), 0.4,
    ),
}  # fmt: skip
"""Tests for values of rows whose headings often have other contents, and the share of the values
of a column that must be exceeded."""
_VALUE_TESTS: tuple[tuple[str, str, Callable[[ColumnProfile], bool]], ...] = (
    ("doi", "its values are DOIs", _mostly(identifiers.find_dois)),
    ("isbn", "its values are ISBNs", _mostly(identifiers.find_isbns)),
    ("issn", "its values are ISSNs", _mostly(identifiers.find_issns)),
    ("link", "its values are URLs", _mostly(_URL.match)),
    ("language", "its values are languages", _is_language_column),
    ("year", "its values have years", _has_years),
    ("summary", "its values are long texts", _is_prose),
)
