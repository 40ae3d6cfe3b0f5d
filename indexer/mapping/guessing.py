"""Column guessing: map columns of a source to fields by their headings, then by their values."""

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

from indexer.analysis.cleaning import fold
from indexer.analysis.stemming import OTHER_SCRIPTS
from indexer.catalogue.column_names import fold_heading
from indexer.catalogue.records import SourceRecord
from indexer.mapping import standard_fields
from indexer.mapping.profile import ColumnProfile
from indexer.mapping.templates import split_language
from indexer.values import dates, identifiers, iso_codes

_SEVERAL_COLUMNS = frozenset(
    "summary authors editors contributors subjects number call_number identifier isbn issn link "
    "notes".split()
)
"""Fields that use every column with a matching heading. Other fields use the best match."""
_TEXT_FIELDS = ("title", "other_titles", "summary", "link")
"""Fields whose values have a language of their own."""
NAME_FIELDS = frozenset(("authors", "editors", "contributors"))
_PARTS = (
    ("authors", ("author_family", "author_given"), ", "),
    ("pages", ("page_start", "page_end"), "-"),
)
"""Fields, the two headings of parts of their values, and the text between these."""
_REPEATS_SHARE = 0.8
"""Minimum share of the records in which two columns name the same persons, to use only one."""
_BY_VALUE_SHARE, _WELL_FILLED = 0.8, 0.6
"""Minimum share of the values of a column that must look like those of a field, and of the records
that must have a title, and of the titles that must differ."""
_IDENTIFIER_SHARE = 0.9
"""The same share for identifiers. A wrong one loses records: those that share one are merged."""
_MIN_PROSE_CHARS, _MIN_TITLE_CHARS, _MAX_TITLE_CHARS = 200, 15, 300
_MIN_SUMMARY_CHARS = 10
"""Minimum mean length of summaries. Shorter descriptions have other contents, such as "v. 2"."""
_MAX_LANGUAGES = 30
_MIN_DOI_SHARE = 0.1
_MAX_DATE_CHARS, _MAX_IMPRINT_CHARS = len("2014-03-31T00:00:00.000+00:00"), 80
"""Limits on a date, and on a date with other parts of an imprint around it."""
_URL = re.compile(r"https?://|www\.", re.IGNORECASE)
_SYMBOL = re.compile(r"(?=.*\d)[A-Z]{1,8}(?:/[A-Z0-9][\w.*()&-]*){2,}")
"""A symbol of a document of the United Nations, such as E/ESCWA/SDD/2017/2."""
_WEAK_TITLES, _MIN_NAME_CHARS = frozenset({"label", "name"}), 6
"""Headings of titles and of codes, and the minimum mean length of titles under them."""
_MAY_BE_TITLE = re.compile("publication|title")
"""Words of headings of containers that may have the titles of the publications themselves."""
_NAMING_FIELDS = ("number", "call_number", "doi", "isbn", "issn", "pmid", "identifier", "file")
_SIMILAR_FIELDS = ("series", "subjects", "notes", "summary", "authors", "publisher")
"""Fields that name a record without a title, and those that have its best text if there are none,
the best one first."""
_DAY_CHARS = len("2014-03-31")
_LONG_WORD = re.compile(r"[^\W\d_]{3,}")


