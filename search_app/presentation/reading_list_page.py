"""The page of a reading list: its publications in order, and a search for one to add.

Every change is a link to another list, so the page works without scripts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from math import inf
from urllib.parse import urlencode

import msgspec
from markupsafe import Markup

from indexer.analysis.folding import fold
from indexer.catalogue.fields import Catalogue
from indexer.catalogue.records import Publication
from indexer.catalogue.retired import Retired
from indexer.codec.segment.sort_orders import make_title_key
from search_app.engine.results import Results
from search_app.export.csl import Item
from search_app.i18n.translation import current, gettext
from search_app.presentation.hits import find_title, format_lines
from search_app.presentation.html import mark
from search_app.presentation.labels import Link, make_export_links, make_publication_url
from search_app.reading_list import ReadingList
from search_app.search_state import SearchState


class ListEntry(msgspec.Struct, frozen=True):
    """A publication of the list, and the URLs of the list without it, and with it moved.

    `up_href` of the first and `down_href` of the last are empty. `lines` are its authors and facts
    as HTML. `missing` is a sentence if the catalogue does not have the publication. Then `href`
    searches for its title, if that is known.
    """

    id: str
    remove_href: str
    up_href: str
    down_href: str
    title: str
    href: str
    lang: str | None = None
    lines: Markup = Markup()
    missing: str = ""


class Candidate(msgspec.Struct, frozen=True):
    """A hit of the search for a publication to add, with its authors and facts as HTML.

    `add_href` is empty if the list has it already (`is_listed`), or is full.
    """

    href: str
    title: Markup
    lang: str | None
    lines: Markup
    add_href: str
    is_listed: bool


def make_reading_list_page(
    reading_list: ReadingList,
    stored: Iterable[Publication | Retired | None],
    items: Sequence[Item],
    results: Results | None,
    state: SearchState,
    catalogue: Catalogue,
) -> dict[str, object]:
    """Return what the template of a list's page prints.

    `stored` has what the catalogue knows of each id of the list. `items` are the publications among
    them. `results` are those of `state`, the search for one to add.
    """
    return {
        "reading_list": reading_list,
        "entries": [
            _make_entry(index, entry, reading_list, catalogue) for index, entry in enumerate(stored)
        ],
        "orders": list(_make_orders(items, reading_list)) if len(items) > 1 else [],
        "candidates": list(_make_candidates(results, reading_list, state, catalogue)),
        "exports": make_export_links(lambda name: reading_list.make_url(f"/export/{name}"))
        if items
        else [],
    }


def _make_entry(
    index: int,
    entry: Publication | Retired | None,
    reading_list: ReadingList,
    catalogue: Catalogue,
) -> ListEntry:
    """Return the entry at an index. No publication may have its id any more, or ever had."""
    identity = reading_list.ids[index]
    is_last = index + 1 == len(reading_list.ids)
    changes = (
        identity,
        reading_list.without_id(identity).make_url(),
        _make_move_url(reading_list, index, -1) if index else "",
        "" if is_last else _make_move_url(reading_list, index, +1),
    )
    if isinstance(entry, Publication):
        title = find_title(entry, catalogue)
        href = make_publication_url(identity, reading_list.prefix)
        return ListEntry(*changes, title.text, href, title.lang, format_lines(entry, catalogue))
    name, message = "", gettext("This catalogue has no such publication.")
    if entry and entry.time:
        name = entry.title
        message = gettext("This publication was removed on %(date)s.")
        message %= {"date": current().format_date(entry.time)}
    href = SearchState(text=name, prefix=reading_list.prefix).make_url() if name else ""
    return ListEntry(*changes, name or identity, href, missing=message)


def _make_move_url(reading_list: ReadingList, index: int, step: int) -> str:
    """Return the URL of a list with a publication moved. Its fragment is the new place."""
    return f"{reading_list.with_moved(index, step).make_url()}#entry-{index + step + 1}"


def _make_orders(items: Iterable[Item], reading_list: ReadingList) -> Iterator[Link]:
    """Yield the orders of a list. Ids that no publication has are at the end."""
    by_title = sorted(items, key=lambda item: make_title_key(item.title, item.language))
    by_author = sorted(by_title, key=lambda item: (not item.names, _make_author_key(item)))
    newest = sorted(by_title, key=lambda item: -item.issued.year if item.issued else inf)
    for label, ordered in (
        (gettext("Author"), by_author),
        (gettext("Title"), by_title),
        (gettext("Newest first"), newest),
    ):
        ids = [item.id for item in ordered]
        other = reading_list.with_ids((*ids, *reading_list.ids))
        yield Link(label, other.make_url(), other == reading_list)


def _make_author_key(item: Item) -> tuple[str, ...]:
    """Return the names of the first role that has any, as an index lists them."""
    return tuple(fold(name.inverted) for name in next(iter(item.names.values()), ()))


def _make_candidates(
    results: Results | None,
    reading_list: ReadingList,
    state: SearchState,
    catalogue: Catalogue,
) -> Iterator[Candidate]:
    for hit in results.hits if results else ():
        publication = hit.publication
        title = find_title(publication, catalogue)
        longer = reading_list.with_id(publication.id)
        can_be_added = longer != reading_list and longer.fits
        yield Candidate(
            make_publication_url(publication.id, state.prefix),
            mark(hit.translations.get(title.row, hit.title)),
            title.lang,
            format_lines(publication, catalogue),
            f"{longer.make_url()}&{urlencode({'q': state.text})}#add" if can_be_added else "",
            longer == reading_list,
        )
