"""Years and dates: parse the forms that occur in catalogues.

The normalized form of a date is that of the Extended Date/Time Format (EDTF, ISO 8601-2:2019):
`1980-11`, `1985?`, `2014-21` (spring), `1998/2003`.
"""

import re
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from functools import cache, lru_cache

from babel import Locale
from babel.dates import format_date, format_skeleton

MIN_YEAR, DECEMBER = 1000, 12
_YEAR = re.compile(r"(?<![\d.])(1\d{3}|20\d{2})(?!\d|\s*(?:هـ|AH\b))")  # no Islamic years
_GLUED_YEAR = re.compile(r"^\D{0,3}(1[5-9]\d{2}|20\d{2})(?:0[1-9]|1[0-2])(?:[0-2]\d|3[01])?(?!\d)")
_COMPACT = re.compile(r"\d{4}(?P<month>\d{2})(?P<day>\d{2})")
_ISO = re.compile(r"\d{4}[-/.](?P<month>\d{1,2})(?:[-/.](?P<day>\d{1,2}))?(?!\d)")
_NUMERIC = re.compile(r"(?<!\d)(\d{1,2})[-/.](?:(\d{1,2})[-/.])?(\d{4})(?!\d)")
_WORD = re.compile(r"[^\W\d_]+")
_DAY = re.compile(r"(?<!\d)([12]?\d|3[01])(?:st|nd|rd|th)?(?!\d)")
_RANGE = re.compile(r"^\W*(\d{4})\s*[-–/]\s*(\d{4})\W*$")
_UNCERTAIN = re.compile(r"\d{4}\s*\?|\[\d{4}\]|\b(?:ca|circa)\b\.?\s*\d{4}", re.IGNORECASE)
_SEASONS = {
    "en": ("{} {}", "spring", "summer", "autumn", "winter"),
    "fr": ("{} {}", "printemps", "été", "automne", "hiver"),
    "es": ("{} de {}", "primavera", "verano", "otoño", "invierno"),
    "ru": ("{} {} г.", "весна", "лето", "осень", "зима"),
    "ar": ("{} {}", "ربيع", "صيف", "خريف", "شتاء"),
    "zh": ("{1}年{0}", "春季", "夏季", "秋季", "冬季"),
    "de": ("{} {}", "Frühling", "Sommer", "Herbst", "Winter"),
    "it": ("{} {}", "primavera", "estate", "autunno", "inverno"),
    "pt": ("{} de {}", "primavera", "verão", "outono", "inverno"),
}
"""The form of a season of a year in a language, and the names of the seasons, which Babel lacks."""
_SPRING = 21
_EXCEL_DAY = re.compile(r"[2-5]\d{4}(?:\.\d+)?")
_EXCEL_EPOCH = date(1899, 12, 30)
_MONTH_LANGUAGES = ("en", "fr", "es", "ru", "ar", "de", "it", "pt")


@lru_cache(maxsize=10_000)
def find_year(text: str) -> int | None:
    """Return the first year in a text, or None. Years range from 1000 to next year."""
    text = _with_ascii_digits(text)
    latest = datetime.now(UTC).year + 1
    years = [int(match[1]) for match in _YEAR.finditer(text)]
    years = years or [int(match[3]) for match in _NUMERIC.finditer(text)]  # 31.12.2014
    if not years and (match := _GLUED_YEAR.match(text)):  # 20140411
        years = [int(match[1])]
    if not years and _EXCEL_DAY.fullmatch(text.strip()):
        years = [(_EXCEL_EPOCH + timedelta(days=float(text))).year]
    return next((year for year in years if MIN_YEAR <= year <= latest), None)


@lru_cache(maxsize=10_000)
def parse_date(text: str, *, day_first: bool = False) -> str | None:
    """Return a date in EDTF with at least a year, or None.

    `day_first`: in an ambiguous date, such as 5/9/2017, the day comes before the month.
    """
    text = _with_ascii_digits(text).strip()
    year = find_year(text)
    if year is None:
        return None
    if match := _RANGE.match(text):
        return f"{match[1]}/{match[2]}"
    month, day = _find_month_and_day(text, day_first=day_first)
    uncertain = "?" if _UNCERTAIN.search(text) else ""
    if not month:
        return f"{year}{uncertain}"
    with suppress(ValueError):  # no day, no such day, or a season
        return f"{date(year, month, day)}{uncertain}"
    return f"{year}-{month:02}{uncertain}"


def is_day_first(texts: list[str]) -> bool | None:
    """Return whether the day precedes the month in the dates of a column, or None if unclear."""
    firsts = seconds = False
    for text in texts:
        match = _NUMERIC.search(text)
        if match and match[2]:
            firsts |= int(match[1]) > DECEMBER
            seconds |= int(match[2]) > DECEMBER
    return None if firsts == seconds else firsts


def _with_ascii_digits(text: str) -> str:
    return text if text.isascii() else re.sub(r"\d", lambda digit: str(int(digit[0])), text)


def _find_month_and_day(text: str, *, day_first: bool) -> tuple[int, int]:
    """Return the month and the day of a date, 0 if missing. Months 21 to 24 are the seasons."""
    month = day = 0
    if match := _COMPACT.fullmatch(text) or _ISO.search(text):
        month, day = int(match["month"]), int(match["day"] or 0)
    elif match := _NUMERIC.search(text):
        first, second = int(match[1]), int(match[2] or 0)
        is_day_first = second and second <= DECEMBER and (day_first or first > DECEMBER)
        month, day = (second, first) if is_day_first else (first, second)
    else:
        return _find_month_name(text)
    return (month, day) if 1 <= month <= DECEMBER else (0, 0)


def _find_month_name(text: str) -> tuple[int, int]:
    for word in _WORD.findall(text.lower()):
        if season := _list_seasons().get(word):
            return season, 0
        if month := _list_months().get(word, 0):
            days = [int(day) for day in _DAY.findall(text)]
            return month, days[0] if days else 0
    return 0, 0


@cache
def _list_seasons() -> dict[str, int]:
    """Return the code of each season by its names, except in Arabic: two months begin with one."""
    named = {"fall": _SPRING + 2, "frühjahr": _SPRING}
    for language, (_, *names) in _SEASONS.items():
        if language != "ar":
            named |= {name.lower(): code for code, name in enumerate(names, _SPRING)}
    return named


@cache
def _list_months() -> dict[str, int]:
    months: dict[str, int] = {}
    for language in _MONTH_LANGUAGES:
        for context in Locale(language).months.values():
            for width in ("abbreviated", "wide"):
                for number, name in context[width].items():
                    months.setdefault(name.lower().strip("."), number)
    months["sept"] = 9
    return months


def display(normalized: str, language: str = "en") -> str:
    if "/" in normalized:
        return "–".join(display(end, language) for end in normalized.split("/"))
    year, *rest = normalized.rstrip("?").split("-")
    uncertain = "?" if normalized.endswith("?") else ""
    if not rest or not year.isdecimal():
        return normalized
    if int(rest[0]) > DECEMBER:
        form, *names = _SEASONS.get(language.partition("-")[0], _SEASONS["en"])
        return f"{form.format(names[int(rest[0]) - _SPRING], year)}{uncertain}"
    day = date(int(year), int(rest[0]), int(rest[1]) if len(rest) > 1 else 1)
    locale = Locale.parse(language, sep="-")
    if len(rest) > 1:
        return f"{format_date(day, 'long', locale)}{uncertain}"
    return f"{format_skeleton('yMMMM', day, locale=locale)}{uncertain}"
