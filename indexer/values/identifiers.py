"""Identifiers of publications: DOI, ISBN, ISSN, PMID, numbers of publishers, and URLs.

Functions named `find_` return the normalized identifiers in a text, in order. Identifiers with a
wrong check digit are left out. `read` returns the identifier that a text is as a whole. Symbols,
report numbers and call numbers have no common form, so any text may be one.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Literal, NamedTuple
from urllib.parse import quote, unquote, urlsplit

from indexer.analysis.cleaning import clean, fold, strip_punctuation, unescape

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
_DOI_SAFE = "/:;,()!$&'*+=~@"
"""Characters of a DOI that need no percent-encoding in a URL."""
_LABEL = re.compile(r"\[(?:doi|pii)\]\Z", re.IGNORECASE)
_MAX_URL_CHARS = 300
_DASHES = str.maketrans(dict.fromkeys("\u00ad\u2010\u2011\u2012\u2013\u2014\u2212", "-"))
_ISBN = re.compile(
    r"(?:(?<![A-Z\d-])|(?<=ISBN)|(?<=[$|]a))(?:97[89][ -]?)?\d(?:[ -]?\d){8}[ -]?[\dX](?![\d-])",
    re.IGNORECASE | re.ASCII,
)
_ISSN = re.compile(
    r"(?<![\w-])(?:E?ISSN)?(\d{4})[- ]?(\d{3}[\dXx])(?![\w-])", re.IGNORECASE | re.ASCII
)
_PMID = re.compile(
    r"(?:PMID|PubMed(?: ID)?|MEDLINE|pubmed\.ncbi\.nlm\.nih\.gov/|ncbi\.nlm\.nih\.gov/pubmed/)"
    r"[\s:=#]*(\d{1,8})(?!\d)",
    re.IGNORECASE | re.ASCII,
)
_YEARS = re.compile(r"((?:1[5-9]|20)\d\d)-((?:1[5-9]|20)\d\d)")
_TRAILING = ".,;:'\"…”’»"
_QUOTES, _AROUND = " \t\r\n'\"„“”‘’«»", ".,;:()[]<>"
"""Characters around an identifier that was pasted. A DOI may end with one of the second."""
_WORD = re.compile(r"[^\W_]+")
_SYMBOL = re.compile(r"(?=.*\d)[A-Z]\w*(?:/[\w.()-]+){2,}", re.IGNORECASE)
"""The form of a document symbol of the United Nations, such as A/RES/55/25."""
_ISBN_CHARS = 10
_LEAST_DIGITS, _LEAST_LETTERS = 5, 4
"""Minimum number of digits of a bare number that is not a year, and of letters of a plain word,
which is not in capitals."""


def _compile(label: str) -> re.Pattern[str]:
    """Return the pattern of a label before an identifier."""
    return re.compile(rf"\A(?:{label})(?![a-z])\s*[:=#]?\s*", re.IGNORECASE)


@lru_cache(maxsize=100)
def find_dois(text: str) -> tuple[str, ...]:
    """Return the DOIs in a text, in lower case and without a URL prefix (ISO 26324).

    Results are cached, because the mapping and the validation of a record look at the same text.
    """
    if _PLAIN_DOI.fullmatch(text):
        return (text,)
    text = unescape(text) if "&" in text else text
    dois = (
        _trim_doi(match[0], before=text[max(0, match.start() - _MAX_URL_CHARS) : match.start()])
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


def _trim_doi(doi: str, before: str) -> str:
    """Return a DOI in lower case without trailing punctuation, or "" if nothing is left.

    In a URL, which starts in the text `before` it, it may have more after it.
    """
    doi = unquote(doi) if "%" in doi else doi
    doi = _LABEL.sub("", doi.replace("\\_", "_").replace("\\", ""))
    if _URL_START.search(before):
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
    """Return an ISSN with a hyphen, or None if it is invalid. It may look like a range of years."""
    digits = (match[1] + match[2]).upper()
    is_valid = digits != "0" * len(digits) and _sum_weighted(digits) % 11 == 0
    return f"{digits[:4]}-{digits[4:]}" if is_valid else None


def _sum_weighted(digits: str) -> int:
    """Return the sum of the digits, weighted by their position from the right. X counts as 10."""
    values = [10 if char == "X" else int(char) for char in reversed(digits)]
    return sum(weight * value for weight, value in enumerate(values, start=1))


class Identifier(NamedTuple):
    """The identifier that a whole text is.

    `key` is the form in which it is looked up, and `typed` the one without label and quotation
    marks. `sense`: "certain" if the text can hardly mean anything else, "likely" if it means an
    identifier that some publication has, and "named" if it is one only after the name of its field.
    """

    key: str
    typed: str
    sense: Literal["certain", "likely", "named"]


def make_key(text: str) -> str:
    """Return a symbol or a number without case and punctuation: `e escwa 2017 2`."""
    return " ".join(_WORD.findall(fold(text)))


def read(kind: str, text: str) -> Identifier | None:
    """Return the identifier that a text is as a whole, or None. `kind` is one of KINDS.

    It may have a label such as "ISBN:" before it, quotation marks or brackets around it, and the
    punctuation of the sentence after it.
    """
    text = " ".join(text.strip(_QUOTES).split())
    if kind == "identifier":
        return _read_number(text)
    if kind != "doi":
        text = text.strip(_AROUND).translate(_DASHES)
    label, form, find = _FORMS[kind]
    plain = label.sub("", text)
    if not form.fullmatch(plain) or len(found := find(plain)) != 1:
        return None
    is_labelled = len(plain) < len(text)
    digits = sum(map(str.isdigit, plain))
    years = _YEARS.fullmatch(plain)
    may_be_years = years is not None and years[1] <= years[2]
    is_certain = {
        "doi": True,
        "isbn": is_labelled or len(plain) >= _ISBN_CHARS,
        "issn": is_labelled or ("-" in plain and not may_be_years),
        "pmid": is_labelled or digits < len(plain),
    }
    likely = digits >= _LEAST_DIGITS
    return Identifier(
        found[0], plain, "certain" if is_certain[kind] else "likely" if likely else "named"
    )


def _read_number(text: str) -> Identifier | None:
    """Return a symbol, report number or call number. A text with plain words is hardly one."""
    key = make_key(text)
    if not key:
        return None
    if _SYMBOL.fullmatch(text):
        return Identifier(key, text, "certain")
    pieces = text.split()
    has_words = len(pieces) > 1 and any(
        piece.isalpha() and not piece.isupper() and len(piece) >= _LEAST_LETTERS for piece in pieces
    )
    digits = sum(map(str.isdigit, key))
    is_number = digits >= _LEAST_DIGITS if key.isdigit() else digits > 0
    return Identifier(key, text, "likely" if is_number and not has_words else "named")


_FORMS: Mapping[str, tuple[re.Pattern[str], re.Pattern[str], Callable[[str], tuple[str, ...]]]] = {
    "doi": (_compile(r"doi"), re.compile(r"\S+"), find_dois),
    "isbn": (
        _compile(r"(?:[ep]-?)?isbn(?:[ -]?1[03](?=[ :]))?"),
        re.compile(r"[0-9X -]+", re.IGNORECASE),
        find_isbns,
    ),
    "issn": (_compile(r"(?:[ep]-?)?issn"), re.compile(r"[0-9X -]+", re.IGNORECASE), find_issns),
    "pmid": (_compile(r"pmid|pubmed(?: id)?|medline"), re.compile(r"\S+"), find_pmids),
}
FORMAL_KINDS = frozenset(_FORMS)
"""The kinds of identifiers with a form of their own."""
KINDS = FORMAL_KINDS | {"identifier"}
"""The kinds of rows with identifiers."""


_URL = re.compile(r"(?:https?://|\bwww\.)(?:(?![;,|]https?://)[^\s<>\"'])+", re.IGNORECASE)
_PLAIN = re.compile(
    r"https?://[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+(?:/(?:[\w./?=&%#+~:@-]*[\w/])?)?", re.ASCII
)


def is_plain_url(text: str) -> bool:
    """Return whether a text is a URL with common characters only. Most are, and need no work."""
    return _PLAIN.fullmatch(text) is not None


def is_web_url(url: str) -> bool:
    """Return whether a text is a full URL of HTTP or HTTPS.

    A URL with a user, such as `http://example.org@evil.example/`, is none: it looks as if it led to
    another host.
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    is_web = parts.scheme in ("http", "https") and bool(parts.hostname) and "@" not in parts.netloc
    return is_web and "\\" not in parts.netloc and url == clean(url) and " " not in url


def find_links(text: str) -> Sequence[str]:
    """Return the URLs in a text, without the marks of the sentence around them."""
    if is_plain_url(text):
        return (text,)
    urls = [strip_punctuation(url, ".,;") for url in _URL.findall(text)]
    return [url if "://" in url else f"http://{url}" for url in urls]