class Guesser:
    """The guesses for one source, from its columns and a sample of its records.

    `fields` contains the columns that seem to feed each field, and `reasons` a comment for
    `sources.toml` on those that their headings do not tell. `languages` contains the languages of
    columns. `between`: the text between the values of two columns that have the parts of one value,
    such as the family name and the given name of a person, by field. `used` contains the columns
    that feed a field, and those that repeat the values of others. `filled`: fields that other
    columns feed already. Only a heading adds a column to these.
    """

    def __init__(
        self, columns: Mapping[str, ColumnProfile], sample: Sequence[SourceRecord], records: int,
        filled: Collection[str] = (),
    ) -> None:  # fmt: skip
        self.columns, self.sample, self.records = columns, sample, records
        self._filled = filled
        self.fields: dict[str, list[str]] = {}
        self.used: set[str] = set()
        self.reasons: dict[str, str] = {}
        self.between: dict[str, str] = {}
        self.languages, self._unnamed = self._find_languages()
        self._guess_by_heading()
        self._guess_by_language()
        self._combine_parts()
        self._borrow_columns()
        self._guess_by_values()
        self.used.update(self._list_columns(*self.fields))
        self.fields = {field: names for field, names in self.fields.items() if names}
        texts = self._list_columns(*_TEXT_FIELDS)
        self.languages = {name: code for name, code in self.languages.items() if name in texts}

    def _set(self, field: str, names: Sequence[str], reason: str) -> None:
        if names:
            self.fields[field] = [*names]
            self.reasons[field] = f"guessed: {reason}"

    def _list_columns(self, *fields: str) -> list[str]:
        return [name for field in fields for name in self.fields.get(field, ())]

    def _find_languages(self) -> tuple[dict[str, str], list[str]]:
        """Return the languages that headings state, of columns whose values may be in them.

        Also return the headings that are nothing but a language. Such a heading, as AR, needs
        another one of the kind.
        """
        spoken: dict[str, str] = {}
        unnamed: list[str] = []
        for name, column in self.columns.items():
            heading, code = standard_fields.split_heading(name)
            if code and (code not in OTHER_SCRIPTS or not _mostly(str.isascii)(column)):
                spoken[name] = code
                unnamed += [] if heading else [name]
        if standard_fields.are_languages(unnamed, self.columns):
            return spoken, unnamed
        return {name: code for name, code in spoken.items() if name not in unnamed}, []

    def _guess_by_heading(self) -> None:
        """Use the best heading of a field. A match of the whole name is better than of its end.

        The year and the container have one value. Another column fills the gaps of the first.
        """
        has_tags = standard_fields.are_tags(self.columns)
        ranked: dict[str, list[tuple[int, int, str]]] = {}
        for position, name in enumerate(self.columns):
            if name in self._unnamed:
                continue
            heading = standard_fields.split_heading(name)[0] if name in self.languages else name
            match = standard_fields.find_field(heading, has_tags=has_tags)
            if match and not _is_poor(match.field, name, self.columns[name]):
                rank = match.rank - match.rank % 1000 if name in self.languages else match.rank
                ranked.setdefault(match.field, []).append((rank, position, name))
        for field, candidates in ranked.items():
            # "Titre" before "Title (English)" is the title, although "Title" is a better heading.
            best = min((each for each in candidates if each[2] not in self.languages), default=None)
            ordered = sorted(
                (rank - rank % 1000 if best and name == best[2] else rank, position, name)
                for rank, position, name in candidates
            )
            first, *others = (name for _, _, name in ordered)
            if field in NAME_FIELDS:
                self.used.update(others)
                kept = [first]  # some repeat earlier ones: "Author full names" after "Authors"
                for name in others:
                    if not any(self._have_same_names(earlier, name) for earlier in kept):
                        kept.append(name)
                others = kept[1:]
            elif field == "title":
                others = [name for name in others if name in self.languages]
            elif field == "container":  # the name of a database is the same in all records
                others = [name for name in others if len(self.columns[name].values) > 1]
            elif field not in _SEVERAL_COLUMNS and field != "year":
                others = []
            self.fields[field] = [first, *others]

    def _combine_parts(self) -> None:
        """Let two columns with the parts of a value feed its field, unless it has columns."""
        for field, names, between in _PARTS:
            parts = [name for part in names for name in self.fields.pop(part, ())[:1]]
            if len(parts) > 1 and field not in self.fields:
                self.fields[field], self.between[field] = parts, between

    def _have_same_names(self, first: str, second: str) -> bool:
        """Return whether two columns have the same names in most of the records that have both."""
        both = same = 0
        for record in self.sample:
            words: dict[str, set[str]] = {first: set(), second: set()}
            for prop in record.properties:
                if (column := split_language(prop.name)[0]) in words:
                    words[column].update(_LONG_WORD.findall(fold(prop.value)))
            fewer, more = sorted(words.values(), key=len)
            both += bool(fewer)
            same += bool(fewer) and 2 * len(fewer & more) > len(fewer)
        return same > 0 and same >= _REPEATS_SHARE * both

    def _guess_by_language(self) -> None:
        """Add columns whose headings are languages to the field that fits their values, if any."""
        joined = ColumnProfile()
        for name in self._unnamed:
            joined.merge(self.columns[name])
        if _mostly(_URL.match)(joined):
            field = "link"
        elif _is_prose(joined):
            field = "summary"
        elif joined.mean_length >= _MIN_TITLE_CHARS:
            field = "title"
        else:
            return
        names = [*self.fields.get(field, ()), *self._unnamed]
        self._set(field, names, "its headings are languages")

    def _share_numbers(self) -> None:
        """Take a plain "Number" beside a volume as the issue, and a distinct symbol as the id."""
        numbers = self._list_columns("number")
        plain = [name for name in numbers if fold_heading(name) == "number"]
        if plain and "issue" not in self.fields and "volume" in self.fields:
            self.fields["issue"] = plain
            self.fields["number"] = [name for name in numbers if name not in plain]
        symbols = (name for name in numbers if name not in plain and self._is_distinct(name))
        if "id" not in self.fields and (symbol := next(symbols, None)):
            self.fields["id"] = [symbol]

    def _is_distinct(self, name: str) -> bool:
        """Return whether the values of a column tell most of the records with one apart."""
        values = self.columns[name].values
        return len(values) >= _WELL_FILLED * values.total()

    def _borrow_columns(self) -> None:
        """Fill fields without a column from the columns of related fields."""
        empty = {"authors", "summary", "doi", "year"} - self.fields.keys()
        empty.difference_update(self._filled)
        notes = self._list_columns("notes")
        if "authors" in empty:
            self._set("authors", self.fields.pop("contributors", ()), "no other column has authors")
        if "summary" in empty:
            prose = [name for name in notes if _is_prose(self.columns[name])]
            self._set("summary", prose, "its values are long texts")
            self.fields["notes"] = [name for name in notes if name not in prose]
        if "doi" in empty:
            some = _mostly(identifiers.find_dois, _MIN_DOI_SHARE)
            self._borrow("doi", ("identifier", "link"), some, "some of its values are DOIs")
        if "year" in empty:
            dated = _mostly(dates.find_year)
            self._borrow("year", ("publisher", "container"), dated, "its values have years")

    def _borrow(
        self, field: str, others: Iterable[str], fits: Callable[[ColumnProfile], bool], reason: str
    ) -> None:
        """Let the columns of other fields feed a field too, if they fit."""
        names = [name for name in self._list_columns(*others) if fits(self.columns[name])]
        self._set(field, names, reason)

    def _guess_by_values(self) -> None:
        """Fill fields without a column from the columns that are left."""
        used = {*self.used, *self._list_columns(*self.fields), *self._unnamed}
        free = {
            name: column for name, column in self.columns.items()
            if name not in used and column.filled
        }  # fmt: skip
        for field, reason, looks_right in _VALUE_TESTS:
            fitting = [
                name for name, column in free.items()
                if looks_right(column) and not standard_fields.is_of_other_entity(name, field)
            ]  # fmt: skip
            if field == "summary":
                fitting.sort(key=lambda name: -free[name].mean_length)
            if field == "year":
                fitting = [name for name in fitting if not standard_fields.is_record_date(name)]
                fitting.sort(key=lambda name: (not standard_fields.is_date(name), name.count(".")))
            self._take(field, fitting, reason, free)
        dated = [name for name, column in free.items() if _has_years(column)]
        self._take("year", dated, "its dates may be those of the record", free)
        self._share_numbers()
        if not self.fields.get("title") and "title" not in self._filled:
            self._guess_titles(free)

    def _take(
        self, field: str, names: Sequence[str], reason: str, free: dict[str, ColumnProfile]
    ) -> None:
        """Let the first of some columns feed a field that has none."""
        if names and not self.fields.get(field) and field not in self._filled:
            self._set(field, names[:1], reason)
            del free[names[0]]

    def _guess_titles(self, free: Iterable[str]) -> None:
        """Find titles among the columns that are left and those of the container.

        "Publication" may mean either. If no field names a record, the best text has to do it.
        """
        containers = self._list_columns("container")
        unclear = [name for name in containers if _MAY_BE_TITLE.search(fold_heading(name))]
        names = [*unclear, *free, *containers]
        titles = [
            name for name in names if self._is_distinct(name)
            and self.columns[name].filled >= _WELL_FILLED * self.records
            and (name in unclear or _are_titles(self.columns[name]))
        ]  # fmt: skip
        reason = "short texts, most of them different"
        if not titles and not self._list_columns(*_NAMING_FIELDS):
            names += self._list_columns(*_SIMILAR_FIELDS)
            titles = [name for name in names if any(map(_has_letters, self.columns[name].values))]
            titles.sort(key=lambda name: -self.columns[name].filled)
            reason = "no other column has titles"
        self._set("title", titles[:1], reason)
        self.fields["container"] = [name for name in containers if name not in titles[:1]]


