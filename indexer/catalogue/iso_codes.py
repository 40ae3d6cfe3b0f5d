"""Languages and countries: code to name, and name to code.

Names come from the Unicode CLDR through Babel. Countries have ISO 3166-1 alpha-2 codes. Languages
have ISO 639-1 codes, or ISO 639-3 codes where there is none. CLDR's table of language aliases
replaces a three-letter code that has a short form (`fra` by `fr`).
"""

from __future__ import annotations

import re
from functools import cache, lru_cache

from babel import Locale, UnknownLocaleError
from babel.core import get_global

ALSO_CALLED = {
    "AE": ("Emirates",),
    "BA": ("Bosnia",),
    "BO": ("Plurinational State of Bolivia",),
    "CD": ("Democratic Republic of the Congo", "DR Congo", "Zaire"),
    "CG": ("Republic of the Congo",),
    "CI": ("Ivory Coast",),
    "CN": ("People's Republic of China",),
    "CV": ("Cabo Verde", "Cape Verde"),
    "CZ": ("Czech Republic",),
    "FM": ("Federated States of Micronesia",),
    "GB": (
        "Britain", "Great Britain", "England", "Scotland", "Wales", "Northern Ireland",
        "United Kingdom of Great Britain and Northern Ireland",
    ),
    "GM": ("The Gambia",),
    "IR": ("Islamic Republic of Iran", "Persia"),
    "KP": ("Democratic People's Republic of Korea",),
    "KR": ("Republic of Korea", "Korea"),
    "LA": ("Lao People's Democratic Republic", "Lao PDR"),
    "MD": ("Republic of Moldova", "Moldavia"),
    "MK": ("Macedonia",),
    "MM": ("Myanmar", "Burma"),
    "NL": ("Holland", "The Netherlands"),
    "PS": ("Palestine", "State of Palestine"),
    "RU": ("Russian Federation",),
    "SY": ("Syrian Arab Republic",),
    "SZ": ("Swaziland",),
    "TL": ("East Timor",),
    "TR": ("Turkey", "Türkiye"),
    "TZ": ("United Republic of Tanzania",),
    "US": ("United States of America", "America"),
    "VA": ("Holy See", "Vatican"),
    "VE": ("Bolivarian Republic of Venezuela",),
    "VN": ("Viet Nam",),
}  # fmt: skip
"""English names of countries that CLDR lacks: names of the United Nations, former names, short
names, and names of parts."""
_NO_COUNTRIES = frozenset({"EU", "EZ", "QO", "UN", "XA", "XB", "ZZ"})
_THE_WORLD = "001"
ACRONYMS = {
    "AE": ("UAE",), "BA": ("BiH",), "CD": ("DRC",), "GB": ("UK", "GB"), "KP": ("DPRK",),
    "KR": ("ROK",), "CN": ("PRC",), "RU": ("RF",), "SA": ("KSA",), "US": ("US", "USA"),
    "ZA": ("RSA",),
}  # fmt: skip
"""Abbreviations of countries, in capitals because *us* is a word."""


@cache
def _locale(language: str) -> Locale:
    return Locale.parse(language, sep="-")


def has_names(language: str) -> bool:
    """Return whether CLDR has names of languages and countries in a language."""
    try:
        return _locale(language) is not None
    except (ValueError, UnknownLocaleError):
        return False


@cache
def _codes_by_name(kind: str) -> dict[str, str]:
    names = getattr(_locale("en"), kind)
    return {name.casefold(): code for code, name in sorted(names.items(), reverse=True)}


@lru_cache(maxsize=1000)
def language_code(text: str) -> str | None:
    """Return the code of a language given by code or English name, or None if unknown."""
    named = _codes_by_name("languages").get(text.strip().casefold(), "")
    return _usual_form(text.strip()) or _usual_form(named)


def _usual_form(code: str) -> str | None:
    """Return a code with hyphens and without aliases, or None if the language is unknown."""
    if not re.fullmatch(r"[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*", code):
        return None
    primary, _, rest = code.replace("_", "-").partition("-")
    alias = get_global("language_aliases").get(primary.lower(), primary.lower())
    primary, _, implied = alias.replace("_", "-").partition("-")
    if primary not in _locale("en").languages or len(primary) > 3:
        return None
    return "-".join(part for part in (primary, rest or implied) if part)


@lru_cache(maxsize=1000)
def country_code(text: str) -> str | None:
    """Return the code of a country given by code or English name, or None if unknown."""
    code = text.strip().upper()
    if len(code) == 2 and code.isalpha() and code in _locale("en").territories:
        return code
    name = text.strip().casefold()
    found = _codes_by_name("territories").get(name) or _also_called().get(name)
    return found if found and found.isalpha() else None


@cache
def _also_called() -> dict[str, str]:
    return {
        name.casefold(): code
        for others in (ALSO_CALLED, ACRONYMS)
        for code, names in others.items()
        for name in names
    }


def language_name(code: str, in_language: str = "en") -> str:
    """Return the name of a language in another one, or the code if no name is known."""
    primary, _, rest = code.partition("-")
    name = _locale(in_language).languages.get(primary, primary)
    return f"{name} ({rest})" if rest else name


@cache
def languages() -> tuple[str, ...]:
    """Return the codes of all languages that CLDR has a name for."""
    return tuple(sorted(map(str, _locale("en").languages)))


def country_name(code: str, in_language: str = "en") -> str:
    """Return the name of a country in a language, or the code if no name is known."""
    return str(_locale(in_language).territories.get(code, code))


def country_names(code: str, in_language: str) -> list[str]:
    """Return all names of a country in a language, the CLDR name first."""
    also = ALSO_CALLED.get(code, ()) if in_language == "en" else ()
    return list(dict.fromkeys([country_name(code, in_language), *also]))


@cache
def countries() -> tuple[str, ...]:
    """Return the codes of all countries and territories that CLDR has a name for."""
    return tuple(each for each in _territories() if each.isalpha() and each not in _NO_COUNTRIES)


@cache
def regions() -> tuple[str, ...]:
    """Return the UN M49 codes of all regions, except the whole world."""
    return tuple(each for each in _territories() if each.isdigit() and each != _THE_WORLD)


def _territories() -> list[str]:
    return sorted(map(str, _locale("en").territories))


@cache
def _regions_by_name(language: str) -> dict[str, str]:
    """Return the UN M49 code of each region, by case-folded name."""
    named = _locale(language).territories
    return {name.casefold(): code for code, name in named.items() if code.isdigit()}


def region_names(name: str, languages: tuple[str, ...], language: str = "en") -> dict[str, str]:
    """Return the names of a region in the other languages; {} if `name` is not a region."""
    code = _regions_by_name(language).get(name.casefold())
    if code is None:
        return {}
    return {each: country_name(code, each) for each in languages if each != language}
