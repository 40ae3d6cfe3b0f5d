"""The hits of a list, each as one piece of HTML."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from markupsafe import Markup, escape

from indexer.catalogue.fields import Catalogue
from search_app.engine.results import FileMatch, Hit, Results, TextRun
from search_app.i18n.translation import format_number, join, join_with_and
from search_app.presentation.explanations import explain_in_sentences
from search_app.presentation.html import (
    CARET,
    html_gettext,
    html_ngettext,
    isolate,
    language_attribute,
    link,
    mark,
    mark_passage,
    safe,
)
from search_app.presentation.labels import HitLines, find_abstract, find_title
from search_app.presentation.links import (
    make_file_page_url,
    make_file_url,
    make_find_url,
    make_hit_url,
)
from search_app.search_state import SearchState

MAX_FILES = 2
"""Number of files that a hit names."""
MAX_PAGES = 3
"""Number of pages that a hit names of a file. If there are more, it names one less."""


def render_hits(results: Results, state: SearchState, catalogue: Catalogue) -> Markup:
    """Return the items of a list of hits, each with what its publication is and why it is there."""
    lines = HitLines(catalogue)
    first = (state.page - 1) * state.size + 1
    rendered = [
        part
        for position, hit in enumerate(results.hits, first)
        for part in _render_hit(hit, position, results, state, catalogue, lines)
    ]
    return safe("".join(rendered))


def _render_hit(
    hit: Hit,
    position: int,
    results: Results,
    state: SearchState,
    catalogue: Catalogue,
    lines: HitLines,
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
    yield lines.format(publication)
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
    if hit.why and (sentences := explain_in_sentences(hit.why, catalogue)):
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
