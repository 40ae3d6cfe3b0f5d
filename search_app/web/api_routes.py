"""The routes of the JSON API, and those for monitoring."""

from typing import Literal

from flask import Blueprint, Response, current_app, request

from search_app.api import openapi, responses
from search_app.engine import SearchRequest
from search_app.i18n.translation import current
from search_app.web.context import (
    find_in_files,
    get_catalogue,
    get_engine,
    get_publication,
    get_searcher,
    log_zero_result,
    parse_state,
    render_json,
    run_search,
)
from search_app.web.errors import page_not_found
from search_app.web.exports import stream_hits
from search_app.web.incoming import is_local
from search_app.web.monitoring import TYPE, Metrics
from search_app.web.pages import make_record

api = Blueprint("api", __name__)


@api.get("/api/search")
def search() -> Response:
    state = parse_state()
    with run_search(state, responses.MAX_VALUES) as results:
        log_zero_result(state, results)
        return render_json(responses.make_search(state, results, get_catalogue()))


@api.get("/api/suggest")
def suggest() -> Response:
    """Return suggestions for a query that is being typed, within the current filters."""
    state, text = parse_state(), request.args.get("q", "")
    found = get_engine().suggest(text, state, current().code, get_searcher())
    return render_json(responses.make_suggestions(text, state, found, get_catalogue()))


@api.get("/api/publication/<path:identity>")
def show_publication(identity: str) -> Response:
    """Return a publication, each field by its name.

    With `find`, its files have the pages with words of this text.
    """
    requested, searcher = get_publication(identity), get_searcher()
    text, matches = find_in_files(identity)
    return render_json(
        responses.make_publication(
            requested,
            searcher.find_related(identity),
            searcher.list_files(identity),
            matches if text else None,
            get_catalogue(),
            request.script_root,
        )
    )


@api.get("/api/search-record")
def search_record() -> Response:
    """Return the record of a search, with the ids of all hits.

    Raise BadParameter or TooManyExports.
    """
    state = parse_state()
    _, record = make_record(state)
    response = stream_hits(state, lambda publications: responses.write_record(record, publications))
    response.content_type = "application/json"
    response.headers["Cache-Control"] = "no-store"
    return response


@api.get("/api/openapi.json")
def describe() -> Response:
    """Return the OpenAPI document of the API."""
    searcher = get_searcher()
    first = next(searcher.scan(SearchRequest()), None)
    example = "" if first is None else first.id
    return render_json(openapi.make_document(searcher.catalogue, example, request.script_root))


@api.get("/healthz")
def health() -> Response:
    """Return the status, and the generation in use.

    The status is `degraded` if the live generation is damaged or cannot be opened. The one in use
    then stays in use.
    """
    searcher = get_searcher()
    status: Literal["ok", "degraded"] = "ok" if get_engine().failed is None else "degraded"
    return render_json(responses.Health(status, searcher.name, searcher.size))


@api.get("/metrics")
def metrics() -> Response:
    """Return the metrics. Unless a setting opens them, only this machine may read them."""
    counters: Metrics = current_app.extensions["pubsearch.metrics"]
    if not current_app.config["METRICS_OPEN"] and not is_local():
        raise page_not_found()
    return Response(counters.render(), content_type=TYPE)
