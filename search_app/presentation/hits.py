"""Publications in lists: their titles, the lines of facts below these, and hits as HTML."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal
from urllib.parse import urlsplit

import msgspec
from markupsafe import Markup, escape

from indexer.catalogue.fields import Catalogue, Field
from indexer.catalogue.records import Link, Publication, Value
from search_app.engine.results import FileMatch, Hit, Results, TextRun
from search_app.i18n.translation import (
    current,
    format_number,
    gettext,
    join,
    join_with_and,
    ngettext,
)
from search_app.presentation.explanations import explain_in_sentences
from search_app.presentation.html import (
    CARET,
    Html,
    escape_html,
    html_gettext,
    html_ngettext,
    isolate,
    language_attribute,
    link,
    mark,
    mark_passage,
    safe,
)
from search_app.presentation.labels import (
    facet_label,
    find_facet_language,
    make_file_page_url,
    make_file_url,
    make_find_url,
    make_hit_url,
)
from search_app.search_state import SearchState

MAX_FACT_NAMES = 3
"""Number of names in the metadata line if there are more, and one more would not do. A paper may
have hundreds of authors."""
MAX_FACT_CHARS = 100
"""Maximum characters of a value in the metadata line: about one line of text."""
MAX_URL_CHARS = 60
"""Maximum characters of a URL that is shown in full: it fits into a line."""
_RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff]")
MAX_FILES = 2
"""Number of files that a hit names."""
MAX_PAGES = 3
"""Number of pages that a hit names of a file. If there are more, it names one less."""


class DisplayedText(msgspec.Struct, frozen=True):
    """A title or an abstract in the language of the page, if the publication has it in that.

    `lang` is its language if that is not the one of the page. `row` is the row with the
    translation, or "" for the original. `original` is the original below a translation, or "", and
    `original_lang` its language.
    """

    text: str
    lang: str | None
    row: str = ""
    original: str = ""
    original_lang: str | None = None


def find_title(publication: Publication, catalogue: Catalogue) -> DisplayedText:
    """Return the title of a publication for a page."""
    return _find_text(publication, "title", publication.title, catalogue)


def find_abstract(publication: Publication, catalogue: Catalogue) -> DisplayedText:
    """Return the abstract of a publication for a page."""
    return _find_text(publication, "abstract", publication.summary or "", catalogue)


def _find_text(
    publication: Publication, role: Literal["title", "abstract"], text: str, catalogue: Catalogue
) -> DisplayedText:
    row = catalogue.find_translation(publication, role)
    if row is None:
        return DisplayedText(text, catalogue.find_publication_language(publication))
    original_lang = publication.lang or catalogue.language
    return DisplayedText(str(publication.values[row.name][0]), None, row.name, text, original_lang)


def format_facts(
    publication: Publication, fields: Iterable[Field], catalogue: Catalogue
) -> list[Markup]:
    """Return what a list shows of some fields of a publication, as one text of HTML for each."""
    return [
        safe(_format_field(publication, field, values, catalogue))
        for field in fields
        if (values := publication.values.get(field.name))
    ]


def format_lines(publication: Publication, catalogue: Catalogue) -> Markup:
    """Return the lines below a title in a list as HTML: its authors, and the other facts."""
    authors = [row for row in catalogue.facts if row.kind == "name" and row.role == "author"]
    others = [row for row in catalogue.facts if row not in authors]
    lines = {
        "authors": join(format_facts(publication, authors, catalogue)),
        "facts": " · ".join(format_facts(publication, others, catalogue)),
    }
    return safe(
        "".join([f'<p class="{name}">{text}</p>\n' for name, text in lines.items() if text])
    )


def _format_field(
    publication: Publication, field: Field, values: Sequence[Value], catalogue: Catalogue
) -> str:
    """Return the values of a field as HTML. A value in another language states it."""
    is_long = field.kind == "name" and len(values) > MAX_FACT_NAMES + 1
    texts = []
    for value in values[:MAX_FACT_NAMES] if is_long else values:
        text = escape_html(_isolate(display_value(publication, field, value, catalogue)))
        if language := find_facet_language(field, value, catalogue):
            text = Html(f"<span{language_attribute(language)}>{text}</span>")
        texts.append(text)
    if not is_long:
        return join(texts)
    more = len(values) - len(texts)
    message = ngettext("%(names)s and %(number)s more", "%(names)s and %(number)s more", more)
    return escape_html(message) % {"names": join(texts), "number": format_number(more)}


def _isolate(text: str) -> str:
    """Return a truncated value. Isolate a value that may have the other direction (Unicode UAX 9).

    Otherwise, it would change the order of the values around it.
    """
    if len(text) > MAX_FACT_CHARS:
        start = text[:MAX_FACT_CHARS]
        # A text without spaces, such as a Chinese title, is truncated at any character.
        text = f"{start.rpartition(' ')[0] or start} …"
    is_other = current().direction == "rtl" or (not text.isascii() and _RIGHT_TO_LEFT.search(text))
    return f"\u2068{text}\u2069" if is_other else text


def display_value(
    publication: Publication, field: Field, value: Value, catalogue: Catalogue
) -> str:
    """Return the label of a publication's value, with its qualifiers from other rows."""
    if isinstance(value, Link):
        name = value.label or shorten_url(value.url)
    else:
        name = facet_label(field, value, catalogue)
    qualifiers = [
        row.qualifier
        for row in catalogue.qualifying.get(field.name, ())
        if value in publication.values.get(row.name, ())
    ]
    if not qualifiers:
        return name
    return gettext("%(value)s (%(qualifiers)s)") % {"value": name, "qualifiers": join(qualifiers)}


