"""Languages and countries: code to name, name to code, and the languages that catalogues state.

Names come from the Unicode CLDR through Babel. In the languages of the United Nations, their names
of countries replace those of the CLDR (`un_names.toml`). Countries have ISO 3166-1 alpha-2 codes.
Languages have ISO 639-1 codes, or ISO 639-3 codes where there is none. CLDR's table of language
aliases replaces a three-letter code that has a short form (`fra` by `fr`). Names that neither has
are in `other_names.toml`.
"""

import re
from collections.abc import Mapping
from contextlib import suppress
from functools import cache, lru_cache

from babel import Locale, UnknownLocaleError
from babel.core import get_global

from indexer import toml
from indexer.analysis.cleaning import fold

_NO_COUNTRIES = frozenset({"EU", "EZ", "QO", "UN", "XA", "XB", "ZZ"})
_THE_WORLD = "001"
_TAG = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")
"""A language tag as in BCP 47, such as `pt-BR`."""
_ALPHA_3 = 3
_OTHER_BIBLIOGRAPHIC_CODES = {"ak": "aka", "gu": "guj"}
"""Codes of languages for which CLDR lists the code of another language last."""


@cache
def _load_locale(language: str) -> Locale:
    return Locale.parse(language, sep="-")


def has_names(language: str) -> bool:
    """Return whether CLDR has names of languages and countries in a language."""
    with suppress(ValueError, UnknownLocaleError):
        # Babel ignores what follows a dot or an at sign.
        return bool(_TAG.fullmatch(language) and _load_locale(language))
    return False


@cache
def _map_names(kind: str) -> dict[str, str]:
    names = getattr(_load_locale("en"), kind)
    return {name.casefold(): code for code, name in sorted(names.items(), reverse=True)}


@lru_cache(maxsize=1000)
def find_language_code(text: str) -> str | None:
    """Return the code of a language given by code or English name, or None if unknown."""
    code_by_name = _map_names("languages").get(text.strip().casefold(), "")
    return _normalize_code(text.strip()) or _normalize_code(code_by_name)


@cache
def get_bibliographic_code(code: str) -> str:
    """Return the code of ISO 639-2/B for a code of a language, as MARC and MODS write it.

    Return "und" for a language without a code of three letters.
    """
    primary = code.partition("-")[0]
    if len(primary) == _ALPHA_3:
        return primary
    aliases = get_global("language_aliases").items()
    codes = [long for long, short in aliases if short == primary and len(long) == _ALPHA_3]
    # CLDR lists the code of ISO 639-2/B last.
    return _OTHER_BIBLIOGRAPHIC_CODES.get(primary) or [*codes[-1:], "und"][0]


def _normalize_code(code: str) -> str | None:
    """Return a code with hyphens and without aliases, or None if the language is unknown."""
    if not re.fullmatch(r"[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*", code):
        return None
    primary, _, rest = code.replace("_", "-").partition("-")
    alias = get_global("language_aliases").get(primary.lower(), primary.lower())
    primary, _, implied = alias.replace("_", "-").partition("-")
    if primary not in _load_locale("en").languages or len(primary) > 3:
        return None
    return "-".join(part for part in (primary, rest or implied) if part)


@lru_cache(maxsize=1000)
def find_country_code(text: str) -> str | None:
    """Return the code of a country given by code or English name, or None if unknown."""
    code = text.strip().upper()
    if len(code) == 2 and code.isalpha() and code in _load_locale("en").territories:
        return code
    name = text.strip().casefold()
    code_by_name = _map_names("territories").get(name) or _map_alternative_names().get(name)
    return code_by_name if code_by_name and code_by_name.isalpha() else None


@cache
def _map_alternative_names() -> dict[str, str]:
    names = {name.casefold(): code for code, name in _get_un_names("en").items()}
    other_names = load_other_names()
    return names | {
        name.casefold(): code
        for table in ("countries", "acronyms")
        for code, others in other_names[table].items() for name in others
    }  # fmt: skip


