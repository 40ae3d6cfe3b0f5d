"""The routes of reading lists: the page of a list, and its exports."""

from __future__ import annotations

from contextlib import nullcontext

from flask import Blueprint, Response, render_template, request

from indexer.catalogue.records import Publication
from indexer.catalogue.retired import Retired
from search_app import reading_list, search_url
from search_app.export.citations import STYLES
from search_app.export.csl import make_item
from search_app.i18n.translation import gettext
from search_app.presentation.citation_block import make_citation_block
from search_app.presentation.reading_list_page import make_reading_list_page
from search_app.reading_list import LIST_PATH
from search_app.search_state import SearchState
from search_app.web.addresses import get_page_urls
from search_app.web.export_routes import find_format, make_file
from search_app.web.lookup import look_up
from search_app.web.routes import get_catalogue, get_engine, get_searcher
from search_app.web.streaming import get_slots

reading_lists = Blueprint("reading_list", __name__)


@reading_lists.get(LIST_PATH)
def show_list() -> str:
    """Return the page of a list. `q` searches for a publication to add.

    Raise BadParameter, or TooManyExports if it has citations, which take long.
    """
    searcher, stored = get_searcher(), _look_up_all()
    style = search_url.read_choice(request.args, "cite", tuple(STYLES))
    text = search_url.read(request.args, searcher.catalogue).text
    state = SearchState(text=text, prefix=request.script_root)
    make_page_url = get_page_urls()
    items = [
        make_item(entry, searcher.catalogue, make_page_url(entry.id))
        for entry in stored.values()
        if isinstance(entry, Publication)
    ]
    searching = get_engine().answer(state.make_request(0), searcher) if text else nullcontext()
    with searching as results:
        page = make_reading_list_page(stored, items, results, state, get_catalogue())
    with get_slots().occupy() if style else nullcontext():
        cited = make_citation_block(items, style, page.reading_list.make_url())
    return render_template("reading_list.html", page=page, cited=cited, text="", hidden=())


@reading_lists.get(f"{LIST_PATH}/export/<name>")
def export_list(name: str) -> Response:
    """Return the publications of a list in a format, in its order.

    Those that the catalogue does not have are left out. Raise NotFound or BadParameter.
    """
    export_format, catalogue = find_format(name), get_searcher().catalogue
    publications = [each for each in _look_up_all().values() if isinstance(each, Publication)]
    parts = export_format.write(publications, catalogue, get_page_urls())
    return make_file(Response(b"".join(parts)), export_format, gettext("My list"))


def _look_up_all() -> dict[str, Publication | Retired | None]:
    """Return what the catalogue knows of each id of the list, by the id that it has now."""
    stored = {}
    for identity in reading_list.read(request.args).ids:
        entry = look_up(get_searcher(), identity)
        stored[entry.id if isinstance(entry, Publication) else identity] = entry
    return stored
