"""The languages of the interface: their messages, their formats, and the one of a request.

Messages are in English in the program. The other languages have a file in `translations`, in the
format of GNU gettext (https://www.gnu.org/software/gettext/manual/html_node/PO-Files.html).

Call the functions that translate when a text is used, not when a module is imported. Outside of
requests, the language is English.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextvars import ContextVar
from datetime import date, datetime
from functools import cache, cached_property, lru_cache, partial
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
MAX_CACHED_NUMBERS = 4096


class Interface:
    """A language of the interface. `code` is one of LANGUAGES. Threads may share it.

    `gettext` and `ngettext` return the translation of a message. `format_number` returns an integer
    as text, with separators between thousands.
    """

    def __init__(self, code: str, messages: NullTranslations) -> None:
        self.code, self.locale = code, Locale.parse(_REGIONS.get(code, code))
        self.direction = self.locale.text_direction  # `ltr` or `rtl`
        self.gettext, self.ngettext = messages.gettext, messages.ngettext
        # Babel needs 19 µs for a number, and a page has hundreds.
        self.format_number = lru_cache(MAX_CACHED_NUMBERS)(
            partial(format_decimal, locale=self.locale)
        )

    @cached_property
    def name(self) -> str:
        """The name of the language in itself, as in a list."""
        name = Locale.parse(self.code).get_display_name(self.code) or self.code
        return name[:1].upper() + name[1:]

    def format_date(self, day: date) -> str:
        """Return a day in full: `3 May 2026`."""
        pattern = _FIRST_DAYS.get(self.code, "long") if day.day == 1 else "long"
        return format_date(day, pattern, locale=self.locale)

    def format_time(self, time: datetime) -> str:
        """Return a time in UTC, to the minute."""
        return self.gettext("%(date)s, %(time)s UTC") % {
            "date": self.format_date(time),
            "time": format_time(time, "HH:mm", locale=self.locale),
        }


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
    """Return the language in use."""
    return _current.get()


def gettext(message: str) -> str:
    """Return the translation of a message."""
    return _current.get().gettext(message)


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
    return gettext("“%(text)s”") % {"text": text}


def join(texts: Iterable[str]) -> str:
    """Return short texts as a list in one line, such as `a, b, c`."""
    return gettext(", ").join(texts)


def join_long(texts: Iterable[str]) -> str:
    """Return texts that may have commas as a list in one line, such as `a, b; c`."""
    return gettext("; ").join(texts)


def join_with_and(texts: Iterable[str]) -> str:
    """Return short texts as a list that ends a sentence, such as `a, b and c`."""
    return format_list([*texts], locale=current().locale)
