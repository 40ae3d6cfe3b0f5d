"""The server log on standard error: JSON for programs, or short lines on a terminal.

Control characters are escaped, so that no client can forge a line or control a terminal. Query
strings are logged only if a setting asks for them.
"""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime
from time import perf_counter

from flask import Flask, Response, g, has_request_context, request

from search_app.web.zero_result_log import printable

log = logging.getLogger(__name__)

LONGEST = 1000
"""Maximum characters of a logged value that a client sent. Log collectors split lines that are too
long."""


class Lines(logging.Formatter):
    """A formatter that returns a record as a line of JSON, with the id of its request."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, without a line break."""
        told: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if has_request_context() and "request_id" in g:
            told["request"] = g.request_id
        told |= getattr(record, "told", {})
        if record.exc_info:
            told["exception"] = self.formatException(record.exc_info)
        return json.dumps(told).replace("\x7f", "\\u007f")


class Short(logging.Formatter):
    """A formatter for terminals: the local time of day, then the request or the message."""

    def format(self, record: logging.LogRecord) -> str:
        """Return one line, followed by the traceback if there is one."""
        time = f"{datetime.fromtimestamp(record.created, UTC).astimezone():%H:%M:%S}"
        told = getattr(record, "told", {})
        if "path" in told:  # the path comes last, as it may contain anything
            asked = "?".join([told["path"], *filter(None, [told.get("parameters")])])
            what = f"{told['status']} {told['milliseconds']:8.1f} ms  {told['method']} {asked}"
        else:
            what = f"{record.levelname.lower()}: {record.getMessage()}"
        below = self.formatException(record.exc_info).splitlines() if record.exc_info else []
        return "\n".join(map(printable, [f"{time}  {what}", *below]))


def set_up(*, is_json: bool) -> None:
    """Replace the log handlers of this process by one for standard error, from level INFO."""
    handler = logging.StreamHandler()
    handler.setFormatter(Lines() if is_json or not sys.stderr.isatty() else Short())
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.INFO)


def register(app: Flask, *, has_queries: bool) -> None:
    """Log each response: client, method, path, status, size, and time in milliseconds."""

    def told(answer: Response) -> Response:
        if log.isEnabledFor(logging.INFO):
            seen = {
                "address": request.remote_addr,
                "method": request.method[:LONGEST],
                "path": request.path[:LONGEST],
                "status": answer.status_code,
                "bytes": answer.content_length,
                "milliseconds": round((perf_counter() - g.began) * 1000, 2),
            }
            if has_queries:
                seen["parameters"] = request.query_string.decode("latin-1")[:LONGEST]
            log.info("answered", extra={"told": seen})
        return answer

    app.after_request(told)
