"""The route of the feed: the newest publications of any search, as Atom."""

from __future__ import annotations

import msgspec
from flask import Blueprint, Response

from search_app.engine.results import Results
from search_app.export import atom
from search_app.export.csl import make_item
from search_app.i18n.translation import current
from search_app.presentation.labels import describe_search
from search_app.search_state import SIZE, SearchState
from search_app.web.addresses import get_page_urls, make_absolute
from search_app.web.routes import get_catalogue, get_engine, get_searcher, parse_state

PAGE_ENTRIES = 50
"""Number of entries of one part of a feed."""

feeds = Blueprint("feed", __name__)


@feeds.get("/feed.atom")
def feed() -> Response:
    """Return the hits of a search as a feed, newest first, whatever its sort order and size."""
    state, searcher = parse_state(), get_searcher()
    newest = msgspec.structs.replace(state, sort="newest", size=PAGE_ENTRIES, explain=False)
    with get_engine().answer(newest.make_request(values=0), searcher) as results:
        make_page_url = get_page_urls()
        items = [
            make_item(hit.publication, searcher.catalogue, make_page_url(hit.publication.id))
            for hit in results.hits
        ]
        body = atom.write(_describe(state, results), items)
    return Response(body, content_type=f"{atom.MEDIA_TYPE}; charset=utf-8")


def _describe(state: SearchState, results: Results) -> atom.Feed:
    catalogue = get_catalogue()
    description = describe_search(state, catalogue)
    title = f"{description} – {catalogue.title}" if description else catalogue.title
    total = results.titles if results.is_folded else results.total
    return atom.Feed(
        title,
        current().code,
        catalogue.publisher or catalogue.title,
        get_searcher().generation.manifest.built,
        _make_links(state, total),
        total,
        (state.page - 1) * PAGE_ENTRIES + 1,
        PAGE_ENTRIES,
    )


def _make_links(state: SearchState, total: int) -> dict[str, str]:
    """Return the absolute URLs of the other parts, and of the list as a page."""
    plain = msgspec.structs.replace(state, sort=None, size=SIZE, explain=False)
    last = max(-(-total // PAGE_ENTRIES), 1)
    pages = {"self": state.page, "first": 1, "last": last}
    if state.page > 1:
        pages["previous"] = min(state.page - 1, last)
    if state.page < last:
        pages["next"] = state.page + 1
    links = {
        relation: make_absolute(plain.make_url("/feed.atom", page))
        for relation, page in pages.items()
    }
    return {**links, "alternate": make_absolute(plain.with_sort("newest").make_url())}
