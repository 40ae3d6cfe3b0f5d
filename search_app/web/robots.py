"""Rules for crawlers: robots.txt (RFC 9309) and the header `X-Robots-Tag`.

A crawler may follow the list of all publications, page by page, and each publication, also as a hit
of that list, in each language. The number of searches and combinations of filters is unlimited, and
they lead to no other publication. robots.txt keeps crawlers from requesting these URLs. It allows
feeds, to which readers subscribe. The header keeps the URLs that are requested anyway out of search
engines.
"""

from __future__ import annotations

import re

from flask import Flask, Response, request

from search_app.i18n.interface import LANGUAGES
from search_app.web.addresses import make_absolute
from search_app.web.middleware.path_prefix import get_root

FEED = "/feed.atom"
CLOSED_PATHS = (
    "/advanced", "/api/", "/export/", "/facet/", "/healthz", "/list", "/metrics", "/opensearch/",
    "/search-record", "/unapi",
)  # fmt: skip
"""Path prefixes that are for programs and users, not for crawlers."""
# Their order does not matter: of the rules that match a URL, the longest applies.
RULES = (
    ("Disallow", "/*?"),
    ("Allow", "/?page="),
    ("Allow", FEED),
    ("Disallow", "/?page=*&"),
    ("Allow", "/publication/*?hit="),
    ("Disallow", "/publication/*?hit=*&"),
    *(("Disallow", path) for path in CLOSED_PATHS),
)


def register(app: Flask) -> None:
    """Add the route of robots.txt, and the header on all responses that crawlers must not index."""
    app.add_url_rule("/robots.txt", view_func=serve_robots_txt)
    app.after_request(_add_header)


def serve_robots_txt() -> Response:
    """Return the rules for the site below its prefix, and the URL of its sitemap."""
    root = get_root()
    starts = [root, *(f"{root}/{code}" for code in LANGUAGES)]
    lines = [f"{rule}: {start}{path}" for start in starts for rule, path in RULES]
    sitemap = make_absolute(f"{root}/sitemap.xml")
    text = "\n".join(["User-agent: *", *lines, f"Sitemap: {sitemap}", ""])
    return Response(text, content_type="text/plain; charset=utf-8")


def _add_header(response: Response) -> Response:
    if response.status_code >= 400 or not _is_crawlable(request.path, request.query_string):
        response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response


def _is_crawlable(path: str, query: bytes) -> bool:
    """Return whether crawlers may request a URL. `RULES` must state the same."""
    if query and path.startswith("/publication/"):
        return re.fullmatch(rb"hit=[^&]*", query) is not None
    if query and path != FEED:
        return path == "/" and re.fullmatch(rb"page=[^&]*", query) is not None
    return not path.startswith(CLOSED_PATHS)
