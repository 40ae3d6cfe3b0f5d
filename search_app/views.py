"""The routes. Each asks the engine once, and its last line renders a page or JSON."""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast

import msgspec
from babel import Locale
from babel.dates import format_datetime
from flask import Blueprint, Flask, Response, current_app, g, render_template, request

from indexer.fields import Catalogue
from indexer.record import Publication
from search_app import api, page, sidebar, state
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
    """Adds the routes, the headers of every answer, and what every template may print."""
    app.register_blueprint(site)
    app.after_request(_with_headers)
    app.context_processor(_about_the_index)


def _with_headers(answer: Response) -> Response:
    answer.headers.update(HEADERS)
    return answer


def _about_the_index() -> dict[str, Any]:
    """What every template may print; nothing is opened for it, so that no error page fails."""
    shown: Snapshot | None = g.get("snapshot", engine().held)
    if shown is None:
        nothing = Catalogue("pubsearch", "", ())
        return {
            "catalogue": nothing,
            "manifest": None,
            "generation": "",
            "built": "",
            "direction": "ltr",
        }
    manifest = shown.generation.manifest
    built = datetime.fromisoformat(manifest.built)
    return {
        "catalogue": shown.catalogue,
        "manifest": manifest,
        "generation": shown.name,
        "built": format_datetime(built, "d MMMM yyyy, HH:mm 'UTC'", locale="en"),
        "direction": Locale.parse(shown.catalogue.language, sep="-").text_direction,
    }


def _json(value: object) -> Response:
    return Response(msgspec.json.encode(value), content_type="application/json")


def _searched() -> tuple[page.SearchPage, Results, Snapshot]:
    asked = state.read(request.args, snapshot().catalogue)
    results = engine().search(asked.request, snapshot())
    return page.search_page(results, asked, snapshot()), results, snapshot()


@site.get("/")
def search() -> str:
    """The search page: the list, its facets, its numbers."""
    found, _, _ = _searched()
    return render_template("search.html", page=found, text=found.state.text, hidden=found.hidden)


@site.get("/api/search")
def api_search() -> Response:
    """The same as JSON."""
    return _json(api.search_json(*_searched()))


@site.get("/facet/<name>")
def facet(name: str) -> str:
    """All values of a facet, for the search that the address says."""
    found, results, _ = _searched()
    catalogue = snapshot().catalogue
    field = next((each for each in catalogue.facets if each.name == name), None)
    if field is None:
        known = ", ".join(each.name for each in catalogue.facets)
        raise NotFound(f"There is no filter “{name[:100]}”.", f"There are {known}.")
    buckets = results.facets[name]
    group = sidebar.facet_group(field, buckets, found.state, catalogue, EVERY_VALUE)
    return render_template(
        "facet.html", page=found, group=group, back_href=found.state.url(),
        text=found.state.text, hidden=found.hidden,
    )  # fmt: skip


def _publication(identity: str) -> tuple[Publication, Catalogue]:
    number = snapshot().number(identity)
    if number is None:
        hint = "It may have been removed, or its id changed: search for its title."
        raise NotFound(f"There is no publication “{identity[:100]}”.", hint)
    return snapshot().publication(number), snapshot().catalogue


@site.get("/publication/<path:identity>")
def publication(identity: str) -> str:
    """A publication with all its fields."""
    shown = page.publication_page(*_publication(identity))
    return render_template("publication.html", page=shown, text="", hidden=())


@site.get("/api/publication/<path:identity>")
def api_publication(identity: str) -> Response:
    """A publication as JSON, every field by its name."""
    return _json(api.publication_json(*_publication(identity)))


@site.get("/about")
def about() -> str:
    """What is indexed and as of when, and how to search."""
    catalogue, everything = snapshot().catalogue, state.SearchState()
    results = engine().search(everything.request, snapshot())
    groups = [
        sidebar.facet_group(field, results.facets[field.name], everything, catalogue)
        for field in catalogue.facets
    ]
    examples = [
        (query, meaning, state.SearchState(text=query).url())
        for query, meaning in catalogue.examples
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
