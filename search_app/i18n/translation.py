"""The language of the current request, and the translation of messages into it.

Call these functions when a text is used, not when a module is imported. Outside of requests, the
language is English.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextvars import ContextVar

from search_app.i18n.interface import SOURCE, Interface, load_interface

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
    return _current.get().format_score(score)


def quote(text: str) -> str:
    """Return a text in the quotation marks of the language."""
    return gettext("“%(text)s”") % {"text": text}


def join(texts: Iterable[str]) -> str:
    """Return short texts as a list in one line, such as `a, b, c`."""
    return _current.get().join([*texts])


def join_long(texts: Iterable[str]) -> str:
    """Return texts that may have commas as a list in one line, such as `a, b; c`."""
    return _current.get().join_long([*texts])


def join_with_and(texts: Iterable[str]) -> str:
    """Return short texts as a list that ends a sentence, such as `a, b and c`."""
    return _current.get().join_with_and([*texts])
