"""The log of a server, on standard error: JSON for programs, or short lines on a terminal.

Control characters are escaped, so that nothing that a client sends can forge a line or steer a
terminal. The log does not record what was searched for, unless a setting asks for it.
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
"""So many characters of what was sent are told: what collects logs cuts lines that are too long,
and takes the rest for another."""


class Lines(logging.Formatter):
    """Makes a line of JSON of what is logged, with the id of the request that it belongs to."""

    def format(self, record: logging.LogRecord) -> str:
        """The line, without its end."""
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
    """Formats a record for a person: the time of day here, then the request or the message."""

    def format(self, record: logging.LogRecord) -> str:
        """Return one line, and below it the traceback if there is one."""
        time = f"{datetime.fromtimestamp(record.created, UTC).astimezone():%H:%M:%S}"
        told = getattr(record, "told", {})
        if "path" in told:  # last, as it may contain anything
            asked = "?".join([told["path"], *filter(None, [told.get("parameters")])])
            what = f"{told['status']} {told['milliseconds']:8.1f} ms  {told['method']} {asked}"
        else:
            what = f"{record.levelname.lower()}: {record.getMessage()}"
        below = self.formatException(record.exc_info).splitlines() if record.exc_info else []
        return "\n".join(map(printable, [f"{time}  {what}", *below]))


def set_up(*, is_json: bool) -> None:
    """Print all that this process logs, from now on: as JSON, or for a person on a terminal."""
    handler = logging.StreamHandler()
    handler.setFormatter(Lines() if is_json or not sys.stderr.isatty() else Short())
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.INFO)


def register(app: Flask, *, has_queries: bool) -> None:
    """Has each answer logged: what was asked for, by whom, and how long it took."""

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
