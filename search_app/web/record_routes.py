"""The routes of search records: the record of any search, as a page and as JSON.

Both read all hits, so they count as exports. No cache keeps them, because they state the time.
"""

from __future__ import annotations

from datetime import UTC, datetime
from hashlib import sha256

from flask import Blueprint, Response, make_response, render_template

from search_app.api.responses import write_record
from search_app.engine.results import Results
from search_app.presentation.search_record import (
    SearchRecord,
    make_record_page,
    make_search_record,
)
from search_app.search_state import SearchState
from search_app.web.addresses import make_absolute
from search_app.web.routes import get_catalogue, get_engine, get_searcher, parse_state
from search_app.web.streaming import scan_hits, stream_hits

NO_STORE = "no-store"

records = Blueprint("record", __name__)


@records.get("/search-record")
def show_record() -> Response:
    """Return the record of a search as a page. Raise BadParameter or TooManyExports."""
    state, catalogue = parse_state(), get_catalogue()
    results, record = _search(state)
    content = sha256()
    with scan_hits(state) as publications:
        for publication in publications:
            content.update(publication.digest)
    page = make_record_page(record, results, state, catalogue, content.hexdigest())
    values = {"page": page, "text": state.text, "hidden": state.form_pairs}
    response = make_response(render_template("search_record.html", **values))
    response.headers["Cache-Control"] = NO_STORE
    return response


@records.get("/api/search-record")
def api_record() -> Response:
    """Return the record of a search as JSON, with the ids of all hits.

    Raise BadParameter or TooManyExports.
    """
    state = parse_state()
    _, record = _search(state)
    response = stream_hits(state, lambda publications: write_record(record, publications))
    response.content_type = "application/json"
    response.headers["Cache-Control"] = NO_STORE
    return response


def _search(state: SearchState) -> tuple[Results, SearchRecord]:
    searcher, time = get_searcher(), datetime.now(UTC)
    with get_engine().answer(state.make_request(values=0), searcher) as results:
        record = make_search_record(
            results,
            state,
            get_catalogue(),
            searcher,
            origin=make_absolute(""),
            time=time.replace(microsecond=0),
        )
    return results, record
