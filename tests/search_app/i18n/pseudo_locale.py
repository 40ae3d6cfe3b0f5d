"""A pseudo-locale: every message in brackets, so that other English on a page is found."""

from __future__ import annotations

import re
from gettext import NullTranslations
from html.parser import HTMLParser
from urllib.parse import unquote_plus

import pytest

from search_app.i18n.translation import load_interface
from tests.search_app.i18n.test_marked_text import PLACEHOLDER, VISIBLE, messages

IDENTIFIERS = re.compile(
    r"⟧(?:without\.)?(?:page|size|sort|year|region|topic|[0-9a-f]{16}|⟦|, )+⟦"
    r"|⟧relevance⟦, ⟧newest⟦, ⟧oldest⟦, ⟧title⟦"
)
"""Values of placeholders that are part of URLs, or of the log."""


class InBrackets(NullTranslations):
    """A translation that puts each message in brackets, without the values of its placeholders."""

    def gettext(self, message: str) -> str:
        """Return a message in brackets."""
        assert (message,) in messages(), f"not extracted: {message}"
        return _bracket(message)

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        """Return the singular or the plural in brackets."""
        assert (msgid1, msgid2) in messages(), f"not extracted: {msgid1}"
        return _bracket(msgid1 if n == 1 else msgid2)


def _bracket(message: str) -> str:
    return f"⟦{PLACEHOLDER.sub(lambda found: f'⟧{found[0]}⟦', message)}⟧"


class Outside(HTMLParser):
    """The English of a page outside of brackets, in its text and in its visible attributes.

    Code, machine-readable times, the names of keys, and the texts and attributes of elements with
    `translate="no"` do not count as English.
    """

    def __init__(self, html: str) -> None:
        super().__init__()
        self.english: list[str] = []
        self._text: list[str] = []
        self._passed_over = 0
        self._is_name = False
        self.feed(html)
        self.close()
        self._take("".join(self._text))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Record the visible attributes of a tag."""
        self._passed_over += tag in ("code", "time", "script")
        self._is_name = ("translate", "no") in attrs
        for name, value in attrs:
            if name in VISIBLE and not self._is_name:
                self._take(value or "")

    def handle_endtag(self, tag: str) -> None:
        """Record an end tag."""
        self._passed_over -= tag in ("code", "time", "script")
        self._is_name = False

    def handle_data(self, data: str) -> None:
        """Record text."""
        if not self._passed_over and not self._is_name:
            self._text.append(data)

    def _take(self, text: str) -> None:
        while (shorter := re.sub("⟦[^⟦⟧]*⟧", "", text)) != text:
            text = shorter
        self.english += re.findall(r"[^\n]*[A-Za-z][^\n]*", text)


def in_brackets(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put every message in Russian in brackets."""
    for name in ("gettext", "ngettext"):
        monkeypatch.setattr(load_interface("ru"), name, getattr(InBrackets(), name))


def find_english(page: str, address: str) -> list[str]:
    """Return the English of a page outside of brackets, without the query of its address.

    Parameters, facets, and ids of requests that an error page names are no English either.
    """
    assert page.count("⟦") == page.count("⟧") > 8
    if 'class="prose error"' in page:
        page = IDENTIFIERS.sub("", page)
    for typed in re.findall(r"[?&]q=([^&]+)", address):
        page = page.replace(unquote_plus(typed), "")
    return Outside(page).english
