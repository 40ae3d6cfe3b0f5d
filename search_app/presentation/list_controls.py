"""The links above and below a list: orders, sizes, pages, editions, reasons, and full texts."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from search_app.engine.results import Results
from search_app.i18n.translation import gettext
from search_app.search_state import SIZES, SORTS, SearchState


class Choice(msgspec.Struct, frozen=True):
    """One of several choices, such as a sort order, and the URL that selects it."""

    value: str
    label: str
    href: str
    selected: bool


def make_sorts(results: Results, state: SearchState) -> Iterable[Choice]:
    """Yield the sort orders. Without words there is no best match."""
    labels = {
        "relevance": gettext("Best match"),
        "newest": gettext("Newest first"),
        "oldest": gettext("Oldest first"),
        "title": gettext("Title"),
    }
    for sort in SORTS:
        if results.scored or sort != "relevance":
            yield Choice(sort, labels[sort], state.with_sort(sort).make_url(), sort == results.sort)


def make_sizes(results: Results, state: SearchState) -> Iterable[Choice]:
    """Yield the numbers of hits per page, if the list is longer than the smallest of them."""
    if results.listed <= SIZES[0]:
        return
    for size in SIZES:
        yield Choice(str(size), str(size), state.with_size(size).make_url(), size == state.size)


def get_fold_label(results: Results) -> str:
    """Return the text of the link that folds or unfolds editions; empty if it changes nothing."""
    if results.is_folded:
        return gettext("List each edition")
    return gettext("Fold editions") if results.titles < results.total else ""


def get_why_label(results: Results, state: SearchState) -> str:
    """Return the text of the link that shows or hides explanations; empty if there are none."""
    if state.explain:
        return gettext("Hide reasons")
    return gettext("Show reasons") if results.hits and (results.scored or state.filters) else ""


def get_inside_label(state: SearchState, *, has_texts: bool) -> str:
    """Return the text of the link that adds the full texts to a search, or drops them.

    It is empty if it changes nothing.
    """
    if not has_texts or not state.text:
        return ""
    if state.inside:
        return gettext("Do not search inside the documents")
    return gettext("Also search inside the documents")


class PageLink(msgspec.Struct, frozen=True):
    """A page of the list: its number, and its name. `href` is empty for a gap between numbers."""

    label: str
    name: str
    href: str
    is_current: bool = False


def count_pages(results: Results, state: SearchState) -> int:
    """Return the number of pages of the list, at least 1."""
    return max(1, -(-results.listed // state.size))


def make_pager(state: SearchState, pages: int) -> Iterable[PageLink]:
    """Yield links to the first, the last, and the nearby pages, with gaps between them."""
    if pages == 1:
        return
    near = {1, pages, *range(max(1, state.page - 2), min(pages, state.page + 2) + 1)}
    previous = 0
    for number in sorted(near):
        if number - previous > 1:
            yield PageLink("…", "", "")
        name = gettext("Page %(page)s") % {"page": number}
        yield PageLink(str(number), name, state.make_url(page=number), number == state.page)
        previous = number