def _are_titles(column: ColumnProfile) -> bool:
    """Return whether the values of a column are short texts of several words."""
    has_words = 2 * sum(" " in value for value in column.values) > len(column.values)
    return has_words and _MIN_TITLE_CHARS <= column.mean_length <= _MAX_TITLE_CHARS


def _has_letters(text: str) -> bool:
    return sum(map(str.isalpha, text)) > len(text) / 2


def _is_poor(field: str, name: str, column: ColumnProfile) -> bool:
    """Return whether a column has a common heading of a field, but unsuitable values."""
    if field in ("issue", "number"):
        return column.is_counter
    if field == "summary":
        return column.mean_length < _MIN_SUMMARY_CHARS
    if field == "title":
        return column.mean_length < _MIN_NAME_CHARS and name.casefold() in _WEAK_TITLES
    if field not in _FIELD_TESTS:
        return False
    test, share = _FIELD_TESTS[field]
    return sum(bool(test(value)) for value in column.values) <= share * len(column.values)


def _mostly(
    test: Callable[[str], object], share: float = _BY_VALUE_SHARE
) -> Callable[[ColumnProfile], bool]:
    """Return a check whether at least a share of the values of a column pass a test."""

    def check(column: ColumnProfile) -> bool:
        passed = sum(bool(test(value.strip())) for value in column.values)
        return passed >= share * len(column.values) > 0

    return check


