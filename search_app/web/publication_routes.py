"""The routes of a publication: its page and its JSON, with a search inside its files."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint, Response, make_response, render_template, request
from markupsafe import Markup

from indexer.catalogue.records import Publication
from search_app import search_url
from search_app.api import responses
from search_app.api.files import serialize_files
from search_app.engine import SearchRequest
from search_app.engine.request import truncate
from search_app.engine.results import File, FileMatch
from search_app.export import embedded
from search_app.export.citations import STYLES
from search_app.export.csl import make_item
from search_app.presentation import result_trail
from search_app.presentation.citation_block import make_citation_block
from search_app.presentation.file_search import FileSearch, make_file_search
from search_app.presentation.publication_page import make_publication_page
from search_app.presentation.urls import make_file_url, make_hit_url
from search_app.search_state import SearchState
from search_app.web.addresses import get_page_urls, make_absolute
from search_app.web.lookup import get_publication
from search_app.web.middleware.path_prefix import get_root
from search_app.web.routes import (
    get_catalogue,
    get_engine,
    get_searcher,
    parse_state,
    render_json,
    run_search,
)

PDF = "application/pdf"

publications = Blueprint("publication", __name__)


@publications.get("/publication/<path:identity>")
def show_publication(identity: str) -> Response:
    """Return the page of a publication: all fields, other editions, and similar publications.

    If its URL has a search and the number of a hit, the page leads back to the list. `cite` is the
    style of a citation on it, and `find` a text to find in its files, by default the one of that
    search. The header `Link` has its formats for programs.
    """
    searcher = get_searcher()
    requested, catalogue = get_publication(searcher, identity), searcher.catalogue
    item = make_item(requested, catalogue, get_page_urls()(identity))
    state, position = parse_state(), search_url.read_hit(request.args)
    style = search_url.read_choice(request.args, "cite", tuple(STYLES))
    files = searcher.list_files(identity)
    trail = None if position is None else _find_trail(identity, state, position)
    file_search = _make_file_search(requested, files, state, position, trail.query if trail else "")
    page = make_publication_page(
        requested,
        item,
        searcher.find_related(identity),
        get_catalogue(),
        request.script_root,
        dead_links=searcher.find_dead_links(requested),
        files=file_search.files if file_search else (),
    )
    served = _list_served(requested, files)
    pdfs = [url for url, media_type in served if media_type == PDF]
    values = {
        "page": page,
        "trail": trail,
        "files": file_search,
        "tags": embedded.list_tags(item, pdfs[0] if len(pdfs) == 1 else ""),
        "json_ld": Markup(embedded.write_json_ld(item)),  # nosec B704  # noqa: S704 - it is escaped
        "coins": embedded.write_coins(item),
        "cited": make_citation_block([item], style, make_hit_url(state, identity, position)),
        "text": state.text,
        "hidden": state.form_pairs,
    }
    response = make_response(render_template("publication.html", **values))
    exports = [(make_absolute(export.href), export.media_type) for export in page.exports]
    response.headers["Link"] = embedded.format_links(item, exports, served)
    return response


def _list_served(publication: Publication, files: Sequence[File]) -> list[tuple[str, str]]:
    """Return the absolute URL and the media type of each file that the site serves."""
    catalogue = get_searcher().catalogue
    urls = ((make_file_url(file, publication, catalogue, get_root()), file) for file in files)
    return [(make_absolute(url), file.media_type) for url, file in urls if url]


def _make_file_search(
    publication: Publication,
    files: Sequence[File],
    state: SearchState,
    position: int | None,
    query: str,
) -> FileSearch | None:
    """Return the search inside the files of a publication. Its form keeps the way to the list.

    It is for the parameter `find`. Without one, it is for the query of the list, if a file has it.
    """
    text = _read_text(query)
    matches = _find_in_files(publication.id, text) if files else ()
    return make_file_search(
        publication,
        files,
        get_catalogue(),
        text=text if matches or "find" in request.args else "",
        matches=matches,
        state=state,
        position=position,
    )


def _find_in_files(identity: str, text: str) -> Sequence[FileMatch]:
    """Return the matches of a text in the files of a publication. Raise the errors of a search."""
    searched = SearchRequest(text)
    return get_engine().find_in_files(identity, searched, get_searcher()) if text else ()


def _read_text(default: str = "") -> str:
    """Return the text to find: the parameter `find`, or else the default."""
    return truncate(request.args.get("find", default).strip())[0]


def _find_trail(identity: str, state: SearchState, position: int) -> result_trail.ResultTrail:
    window = result_trail.make_window(state, position)
    with run_search(window, 0) as results:
        return result_trail.make_trail(identity, position, state, window, results)


@publications.get("/api/publication/<path:identity>")
def api_publication(identity: str) -> Response:
    """Return a publication as JSON, each field by its name.

    With `find`, its files have the pages with words of this text.
    """
    searcher, catalogue = get_searcher(), get_catalogue()
    requested = get_publication(searcher, identity)
    files = serialize_files(
        searcher.list_files(identity),
        _find_in_files(identity, text) if (text := _read_text()) else None,
        requested,
        catalogue,
        request.script_root,
    )
    related = searcher.find_related(identity)
    return render_json(
        responses.serialize_whole(requested, related, files, catalogue, request.script_root)
    )