@cache
def load_other_names() -> Mapping[str, Mapping[str, tuple[str, ...]]]:
    """Return the names of `other_names.toml` by code: `countries`, `acronyms`, `languages`."""
    kind = dict[str, dict[str, tuple[str, ...]]]
    return toml.load_resource(__package__, "other_names.toml", kind)


def get_language_name(code: str, in_language: str = "en") -> str:
    """Return the name of a language in another one, or the code if no name is known."""
    primary, _, rest = code.partition("-")
    name = _load_locale(in_language).languages.get(primary, primary)
    return f"{name} ({rest})" if rest else name


@cache
def list_languages() -> tuple[str, ...]:
    """Return the codes of all languages that CLDR has a name for."""
    return tuple(sorted(map(str, _load_locale("en").languages)))


def get_country_name(code: str, in_language: str = "en") -> str:
    """Return the name of a country or region in a language, or the code if no name is known.

    It is the name that the United Nations use, or the CLDR name in other languages.
    """
    return _get_un_names(in_language).get(code) or get_common_name(code, in_language)


def get_common_name(code: str, in_language: str = "en") -> str:
    """Return the CLDR name of a country or region in a language, or the code without one."""
    return str(_load_locale(in_language).territories.get(code, code))


def list_country_names(code: str, in_language: str) -> list[str]:
    """Return all names of a country in a language, the displayed name first."""
    alternatives = load_other_names()["countries"].get(code, ()) if in_language == "en" else ()
    names = (get_country_name(code, in_language), get_common_name(code, in_language))
    return list(dict.fromkeys([*names, *alternatives]))


def list_acronyms(code: str) -> tuple[str, ...]:
    """Return the abbreviations of a country, in capitals."""
    return load_other_names()["acronyms"].get(code, ())


@cache
def _get_un_names(language: str) -> Mapping[str, str]:
    """Return the names of the United Nations that differ from CLDR names, by country."""
    locale = _load_locale(language)
    # The United Nations write Chinese in simplified characters.
    if locale.script == "Hant":
        return {}
    return _load_un_names().get(locale.language, {})


@cache
def _load_un_names() -> Mapping[str, Mapping[str, str]]:
    return toml.load_resource(__package__, "un_names.toml", dict[str, dict[str, str]])


@cache
def list_countries() -> tuple[str, ...]:
    """Return the codes of all countries and territories that CLDR has a name for."""
    codes = _load_locale("en").territories.keys() - _NO_COUNTRIES
    return tuple(sorted(filter(str.isalpha, codes)))


@cache
def list_regions() -> tuple[str, ...]:
    """Return the UN M49 codes of all regions, except the whole world."""
    codes = _load_locale("en").territories.keys() - {_THE_WORLD}
    return tuple(sorted(filter(str.isdigit, codes)))


@cache
def _map_region_names(language: str) -> dict[str, str]:
    named = _load_locale(language).territories
    return {name.casefold(): code for code, name in named.items() if code.isdigit()}


def translate_region(name: str, languages: tuple[str, ...], language: str = "en") -> dict[str, str]:
    """Return the names of a region in the other languages; {} if `name` is not a region."""
    code = _map_region_names(language).get(name.casefold())
    if code is None:
        return {}
    return {other: get_country_name(code, other) for other in languages if other != language}


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
    codes = (_map_language_names().get(fold(word), "") for word in words)
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
    code = _map_other_names().get(folded) or find_language_code(text)
    if not code and (match := re.match(r"([A-Za-z]{2,3})[-_](?:[A-Za-z]{2,4}|\d{3})\b", text)):
        code = find_language_code(match[1])
    code = code or _map_language_names().get(folded)
    return code.partition("-")[0] if code else None


@cache
def _map_other_names() -> dict[str, str]:
    names = load_other_names()["languages"]
    return {name: code for code, listed in names.items() for name in listed}


@cache
def _map_language_names() -> dict[str, str]:
    names: dict[str, str] = {}
    for locale in map(Locale.parse, _NAME_LOCALES):
        for code, name in locale.languages.items():
            if "_" not in code and (normalized := find_language_code(code)):
                names.setdefault(fold(name), normalized)
    return names
