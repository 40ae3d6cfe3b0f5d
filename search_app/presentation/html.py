"""Text to HTML outside templates. Templates escape by themselves."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType
from typing import NewType

from markupsafe import Markup, escape

from search_app.engine.results import TextRun
from search_app.i18n.translation import current, join_sentences, pgettext

Html = NewType("Html", str)
"""Escaped HTML of which more HTML is made. A template that prints it without `safe` would escape it
twice, which is ugly but harmless."""
CARET = Html(
    '<svg class="caret" viewBox="0 0 12 12" width="12" height="12" aria-hidden="true">'
    '<path d="M4 2l4 4-4 4"/></svg>'
)
"""The arrow of an element that folds."""
MAX_NARROW_CHARS = 150
"""Characters of a passage on a narrow page: about four lines of a phone."""
MIN_REST_CHARS = 20
"""A passage is not cut for fewer characters than these: they take at most one line."""
_QUOTED = re.compile(r"([“«]\s?)([^“”«»]*?)(\s?[”»])")


def safe(html: str) -> Markup:
    """Return HTML as markup, which templates print as it is. All text in it must be escaped."""
    return Markup(html)  # nosec B704  # noqa: S704 - the callers escape


@lru_cache(maxsize=4096)
def escape_html(text: str) -> Html:
    """Return a text as HTML. The cache is for labels and names, which every page repeats."""
    return Html(str(escape(text)))


def language_attribute(language: str | None) -> Html:
    """Return the attribute `lang` for a text in a language, or "" if it is that of the page."""
    return Html(f' lang="{escape_html(language)}"' if language else "")


def mark(runs: Iterable[TextRun]) -> Markup:
    """Return runs of text as HTML, escaped (quotes too), with matches in `<mark>`."""
    parts = [(escape(run.text), run.marked) for run in runs]
    return safe("".join([f"<mark>{text}</mark>" if marked else text for text, marked in parts]))


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
    # They are those of the passage, which may be in another language than the page.
    return safe(f'{first}<span class="narrow-only"> …</span><span class="wide-only">{rest}</span>')


def _slice(runs: Iterable[TextRun], start: int, stop: int) -> Iterator[TextRun]:
    """Yield the runs between two offsets of their text."""
    offset = 0
    for run in runs:
        text = run.text[max(start - offset, 0) : max(stop - offset, 0)]
        if text:
            yield TextRun(text, run.marked)
        offset += len(run.text)


def isolate(sentence: str, languages: Mapping[str, str] = MappingProxyType({})) -> Markup:
    """Return a sentence as HTML, with `<bdi>` around each quoted text.

    A right-to-left quotation then does not reorder the rest of the sentence. `languages` contains
    the languages of quoted texts, unless it is that of the page.
    """

    def isolate_quoted(match: re.Match[str]) -> str:
        language = languages.get(safe(match[2]).unescape())
        return f"{match[1]}<bdi{language_attribute(language)}>{match[2]}</bdi>{match[3]}"

    return safe(_QUOTED.sub(isolate_quoted, str(escape(sentence))))


def link(href: str, text: str) -> Markup:
    """Return a text as HTML with a link, or without one if `href` is empty.

    Crawlers do not follow it.
    """
    content = f"<bdi>{escape(text)}</bdi>"
    return safe(f'<a href="{escape(href)}" rel="nofollow">{content}</a>' if href else content)


def isolate_language(text: str, language: str | None) -> Markup:
    """Return a text as HTML, in a `<bdi>` that states its language unless it is the page's."""
    escaped = escape(text)
    return safe(f"<bdi{language_attribute(language)}>{escaped}</bdi>") if language else escaped


def html_join_long(texts: Iterable[object]) -> Markup:
    """Return texts or HTML that may have commas as a list in one line, such as `a, b; c`."""
    return html_gettext("; ").join(map(escape, texts))


def html_gettext(message: str, /, **values: object) -> Markup:
    """Return the translation of a message as HTML, with escaped values in its placeholders."""
    translated = current().gettext(message)
    return _filled(translated, values) if values else _plain(translated)


@lru_cache(maxsize=1024)
def _plain(message: str) -> Markup:
    """Return a message without placeholders as HTML. Each page repeats dozens of them."""
    return _filled(message, {})


def html_pgettext(context: str, message: str, /, **values: object) -> Markup:
    """Return the translation of a message in a context as HTML, with escaped values in it."""
    return _filled(current().pgettext(context, message), values)


def html_ngettext(singular: str, plural: str, count: int, /, **values: object) -> Markup:
    """Return the translation of a message for a number as HTML, with escaped values in it."""
    return _filled(current().ngettext(singular, plural, count), values)


def html_join_sentences(sentences: Iterable[str]) -> Markup:
    """Return sentences as one text of HTML. Texts are escaped, HTML is not."""
    return safe(join_sentences(map(escape, sentences)))


def html_join_title(parts: Iterable[str]) -> Markup:
    """Return the parts of a page's title as HTML, such as `law – Page 2 – Catalogue`."""
    return escape(pgettext("between parts of the title of a page", " – ")).join(parts)


def html_join_facts(texts: Iterable[str]) -> Markup:
    """Return facts on something as one line of HTML, such as `2015 · Report`."""
    return escape(pgettext("between facts about a publication", " · ")).join(texts)


def _filled(message: str, values: Mapping[str, object]) -> Markup:
    return safe(message % {name: escape(value) for name, value in values.items()})
