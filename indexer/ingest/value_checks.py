"""Value checks: validate a value by the kind of its field."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import lru_cache, partial
from urllib.parse import urlsplit

from indexer.analysis.cleaning import clean
from indexer.catalogue.fields import FieldKind
from indexer.catalogue.records import Link, Property, Value
from indexer.values import dates, file_names, identifiers, iso_codes, links, names

MAX_SHOWN_CHARS = 80
MIN_YEAR = 1000
_NOT_IN_URLS = str.maketrans({char: f"%{ord(char):02X}" for char in '"<>[\\]^`{|}'})
"""ASCII characters that no path, query, or fragment may have (RFC 3986), and their encodings. They
are encoded after the host."""


class InvalidValue(ValueError):
    """An invalid value. Its arguments are the message and a hint."""


def quote(value: object) -> str:
    """Return a value for a problem message: quoted, and truncated if long."""
    return repr(value[:MAX_SHOWN_CHARS] if isinstance(value, str) else value)


def _check_keyword(stated: Property) -> Value | None:
    return clean(stated.value) or None


@lru_cache(maxsize=1000)
def _parse_year(date: str) -> int:
    """Return the year of an ISO date. Raise InvalidValue if it is malformed or out of range.

    Results are cached, because a corpus repeats few dates. Errors are not, because the latest
    valid year changes with time.
    """
    text = clean(date)
    match = re.fullmatch(r"(\d{4})(-\d\d){0,2}", text, re.ASCII)
    latest = datetime.now(UTC).year + 1
    if match and MIN_YEAR <= int(match[1]) <= latest:
        return int(match[1])
    hint = f"Write four digits, from {MIN_YEAR} to {latest}"
    raise InvalidValue(f"{quote(text)} is not a valid year", hint)


def _check_name(stated: Property) -> Value | None:
    return names.normalize(clean(stated.value))


def _check_date(stated: Property) -> Value | None:
    text = clean(stated.value)
    if text and not (date := dates.parse_date(text)):
        raise InvalidValue(f"{quote(text)} is not a date with a year", "Write it as 2014-03-31")
    return date if text else None


def _check_identifier(
    name: str, example: str, find: Callable[[str], Sequence[str]], stated: Property
) -> Value | None:
    """Return an identifier. `example` is one in the correct form."""
    text = clean(stated.value)
    if text and not (valid := find(text)):
        hint = f"Write it as {example}, and check its digits"
        raise InvalidValue(f"{quote(text)} is not a valid {name}", hint)
    return valid[0] if text else None


def _check_code(
    name: str, examples: str, find: Callable[[str], str | None], stated: Property
) -> Value | None:
    """Return the code of a language or a country."""
    code = find(stated.value) or find(stated.text)
    if code is None:
        hint = f"Write a code such as {examples}"
        raise InvalidValue(f"the {name} {quote(stated.value)} is unknown", hint)
    return code


def _check_link(stated: Property) -> Value | None:
    url = stated.value.strip()
    if links.is_plain(url) and stated.text == stated.value and not stated.language:
        return Link(url)
    if url in ("", "#"):
        return None
    try:
        parts = urlsplit(url)
        is_safe = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        parts, is_safe = urlsplit(""), False
    if not is_safe or url != clean(url) or " " in url:
        hint = "Write a full URL that starts with http:// or https://"
        raise InvalidValue(f"{quote(url)} is not a web URL", hint)
    code = iso_codes.find_language_code(stated.language) if stated.language else None
    label = clean(stated.text)
    end = url.index("//") + 2 + len(parts.netloc)
    encoded = url[:end] + url[end:].translate(_NOT_IN_URLS)
    return Link(encoded, "" if label == url else label, code)


def _check_file(stated: Property) -> Value | None:
    text = stated.value.strip()
    path = file_names.clean_path(text)
    if text and not path:
        hint = "Write its name or its path in the corpus folder, such as files/report.pdf"
        raise InvalidValue(f"{quote(text)} is not the name of a file", hint)
    return path or None


TEXT_KINDS: frozenset[FieldKind] = frozenset(("text", "keyword", "identifier", "name"))
"""Kinds of which any text with letters is a value."""
CHECKS: dict[FieldKind, Callable[[Property], Value | None]] = {
    "text": _check_keyword,
    "keyword": _check_keyword,
    "identifier": _check_keyword,
    "year": lambda stated: _parse_year(stated.value),
    "language": partial(_check_code, "language", "en or fr", iso_codes.find_language_code),
    "country": partial(_check_code, "country", "IN or MD", iso_codes.find_country_code),
    "link": _check_link,
    "file": _check_file,
    "name": _check_name,
    "date": _check_date,
    "doi": partial(_check_identifier, "DOI", "10.1000/182", identifiers.find_dois),
    "pmid": partial(_check_identifier, "PubMed number", "12345678", identifiers.find_pmids),
    "isbn": partial(_check_identifier, "ISBN", "9783161484100", identifiers.find_isbns),
    "issn": partial(_check_identifier, "ISSN", "0378-5955", identifiers.find_issns),
}
"""The check for each kind. It returns None for an empty value, or raises InvalidValue."""