def shorten_url(url: str) -> str:
    """Return a short label for a long URL: its host, and the last part of its path if it fits."""
    if len(url) <= MAX_URL_CHARS:
        return url
    parts = urlsplit(url)
    host = (parts.hostname or "").removeprefix("www.")
    label = f"{host}/…/{parts.path.rstrip('/').rpartition('/')[2]}"
    return label if len(label) <= MAX_URL_CHARS and not label.endswith("/") else f"{host}/…"


# Hits


def render_hits(results: Results, state: SearchState, catalogue: Catalogue) -> Markup:
    """Return the items of a list of hits, each with what its publication is and why it is there."""
    first = (state.page - 1) * state.size + 1
    rendered = [
        part
        for position, hit in enumerate(results.hits, first)
        for part in _render_hit(hit, position, results, state, catalogue)
    ]
    return safe("".join(rendered))


def _render_hit(
    hit: Hit,
    position: int,
    results: Results,
    state: SearchState,
    catalogue: Catalogue,
) -> Iterator[str]:
    publication = hit.publication
    url = make_hit_url(state, publication.id, position)
    identity, href = escape(publication.id), escape(url)
    title, abstract = find_title(publication, catalogue), find_abstract(publication, catalogue)
    heading = mark(hit.translations.get(title.row, hit.title))
    yield (
        f'<li class="hit">\n<abbr class="unapi-id" translate="no" title="{identity}"></abbr>\n'
        f'<h3 dir="auto"{language_attribute(title.lang)}><a href="{href}">{heading}</a></h3>\n'
    )
    if title.original:
        lang = language_attribute(title.original_lang)
        yield f'<p class="original" dir="auto"{lang}>{mark(hit.title)}</p>\n'
    yield format_lines(publication, catalogue)
    if hit.editions and results.is_folded:
        message = html_ngettext(
            '%(number)s other edition<span class="unseen"> of %(title)s</span>',
            '%(number)s other editions<span class="unseen"> of %(title)s</span>',
            hit.editions,
            number=format_number(hit.editions),
            title=heading.striptags(),
        )
        yield f'<p class="facts"><a href="{href}#editions">{message}</a></p>\n'
    passage = hit.translations.get(abstract.row, hit.passage)
    if passage:
        yield _render_passage(passage, abstract.lang)
    if hit.files:
        find_url = make_find_url(url, results.corrected or state.text)
        needs_passage = not any(run.marked for run in passage)
        for sentence, runs, language in list_file_lines(
            hit, catalogue, state.prefix, find_url, needs_passage=needs_passage
        ):
            yield f'<p class="inside">{sentence}</p>\n'
            if runs:
                yield _render_passage(runs, language)
    if hit.why and (sentences := [*explain_in_sentences(hit.why, catalogue)]):
        question = html_gettext("Why this?")
        reasons = [f"<li>{isolate(sentence)}</li>\n" for sentence in sentences]
        yield (
            f'<details class="why" data-key="why {identity}" open>\n'
            f"<summary>{CARET} {question}"
            f'<span class="unseen"> {escape(heading.striptags())}</span></summary>\n'
            f"<ul>\n{''.join(reasons)}</ul>\n</details>\n"
        )
    yield "</li>\n"


def _render_passage(runs: Sequence[TextRun], language: str | None) -> str:
    lang = language_attribute(language)
    return f'<p class="passage" dir="auto"{lang}>{mark_passage(runs)}</p>\n'


def list_file_lines(
    hit: Hit, catalogue: Catalogue, prefix: str, find_url: str, *, needs_passage: bool
) -> Iterable[tuple[Markup, Sequence[TextRun], str | None]]:
    """Yield a sentence for each file with words of the query, with links to its pages.

    With it come a passage and its language, if it is known. Only the first file has a passage, and
    only if the hit needs one. `find_url` leads to all pages with words of the query.
    """
    for match in hit.files[:MAX_FILES]:
        file_url = make_file_url(match.file, hit.publication, catalogue, prefix)
        passage = match.passages[0].passage if needs_passage and match.passages else ()
        needs_passage = needs_passage and not passage
        yield _describe_file(match, file_url, find_url), passage, match.language
    more = len(hit.files) - MAX_FILES
    if more > 0:
        sentence = html_ngettext(
            'In <a href="%(url)s" rel="nofollow">%(number)s more file</a>',
            'In <a href="%(url)s" rel="nofollow">%(number)s more files</a>',
            more,
            url=find_url,
            number=format_number(more),
        )
        yield sentence, (), None


def _describe_file(match: FileMatch, file_url: str, find_url: str) -> Markup:
    """Return in which file and on which of its pages the words are, as a sentence.

    The page of the passage is one of them. They are ascending.
    """
    file = link(file_url, match.file.name)
    if not match.file.pages:
        return html_gettext("In %(file)s", file=file)
    shown = match.pages
    if len(shown) > MAX_PAGES:
        best = [found.page for found in match.passages[:1]]
        others = (page for page in shown if page not in best)
        shown = tuple(sorted([*best, *others][: MAX_PAGES - 1]))
    links = [
        link(make_file_page_url(match.file, file_url, page), format_number(page)) for page in shown
    ]
    more = len(match.pages) - len(shown)
    if not more:
        return html_ngettext(
            "In %(file)s, on page %(pages)s",
            "In %(file)s, on pages %(pages)s",
            len(shown),
            file=file,
            pages=safe(join_with_and(links)),
        )
    return html_ngettext(
        'In %(file)s, on pages %(pages)s and <a href="%(url)s" rel="nofollow">%(number)s more</a>',
        'In %(file)s, on pages %(pages)s and <a href="%(url)s" rel="nofollow">%(number)s more</a>',
        more,
        file=file,
        pages=safe(join(links)),
        url=find_url,
        number=format_number(more),
    )
