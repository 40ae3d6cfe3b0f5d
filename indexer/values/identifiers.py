"""Identifiers of publications: DOI, ISBN, ISSN, and PMID.

Functions named `find_` return the normalized identifiers in a text, in order. Identifiers with a
wrong check digit are left out.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from urllib.parse import quote, unquote

from indexer.analysis.cleaning import strip_punctuation, unescape

_DOI = re.compile(
    r"""(?:(?<![\w.])|(?<=doi))10\.\d{4,9}(?:\.\d+)*(?:/|%2F)
    (?:(?![;,|]?(?:10\.\d{4,9}/|https?://|doi:)|[;,|][a-z]+:)(?:[^\s"<>|]|<\d+:+[\w-]*>))+""",
    re.IGNORECASE | re.VERBOSE,
)
_PLAIN_DOI = re.compile(r"10\.[0-9]{4,9}/[a-z0-9._-]*[a-z0-9]")
"""A text that is a normalized DOI. Most DOIs are, and need no further work."""
_URL_START = re.compile(r"https?://(?!(?:dx\.)?doi\.org/)\S*\Z", re.IGNORECASE)
_URL_END = re.compile(
    r"(?:/(?:full(?:text)?|abstract|summary|e?pdf|e?pub|html?|meta|references))+\Z|\.pdf\Z",
    re.IGNORECASE,
)
"""Suffixes that publishers add to a DOI in their URLs."""
_DOI_SAFE = "/:;,()!$&'*+=~@[]"
"""Characters of a DOI that need no percent-encoding in a URL."""
_LABEL = re.compile(r"\[(?:doi|pii)\]\Z", re.IGNORECASE)
_MAX_URL_CHARS = 300
_DASHES = str.maketrans(dict.fromkeys("\u00ad\u2010\u2011\u2012\u2013\u2014\u2212", "-"))
_ISBN = re.compile(r"(?<![\d-])(?:97[89][ -]?)?\d(?:[ -]?\d){8}[ -]?[\dXx](?![\d-])", re.ASCII)
_ISSN = re.compile(
    r"(?<![\w-])(?:E?ISSN)?(\d{4})[- ]?(\d{3}[\dXx])(?![\w-])", re.IGNORECASE | re.ASCII
)
_PMID = re.compile(
    r"(?:PMID|PubMed(?: ID)?|MEDLINE|pubmed\.ncbi\.nlm\.nih\.gov/|ncbi\.nlm\.nih\.gov/pubmed/)"
    r"[\s:=#]*(\d{1,8})(?!\d)",
    re.IGNORECASE | re.ASCII,
)
_YEARS = re.compile(r"(?:1[5-9]|20)\d\d-(?:1[5-9]|20)\d\d")
_TRAILING = ".,;:'\"…”’»"


@lru_cache(maxsize=100)
def find_dois(text: str) -> tuple[str, ...]:
    """Return the DOIs in a text, in lower case and without a URL prefix (ISO 26324).

    Results are cached, because the mapping and the validation of a record look at the same text.
    """
    if _PLAIN_DOI.fullmatch(text):
        return (text,)
    text = unescape(text) if "&" in text else text
    dois = (
        _trim_doi(match[0], is_in_url=_is_in_url(text, match.start()))
        for match in _DOI.finditer(text)
    )
    return tuple(dict.fromkeys(doi for doi in dois if doi))


def make_doi_url(doi: str) -> str:
    """Return the URL that a DOI leads to. Lone surrogates are left out: no URL can have them."""
    return f"https://doi.org/{quote(doi, safe=_DOI_SAFE, errors='ignore')}"


def find_isbns(text: str) -> tuple[str, ...]:
    """Return the ISBNs in a text as 13 digits (ISO 2108)."""
    text = " ".join(text.split()).translate(_DASHES)
    if re.fullmatch(r"[0-9]{8}[0-9Xx]", text):  # a spreadsheet removed the leading zero
        text = f"0{text}"
    return _find_valid(_ISBN, text, lambda match: _normalize_isbn(match[0]))


def find_issns(text: str) -> tuple[str, ...]:
    """Return the ISSNs in a text, in the form 1234-567X (ISO 3297)."""
    text = text.strip().translate(_DASHES)
    if re.fullmatch(r"[0-9]{6}[0-9Xx]", text):  # a spreadsheet removed the leading zero
        text = f"0{text}"
    return _find_valid(_ISSN, text, _normalize_issn)


def find_pmids(text: str) -> tuple[str, ...]:
    """Return the PubMed identifiers in a text: the whole text, or the numbers after a label."""
    matches = [text.strip()] if re.fullmatch(r"\s*[0-9]{1,8}\s*", text) else _PMID.findall(text)
    numbers = (number.lstrip("0") for number in matches)
    return tuple(dict.fromkeys(number for number in numbers if number))


def _find_valid(
    pattern: re.Pattern[str], text: str, normalize: Callable[[re.Match[str]], str | None]
) -> tuple[str, ...]:
    """Return the normalized matches. After an invalid match, search from its second character."""
    identifiers, position = dict[str, None](), 0
    while match := pattern.search(text, position):
        normalized = normalize(match)
        position = match.end() if normalized else match.start() + 1
        if normalized:
            identifiers[normalized] = None
    return tuple(identifiers)


def _is_in_url(text: str, position: int) -> bool:
    return _URL_START.search(text[max(0, position - _MAX_URL_CHARS) : position]) is not None


def _trim_doi(doi: str, *, is_in_url: bool) -> str:
    """Return a DOI in lower case without trailing punctuation, or "" if nothing is left."""
    doi = unquote(doi) if "%" in doi else doi
    doi = _LABEL.sub("", doi.replace("\\_", "_").replace("\\", ""))
    if is_in_url:
        doi = _URL_END.sub("", re.split("[?#&]", doi, maxsplit=1)[0])
    doi = strip_punctuation(doi, _TRAILING)
    return "" if doi.endswith("/") and doi.count("/") == 1 else doi.lower()


def _normalize_isbn(text: str) -> str | None:
    digits = re.sub(r"[ -]", "", text).upper()
    if len(digits) == 10:
        is_valid = _sum_weighted(digits) % 11 == 0 and len(set(digits)) > 1
        stem = f"978{digits[:9]}"
        return f"{stem}{_compute_check_digit(stem)}" if is_valid else None
    is_valid = digits.isdigit() and _compute_check_digit(digits[:12]) == digits[12:]
    return digits if is_valid else None


def _compute_check_digit(stem: str) -> str:
    """Return the check digit of the first 12 digits of an ISBN."""
    total = sum(int(digit) * (3 if position % 2 else 1) for position, digit in enumerate(stem))
    return str(-total % 10)


def _normalize_issn(match: re.Match[str]) -> str | None:
    """Return an ISSN with a hyphen, or None if it is invalid or a range of years."""
    digits = (match[1] + match[2]).upper()
    is_number = digits != "0" * len(digits) and not _YEARS.fullmatch(match[0])
    is_valid = is_number and _sum_weighted(digits) % 11 == 0
    return f"{digits[:4]}-{digits[4:]}" if is_valid else None


def _sum_weighted(digits: str) -> int:
    """Return the sum of the digits, weighted by their position from the right. X counts as 10."""
    values = [10 if char == "X" else int(char) for char in reversed(digits)]
    return sum(weight * value for weight, value in enumerate(values, start=1))
