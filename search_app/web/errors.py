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


def refusal(error: Exception) -> Refusal:
    """Return the content of the response to an exception."""
    match error:
        case BadParameter():
            told = (400, "bad_parameter", f"{error}.", f"{error.takes}.")
        case NotFound() | HTTPException(code=404):
            what = getattr(error, "what", "There is no such page.")
            told = (404, "not_found", what, getattr(error, "hint", "Search, or start anew."))
        case IndexUnusable():
            # The engine logs the path of the index. Users must not see it.
            message = "The catalogue can't be searched just now."
            told = (503, "no_index", message, f"Whoever runs this site can mend it. {error.hint}.")
        case Busy():
            message = "Another search that takes long is being answered just now."
            told = (503, "busy", message, "Ask again in a moment, or for fewer words.")
        case OverBudget():
            hint = "Search for fewer words, or without stars and tildes."
            told = (503, "too_costly", "This search takes too long.", hint)
        case HTTPException(code=405):
            told = (405, "not_allowed", "This page only answers GET.", "Use a GET request.")
        case HTTPException():
            name = str(error.name)
            code = name.lower().replace(" ", "_")
            told = (error.code or 500, code, f"{name}.", error.description or "")
        case _:
            hint = f"It has been noted as {g.request_id}. Try again in a while."
            told = (500, "internal", "Something went wrong here.", hint)
    return Refusal(*told)


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
