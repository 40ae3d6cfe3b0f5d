"""The lines of a hit on its files: the pages with words of the query, and a passage."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec
from markupsafe import Markup

from indexer.catalogue.fields import Catalogue
from search_app.engine.results import FileMatch, Hit, TextRun
from search_app.i18n.translation import format_number, join, join_with_and
from search_app.presentation.html import (
    html_gettext,
    html_ngettext,
    join_html,
    link,
    mark_passage,
)
from search_app.presentation.urls import make_file_page_url, make_file_url

MAX_FILES = 2
"""Number of files that a hit names."""
MAX_PAGES = 3
"""Number of pages that a hit names of a file. If there are more, it names one less."""


class FileLine(msgspec.Struct, frozen=True):
    """A file with words of the query: a sentence with links to its pages, and a passage.

    The passage is empty if another text of the hit has words of the query. `lang` is its language,
    if it is known.
    """

    sentence: Markup
    passage: tuple[TextRun, ...] = ()
    lang: str | None = None

    @property
    def passage_html(self) -> Markup:
        """The passage with its matches marked."""
        return mark_passage(self.passage)


def list_file_lines(
    hit: Hit, catalogue: Catalogue, prefix: str, find_url: str, *, needs_passage: bool
) -> Iterator[FileLine]:
    """Yield the lines of the files of a hit. The first one has a passage if the hit needs one.

    `find_url` leads to all pages with words of the query.
    """
    for match in hit.files[:MAX_FILES]:
        file_url = make_file_url(match.file, hit.publication, catalogue, prefix)
        sentence = _describe(match, file_url, find_url)
        if needs_passage and match.passages:
            yield FileLine(sentence, match.passages[0].passage, match.language)
            needs_passage = False
        else:
            yield FileLine(sentence)
    more = len(hit.files) - MAX_FILES
    if more > 0:
        yield FileLine(
            html_ngettext(
                'In <a href="%(url)s" rel="nofollow">%(number)s more file</a>',
                'In <a href="%(url)s" rel="nofollow">%(number)s more files</a>',
                more, url=find_url, number=format_number(more),
            )
        )  # fmt: skip


def _describe(match: FileMatch, file_url: str, find_url: str) -> Markup:
    """Return in which file and on which of its pages the words are, as a sentence."""
    file = link(file_url, match.file.name)
    if not match.file.pages:
        return html_gettext("In %(file)s", file=file)
    shown = _choose_pages(match)
    links = [
        link(make_file_page_url(match.file, file_url, page), format_number(page)) for page in shown
    ]
    more = len(match.pages) - len(shown)
    if not more:
        return html_ngettext(
            "In %(file)s, on page %(pages)s", "In %(file)s, on pages %(pages)s", len(shown),
            file=file, pages=join_html(join_with_and, links),
        )  # fmt: skip
    return html_ngettext(
        'In %(file)s, on pages %(pages)s and <a href="%(url)s" rel="nofollow">%(number)s more</a>',
        'In %(file)s, on pages %(pages)s and <a href="%(url)s" rel="nofollow">%(number)s more</a>',
        more, file=file, pages=join_html(join, links), url=find_url, number=format_number(more),
    )  # fmt: skip


def _choose_pages(match: FileMatch) -> Sequence[int]:
    """Return the pages that a line names, ascending. The page of the passage is one of them."""
    if len(match.pages) <= MAX_PAGES:
        return match.pages
    best = [found.page for found in match.passages[:1]]
    others = (page for page in match.pages if page not in best)
    return sorted([*best, *others][: MAX_PAGES - 1])
