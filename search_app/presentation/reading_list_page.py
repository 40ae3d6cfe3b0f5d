"""The page of a reading list: its publications in order, and a search for one to add.

Every change is a link to another list, so the page works without scripts.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from math import inf

from indexer.analysis.cleaning import fold
from indexer.catalogue.fields import Catalogue
from indexer.catalogue.records import Publication
from indexer.catalogue.retired import Retired
from indexer.codec.segment.docstore import make_title_key
from search_app.export.csl import Item
from search_app.i18n.translation import gettext, pgettext
from search_app.presentation.hits import find_title
from search_app.presentation.labels import Link
from search_app.search_state import ReadingList


def make_reading_list_page(
    reading_list: ReadingList,
    stored: Mapping[str, Publication | Retired | None],
    items: Sequence[Item],
    catalogue: Catalogue,
) -> dict[str, object]:
    """Return what the template of a list's page prints.

    `stored` has what the catalogue knows of each id of the list. `items` are the publications among
    them.
    """
    return {
        "reading_list": reading_list,
        "stored": stored,
        "titles": {
            each.id: find_title(each, catalogue)
            for each in stored.values()
            if isinstance(each, Publication)
        },
        "orders": list(_make_orders(items, reading_list)) if len(items) > 1 else [],
        "export_url": lambda name: reading_list.make_url(f"/export/{name}"),
        "has_items": bool(items),
    }


def _make_orders(items: Iterable[Item], reading_list: ReadingList) -> Iterator[Link]:
    """Yield the orders of a list. Ids that no publication has are at the end."""
    by_title = sorted(items, key=lambda item: make_title_key(item.title, item.language))
    by_author = sorted(by_title, key=lambda item: (not item.names, _make_author_key(item)))
    newest = sorted(by_title, key=lambda item: -item.issued.year if item.issued else inf)
    for label, ordered in (
        (pgettext("sort order", "Author"), by_author),
        (pgettext("sort order", "Title"), by_title),
        (gettext("Newest first"), newest),
    ):
        ids = [item.id for item in ordered]
        other = reading_list.with_ids((*ids, *reading_list.ids))
        yield Link(label, other.make_url(), other == reading_list)


def _make_author_key(item: Item) -> tuple[str, ...]:
    """Return the names of the first role that has any, as an index lists them."""
    return tuple(fold(name.inverted) for name in next(iter(item.names.values()), ()))
