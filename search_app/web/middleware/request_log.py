"""The server log on standard error: JSON for programs, or short lines on a terminal.

Control characters are escaped, so that no client can forge a line or control a terminal. Query
strings are logged only if a setting asks for them, or for slow searches.
"""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime
from time import perf_counter

from flask import Flask, Response, g, has_request_context, request

from search_app.web.middleware.path_prefix import LANGUAGE
from search_app.web.middleware.search_stages import get_stages, is_slow
from search_app.web.zero_result_log import escape_unprintable

log = logging.getLogger(__name__)

MAX_CHARS = 1000
"""Maximum characters of a logged value that a client sent. Log collectors split lines that are too
long."""


class JsonFormatter(logging.Formatter):
    """A formatter that returns a record as a line of JSON, with the id of its request."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, without a line break."""
        log_fields: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if has_request_context() and "request_id" in g:
            log_fields["request"] = g.request_id
        log_fields |= getattr(record, "log_fields", {})
        if record.exc_info:
            log_fields["exception"] = self.formatException(record.exc_info)
        return json.dumps(log_fields).replace("\x7f", "\\u007f")


class TerminalFormatter(logging.Formatter):
    """A formatter for terminals: the local time of day, then the request or the message."""

    def format(self, record: logging.LogRecord) -> str:
        """Return one line, followed by the traceback if there is one."""
        time = f"{datetime.fromtimestamp(record.created, UTC).astimezone():%H:%M:%S}"
        fields = getattr(record, "log_fields", {})
        if "path" in fields:  # the path comes last, as it may contain anything
            target = "?".join([fields["path"], *filter(None, [fields.get("parameters")])])
            message = (
                f"{fields['status']} {fields['milliseconds']:8.1f} ms  {fields['method']} {target}"
            )
        else:
            message = f"{record.levelname.lower()}: {record.getMessage()}"
        traceback_lines = (
            self.formatException(record.exc_info).splitlines() if record.exc_info else []
        )
        return "\n".join(map(escape_unprintable, [f"{time}  {message}", *traceback_lines]))


def set_up(*, is_json: bool) -> None:
    """Replace the log handlers of this process by one for standard error, from level INFO."""
    handler = logging.StreamHandler()
    handler.setFormatter(
        JsonFormatter() if is_json or not sys.stderr.isatty() else TerminalFormatter()
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.INFO)


def _get_path() -> str:
    """Return the path of the request below the path prefix, with its language."""
    language = request.environ.get(LANGUAGE)
    return f"/{language}{request.path}" if language else request.path


def register(app: Flask, *, has_queries: bool) -> None:
    """Log each response: client, method, path, status, size, and time in milliseconds.

    The stages of its searches are logged too, and the query of a slow search.
    """

    def log_request(response: Response) -> Response:
        level = logging.WARNING if is_slow() else logging.INFO
        if log.isEnabledFor(level):
            log_fields: dict[str, object] = {
                "address": request.remote_addr and request.remote_addr[:MAX_CHARS],
                "method": request.method[:MAX_CHARS],
                "path": _get_path()[:MAX_CHARS],
                "status": response.status_code,
                "bytes": response.content_length,
                "milliseconds": round((perf_counter() - g.began) * 1000, 2),
            }
            if stages := get_stages():
                log_fields["stages"] = {name: round(each, 2) for name, each in stages.items()}
            if has_queries or is_slow():
                log_fields["parameters"] = request.query_string.decode("latin-1")[:MAX_CHARS]
            message = "slow search" if is_slow() else "answered"
            log.log(level, message, extra={"log_fields": log_fields})
        return response

    app.after_request(log_request)
