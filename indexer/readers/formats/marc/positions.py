"""Coded values at fixed positions of MARC fields: year, language, and type."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from indexer.readers.formats.marc.record import LEADER, Field

_MONOGRAPH, _PART, _SERIAL, _INTEGRATING = "Book", "Article", "Serial", "Website or database"
_LEVELS = {"a": _PART, "b": _PART, "m": _MONOGRAPH, "s": _SERIAL, "i": _INTEGRATING}
_TYPES = {
    "c": "Music score", "d": "Music score", "e": "Map", "f": "Map", "g": "Film or video",
    "i": "Sound recording", "j": "Music recording", "k": "Picture", "m": "Electronic resource",
    "o": "Kit", "p": "Collection", "r": "Object", "t": "Manuscript",
}  # fmt: skip
"""Names of the MARC 21 types that are not printed text."""
_UNIMARC_TYPES = {
    "b": "Manuscript", "c": "Music score", "d": "Music score", "e": "Map", "f": "Map",
    "g": "Film or video", "i": "Sound recording", "j": "Music recording", "k": "Picture",
    "l": "Electronic resource", "m": "Kit", "r": "Object",
}  # fmt: skip
_YEAR = re.compile(r"\d{4}")
_GREGORIAN = re.compile(r"1[5-9]\d\d|20\d\d|14[5-9]\d")
"""Gregorian years since the first printed books, from 1450."""
_LANGUAGE = re.compile(r"[a-z]{3}")
_NO_LANGUAGE = frozenset(("und", "zxx", "mul", "mis"))
_MARC21_YEARS, _UNIMARC_YEARS = ("260", "264"), ("210", "214")


def read_marc21(fields: Iterable[Field]) -> Iterator[tuple[str, str]]:
    """Yield columns and values: year and language of field 008, and type of the leader."""
    leader, values, imprints = _collect(fields, "008", _MARC21_YEARS, "c")
    has_thesis = any(field.tag == "502" for field in fields)
    kind = _name_type(leader, _TYPES)
    if kind:
        is_thesis = has_thesis and kind == _MONOGRAPH
        yield "leader/06-07", "Thesis" if is_thesis else kind
    for value in values[:1]:
        if year := _choose_year(value[7:11], imprints):
            yield "008/07-10", year
        language = value[35:38].lower()
        if _LANGUAGE.fullmatch(language) and language not in _NO_LANGUAGE:
            yield "008/35-37", language


def read_unimarc(fields: Iterable[Field]) -> Iterator[tuple[str, str]]:
    """Yield columns and values: the year of field 100, and the type of the leader."""
    leader, values, imprints = _collect(fields, "100", _UNIMARC_YEARS, "d")
    if kind := _name_type(leader, _UNIMARC_TYPES):
        yield "leader/06-07", kind
    for value in values[:1]:
        if year := _choose_year(value[9:13], imprints):
            yield "100$a/09-12", year


def _collect(
    fields: Iterable[Field], coded_tag: str, imprint_tags: tuple[str, ...], date_code: str
) -> tuple[str, list[str], list[str]]:
    """Return the leader, the values of the coded field, and the dates of imprints."""
    leader, values, imprints = "", [], []
    for field in fields:
        if field.tag == LEADER:
            leader = field.subfields[0][1]
        elif field.tag == coded_tag:
            values += [value for _, value in field.subfields]
        elif field.tag in imprint_tags:
            imprints += [value for code, value in field.subfields if code == date_code]
    return leader, values, imprints


def _choose_year(coded: str, imprints: list[str]) -> str | None:
    """Return the coded year, or None if the imprints have only other years.

    An imprint without Gregorian years does not count. The coded year is wrong if the cataloguer
    left the value of a template.
    """
    if not _YEAR.fullmatch(coded):
        return None
    years = {year for date in imprints for year in _GREGORIAN.findall(date)}
    return coded if not years or coded in years else None


def _name_type(leader: str, types: dict[str, str]) -> str | None:
    """Return the name of the type and the bibliographic level in a leader."""
    kind, level = leader[6:7].lower(), leader[7:8].lower()
    if kind == "a":
        return _LEVELS.get(level)
    return types.get(kind)
