"""Text to HTML outside templates. Templates escape by themselves."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import NewType

from markupsafe import Markup, escape

from search_app.engine.results import TextRun
from search_app.i18n.translation import current

Html = NewType("Html", str)
"""Escaped HTML. Only the template without autoescaping may print it. Any other template would
escape it twice, which is ugly but safe."""
MAX_NARROW_CHARS = 150
"""Characters of a passage on a narrow page: about four lines of a phone."""
MIN_REST_CHARS = 20
"""A passage is not cut for fewer characters than these: they take at most one line."""
_QUOTED = re.compile(r"([“«]\s?)([^“”«»]*)(\s?[”»])")


def mark(runs: Iterable[TextRun]) -> Markup:
    """Return runs of text as HTML, escaped (quotes too), with matches in `<mark>`."""
    return Markup(  # nosec B704  # noqa: S704 - each run is escaped
        "".join([
            f"<mark>{escape(run.text)}</mark>" if run.marked else escape(run.text) for run in runs
        ])
    )  # fmt: skip


def mark_passage(runs: Sequence[TextRun]) -> Markup:
    """Return a passage as HTML in two parts. A narrow page has an ellipsis in place of the second.

    The first part has the first match, and ends at a space outside matches. A passage that is
    hardly longer is one part.
    """
    full = [run for run in runs if run.text]
    cut, start, has_match = None, 0, not any(run.marked for run in full)
    for run in full:
        end = start + len(run.text)
        if run.marked:
            has_match = True
        elif has_match:
            space = run.text.rfind(" ", 0, max(MAX_NARROW_CHARS - start, 0))
            cut = cut if space < 0 else start + space
        start = end
    if cut is None or start - cut < MIN_REST_CHARS:
        return mark(runs)
    first, rest = mark(_slice(runs, 0, cut)), mark(_slice(runs, cut, start))
    return Markup('%s<span class="narrow-only"> …</span><span class="wide-only">%s</span>') % (
        first,
        rest,
    )


def _slice(runs: Iterable[TextRun], start: int, stop: int) -> Iterator[TextRun]:
    """Yield the runs between two offsets of their text."""
    offset = 0
    for run in runs:
        text = run.text[max(start - offset, 0) : max(stop - offset, 0)]
        if text:
            yield TextRun(text, run.marked)
        offset += len(run.text)


@lru_cache(maxsize=4096)
def escape_html(text: str) -> Html:
    """Return a text as HTML. The cache is for labels and names, which every page repeats."""
    return Html(str(escape(text)))


def isolate(sentence: str) -> Markup:
    """Return a sentence as HTML, with `<bdi>` around each quoted text.

    A right-to-left quotation then does not reorder the rest of the sentence.
    """
    isolated_html = _QUOTED.sub(r"\1<bdi>\2</bdi>\3", str(escape(sentence)))
    return Markup(isolated_html)  # nosec B704  # noqa: S704 - it was escaped


def link(href: str, text: str) -> Markup:
    """Return a text as HTML with a link, or without one if `href` is empty.

    Crawlers do not follow it.
    """
    content = Markup("<bdi>{}</bdi>").format(text)
    return Markup('<a href="{}" rel="nofollow">{}</a>').format(href, content) if href else content


def join_html(join: Callable[[Iterable[str]], str], parts: Iterable[Markup]) -> Markup:
    """Return HTML as a list in one line. `join` is a function of `i18n.translation`."""
    return Markup(join(parts))  # nosec B704  # noqa: S704 - the parts are HTML


def html_gettext(message: str, /, **values: object) -> Markup:
    """Return the translation of a message as HTML, with escaped values in its placeholders."""
    translated = current().gettext(message)
    return _filled(translated, values) if values else _plain(translated)


@lru_cache(maxsize=1024)
def _plain(message: str) -> Markup:
    """Return a message without placeholders as HTML. Each page repeats dozens of them."""
    return _filled(message, {})


def html_ngettext(singular: str, plural: str, count: int, /, **values: object) -> Markup:
    """Return the translation of a message for a number as HTML, with escaped values in it."""
    return _filled(current().ngettext(singular, plural, count), values)


def _filled(message: str, values: Mapping[str, object]) -> Markup:
    filled = message % {name: escape(value) for name, value in values.items()}
    return Markup(filled)  # nosec B704  # noqa: S704 - messages are HTML, and values are escaped
