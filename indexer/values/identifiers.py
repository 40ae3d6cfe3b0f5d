"""Identifiers of publications: DOI, ISBN and ISSN.

Each function returns the identifiers in a text, normalized, in the order of the text. Those with a
wrong check digit are left out.
"""

from __future__ import annotations

import re

_DOI = re.compile(r"(?<![\w.])10\.\d{4,9}(?:\.\d+)*/[^\s\"<>|]+", re.IGNORECASE)
_ISBN = re.compile(r"(?<![\d-])(?:97[89][ -]?)?\d(?:[ -]?\d){8}[ -]?[\dXx](?![\d-])")
_ISSN = re.compile(r"(?<![\w-])(\d{4})[-– ]?(\d{3}[\dXx])(?![\w-])")
_YEARS = re.compile(r"(?:1[5-9]|20)\d\d[-–](?:1[5-9]|20)\d\d")
_TRAILING = ".,;:'\"…"


def find_dois(text: str) -> tuple[str, ...]:
    """Return the DOIs in a text, without a URL before them, in lower case (ISO 26324)."""
    return tuple(dict.fromkeys(_trim_doi(match[0]).lower() for match in _DOI.finditer(text)))


def find_isbns(text: str) -> tuple[str, ...]:
    """Return the ISBNs in a text as 13 digits (ISO 2108)."""
    found = (_normalize_isbn(match[0]) for match in _ISBN.finditer(text))
    return tuple(dict.fromkeys(isbn for isbn in found if isbn))


def find_issns(text: str) -> tuple[str, ...]:
    """Return the ISSNs in a text, in the form 1234-567X (ISO 3297)."""
    found = (
        f"{match[1]}-{match[2].upper()}" for match in _ISSN.finditer(text)
        if not _YEARS.fullmatch(match[0])
    )  # fmt: skip
    return tuple(dict.fromkeys(issn for issn in found if _is_issn(issn)))


def _trim_doi(doi: str) -> str:
    doi = doi.rstrip(_TRAILING)
    for opening, closing in ("()", "[]", "{}"):
        while doi.endswith(closing) and doi.count(closing) > doi.count(opening):
            doi = doi[:-1].rstrip(_TRAILING)
    return doi


def _normalize_isbn(text: str) -> str | None:
    digits = re.sub(r"[ -]", "", text).upper()
    if len(digits) == 10:
        is_valid = _sum_weighted(digits) % 11 == 0
        stem = f"978{digits[:9]}"
        return f"{stem}{_compute_check_digit(stem)}" if is_valid else None
    is_valid = digits.isdigit() and _compute_check_digit(digits[:12]) == digits[12:]
    return digits if is_valid else None


def _compute_check_digit(stem: str) -> str:
    """Return the check digit of the first 12 digits of an ISBN."""
    total = sum(int(digit) * (3 if position % 2 else 1) for position, digit in enumerate(stem))
    return str(-total % 10)


def _is_issn(issn: str) -> bool:
    return _sum_weighted(issn.replace("-", "")) % 11 == 0


def _sum_weighted(digits: str) -> int:
    """Return the sum of digits, each times its place from the right. X, the last one, is 10."""
    values = [10 if char == "X" else int(char) for char in reversed(digits)]
    return sum(weight * value for weight, value in enumerate(values, start=1))
