"""The routes. Each asks the engine once, and its last line renders a page or JSON."""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast

import msgspec
from babel.dates import format_datetime
from flask import Blueprint, Flask, Response, current_app, render_template, request

from indexer.fields import Catalogue
from indexer.generations import IndexUnusable
from search_app import page, state
from search_app.engine import Engine
from search_app.engine.results import Results
from search_app.engine.snapshot import Snapshot
from search_app.errors import NotFound

site = Blueprint("site", __name__)

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cross-Origin-Opener-Policy": "same-origin",
}
EVERY_VALUE = 10**9

EXAMPLES = (
    ("organ removal", "publications that have both words, the best first"),
    ('"model law"', "the words side by side"),
    ("traffick*", "all words that begin so"),
    ("smuggling -sea", "without a word"),
    ("sea OR air", "either word; OR joins its neighbours"),
    ("title:handbook", "a word in one field"),
    ("year:2010..2015", "a range; 2010.. and ..2015 are open on one side"),
    ('region:"South Asia"', "a value of a filter, as if it were ticked"),
)


def engine() -> Engine:
    """The engine of the application that answers."""
    return cast(Engine, current_app.extensions["pubsearch"])


def register(app: Flask) -> None:
    """Adds the routes, the headers of every answer, and what every template may print."""
    app.register_blueprint(site)
    app.after_request(_with_headers)
    app.context_processor(_about_the_index)


def _with_headers(answer: Response) -> Response:
    answer.headers.update(HEADERS)
    return answer


def _about_the_index() -> dict[str, Any]:
    try:
        snapshot = engine().snapshot()
    except IndexUnusable:
        nothing = Catalogue("pubsearch", "", ())
        return {"catalogue": nothing, "manifest": None, "generation": "", "built": ""}
    manifest = snapshot.generation.manifest
    return {
        "catalogue": snapshot.catalogue,
        "manifest": manifest,
        "generation": snapshot.name,
        "built": format_datetime(
            datetime.fromisoformat(manifest.built), "d MMMM yyyy, HH:mm 'UTC'", locale="en"
        ),
    }


def _json(value: object) -> Response:
    return Response(msgspec.json.encode(value), content_type="application/json")


def _searched() -> tuple[page.SearchPage, Results, Snapshot]:
    snapshot = engine().snapshot()
    asked = state.read(request.args, snapshot.catalogue)
    results = engine().search(asked.request, snapshot)
    return page.search_page(results, asked, snapshot), results, snapshot


@site.get("/")
def search() -> str:
    """The search page: the list, its facets, its numbers."""
    found, _, _ = _searched()
    return render_template("search.html", page=found, text=found.state.text, hidden=found.hidden)


@site.get("/api/search")
def api_search() -> Response:
    """The same as JSON."""
    return _json(page.search_json(*_searched()))


@site.get("/facet/<name>")
def facet(name: str) -> str:
    """All values of a facet, for the search that the address says."""
    found, results, snapshot = _searched()
    field = next((each for each in snapshot.catalogue.facets if each.name == name), None)
    if field is None:
        known = ", ".join(each.name for each in snapshot.catalogue.facets)
        raise NotFound(f"There is no facet {name!r}.", f"There are {known}.")
    buckets = results.facets[name]
    group = page.facet_group(field, buckets, found.state, snapshot.catalogue, EVERY_VALUE)
    return render_template(
        "facet.html", page=found, group=group, back_href=found.state.url(),
        text=found.state.text, hidden=found.hidden,
    )  # fmt: skip


def _publication(identity: str) -> tuple[Any, Catalogue]:
    snapshot = engine().snapshot()
    number = snapshot.number(identity)
    if number is None:
        hint = "It may have been removed, or its id changed: search for its title."
        raise NotFound(f"There is no publication {identity[:100]!r}.", hint)
    return snapshot.publication(number), snapshot.catalogue


@site.get("/publication/<path:identity>")
def publication(identity: str) -> str:
    """A publication with all its fields."""
    shown = page.publication_page(*_publication(identity))
    return render_template("publication.html", page=shown, text="", hidden=())


@site.get("/api/publication/<path:identity>")
def api_publication(identity: str) -> Response:
    """A publication as JSON, every field by its name."""
    return _json(page.publication_json(*_publication(identity)))


@site.get("/about")
def about() -> str:
    """What is indexed and as of when, and how to search."""
    snapshot = engine().snapshot()
    everything = engine().search(state.SearchState().request, snapshot)
    counts = [
        (group.label, [(row.label, row.count, row.href) for row in group.rows])
        for field in snapshot.catalogue.facets
        for group in [
            page.facet_group(
                field, everything.facets[field.name], state.SearchState(), snapshot.catalogue
            )
        ]
    ]
    examples = [
        (query, meaning, state.SearchState(text=query).url()) for query, meaning in EXAMPLES
    ]
    return render_template(
        "about.html", counts=counts, fields=snapshot.catalogue.searchable, examples=examples,
        text="", hidden=(),
    )  # fmt: skip


@site.get("/healthz")
def health() -> Response:
    """Whether searches are answered, and from which generation."""
    snapshot = engine().snapshot()
    return _json({"status": "ok", "generation": snapshot.name, "publications": snapshot.size})
