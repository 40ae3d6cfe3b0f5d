"""The sitemap: the URL of each publication, for crawlers (https://www.sitemaps.org/protocol.html).

It is an index of parts, because a part may have 50,000 URLs at most. It has the pages in the
catalogue's own language, which name those in the other languages (`hreflang`).
"""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from flask import Blueprint, Response

from search_app.engine import SearchRequest
from search_app.web.addresses import get_page_urls, make_absolute
from search_app.web.errors import page_not_found
from search_app.web.middleware.path_prefix import get_root
from search_app.web.routes import get_engine, get_searcher

_NAMESPACE = "http://www.sitemaps.org/schemas/sitemap/0.9"
PART_URLS = 50_000
"""Number of URLs in a part."""

sitemap = Blueprint("sitemap", __name__)


@sitemap.get("/sitemap.xml")
def index() -> Response:
    """Return the index of the parts. An empty catalogue has one empty part."""
    start = make_absolute(get_root())
    numbers = range(1, _count_parts() + 1)
    return _render("sitemapindex", "sitemap", (f"{start}/sitemap-{n}.xml" for n in numbers))


@sitemap.get("/sitemap-<int:number>.xml")
def part(number: int) -> Response:
    """Return a part, counted from 1. Raise NotFound, or TooBusy while another one is made."""
    if not 1 <= number <= _count_parts():
        raise page_not_found()
    request = SearchRequest(page=number, size=PART_URLS)
    with get_engine().list_ids(request, get_searcher()) as ids:
        return _render("urlset", "url", map(get_page_urls(), ids))


def _count_parts() -> int:
    return max(-(-get_searcher().size // PART_URLS), 1)


def _render(root_tag: str, tag: str, urls: Iterable[str]) -> Response:
    """Return a document of URLs. All were last modified by the build of the index.

    It is made as text, because 100,000 elements of lxml take five times as long.
    """
    built = escape(get_searcher().generation.manifest.built)
    entries = "".join(
        f"<{tag}><loc>{escape(url)}</loc><lastmod>{built}</lastmod></{tag}>" for url in urls
    )
    body = f'<?xml version="1.0" encoding="utf-8"?>\n<{root_tag} xmlns="{_NAMESPACE}">{entries}'
    return Response(f"{body}</{root_tag}>", content_type="application/xml; charset=utf-8")
