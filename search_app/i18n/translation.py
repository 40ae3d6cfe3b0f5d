"""The languages of the interface: their messages, their formats, and the one of a request.

Messages are in English in the program. The other languages have a file in `translations`, in the
format of GNU gettext (https://www.gnu.org/software/gettext/manual/html_node/PO-Files.html).

Call the functions that translate when a text is used, not when a module is imported. Outside of
requests, the language is English.
"""

from collections.abc import Iterable
from contextvars import ContextVar
from datetime import date, datetime
from functools import cache, cached_property, lru_cache, reduce
from gettext import GNUTranslations, NullTranslations
from importlib.resources import files
from io import BytesIO

from babel import Locale
from babel.dates import format_date, format_time
from babel.lists import format_list
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal

LANGUAGES = ("ar", "zh", "en", "fr", "ru", "es")
"""The languages of the interface, in the order in which the United Nations list them."""
SOURCE = "en"
"""The language of the messages in the program."""
TRANSLATIONS = files("search_app.i18n") / "translations"
_REGIONS = {"en": "en_GB"}
"""The region whose dates a language uses, if it is not the one of its CLDR locale."""
_FIRST_DAYS = {"fr": "'1er' MMMM y"}
"""The pattern of the first day of a month, if it has an ordinal number. CLDR has none."""
_MONTHS = {
    "ar": (
        "كانون الثاني/يناير", "شباط/فبراير", "آذار/مارس", "نيسان/أبريل", "أيار/مايو",
        "حزيران/يونيه", "تموز/يوليه", "آب/أغسطس", "أيلول/سبتمبر", "تشرين الأول/أكتوبر",
        "تشرين الثاني/نوفمبر", "كانون الأول/ديسمبر",
    ),
}  # fmt: skip
"""The names of months in documents of the United Nations, if CLDR has others."""
_MIN_GROUPED = {"es": 10_000}
"""The smallest number with separators, if it is not 1,000. CLDR says so, but Babel does not."""
MAX_CACHED_NUMBERS = 4096


class Interface:
    """A language of the interface. `code` is one of LANGUAGES. Threads may share it.

    `gettext` and `ngettext` return the translation of a message, `pgettext` that of one with a
    context. `format_number` returns an integer as text, with separators between thousands.
    """

    def __init__(self, code: str, messages: NullTranslations) -> None:
        self.code, self.locale = code, Locale.parse(_REGIONS.get(code, code))
        self.direction = self.locale.text_direction  # `ltr` or `rtl`
        self.gettext, self.ngettext = messages.gettext, messages.ngettext
        self.pgettext = messages.pgettext
        # Babel needs 19 µs for a number, and a page has hundreds.
        self.format_number = lru_cache(MAX_CACHED_NUMBERS)(self._format_number)

    @cached_property
    def name(self) -> str:
        """The name of the language in itself, as in a list."""
        name = Locale.parse(self.code).get_display_name(self.code) or self.code
        return name[:1].upper() + name[1:]

    def _format_number(self, number: int) -> str:
        is_grouped = abs(number) >= _MIN_GROUPED.get(self.code, 1000)
        return format_decimal(number, locale=self.locale, group_separator=is_grouped)

    def format_date(self, day: date) -> str:
        """Return a day in full: `3 May 2026`."""
        pattern = _FIRST_DAYS.get(self.code, "long") if day.day == 1 else "long"
        text = format_date(day, pattern, locale=self.locale)
        if months := _MONTHS.get(self.code):
            own = self.locale.months["format"]["wide"][day.month]
            text = text.replace(own, months[day.month - 1])
        return text

    def format_time(self, time: datetime) -> str:
        """Return a time in UTC, to the minute."""
        return self._join_time(
            self.format_date(time), format_time(time, "HH:mm", locale=self.locale)
        )

    def _join_time(self, day: str, time: str) -> str:
        # Translators: A time, as in “Indexed 30 November 2026, 13:14 UTC”.
        return self.gettext("%(date)s, %(time)s UTC") % {"date": day, "time": time}

    @cached_property
    def time_patterns(self) -> list[str]:
        """The texts from which scripts make a time: one for each month.

        They contain `{day}`, `{year}`, and `{time}`.
        """
        days = [self.format_date(date(2001, month, 22)) for month in range(1, 13)]
        patterns = [day.replace("2001", "{year}").replace("22", "{day}") for day in days]
        return [self._join_time(pattern, "{time}") for pattern in patterns]


