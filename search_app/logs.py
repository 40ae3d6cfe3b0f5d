"""What a server tells of itself: a line of JSON for each thing that happened, on standard error.

All but ASCII is escaped, control characters too, so that nothing that was sent can forge a line
or steer a terminal. What was searched for is not told, unless a setting asks for it.
"""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from time import perf_counter

from flask import Flask, Response, g, has_request_context, request

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


def set_up() -> None:
    """Has all that is logged in this process printed so, from now on."""
    handler = logging.StreamHandler()
    handler.setFormatter(Lines())
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
