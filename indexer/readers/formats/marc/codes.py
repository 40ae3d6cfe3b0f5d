"""Coded values of MARC: year, language, and type at fixed positions, and roles."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache, lru_cache

import msgspec

from indexer import toml
from indexer.readers.formats.marc.record import LEADER, Field, find_value
from indexer.values.languages import find_languages

AUTHOR, EDITOR, CONTRIBUTOR = "", "editor", "contributor"
"""A role in the name of a column. Authors are the usual case, so their role is empty."""
_LONG_CODE = re.compile(r"0\d{3}")
_YEAR = re.compile(r"\d{4}")
_GREGORIAN = re.compile(r"1[5-9]\d\d|20\d\d|14[5-9]\d")
"""Gregorian years since the first printed books, from 1450."""


class _Role(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The codes and the prefixes of terms that mean a role. `not_terms` are exceptions."""

    codes: frozenset[str]
    terms: tuple[str, ...]
    not_terms: tuple[str, ...] = ()

    def includes(self, relator: str) -> bool:
        """Return whether a code or a term in lowercase means this role."""
        is_term = relator.startswith(self.terms) and not relator.startswith(self.not_terms)
        return relator in self.codes or is_term


class _Codes(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Names of types by dialect and code, names of levels by code, and roles."""

    types: dict[str, dict[str, str]]
    levels: dict[str, str]
    roles: dict[str, _Role]


@cache
def _load() -> _Codes:
    return toml.load_resource(__package__, "codes.toml", _Codes)


@lru_cache(maxsize=4096)
def classify_role(relators: tuple[str, ...]) -> str:
    """Return the role of a person who has these codes, terms, or URLs of codes.

    If a person has several roles, author takes precedence over editor, and editor over the rest.
    """
    # "http://id.loc.gov/vocabulary/relators/aut" is the code "aut".
    words = [relator.strip(" .,:;()[]/").rsplit("/", 1)[-1].casefold() for relator in relators]
    words = [part.strip() for word in words for part in word.split(",") if part.strip()]
    # The French national library (BnF) writes UNIMARC codes with four digits.
    words = [word[1:] if _LONG_CODE.fullmatch(word) else word for word in words]
    if not words or any(map(_load().roles["author"].includes, words)):
        return AUTHOR
    return EDITOR if any(map(_load().roles["editor"].includes, words)) else CONTRIBUTOR


def read_coded_values(fields: Sequence[Field], *, is_unimarc: bool) -> Mapping[str, str]:
    """Return the type, the date, and the language at fixed positions, by column."""
    values = {}
    if kind := _name_type(fields, "unimarc" if is_unimarc else "marc21"):
        values["leader/06-07"] = kind
    if is_unimarc:
        coded = find_value(fields, "100")
        if year := _choose_year(coded[9:13], fields, ("210", "214"), "d"):
            values["100$a/09-12"] = year
        return values
    coded = find_value(fields, "008")
    if year := _choose_year(coded[7:11], fields, ("260", "264"), "c"):
        values["008/07-10"] = year
        if coded[6:7] == "e":  # a detailed date
            parts = (year, coded[11:13].strip(), coded[13:15].strip())
            values["008/07-14"] = "-".join(filter(None, parts))
    language = coded[35:38].lower()
    if language.isalpha() and find_languages(language):
        values["008/35-37"] = language
    return values


def _name_type(fields: Sequence[Field], dialect: str) -> str | None:
    """Return the name of the type and the bibliographic level in the leader."""
    leader = find_value(fields, LEADER).lower()
    if leader[6:7] != "a":
        return _load().types[dialect].get(leader[6:7])
    name = _load().levels.get(leader[7:8])
    has_thesis = dialect == "marc21" and any(field.tag == "502" for field in fields)
    return "Thesis" if name == "Book" and has_thesis else name


def _choose_year(
    coded: str, fields: Sequence[Field], imprint_tags: tuple[str, ...], date_code: str
) -> str | None:
    """Return the coded year, or None if the imprints have only other years.

    An imprint without Gregorian years does not count. The coded year is wrong if the cataloguer
    left the value of a template.
    """
    imprints = [
        date for field in fields if field.tag in imprint_tags for date in field.get(date_code)
    ]
    years = {year for date in imprints for year in _GREGORIAN.findall(date)}
    is_right = _YEAR.fullmatch(coded) and (not years or coded in years)
    return coded if is_right else None