@cache
def load_interface(code: str) -> Interface:
    """Return a language of the interface. `code` is one of LANGUAGES."""
    return Interface(code, NullTranslations() if code == SOURCE else _read_messages(code))


def find_language(tag: str) -> str:
    """Return the language of the interface for a BCP 47 tag, or SOURCE if there is none."""
    primary = tag.partition("-")[0].lower()
    return primary if primary in LANGUAGES else SOURCE


def _read_messages(code: str) -> GNUTranslations:
    with (TRANSLATIONS / f"{code}.po").open("rb") as file:
        catalog = read_po(file, locale=code)
    compiled = BytesIO()
    write_mo(compiled, catalog)
    compiled.seek(0)
    return GNUTranslations(compiled)


# The language in use

# It is no mutable default: an interface never changes.
_current: ContextVar[Interface] = ContextVar("interface", default=load_interface(SOURCE))  # noqa: B039


def use(interface: Interface) -> None:
    """Set the language of the texts that this thread makes from now on."""
    _current.set(interface)


def current() -> Interface:
    return _current.get()


def gettext(message: str) -> str:
    return _current.get().gettext(message)


def pgettext(context: str, message: str) -> str:
    """Return the translation of a message that has another meaning in another context."""
    return _current.get().pgettext(context, message)


def ngettext(singular: str, plural: str, count: int) -> str:
    """Return the translation of a message in the form for a number."""
    return _current.get().ngettext(singular, plural, count)


def format_number(number: int) -> str:
    """Return an integer as text, with separators between thousands."""
    return _current.get().format_number(number)


def format_score(score: float) -> str:
    """Return a score with two decimals."""
    return format_decimal(score, "0.00", locale=current().locale)


def quote(text: str) -> str:
    """Return a text in the quotation marks of the language."""
    # Translators: Quotation marks.
    return gettext("“%(text)s”") % {"text": text}


def add_count(text: str, number: int) -> str:
    """Return a text with a number of publications, such as `Africa (3)`."""
    return gettext("%(text)s (%(number)s)") % {"text": text, "number": format_number(number)}


def format_range(first: str, last: str) -> str:
    """Return the range from one number, year, or place to another."""
    # Translators: A range of years, of numbers, or of places in a list, as in “2010–2015” and
    # “11–20 of 35 publications”.
    return gettext("%(first)s–%(last)s") % {"first": first, "last": last}


def join(texts: Iterable[str]) -> str:
    """Return short texts as a list in one line, such as `a, b, c`."""
    # Translators: Between names, labels, or numbers in a list.
    return gettext(", ").join(texts)


def join_quoted(texts: Iterable[str]) -> str:
    """Return texts in quotation marks as a list in one line, such as `“a”, “b”`."""
    return pgettext("between words in quotation marks", ", ").join(map(quote, texts))


def join_long(texts: Iterable[str]) -> str:
    """Return texts that may have commas as a list in one line, such as `a, b; c`."""
    # Translators: Between texts of a list that may have commas.
    return gettext("; ").join(texts)


def join_sentences(sentences: Iterable[str]) -> str:
    """Return sentences as one text, or "" without any."""
    texts = [*sentences]
    return reduce(_join_two, texts) if texts else ""


def _join_two(first: str, second: str) -> str:
    # Translators: Two sentences, or a sentence and a link. Languages such as Chinese have no space.
    return gettext("%(first)s %(second)s") % {"first": first, "second": second}


def join_with_and(texts: Iterable[str]) -> str:
    """Return short texts as a list that ends a sentence, such as `a, b and c`."""
    return format_list([*texts], locale=current().locale)
