"""Turn exceptions into error responses: a status, and a page or JSON.

This is the only error handler of the application. `/api/` and `/healthz` respond with JSON.
"""

from __future__ import annotations

import logging

import msgspec
from flask import Flask, Response, g, render_template, request
from werkzeug.exceptions import HTTPException

from indexer.generations.manifest import IndexUnusable
from search_app.engine import Busy, OverBudget
from search_app.i18n.messages import gettext
from search_app.search_url import BadParameter
from search_app.web.middleware.request_log import LONGEST

log = logging.getLogger(__name__)


RETRY_AFTER = {"no_index": 60, "busy": 2, "too_costly": 10}
"""`Retry-After` in seconds, by error code, for temporary errors."""


class Refusal(msgspec.Struct, frozen=True):
    """The content of an error response: a status, a code for programs, a message, and a hint."""

    status: int
    code: str
    message: str
    hint: str


class NotFound(Exception):
    """A missing publication, facet or page: what is missing, and a hint."""

    def __init__(self, what: str, hint: str) -> None:
        super().__init__(what)
        self.what, self.hint = what, hint


def page_not_found() -> NotFound:
    """Return the error of a URL that is no page."""
    return NotFound(
        gettext("This page does not exist."),
        gettext("Check the URL, or search for a publication."),
    )


def refusal(error: Exception) -> Refusal:
    """Return the content of the response to an exception."""
    match error:
        case BadParameter():
            return Refusal(400, "bad_parameter", str(error), error.takes)
        case NotFound():
            return Refusal(404, "not_found", error.what, error.hint)
        case IndexUnusable() | Busy() | OverBudget():
            return _temporary(error)
        case HTTPException():
            return _of_http(error)
        case _:
            hint = gettext("The error was recorded as %(id)s. Try again later.")
            message = gettext("Something went wrong.")
            return Refusal(500, "internal", message, hint % {"id": g.request_id})


def _temporary(error: IndexUnusable | Busy | OverBudget) -> Refusal:
    match error:
        case IndexUnusable():
            # The engine logs the path of the index. Users must not see it.
            message = gettext("The catalogue cannot be searched at the moment.")
            hint = gettext("The operator of this site can fix it. %(hint)s.")
            return Refusal(503, "no_index", message, hint % {"hint": error.hint})
        case Busy():
            message = gettext("Another search is taking a long time.")
            hint = gettext("Try again in a moment, or search for fewer words.")
            return Refusal(503, "busy", message, hint)
        case OverBudget():
            message = gettext("This search takes too long.")
            hint = gettext("Search for fewer words, or without wildcards and fuzzy terms.")
            return Refusal(503, "too_costly", message, hint)


def _of_http(error: HTTPException) -> Refusal:
    """Return the content for an error of Flask or Werkzeug, or of our own that has one's type."""
    if error.code == 404:
        return refusal(page_not_found())
    if error.code == 405:
        message, hint = gettext("This page supports only GET."), gettext("Use a GET request.")
        return Refusal(405, "not_allowed", message, hint)
    code = str(error.name).lower().replace(" ", "_")
    match error.code:
        case 400:
            message = gettext("The server cannot read this request.")
        case 414:
            message = gettext("The URL is too long.")
        case 429:
            message = gettext("There were too many requests from your network.")
        case _:
            message = gettext("The server cannot answer this request.")
    return Refusal(error.code or 500, code, message, error.description or "")


def register(app: Flask) -> None:
    """Register the handler for all exceptions of the application."""
    app.register_error_handler(Exception, _answer)


def _answer(error: Exception) -> Response:
    found = refusal(error)
    if found.status == 500:
        what = f"{request.method} {request.path}"[:LONGEST]
        log.error("%s failed", what, exc_info=error)
    if request.path.startswith("/api/") or request.path == "/healthz":
        told = {"code": found.code, "message": found.message, "hint": found.hint}
        body, kind = msgspec.json.encode({"error": told}), "application/json"
        answer = Response(body, found.status, content_type=kind)
    else:
        page = render_template(
            "error.html", status=found.status, title=found.message, message=found.message,
            hint=found.hint, text=request.args.get("q", ""), hidden=(),
        )  # fmt: skip
        answer = Response(page, found.status, content_type="text/html; charset=utf-8")
    if isinstance(error, HTTPException) and error.code == 405:
        answer.headers["Allow"] = "GET, HEAD"
    if found.code in RETRY_AFTER:
        answer.headers["Retry-After"] = str(RETRY_AFTER[found.code])
    return answer
