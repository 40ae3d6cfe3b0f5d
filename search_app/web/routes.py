"""The routes. Each asks the engine once, and its last line renders a page or JSON."""

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
from search_app import search_state, search_url
from search_app.api import openapi, serializers
from search_app.engine import Engine
from search_app.engine.deadline import Stopwatch
from search_app.engine.results import Results
from search_app.engine.snapshot.snapshot import Snapshot
from search_app.presentation import facet_panel, publication_page, search_page
from search_app.web.errors import NotFound
from search_app.web.middleware.access import is_from_here
from search_app.web.middleware.metrics import TYPE, Metrics
from search_app.web.zero_result_log import Gaps

site = Blueprint("site", __name__)


def engine() -> Engine:
    """The engine of the application that answers."""
    return cast(Engine, current_app.extensions["pubsearch"])


def snapshot() -> Snapshot:
    """The generation that this request is answered from, the same to its end.

    Raises IndexMissing or IndexOutdated if there is none.
    """
    if "snapshot" not in g:
        g.snapshot = engine().snapshot()
    return cast(Snapshot, g.snapshot)


def register(app: Flask) -> None:
    """Adds the routes, and what every template may print."""
    app.register_blueprint(site)
    app.context_processor(_about_the_index)


def _about_the_index() -> dict[str, Any]:
    """What every template may print; nothing is opened for it, so that no error page fails."""
    shown: Snapshot | None = g.get("snapshot", engine().held)
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
    """The time of a build as a reader sees it."""
    return format_datetime(datetime.fromisoformat(time), "d MMMM yyyy, HH:mm 'UTC'", locale="en")


@lru_cache(maxsize=8)
def _direction(language: str) -> str:
    return Locale.parse(language, sep="-").text_direction


def _json(value: object) -> Response:
    return Response(msgspec.json.encode(value), content_type="application/json")


def _page(name: str, **values: object) -> Response:
    return Response(render_template(name, **values), content_type="text/html; charset=utf-8")


def _timed(answer: Response, results: Results, rendering: Stopwatch) -> Response:
    """Return the answer to a search, and note how long its stages took, in milliseconds."""
    rendering.lap("render")
    g.stages = {**results.stages, **rendering.stages}
    return answer


@contextmanager
def _found(asked: search_state.SearchState, values: int) -> Iterator[Results]:
    """The answer to a search; where its words find nothing, that is noted, if it is to be."""
    with engine().answered(asked.request(values), snapshot()) as results:
        g.is_gap = bool(results.is_gap and asked.text and not asked.exact)
        if g.is_gap and request.method == "GET":
            cast(Gaps, current_app.extensions["pubsearch.gaps"]).note(asked.text)
        yield results


def _asked() -> search_state.SearchState:
    return search_url.read(request.args, snapshot().catalogue, request.script_root)


@site.get("/")
def search() -> Response:
    """The search page: the list, its facets, its numbers."""
    asked = _asked()
    with _found(asked, facet_panel.SHOWN_VALUES) as results:
        rendering = Stopwatch()
        found = search_page.search_page(results, asked, snapshot())
        answer = _page("search.html", page=found, text=asked.text, hidden=found.hidden)
        return _timed(answer, results, rendering)


@site.get("/api/search")
def api_search() -> Response:
    """The same as JSON."""
    asked = _asked()
    with _found(asked, serializers.MOST_VALUES) as results:
        rendering = Stopwatch()
        return _timed(
            _json(serializers.search_json(asked, results, snapshot())), results, rendering
        )


@site.get("/api/suggest")
def api_suggest() -> Response:
    """What may be meant by what is being typed, within what is ticked, as JSON."""
    asked, text = _asked(), request.args.get("q", "")
    found = engine().suggest(text, asked.filters, snapshot())
    return _json(serializers.suggest_json(text, asked, found, snapshot().catalogue))


@site.get("/facet/<name>")
def facet(name: str) -> Response:
    """All values of a facet, for the search that the address says."""
    asked, catalogue = _asked(), snapshot().catalogue
    field = next((each for each in catalogue.facets if each.name == name), None)
    if field is None:
        known = ", ".join(each.name for each in catalogue.facets)
        raise NotFound(f"There is no filter “{name[:100]}”.", f"There are {known}.")
    with engine().answered(asked.request(), snapshot()) as results:
        rendering = Stopwatch()
        found = search_page.facet_page(field, results, asked, catalogue)
        answer = _page("facet.html", page=found, text=asked.text, hidden=found.hidden)
        return _timed(answer, results, rendering)


def _number(identity: str) -> int:
    """The number of the publication with an id. Raises NotFound."""
    number = snapshot().number(identity)
    if number is None:
        hint = "It may have been removed, or its id changed: search for its title."
        raise NotFound(f"There is no publication “{identity[:100]}”.", hint)
    return number


@site.get("/publication/<path:identity>")
def publication(identity: str) -> str:
    """A publication with all its fields, its other editions, and what is like it."""
    shown = publication_page.publication_page(_number(identity), snapshot(), request.script_root)
    return render_template("publication.html", page=shown, text="", hidden=())


@site.get("/api/publication/<path:identity>")
def api_publication(identity: str) -> Response:
    """The same as JSON, every field by its name."""
    return _json(serializers.whole_json(_number(identity), snapshot(), request.script_root))


@site.get("/api/openapi.json")
def api_openapi() -> Response:
    """What the API takes and answers, as an OpenAPI document."""
    return _json(openapi.document(snapshot(), request.script_root))


@site.get("/about")
def about() -> str:
    """What is indexed and as of when, and how to search."""
    catalogue, everything = (
        snapshot().catalogue,
        search_state.SearchState(prefix=request.script_root),
    )
    results = engine().search(everything.request(facet_panel.SHOWN_VALUES), snapshot())
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
    """Whether searches are answered, and from which generation.

    It is `degraded` if the live generation can't be opened and an earlier one answers.
    """
    shown = snapshot()
    status = "ok" if engine().failed is None else "degraded"
    return _json({"status": status, "generation": shown.name, "publications": shown.size})


@site.get("/metrics")
def metrics() -> Response:
    """Numbers for whoever keeps the site running; from this machine alone, if not set otherwise."""
    told: Metrics = current_app.extensions["pubsearch.metrics"]
    if not current_app.config["METRICS_OPEN"] and not is_from_here():
        raise NotFound("There is no such page.", "Search, or start anew.")
    return Response(told.told(), content_type=TYPE)
