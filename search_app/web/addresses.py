"""Absolute URLs of this site, for feeds, sitemaps, and programs that keep a URL.

Links within a page are paths. A client that stores a URL, or reads it out of its page, needs the
scheme and the host too.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from flask import current_app, request

from search_app.presentation.urls import make_publication_url
from search_app.web.middleware.path_prefix import get_root


def make_absolute(path: str) -> str:
    """Return the absolute URL of a path of this site. The path begins with the path prefix.

    The setting `site_url` names the scheme and the host. Without it they are those of the request,
    whose host `middleware.access` has checked.
    """
    origin: str = current_app.config["SITE_URL"] or f"{request.scheme}://{request.host}"
    return f"{origin}{path}"


def get_page_urls() -> Callable[[str], str]:
    """Return a function from an id to the permanent URL of its page. It outlives the request.

    The URL is absolute, and has no language.
    """
    return partial(make_publication_url, prefix=make_absolute(get_root()))