def _are_identifiers(kind: str) -> Callable[[ColumnProfile], bool]:
    """Return a check whether nearly all values of a column are identifiers as a whole.

    A publication has several ISBNs or ISSNs, but one DOI. Several are those of its references.
    """
    separators = r"$^" if kind == "doi" else "[;,|\n]"

    def is_whole(value: str) -> bool:
        return all(identifiers.read(kind, part) for part in re.split(separators, value))

    is_fitting = _mostly(is_whole, _IDENTIFIER_SHARE)
    return lambda column: is_fitting(column) and not (kind == "doi" and column.is_repeated)


def _is_url(text: str) -> bool:
    return bool(_URL.match(text)) and len(identifiers.find_links(text)) == 1


def _is_language_column(column: ColumnProfile) -> bool:
    if len(column.values) > _MAX_LANGUAGES or not _mostly(iso_codes.find_languages)(column):
        return False
    codes = {code for value in column.values for code in iso_codes.find_languages(value)}
    return not codes.isdisjoint(standard_fields.COMMON_LANGUAGES)


def _is_prose(column: ColumnProfile) -> bool:
    return column.mean_length >= _MIN_PROSE_CHARS


def _is_year(text: str, most_chars: int = _MAX_DATE_CHARS) -> bool:
    return len(text) <= most_chars and dates.find_year(text) is not None


def _has_years(column: ColumnProfile) -> bool:
    """Return whether most values have years, unless all are the same day, as that of an export."""
    days = {dates.parse_date(value) or "" for value in column.values}
    is_one_day = len(days) == 1 and column.filled > 1 and len(max(days)) == _DAY_CHARS
    return not is_one_day and _mostly(_is_year)(column)


_FIELD_TESTS: Mapping[str, tuple[Callable[[str], object], float]] = {
    "link": (_URL.search, 0),
    "doi": (identifiers.find_dois, 0),
    "series": (_has_letters, 0),  # a DSpace collection is a number
    "page_start": (lambda text: text.strip("0"), 0),
    "year": (lambda text: _is_year(text, _MAX_IMPRINT_CHARS), 0.4),
    "language": (
        lambda text: text in iso_codes.UNITED_NATIONS or iso_codes.find_languages(text)
        or iso_codes.find_named_languages(text) or iso_codes.is_no_language(text), 0.4,
    ),
}  # fmt: skip
"""Tests for values of fields whose headings often have other contents, and the share of the values
of a column that must be exceeded."""
_VALUE_TESTS: tuple[tuple[str, str, Callable[[ColumnProfile], bool]], ...] = (
    ("doi", "its values are DOIs", _are_identifiers("doi")),
    ("isbn", "its values are ISBNs", _are_identifiers("isbn")),
    ("issn", "its values are ISSNs", _are_identifiers("issn")),
    ("link", "its values are URLs", _mostly(_is_url)),
    ("language", "its values are languages", _is_language_column),
    ("year", "its values have years", _has_years),
    ("summary", "its values are long texts", _is_prose),
    ("number", "its values are document symbols", _mostly(_SYMBOL.fullmatch)),
)
