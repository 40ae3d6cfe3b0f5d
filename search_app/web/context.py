"""The context of a request: its engine, its search, its publication, and absolute URLs.

All of a request uses one snapshot of the index.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from functools import lru_cache, partial
from string import punctuation
from typing import Any, cast
from urllib.parse import quote

import msgspec
from flask import Flask, Response, abort, current_app, g, render_template, request, url_for
from markupsafe import Markup

from indexer.catalogue.fields import Catalogue
from indexer.catalogue.records import Publication
from indexer.catalogue.retired import Retired
from search_app import search_state
from search_app.engine import Engine, Searcher, SearchRequest
from search_app.engine.request import truncate
from search_app.engine.results import FileMatch, Results
from search_app.i18n.translation import LANGUAGES, Interface, current, find_language, gettext
from search_app.presentation.html import language_attribute, safe
from search_app.presentation.labels import make_export_url, make_publication_url
from search_app.search_state import SearchState
from search_app.web.errors import NotFound, PublicationRemoved
from search_app.web.incoming import find_page_language, get_root, list_language_links
from search_app.web.zero_result_log import ZeroResultLog

MAX_PARTS = 256
"""Number of parts of pages that are kept: some for each language and each path prefix."""


def register(app: Flask) -> None:
    """Add what every template knows."""
    app.context_processor(_describe_index)
    app.jinja_env.globals |= {"lang_of": lang_of, "once": once}


def get_engine() -> Engine:
    return cast(Engine, current_app.extensions["pubsearch"])


def get_searcher() -> Searcher:
    """Return the searcher of the current request. It stays the same until the request ends.

    Raise IndexMissing or IndexOutdated if there is none.
    """
    if "searcher" not in g:
        g.searcher = get_engine().get_searcher()
    return cast(Searcher, g.searcher)


def _find_searcher() -> Searcher | None:
    """Return the searcher of the current request, or the last one that was opened, if any.

    Error pages need it too, so this function opens no index, which could fail.
    """
    return cast(Searcher | None, g.get("searcher", get_engine().current))


def get_catalogue() -> Catalogue:
    """Return the catalogue of the current request in the language of the page, for display."""
    return _translate(get_searcher())


def _translate(searcher: Searcher) -> Catalogue:
    own, code = searcher.catalogue.language, current().code
    if code == own.partition("-")[0].lower():
        return searcher.catalogue
    # Without pages in the catalogue's own language, they are in English with its own names.
    return searcher.translate(own if code == find_language(own) else code)


def lang_of(text: str) -> Markup:
    """Return the attribute `lang` of a text of the catalogue, if it is not that of the page."""
    searcher = _find_searcher()
    language = _translate(searcher).find_text_language(text) if searcher else None
    return safe(language_attribute(language))


def cache_parts() -> Callable[..., Markup]:
    """Return a function that renders a part of a page once for each combination of arguments."""

    def render(name: str, section: str, *_: str) -> Markup:
        return safe(render_template(name, section=section))

    return lru_cache(MAX_PARTS)(render)


def once(name: str, section: str = "") -> Markup:
    """Return a part of a page that nothing changes but the index, the language, and the prefix.

    `section` is the entry of the masthead that the page is behind, if it is behind one.
    """
    searcher = _find_searcher()
    generation = searcher.name if searcher else ""
    render = current_app.extensions["pubsearch.parts"]
    return cast(
        Markup, render(name, section, generation, current().code, request.script_root, get_root())
    )


def _describe_index() -> dict[str, Any]:
    """Return the variables of every template."""
    searcher = _find_searcher()
    manifest = searcher.generation.manifest if searcher else None
    return {
        "prefix": request.script_root,
        "root": get_root(),
        "origin": make_absolute(""),
        "interface": current(),
        "language": find_page_language(get_engine()),
        "languages": list_language_links(get_engine()),
        "catalogue": _translate(searcher) if searcher else Catalogue("pubsearch", "", ()),
        "manifest": manifest,
        "generation": searcher.name if searcher else "",
        "built": _format_built(manifest.built, current()) if manifest else "",
        "text": "",  # in the search box of a page without a search
    }


@lru_cache(maxsize=len(LANGUAGES))
def _format_built(time: str, interface: Interface) -> str:
    return interface.format_time(datetime.fromisoformat(time))


# The search of a URL


def parse_state() -> SearchState:
    """Return the search of the current URL. Raise BadParameter."""
    return search_state.read(request.args, get_searcher().catalogue, request.script_root)


def run_search(state: SearchState, values: int | None = None) -> AbstractContextManager[Results]:
    """Return the results of a search as a context, whose block renders the response.

    `values` limits the values of each facet.
    """
    return get_engine().answer(msgspec.structs.replace(state, values=values), get_searcher())


def log_zero_result(state: SearchState, results: Results) -> None:
    """Log a query without hits, unless it is exact or leaves full texts out."""
    is_narrowed = state.exact or not state.inside
    g.is_zero_result = bool(results.is_zero_result and state.text and not is_narrowed)
    if g.is_zero_result and request.method == "GET":
        cast(ZeroResultLog, current_app.extensions["pubsearch.zero_result_log"]).write(state.text)


def render_json(value: object) -> Response:
    return Response(msgspec.json.encode(value), content_type="application/json")


# The publication of a URL


def get_publication(identity: str) -> Publication:
    """Return the publication with an id.

    If it has another id now, end the request with a redirect to the URL of this route with that id,
    below the same prefix and with the same query string. The argument of the route must be named
    `identity`. Raise PublicationRemoved if it was removed, and NotFound if the id is unknown.
    """
    publication = find_publication(identity, get_searcher(), request.script_root)
    if publication.id != identity:
        arguments = {**(request.view_args or {}), "identity": publication.id}
        location = url_for(str(request.endpoint), **arguments)
        if request.query_string:
            location = f"{location}?{quote(request.query_string, safe=punctuation)}"
        # Browsers must ask again, as an id may come back.
        headers = {"Location": location, "Cache-Control": "no-cache"}
        abort(Response(status=301, headers=headers))
    return publication


def find_publication(identity: str, searcher: Searcher, prefix: str) -> Publication:
    """Return the publication that has an id or had it. `prefix` begins the URLs of an error.

    Raise PublicationRemoved if it was removed, and NotFound if the id is unknown.
    """
    found = look_up(identity, searcher)
    if isinstance(found, Publication):
        return found
    if found is None:
        raise NotFound(
            gettext("There is no publication “%(id)s”.") % {"id": identity[:100]},
            gettext("It may have been removed or renamed. Search for its title."),
        )
    assert found.time is not None  # only an id with a successor may lack it
    state = SearchState(text=found.title, prefix=prefix)
    raise PublicationRemoved(found.title, found.time, state.make_url())


def look_up(identity: str, searcher: Searcher) -> Publication | Retired | None:
    """Return the publication that has an id or had it, the entry of a removed one, or None."""
    publication = searcher.get_publication(identity)
    if publication is not None:
        return publication
    retired = searcher.find_retired(identity)
    return searcher.get_publication(retired.successor) if retired and retired.successor else retired


def find_in_files(identity: str, default: str = "") -> tuple[str, Sequence[FileMatch]]:
    """Return a text to find in the files of a publication, and its matches there.

    It is the parameter `find`, or else the default. Raise the errors of a search.
    """
    text, _ = truncate(request.args.get("find", default).strip())
    if not text:
        return "", ()
    return text, get_engine().find_in_files(identity, SearchRequest(text), get_searcher())


def redirect_to_export(name: str, identity: str) -> Response:
    """Return a redirect to a publication in the format with this name."""
    location = make_export_url(name, identity, request.script_root)
    return Response(status=303, headers={"Location": location})


# Absolute URLs: links within a page are paths, but a client that stores a URL, or reads it out of
# its page, needs the scheme and the host too.


def make_absolute(path: str) -> str:
    """Return the absolute URL of a path of this site. The path begins with the path prefix.

    The setting `site_url` names the scheme and the host. Without it they are those of the request,
    whose host `incoming` has checked.
    """
    origin: str = current_app.config["SITE_URL"] or f"{request.scheme}://{request.host}"
    return f"{origin}{path}"


def get_page_urls() -> Callable[[str], str]:
    """Return a function from an id to the permanent URL of its page. It outlives the request.

    The URL is absolute, and has no language.
    """
    return partial(make_publication_url, prefix=make_absolute(get_root()))
