"""The routes of the site and of its JSON API.

A route parses the URL, calls the engine at most once, and renders a page or JSON. All of it uses
one snapshot of the index.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import lru_cache
from typing import Any, cast

import msgspec
from babel import Locale
from babel.dates import format_datetime
from flask import Blueprint, Flask, Response, current_app, g, render_template, request

from indexer.catalogue.fields import Catalogue
from indexer.catalogue.records import Publication
from search_app import search_state, search_url
from search_app.api import openapi, serializers
from search_app.engine import Engine, Searcher, SearchRequest
from search_app.engine.deadline import Stopwatch
from search_app.engine.results import Results
from search_app.i18n.messages import gettext
from search_app.presentation import facet_panel, publication_page, search_page
from search_app.web.errors import NotFound, page_not_found
from search_app.web.middleware.access import is_from_here
from search_app.web.middleware.metrics import TYPE, Metrics
from search_app.web.zero_result_log import Gaps

site = Blueprint("site", __name__)


def engine() -> Engine:
    """Return the engine of the current application."""
    return cast(Engine, current_app.extensions["pubsearch"])


def searcher() -> Searcher:
    """Return the searcher of the current request. It stays the same until the request ends.

    Raise IndexMissing or IndexOutdated if there is none.
    """
    if "searcher" not in g:
        g.searcher = engine().searcher()
    return cast(Searcher, g.searcher)


def register(app: Flask) -> None:
    """Add the routes, and the variables of every template."""
    app.register_blueprint(site)
    app.context_processor(_about_the_index)


def _about_the_index() -> dict[str, Any]:
    """Return the variables of every template.

    Error pages need them too, so this function opens no index, which could fail.
    """
    shown: Searcher | None = g.get("searcher", engine().held)
    if shown is None:
        nothing = Catalogue("pubsearch", "", ())
        return {
            "prefix": request.script_root,
            "catalogue": nothing,
            "manifest": None,
            "generation": "",
            "built": "",
            "direction": "ltr",
        }
    manifest = shown.generation.manifest
    return {
        "prefix": request.script_root,
        "catalogue": shown.catalogue,
        "manifest": manifest,
        "generation": shown.name,
        "built": _built(manifest.built),
        "direction": _direction(shown.catalogue.language),
    }


@lru_cache(maxsize=8)
def _built(time: str) -> str:
    """Return the time of a build as shown on a page."""
    return format_datetime(datetime.fromisoformat(time), "d MMMM yyyy, HH:mm 'UTC'", locale="en")


@lru_cache(maxsize=8)
def _direction(language: str) -> str:
    return Locale.parse(language, sep="-").text_direction


def _json(value: object) -> Response:
    return Response(msgspec.json.encode(value), content_type="application/json")


def _page(name: str, **values: object) -> Response:
    return Response(render_template(name, **values), content_type="text/html; charset=utf-8")


def _timed(answer: Response, results: Results, rendering: Stopwatch) -> Response:
    """Return the response, and keep the times of the stages of its search, in milliseconds."""
    rendering.lap("render")
    g.stages = {**results.stages, **rendering.stages}
    return answer


@contextmanager
def _found(asked: search_state.SearchState, values: int) -> Iterator[Results]:
    """Yield the results of a search with at most `values` values per facet.

    A query without hits is logged, unless it was searched for exactly as typed.
    """
    with engine().answered(asked.request(values), searcher()) as results:
        g.is_gap = bool(results.is_gap and asked.text and not asked.exact)
        if g.is_gap and request.method == "GET":
            cast(Gaps, current_app.extensions["pubsearch.gaps"]).note(asked.text)
        yield results


def _asked() -> search_state.SearchState:
    return search_url.read(request.args, searcher().catalogue, request.script_root)


@site.get("/")
def search() -> Response:
    """Return the search page: hits, facets, and counts."""
    asked = _asked()
    with _found(asked, facet_panel.SHOWN_VALUES) as results:
        rendering = Stopwatch()
        found = search_page.search_page(results, asked, searcher().catalogue)
        answer = _page("search.html", page=found, text=asked.text, hidden=found.hidden)
        return _timed(answer, results, rendering)


@site.get("/api/search")
def api_search() -> Response:
    """Return the results of a search as JSON."""
    asked = _asked()
    with _found(asked, serializers.MOST_VALUES) as results:
        rendering = Stopwatch()
        answer = serializers.search_json(asked, results, searcher().catalogue)
        return _timed(_json(answer), results, rendering)


@site.get("/api/suggest")
def api_suggest() -> Response:
    """Return suggestions for a query that is being typed, within the current filters, as JSON."""
    asked, text = _asked(), request.args.get("q", "")
    found = searcher().suggest(text, asked.filters)
    return _json(serializers.suggest_json(text, asked, found, searcher().catalogue))


@site.get("/facet/<name>")
def facet(name: str) -> Response:
    """Return the page with all values of a facet for the current search. Raise NotFound."""
    asked, catalogue = _asked(), searcher().catalogue
    field = next((each for each in catalogue.facets if each.name == name), None)
    if field is None:
        known = ", ".join(each.name for each in catalogue.facets)
        raise NotFound(
            gettext("There is no filter “%(name)s”.") % {"name": name[:100]},
            gettext("The filters are: %(names)s.") % {"names": known},
        )
    with engine().answered(asked.request(), searcher()) as results:
        rendering = Stopwatch()
        found = search_page.facet_page(field, results, asked, catalogue)
        answer = _page("facet.html", page=found, text=asked.text, hidden=found.hidden)
        return _timed(answer, results, rendering)


def _publication(identity: str) -> Publication:
    """Return the publication with an id. Raise NotFound."""
    known = searcher().publication(identity)
    if known is None:
        raise NotFound(
            gettext("There is no publication “%(id)s”.") % {"id": identity[:100]},
            gettext("It may have been removed or renamed. Search for its title."),
        )
    return known


@site.get("/publication/<path:identity>")
def publication(identity: str) -> str:
    """Return the page of a publication: all fields, other editions, and similar publications."""
    known, related = _publication(identity), searcher().related(identity)
    shown = publication_page.publication_page(
        known, related, searcher().catalogue, request.script_root
    )
    return render_template("publication.html", page=shown, text="", hidden=())


@site.get("/api/publication/<path:identity>")
def api_publication(identity: str) -> Response:
    """Return a publication as JSON, each field by its name."""
    known, related = _publication(identity), searcher().related(identity)
    return _json(serializers.whole_json(known, related, searcher().catalogue, request.script_root))


@site.get("/api/openapi.json")
def api_openapi() -> Response:
    """Return the OpenAPI document of the API."""
    first = next(searcher().scan(SearchRequest()), None)
    example = "" if first is None else first.id
    return _json(openapi.document(searcher().catalogue, example, request.script_root))


@site.get("/about")
def about() -> str:
    """Return the page about the index: its content, its date, and how to search it."""
    catalogue, everything = (
        searcher().catalogue,
        search_state.SearchState(prefix=request.script_root),
    )
    results = searcher().search(everything.request(facet_panel.SHOWN_VALUES))
    groups = facet_panel.facet_groups(results, everything, catalogue, catalogue.facets)
    examples = [
        (query, meaning, everything.with_text(query).url()) for query, meaning in catalogue.examples
    ]
    return render_template(
        "about.html",
        groups=groups,
        fields=catalogue.searchable,
        examples=examples,
        text="",
        hidden=(),
    )


@site.get("/healthz")
def health() -> Response:
    """Return the status, and the generation in use.

    The status is `degraded` if the live generation is damaged or cannot be opened. The one in use
    then goes on answering.
    """
    shown = searcher()
    status = "ok" if engine().failed is None else "degraded"
    return _json({"status": status, "generation": shown.name, "publications": shown.size})


@site.get("/metrics")
def metrics() -> Response:
    """Return the metrics. Unless a setting opens them, only this machine may read them."""
    told: Metrics = current_app.extensions["pubsearch.metrics"]
    if not current_app.config["METRICS_OPEN"] and not is_from_here():
        raise page_not_found()
    return Response(told.told(), content_type=TYPE)
