"""The page of a reading list: its publications in order, and a search for one to add.

Every change is a link to another list, so the page works without scripts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
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
from search_app.i18n.translation import gettext
from search_app.presentation.displayed_texts import find_title
from search_app.presentation.export_links import ExportLink, make_export_links
from search_app.presentation.html import mark
from search_app.presentation.labels import HitLines, format_day
from search_app.presentation.urls import make_publication_url
from search_app.reading_list import ReadingList
from search_app.search_state import SearchState


class ListEntry(msgspec.Struct, frozen=True, kw_only=True):
    """A publication of the list, and the URLs of the list without it, and with it moved.

    `up_href` of the first and `down_href` of the last are empty. `authors` and `facts` are HTML.
    `missing` is a sentence if the catalogue does not have the publication, and `search_href` then
    searches for its title.
    """

    id: str
    title: str
    href: str = ""
    lang: str | None = None
    authors: str = ""
    facts: str = ""
    missing: str = ""
    search_href: str = ""
    remove_href: str
    up_href: str
    down_href: str


class Candidate(msgspec.Struct, frozen=True):
    """A hit of the search for a publication to add.

    `add_href` is empty if the list has it already (`is_listed`), or is full.
    """

    href: str
    title: Markup
    lang: str | None
    authors: Markup
    facts: Markup
    add_href: str
    is_listed: bool


class Order(msgspec.Struct, frozen=True):
    """An order of the list, and the URL of the list in it."""

    label: str
    href: str
    is_current: bool


class ReadingListPage(msgspec.Struct, frozen=True, kw_only=True):
    """All values that the page of a list prints.

    `reading_list` has the ids that its publications have now. `found` counts those that the
    catalogue has. `text` is the search for a publication to add, with its hits (`candidates`), the
    number of all of them, and the URL of the usual list of hits (`search_href`).
    """

    reading_list: ReadingList
    entries: tuple[ListEntry, ...]
    found: int
    orders: tuple[Order, ...]
    exports: tuple[ExportLink, ...]
    text: str
    candidates: tuple[Candidate, ...]
    total: int
    search_href: str


def make_reading_list_page(
    stored: Mapping[str, Publication | Retired | None],
    items: Iterable[Item],
    results: Results | None,
    state: SearchState,
    catalogue: Catalogue,
) -> ReadingListPage:
    """Return the page of a list.

    `stored` has what the catalogue knows of each id, in the order of the list. `items` are the
    publications among them. `results` are those of `state`, the search for one to add.
    """
    reading_list = ReadingList(prefix=state.prefix).with_ids(stored)
    items, lines = tuple(items), HitLines(catalogue)
    return ReadingListPage(
        reading_list=reading_list,
        entries=tuple(_make_entries(stored, reading_list, lines, catalogue)),
        found=len(items),
        orders=tuple(_make_orders(items, reading_list)) if len(items) > 1 else (),
        exports=make_export_links(lambda name: reading_list.make_url(f"/export/{name}")),
        text=state.text,
        candidates=tuple(_make_candidates(results, reading_list, state, lines, catalogue))
        if results
        else (),
        total=results.total if results else 0,
        search_href=state.make_url(),
    )


def _make_entries(
    stored: Mapping[str, Publication | Retired | None],
    reading_list: ReadingList,
    lines: HitLines,
    catalogue: Catalogue,
) -> Iterator[ListEntry]:
    last = len(stored) - 1
    for index, (identity, entry) in enumerate(stored.items()):
        changes = {
            "id": identity,
            "remove_href": reading_list.without_id(identity).make_url(),
            "up_href": _make_move_url(reading_list, index, -1) if index else "",
            "down_href": _make_move_url(reading_list, index, +1) if index < last else "",
        }
        if isinstance(entry, Publication):
            authors, facts = lines.format(entry)
            href = make_publication_url(identity, reading_list.prefix)
            title = find_title(entry, catalogue)
            yield ListEntry(
                title=title.text, href=href, lang=title.lang,
                authors=authors, facts=facts, **changes,
            )  # fmt: skip
        else:
            yield _make_missing_entry(identity, entry, reading_list.prefix, changes)


def _make_move_url(reading_list: ReadingList, index: int, step: int) -> str:
    """Return the URL of a list with a publication moved. Its fragment is the new place."""
    return f"{reading_list.with_moved(index, step).make_url()}#entry-{index + step + 1}"


def _make_missing_entry(
    identity: str, retired: Retired | None, prefix: str, changes: Mapping[str, str]
) -> ListEntry:
    """Return the entry of an id that no publication has any more, or ever had."""
    title, message = identity, gettext("This catalogue has no such publication.")
    if retired and retired.time:
        title = retired.title or identity
        message = gettext("This publication was removed on %(date)s.")
        message %= {"date": format_day(retired.time)}
    search_url = SearchState(text=title, prefix=prefix).make_url() if title != identity else ""
    return ListEntry(title=title, missing=message, search_href=search_url, **changes)


def _make_orders(items: Sequence[Item], reading_list: ReadingList) -> Iterator[Order]:
    """Yield the orders of a list. Ids that no publication has are at the end."""
    by_title = sorted(items, key=_make_title_key)
    by_author = sorted(by_title, key=lambda item: (not item.names, _make_author_key(item)))
    newest = sorted(by_title, key=lambda item: -item.issued.year if item.issued else inf)
    for label, ordered in (
        (gettext("Author"), by_author),
        (gettext("Title"), by_title),
        (gettext("Newest first"), newest),
    ):
        ids = [item.id for item in ordered]
        other = reading_list.with_ids((*ids, *reading_list.ids))
        yield Order(label, other.make_url(), other == reading_list)


def _make_title_key(item: Item) -> str:
    return make_title_key(item.title, item.language)


def _make_author_key(item: Item) -> tuple[str, ...]:
    """Return the names of the first role that has any, as an index lists them."""
    return tuple(fold(name.inverted) for name in next(iter(item.names.values()), ()))


def _make_candidates(
    results: Results,
    reading_list: ReadingList,
    state: SearchState,
    lines: HitLines,
    catalogue: Catalogue,
) -> Iterator[Candidate]:
    for hit in results.hits:
        publication = hit.publication
        authors, facts = lines.format(publication)
        title = find_title(publication, catalogue)
        longer = reading_list.with_id(publication.id)
        can_be_added = longer != reading_list and longer.fits
        yield Candidate(
            make_publication_url(publication.id, state.prefix),
            mark(hit.translations.get(title.row, hit.title)),
            title.lang,
            authors,
            facts,
            f"{longer.make_url()}&{urlencode({'q': state.text})}#add" if can_be_added else "",
            is_listed=longer == reading_list,
        )
