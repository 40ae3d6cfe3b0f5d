"""The line above a list: the hits that it shows, their total, and the query."""

from __future__ import annotations

from search_app.engine.results import Results
from search_app.i18n.translation import format_number, gettext, ngettext
from search_app.search_state import SearchState


def summarize(results: Results, state: SearchState) -> str:
    """Return the range of hits on this page, the total, and the query, as one line."""
    if not results.total:
        message = (
            gettext("Nothing found for “%(query)s”") if state.text else gettext("Nothing found")
        )
        return message % {"query": state.text}
    if results.listed < results.total:
        message = _titles_summary(results, state)
    else:
        message = _publications_summary(results, state)
    first = (state.page - 1) * state.size + 1
    return message % {
        "first": format_number(first),
        "last": format_number(first + len(results.hits) - 1),
        "titles": format_number(results.listed),
        "total": format_number(results.total),
        "page": state.page,
        "query": state.text,
    }


def _publications_summary(results: Results, state: SearchState) -> str:
    """Return the message for a list of publications."""
    total = results.total
    if not results.hits and state.text:
        return ngettext(
            "Page %(page)s is past the end of %(total)s publication for “%(query)s”",
            "Page %(page)s is past the end of %(total)s publications for “%(query)s”",
            total,
        )
    if not results.hits:
        return ngettext(
            "Page %(page)s is past the end of %(total)s publication",
            "Page %(page)s is past the end of %(total)s publications",
            total,
        )
    if results.semantic_hits == total:
        return ngettext(
            "Nothing found for “%(query)s”. "
            "%(first)s–%(last)s of %(total)s publication with a similar meaning",
            "Nothing found for “%(query)s”. "
            "%(first)s–%(last)s of %(total)s publications with a similar meaning",
            total,
        )
    if state.text:
        return ngettext(
            "%(first)s–%(last)s of %(total)s publication for “%(query)s”",
            "%(first)s–%(last)s of %(total)s publications for “%(query)s”",
            total,
        )
    return ngettext(
        "%(first)s–%(last)s of %(total)s publication",
        "%(first)s–%(last)s of %(total)s publications",
        total,
    )


def _titles_summary(results: Results, state: SearchState) -> str:
    """Return the message for a list of titles, into which editions are folded."""
    titles = results.listed
    if not results.hits and state.text:
        return ngettext(
            "Page %(page)s is past the end of %(titles)s title (%(total)s publications) "
            "for “%(query)s”",
            "Page %(page)s is past the end of %(titles)s titles (%(total)s publications) "
            "for “%(query)s”",
            titles,
        )
    if not results.hits:
        return ngettext(
            "Page %(page)s is past the end of %(titles)s title (%(total)s publications)",
            "Page %(page)s is past the end of %(titles)s titles (%(total)s publications)",
            titles,
        )
    if results.semantic_hits == results.total:
        return ngettext(
            "Nothing found for “%(query)s”. %(first)s–%(last)s of %(titles)s title "
            "(%(total)s publications) with a similar meaning",
            "Nothing found for “%(query)s”. %(first)s–%(last)s of %(titles)s titles "
            "(%(total)s publications) with a similar meaning",
            titles,
        )
    if state.text:
        return ngettext(
            "%(first)s–%(last)s of %(titles)s title (%(total)s publications) for “%(query)s”",
            "%(first)s–%(last)s of %(titles)s titles (%(total)s publications) for “%(query)s”",
            titles,
        )
    return ngettext(
        "%(first)s–%(last)s of %(titles)s title (%(total)s publications)",
        "%(first)s–%(last)s of %(titles)s titles (%(total)s publications)",
        titles,
    )
