"""What robots are told: which addresses they may walk, and which are not to be listed anywhere.

They walk the list of everything, page by page, and from there each publication. Searches and
combinations of filters are without number, and lead to nothing that is not reached so. robots.txt
says it before an address is asked for (RFC 9309), a header where one was asked for all the same.
"""

from __future__ import annotations

import re

from flask import Flask, Response, request

CLOSED = ("/api/", "/facet/", "/healthz", "/metrics")
"""Addresses that begin so are for programs and readers, not for robots."""
# Of the rules that fit an address the longest holds.
RULES = (
    ("Disallow", "/*?"),
    ("Allow", "/?page="),
    ("Disallow", "/?page=*&"),
    *(("Disallow", path) for path in CLOSED),
)


def register(app: Flask) -> None:
    """Adds robots.txt, and the header on what is not for robots."""
    app.add_url_rule("/robots.txt", view_func=robots_txt)
    app.after_request(_with_header)


def robots_txt() -> Response:
    """Return the rules for the site below its prefix."""
    lines = [f"{rule}: {request.script_root}{path}" for rule, path in RULES]
    text = "\n".join(["User-agent: *", *lines, ""])
    return Response(text, content_type="text/plain; charset=utf-8")


def _with_header(answer: Response) -> Response:
    if answer.status_code >= 400 or not _is_walked(request.path, request.query_string):
        answer.headers["X-Robots-Tag"] = "noindex, nofollow"
    return answer


def _is_walked(path: str, query: bytes) -> bool:
    """Whether robots may walk an address: `RULES` say the same."""
    if query:
        return path == "/" and re.fullmatch(rb"page=[^&]*", query) is not None
    return not path.startswith(CLOSED)
