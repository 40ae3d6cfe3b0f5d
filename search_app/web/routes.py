"""The routes of searches, of facets, and of the site itself, as pages and as JSON.

A route parses the URL, calls the engine at most once, and renders a page or JSON. All of it uses
one snapshot of the index.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from datetime import datetime
from functools import lru_cache
from typing import Any, cast

import msgspec
from flask import (
    Blueprint,
    Response,
    current_app,
    g,
    render_template,
    request,
)
from markupsafe import Markup

from indexer.catalogue.fields import Catalogue
from search_app import search_state, search_url
from search_app.api import openapi, responses
from search_app.api.suggestions import serialize_suggestions
from search_app.engine import Engine, Searcher, SearchRequest
from search_app.engine.query.rewriting import choose_names, replace_names
from search_app.engine.results import Results
from search_app.i18n.interface import LANGUAGES, Interface, find_language
from search_app.i18n.translation import current, gettext, join
from search_app.presentation import facet_panel, search_page
from search_app.presentation.facet_page import make_facet_page
from search_app.web.addresses import make_absolute
from search_app.web.errors import NotFound, page_not_found
from search_app.web.middleware.access import is_local
from search_app.web.middleware.language import find_page_language, list_language_links
from search_app.web.middleware.metrics import TYPE, Metrics
from search_app.web.middleware.path_prefix import get_root
from search_app.web.zero_result_log import ZeroResultLog

site = Blueprint("site", __name__)


def get_engine() -> Engine:
    """Return the engine of the current application."""
    return cast(Engine, current_app.extensions["pubsearch"])


def get_searcher() -> Searcher:
    """Return the searcher of the current request. It stays the same until the request ends.

    Raise IndexMissing or IndexOutdated if there is none.
    """
    if "searcher" not in g:
        g.searcher = get_engine().get_searcher()
    return cast(Searcher, g.searcher)


def get_catalogue() -> Catalogue:
    """Return the catalogue of the current request in the language of the page, for display."""
    return _translate(get_searcher())


def _translate(searcher: Searcher) -> Catalogue:
    own, code = searcher.catalogue.language, current().code
    if code == own.partition("-")[0].lower():
        return searcher.catalogue
    # Without pages in the catalogue's own language, they are in English with its own names.
    return searcher.translate(own if code == find_language(own) else code)


@site.app_template_global()
def lang_of(text: str) -> Markup:
    """Return the attribute `lang` of a text of the catalogue, if it is not that of the page."""
    searcher: Searcher | None = g.get("searcher", get_engine().current)
    language = searcher and _translate(searcher).find_text_language(text)
    return Markup(' lang="{}"').format(language) if language else Markup()


@site.app_context_processor
def _describe_index() -> dict[str, Any]:
    """Return the variables of every template.

    Error pages need them too, so this function opens no index, which could fail.
    """
    searcher: Searcher | None = g.get("searcher", get_engine().current)
    manifest = searcher.generation.manifest if searcher else None
    return {
        "prefix": request.script_root,
        "root": get_root(),
        "make_absolute": make_absolute,
        "interface": current(),
        "language": find_page_language(get_engine()),
        "languages": list_language_links(get_engine()),
        "catalogue": _translate(searcher) if searcher else Catalogue("pubsearch", "", ()),
        "manifest": manifest,
        "generation": searcher.name if searcher else "",
        "built": _format_built(manifest.built, current()) if manifest else "",
    }


@lru_cache(maxsize=len(LANGUAGES))
def _format_built(time: str, interface: Interface) -> str:
    """Return the time of a build as shown on a page."""
    return interface.format_time(datetime.fromisoformat(time))


def render_json(value: object) -> Response:
    """Return a response with a value as JSON."""
    return Response(msgspec.json.encode(value), content_type="application/json")


def run_search(
    state: search_state.SearchState, values: int | None = None
) -> AbstractContextManager[Results]:
    """Return the results of a search as a context, whose block renders the response.

    `values` limits the values of each facet.
    """
    return get_engine().answer(state.make_request(values), get_searcher())


def _log_gap(state: search_state.SearchState, results: Results) -> None:
    """Log a query without hits, unless it is exact or leaves full texts out."""
    is_narrowed = state.exact or not state.inside
    g.is_gap = bool(results.is_zero_result and state.text and not is_narrowed)
    if g.is_gap and request.method == "GET":
        cast(ZeroResultLog, current_app.extensions["pubsearch.gaps"]).write(state.text)


def parse_state() -> search_state.SearchState:
    """Return the search of the current URL. Raise BadParameter."""
    return search_url.read(request.args, get_searcher().catalogue, request.script_root)


@site.get("/")
def search() -> str:
    """Return the search page: hits, facets, and counts."""
    state = parse_state()
    with run_search(state, facet_panel.MAX_SHOWN_VALUES) as results:
        _log_gap(state, results)
        has_texts = get_searcher().has_texts
        page = search_page.make_search_page(results, state, get_catalogue(), has_texts=has_texts)
        return render_template("search.html", page=page, text=state.text, hidden=page.hidden)


@site.get("/api/search")
def api_search() -> Response:
    """Return the results of a search as JSON."""
    state = parse_state()
    with run_search(state, responses.MAX_VALUES) as results:
        _log_gap(state, results)
        body = responses.make_search(state, results, get_catalogue())
        return render_json(body)


@site.get("/api/suggest")
def api_suggest() -> Response:
    """Return suggestions for a query that is being typed, within the current filters, as JSON."""
    state, text = parse_state(), request.args.get("q", "")
    found = get_engine().suggest(text, state, current().code, get_searcher())
    return render_json(serialize_suggestions(text, state, found, get_catalogue()))


@site.get("/facet/<name>")
def facet(name: str) -> str:
    """Return the page with all values of a facet for the current search. Raise NotFound.

    With `find`, it has only the values that contain this text.
    """
    state, catalogue = parse_state(), get_catalogue()
    field = next((each for each in catalogue.facets if each.name == name), None)
    if field is None:
        names = join(each.name for each in catalogue.facets)
        raise NotFound(
            gettext("There is no filter “%(name)s”.") % {"name": name[:100]},
            gettext("The filters are: %(names)s.") % {"names": names},
        )
    with run_search(state) as results:
        find = request.args.get("find", "").strip()
        page = make_facet_page(field, results, state, catalogue, find)
        return render_template("facet.html", page=page, text=state.text, hidden=page.hidden)


@site.get("/api/openapi.json")
def api_openapi() -> Response:
    """Return the OpenAPI document of the API."""
    first = next(get_searcher().scan(SearchRequest()), None)
    example = "" if first is None else first.id
    return render_json(
        openapi.make_document(get_searcher().catalogue, example, request.script_root)
    )


@site.get("/about")
def about() -> str:
    """Return the page about the index: its content, its date, and how to search it."""
    catalogue, state = get_catalogue(), search_state.SearchState(prefix=request.script_root)
    results = get_searcher().search(state.make_request(facet_panel.MAX_SHOWN_VALUES))
    groups = facet_panel.make_facet_groups(results, state, catalogue, catalogue.facets)
    names = choose_names(catalogue)
    queries = [(replace_names(query, names), meaning) for query, meaning in catalogue.examples]
    return render_template(
        "about.html",
        groups=groups,
        fields=catalogue.searchable,
        has_texts=get_searcher().has_texts,
        examples=[(text, line, state.with_text(text).make_url()) for text, line in queries],
        text="",
        hidden=(),
    )


@site.get("/healthz")
def health() -> Response:
    """Return the status, and the generation in use.

    The status is `degraded` if the live generation is damaged or cannot be opened. The one in use
    then stays in use.
    """
    searcher = get_searcher()
    status = "ok" if get_engine().failed is None else "degraded"
    return render_json(
        {"status": status, "generation": searcher.name, "publications": searcher.size}
    )


@site.get("/metrics")
def metrics() -> Response:
    """Return the metrics. Unless a setting opens them, only this machine may read them."""
    counters: Metrics = current_app.extensions["pubsearch.metrics"]
    if not current_app.config["METRICS_OPEN"] and not is_local():
        raise page_not_found()
    return Response(counters.render(), content_type=TYPE)
