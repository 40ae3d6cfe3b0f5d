"""Turn exceptions into error responses: a status, and a page or JSON.

This is the only error handler of the application. `/api/` and `/healthz` respond with JSON.
"""

import logging
from datetime import datetime
from math import ceil

import msgspec
from flask import Flask, Response, g, render_template, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed, TooManyRequests

from indexer.analysis.cleaning import remove_invalid
from indexer.cluster.connection import ClusterError
from indexer.generations.manifest import IndexUnusable
from search_app.engine import BudgetExceeded, StoreUnavailable, TooBusy
from search_app.i18n.translation import current, format_number, gettext, ngettext
from search_app.search_state import BadParameter
from search_app.web.incoming import UnknownHost
from search_app.web.monitoring import MAX_CHARS

log = logging.getLogger(__name__)

MAX_OF_UNIT = 90
"""The longest wait that a hint gives in seconds, and in minutes. A longer one has the next unit."""


class ErrorResponse(msgspec.Struct, frozen=True):
    """The content of an error response: a status, a code for programs, a message, and a hint.

    `retry_after` is in seconds, for a temporary error. `remedy` is what the operator of the site
    can do, in English, like all messages of the command line.
    """

    status: int
    code: str
    message: str
    hint: str
    retry_after: int = 0
    remedy: str = ""


class NotFound(Exception):
    """A missing publication, facet, or page: what is missing, and a hint."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.message, self.hint = message, hint


class PublicationRemoved(Exception):
    """A removed publication: its last title, or "", when it was removed, and a search for it."""

    def __init__(self, title: str, time: datetime, search_url: str) -> None:
        super().__init__(title)
        self.title, self.time, self.search_url = title, time, search_url


class TooManyExports(Exception):
    """As many exports are running as may run at a time."""


def page_not_found() -> NotFound:
    return NotFound(
        gettext("This page does not exist."), gettext("Check the URL, or search for a publication.")
    )


def to_error_response(error: Exception) -> ErrorResponse:
    no_search = gettext("The catalogue cannot be searched at the moment.")
    match error:
        case BadParameter():
            return ErrorResponse(400, "bad_parameter", str(error), error.expected)
        case NotFound():
            return ErrorResponse(404, "not_found", remove_invalid(error.message), error.hint)
        case PublicationRemoved():
            message = gettext("This publication was removed on %(date)s.")
            hint = gettext("Search for a publication.")
            if error.title:
                message = gettext("“%(title)s” was removed on %(date)s.")
                hint = gettext("Search for its title. There may be another edition.")
            values = {"title": error.title, "date": current().format_date(error.time)}
            return ErrorResponse(410, "gone", message % values, hint)
        case StoreUnavailable():
            return ErrorResponse(503, "unavailable", no_search, _describe_wait(10), 10)
        case IndexUnusable():
            # The log has the path of the index, which users must not see. For a cluster, the hint
            # is about users, certificates, and nodes.
            remedy = "" if isinstance(error, ClusterError) else error.hint
            hint = gettext("The operator of this site can fix it.")
            return ErrorResponse(503, "no_index", no_search, hint, 60, remedy)
        case TooBusy():
            message = gettext("Another search is taking a long time.")
            hint = gettext("Try again in a moment, or search for fewer words.")
            return ErrorResponse(503, "busy", message, hint, 2)
        case TooManyExports():
            message = gettext("Other exports are running.")
            return ErrorResponse(503, "busy_exporting", message, _describe_wait(30), 30)
        case BudgetExceeded():
            message = gettext("This search takes too long.")
            hint = gettext("Search for fewer words, or without wildcards and fuzzy terms.")
            return ErrorResponse(503, "too_costly", message, hint, 10)
        case HTTPException():
            return _of_http(error)
        case _:
            hint = gettext("The error was recorded as %(id)s. Try again later.")
            message = gettext("Something went wrong.")
            return ErrorResponse(500, "internal", message, hint % {"id": g.request_id})


def _describe_wait(seconds: int) -> str:
    """Return when to try again, rounded up to a whole number of a unit."""
    number = seconds
    if number <= MAX_OF_UNIT:
        message = ngettext(
            "Try again in %(number)s second.", "Try again in %(number)s seconds.", number
        )
    elif (number := ceil(seconds / 60)) <= MAX_OF_UNIT:
        message = ngettext(
            "Try again in %(number)s minute.", "Try again in %(number)s minutes.", number
        )
    else:
        number = ceil(seconds / 3600)
        message = ngettext(
            "Try again in %(number)s hour.", "Try again in %(number)s hours.", number
        )
    return message % {"number": format_number(number)}


def _of_http(error: HTTPException) -> ErrorResponse:
    """Return the content for an HTTP error that Flask, Werkzeug, or this package raised."""
    # Werkzeug's own descriptions are in English.
    is_own = error.description != type(error).description
    hint = error.description if is_own and error.description else ""
    message = gettext("The server cannot answer this request.")
    match error.code:
        case 404:
            return to_error_response(page_not_found())
        case 405:
            message, hint = gettext("This page supports only GET."), gettext("Use a GET request.")
            return ErrorResponse(405, "not_allowed", message, hint)
        case 429 if isinstance(error, TooManyRequests) and isinstance(error.retry_after, int):
            message, seconds = (
                gettext("There were too many requests from your network."),
                error.retry_after,
            )
            return ErrorResponse(
                429, "too_many_requests", message, _describe_wait(seconds), seconds
            )
        case 400:
            message = gettext("The server cannot read this request.")
        case 414:
            message = gettext("The URL is too long.")
    code = str(error.name).lower().replace(" ", "_")
    remedy = error.remedy if isinstance(error, UnknownHost) else ""
    return ErrorResponse(error.code or 500, code, message, hint, remedy=remedy)


def register(app: Flask) -> None:
    """Register the handler for all exceptions of the application."""
    app.register_error_handler(Exception, _handle_error)


def _handle_error(error: Exception) -> Response:
    content = to_error_response(error)
    if (
        content.status == 429 and request.endpoint == "oai.serve"
    ):  # harvesters wait after a 503 only
        content = msgspec.structs.replace(content, status=503)
    request_line = f"{request.method} {request.path}"[:MAX_CHARS]
    if content.status == 500:
        log.error("%s failed", request_line, exc_info=error)
    elif isinstance(error, ClusterError):
        log.error("%s failed: %s", request_line, error)
    removed = error if isinstance(error, PublicationRemoved) else None
    if request.path.startswith("/api/") or request.path == "/healthz":
        hint = " ".join(filter(None, (content.hint, content.remedy)))
        body_fields = {"code": content.code, "message": content.message, "hint": hint}
        if removed:
            body_fields["title"] = removed.title
            body_fields["removed"] = removed.time.isoformat()
            body_fields["search"] = removed.search_url
        body = msgspec.json.encode({"error": body_fields})
        response = Response(body, content.status, content_type="application/json")
    else:
        page = render_template(
            "error.html",
            error=content,
            title_search=removed.search_url if removed and removed.title else "",
            text=request.args.get("q", ""),
        )
        response = Response(page, content.status, content_type="text/html; charset=utf-8")
    if isinstance(error, MethodNotAllowed):
        response.headers["Allow"] = ", ".join(sorted(error.valid_methods or ()))
    if content.retry_after:
        response.headers["Retry-After"] = str(content.retry_after)
    return response
