"""Text to HTML outside templates. Templates escape by themselves."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import NewType

from markupsafe import Markup, escape

from search_app.engine.results import TextRun
from search_app.i18n.translation import TRANSLATIONS

Html = NewType("Html", str)
"""Escaped HTML. Only the template without autoescaping may print it. Any other template would
escape it twice, which is ugly but safe."""
_QUOTED = re.compile("“([^“”]*)”")


def mark(runs: Iterable[TextRun]) -> Markup:
    """Return runs of text as HTML, escaped (quotes too), with matches in `<mark>`."""
    return Markup(  # nosec B704  # noqa: S704 - each run is escaped
        "".join([
            f"<mark>{escape(run.text)}</mark>" if run.marked else escape(run.text) for run in runs
        ])
    )  # fmt: skip


@lru_cache(maxsize=4096)
def escape_html(text: str) -> Html:
    """Return a text as HTML. The cache is for labels and names, which every page repeats."""
    return Html(str(escape(text)))


def isolate(sentence: str) -> Markup:
    """Return a sentence as HTML, with `<bdi>` around each quoted text.

    A right-to-left quotation then does not reorder the rest of the sentence.
    """
    isolated_html = _QUOTED.sub(r"“<bdi>\1</bdi>”", str(escape(sentence)))
    return Markup(isolated_html)  # nosec B704  # noqa: S704 - it was escaped


def html_gettext(message: str, /, **values: object) -> Markup:
    """Return the translation of a message as HTML, with escaped values in its placeholders."""
    translated = TRANSLATIONS.gettext(message)
    return _filled(translated, values) if values else _plain(translated)


@lru_cache(maxsize=1024)
def _plain(message: str) -> Markup:
    """Return a message without placeholders as HTML. Each page repeats dozens of them."""
    return _filled(message, {})


def html_ngettext(singular: str, plural: str, count: int, /, **values: object) -> Markup:
    """Return the translation of a message for a number as HTML, with escaped values in it."""
    return _filled(TRANSLATIONS.ngettext(singular, plural, count), values)


def _filled(message: str, values: Mapping[str, object]) -> Markup:
    filled = message % {name: escape(value) for name, value in values.items()}
    return Markup(filled)  # nosec B704  # noqa: S704 - messages are HTML, and values are escaped
