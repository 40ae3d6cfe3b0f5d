"""Languages in the codes and names that catalogues write."""

from __future__ import annotations

import re
from functools import cache, lru_cache

from babel import Locale

from indexer.analysis.folding import fold
from indexer.values import iso_codes

_SEPARATORS = re.compile(r"\s*[;,|/&+\n]\s*|\s+(?:and|et|y|und|и)\s+")
_CODE_CHARS = 3
"""Letters of a code in MARC. Codes may follow each other without a separator."""
_NO_LANGUAGE = frozenset({"und", "mul", "zxx", "mis"})
"""ISO 639-2 codes for undetermined, multiple, no, and uncoded languages."""
_NAME_LOCALES = ("en", "fr", "es", "ru", "ar", "zh", "de", "pt", "it")


@lru_cache(maxsize=5000)
def find_languages(text: str) -> tuple[str, ...]:
    """Return the codes of the languages in a text, in its order; none if one is unknown.

    The text may have codes of ISO 639 in any length, also run together, or BCP 47 tags, or names.
    Regions are left out: American English is English.
    """
    text = text.strip(" .;,")
    codes = [_find_code(text)]
    if not codes[0]:
        parts = _split(text)
        if len(parts) == 1 and text.isascii() and text.isalpha() and not len(text) % _CODE_CHARS:
            parts = [text[i : i + _CODE_CHARS] for i in range(0, len(text), _CODE_CHARS)]
        codes = [_find_code(part) for part in parts]
    if not all(codes):
        return ()
    return tuple(dict.fromkeys(code for code in codes if code and code not in _NO_LANGUAGE))


def is_no_language(text: str) -> bool:
    """Return whether a text says that the language is undetermined or that there is none."""
    return all(part in _NO_LANGUAGE for part in _split(text.lower()))


def _split(text: str) -> list[str]:
    return [part for part in _SEPARATORS.split(text.strip()) if part]


@lru_cache(maxsize=5000)
def _find_code(text: str) -> str | None:
    if text.lower() in _NO_LANGUAGE:
        return text.lower()
    code = iso_codes.find_language_code(text) or _map_names().get(fold(text))
    code = code or iso_codes.find_language_code(text.split("_")[0].split("-")[0])
    return code.partition("-")[0] if code else None


@cache
def _map_names() -> dict[str, str]:
    """Return the code of each language by its folded names in several languages and its own."""
    names: dict[str, str] = {}
    for locale in map(Locale, _NAME_LOCALES):
        for code, name in locale.languages.items():
            if "_" not in code and (known := iso_codes.find_language_code(code)):
                names.setdefault(fold(name), known)
    return names
