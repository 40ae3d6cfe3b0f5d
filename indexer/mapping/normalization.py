"""Normalization: convert the values of mapped sources to one form, by the kind of their row.

A value that is not recognized is returned unchanged. Validation then reports it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from indexer.analysis import cleaning
from indexer.catalogue.fields import Field, FieldKind
from indexer.values import dates, identifiers, languages, names, plain_text, publication_types

MAX_ID_CHARS = 150
"""Maximum characters of an id. Validation allows more, because a repeated id gets a number."""
_NOT_IN_IDS = re.compile(r"[\s\x00-\x1f\x7f-\x9f]+")
_URL = re.compile(r"(?:https?://|\bwww\.)[^\s<>\"']+", re.IGNORECASE)
_AND = re.compile(r"(?:^|\s)(?:and|&)\s")
_NO_VALUE = frozenset((*"n/a nan null none (none) [] {} - -- \u2013 \u2014".split(), r"\n"))
"""Texts that programs write in place of a missing value."""
_NA_KINDS: frozenset[FieldKind] = frozenset(("year", "date", "doi", "isbn", "issn", "link"))
"""Kinds for which "NA" is a missing value, as R writes it. In other rows it may be a name."""
_NO_ABSTRACT = re.compile(
    r"\W*(?:(?:there is )?no (?:abstract|summary|description)(?: (?:is )?available)?"
    r"|(?:abstract|summary) (?:is )?(?:not|un)(?: |-)?(?:available|provided)|n/?a)\W*",
    re.IGNORECASE,
)


def normalize(field: Field, text: str, *, day_first: bool) -> Sequence[str]:
    """Return the values in one text of a column, in the form that validation expects.

    `day_first`: the order of day and month in ambiguous dates.
    """
    text = text.strip()
    if not text.isascii():
        text = cleaning.compose(plain_text.repair_encoding(text))
    if not text or _is_missing_value(field, text):
        return ()
    if field.kind == "date":
        return (dates.parse_date(text, day_first=day_first) or text,)
    if normalizer := _NORMALIZERS.get(field.kind):
        return normalizer(text)
    text = plain_text.strip_markup(text)
    if field.name == "type":
        return (publication_types.read_type(text),)
    return plain_text.split_abstract(text) if field.role == "abstract" else (text,)


def _is_missing_value(field: Field, text: str) -> bool:
    """Return whether a text means that the value is missing. A title may be any text."""
    if field.role == "title":
        return False
    return (
        text.casefold() in _NO_VALUE
        or (text == "NA" and field.kind in _NA_KINDS)
        or (field.role == "abstract" and _NO_ABSTRACT.fullmatch(text) is not None)
    )


def split_values(text: str, separator: str | None, *, are_names: bool) -> Sequence[str]:
    """Return the values in one text of a column.

    If a comma separates names, "and" separates the last two: "Ada Okafor, Li Wu and Eva Marsh".
    """
    if not separator:
        return (text,)
    parts = text.split(separator)
    if not are_names or separator.strip() != ",":
        return parts
    return [person for part in parts for person in _split_last_persons(part)]


def _split_last_persons(text: str) -> Sequence[str]:
    persons = [person for person in _AND.split(text) if person.strip()]
    parsed = [names.parse(person) for person in persons]
    return persons if all(name and name.given for name in parsed) else (text,)


def make_id(text: str) -> str:
    """Return a text as an id that validation accepts, or "" if none of its characters is usable."""
    text = _NOT_IN_IDS.sub("-", cleaning.compose(text).strip())[:MAX_ID_CHARS]
    text = "".join(char for char in text if char.isprintable())
    parts = [part for part in text.split("/") if part not in ("", ".", "..")]
    return "/".join(parts)


def _normalize_year(text: str) -> Sequence[str]:
    year = dates.find_year(text)
    return (str(year),) if year else (text,)


def _normalize_name(text: str) -> Sequence[str]:
    name = names.parse(plain_text.strip_markup(text))
    return (str(name),) if name else ()


def _normalize_link(text: str) -> Sequence[str]:
    urls = [url.rstrip(".,;)") for url in _URL.findall(text)]
    return [url if "://" in url else f"http://{url}" for url in urls] or (text,)


def _normalize_language(text: str) -> Sequence[str]:
    if languages.is_no_language(text):
        return ()
    return languages.find_languages(text) or languages.find_named_languages(text) or (text,)


def _normalize_isbn(text: str) -> Sequence[str]:
    """Return the ISBNs in a text. Ignore ISSNs, which some formats write in the same column."""
    return identifiers.find_isbns(text) or (() if identifiers.find_issns(text) else (text,))


def _normalize_issn(text: str) -> Sequence[str]:
    return identifiers.find_issns(text) or (() if identifiers.find_isbns(text) else (text,))


_NORMALIZERS: dict[FieldKind, Callable[[str], Sequence[str]]] = {
    "year": _normalize_year,
    "name": _normalize_name,
    "link": _normalize_link,
    "language": _normalize_language,
    "doi": lambda text: identifiers.find_dois(text) or (text,),
    "pmid": lambda text: identifiers.find_pmids(text) or (text,),
    "isbn": _normalize_isbn,
    "issn": _normalize_issn,
}
