"""Languages: find codes and names of languages as they occur in catalogues."""

from __future__ import annotations

import re
from functools import cache, lru_cache

from babel import Locale

from indexer.analysis.cleaning import fold
from indexer.values import iso_codes

_SEPARATORS = re.compile(r"\s*[;,|/&+\n•·、，；]\s*|\s+(?:and|et|y|und|и|e)\s+|\s+و\s*")
_URL = re.compile(r"https?://\S*/([A-Za-z]{2,3})/?", re.IGNORECASE)
_LABEL = re.compile(
    r"(?:lang(?:uage|ue)?|sprache|idioma|язык)\s*[:=]\s*|(?:(?:text|full text|articles?)\s+)?in\s+",
    re.IGNORECASE,
)
_REMARK = re.compile(
    r"[\[(][^\[\]()]*[\])]"
    r"|[;,.]?\s*\b(?:with|summar|abstract|résumé|avec|mit|con|parallel|translated|original)\w*\b.*",
    re.IGNORECASE | re.DOTALL,
)
_CODE_CHARS = 3
"""Letters of a language code in MARC. Codes may be concatenated without a separator."""
_COMMON_CODE_CHARS = 2
"""Letters of a code in ISO 639-1, which covers the most common languages."""
_MAX_CHARS = 300
_MARKS = " .;,\"'\t\n"
_NO_CODES = frozenset({"und", "mul", "zxx", "mis", "xxx", "xx"})
"""ISO 639-2 codes for undetermined, multiple, no, and uncoded languages, and informal codes."""
_NO_LANGUAGE = _NO_CODES | {
    "n/a", "na", "none", "null", "unknown", "undetermined", "unspecified", "not specified",
    "multiple languages", "multilingual", "no linguistic content", "other", "various", "-", "",
    "multilingue", "mehrsprachig", "plusieurs langues", "varias lenguas", "unbekannt", "inconnu",
}  # fmt: skip
UNITED_NATIONS = {"A": "ar", "C": "zh", "E": "en", "F": "fr", "R": "ru", "S": "es"}
"""Language letters in symbols of UN documents. A single letter may mean something else."""
_NAME_LOCALES = (
    "en", "fr", "es", "ru", "ar", "zh", "de", "pt", "it", "zh_Hant", "ja", "ko", "nl", "pl", "sv",
    "da", "nb", "fi", "cs", "hu", "ro", "tr", "el", "uk", "fa", "he", "id", "vi", "ca", "hr", "sr",
    "bg", "sk", "sl", "hi", "th",
)  # fmt: skip


@lru_cache(maxsize=5000)
def find_languages(text: str) -> tuple[str, ...]:
    """Return the codes of the languages in a text, in order, or () if one of them is unknown.

    The text may contain ISO 639 codes of any length, also concatenated, BCP 47 tags, or names.
    Regions are ignored: American English is English. The languages of summaries are ignored too.
    """
    if len(text) > _MAX_CHARS:
        return ()
    text = text.strip(_MARKS)
    if text[:1] in {"[", "("}:
        text = text.strip(f"[](){_MARKS}")
    codes: list[str | None] = [_find_code(text)]
    if not codes[0]:
        text = _simplify(text)
        parts = _split(text)
        codes = [_find_code(part) for part in parts]
        if not all(codes) and len(parts) == 1:
            parts = re.split(r"[\s-]+", text)
            codes = [_find_code(part) for part in parts]
        if len(parts) > 1 and all(part in UNITED_NATIONS for part in parts):
            codes = [UNITED_NATIONS[part] for part in parts]
    if not all(codes):
        return ()
    return tuple(dict.fromkeys(code for code in codes if code and code not in _NO_CODES))


def find_named_languages(text: str) -> tuple[str, ...]:
    """Return the codes of common languages whose names occur in a sentence, in order."""
    words = re.findall(r"[^\W\d_]{4,}", _simplify(text[:_MAX_CHARS]))
    codes = (_map_names().get(fold(word), "") for word in words)
    return tuple(dict.fromkeys(code for code in codes if len(code) == _COMMON_CODE_CHARS))


def is_no_language(text: str) -> bool:
    """Return whether a text means an unknown language, no language, or several languages."""
    text = text.strip().strip("[]().").lower()
    return text in _NO_LANGUAGE or all(part in _NO_LANGUAGE for part in _SEPARATORS.split(text))


def _simplify(text: str) -> str:
    """Return a text without a URL or label before it, and without remarks."""
    if match := _URL.fullmatch(text):
        return match[1]
    label = _LABEL.match(text)
    return _REMARK.sub("", text[label.end() :] if label else text).strip(_MARKS)


def _split(text: str) -> list[str]:
    parts = [part for text_part in _SEPARATORS.split(text) if (part := text_part.strip(_MARKS))]
    # Catalogues write "Greek, Modern" for modern Greek.
    if len(parts) == 2 and _find_code(f"{parts[1]} {parts[0]}"):
        return [f"{parts[1]} {parts[0]}"]
    if len(parts) == 1 and text.isascii() and text.isalpha() and not len(text) % _CODE_CHARS:
        return [text[i : i + _CODE_CHARS] for i in range(0, len(text), _CODE_CHARS)]
    return parts


@lru_cache(maxsize=5000)
def _find_code(text: str) -> str | None:
    folded = fold(text)
    if folded in _NO_CODES:
        return folded
    code = _map_other_names().get(folded) or iso_codes.find_language_code(text)
    if not code and (match := re.match(r"([A-Za-z]{2,3})[-_](?:[A-Za-z]{2,4}|\d{3})\b", text)):
        code = iso_codes.find_language_code(match[1])
    code = code or _map_names().get(folded)
    return code.partition("-")[0] if code else None


@cache
def _map_other_names() -> dict[str, str]:
    names = iso_codes.load_other_names()["languages"]
    return {name: code for code, listed in names.items() for name in listed}


@cache
def _map_names() -> dict[str, str]:
    """Return the language codes by their folded names in several languages."""
    names: dict[str, str] = {}
    for locale in map(Locale.parse, _NAME_LOCALES):
        for code, name in locale.languages.items():
            if "_" not in code and (normalized := iso_codes.find_language_code(code)):
                names.setdefault(fold(name), normalized)
    return names
