"""The language of a request: that of its path, or else the catalogue's own.

A page in another language has the code of the language in front of its path: `/fr/about`. The
address without a code is the page in the catalogue's own language. So caches may keep each page,
and nobody is redirected because of the settings of a browser. The API takes a parameter `lang`.
"""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import quote

from flask import Flask, Response, redirect, request
from werkzeug.wrappers import Response as WsgiResponse

from search_app.engine import Engine
from search_app.engine.request import MAX_QUERY_BYTES
from search_app.i18n.interface import LANGUAGES, Interface, find_language, load_interface
from search_app.i18n.translation import current, use
from search_app.search_url import read_choice
from search_app.web.middleware.path_prefix import LANGUAGE, get_root

MAX_LINKED_QUERY = MAX_QUERY_BYTES
"""Limit on the bytes of a query string that is repeated in the links to all languages."""
SAFE = "/:@!$&'()*+,;=~"
"""Characters that a path has as they are (RFC 3986), with letters, digits, and `-._`."""


class LanguageLink(NamedTuple):
    """A link to a page in another language. `path` begins with the path prefix of the site.

    `offer` is a sentence in that language which offers the page. `is_own` says whether it is the
    catalogue's own language, whose pages have no code.
    """

    interface: Interface
    path: str
    offer: str
    is_own: bool


def register_choice(app: Flask, engine: Engine) -> None:
    """Use the language of each request, also for errors of other middleware, and state it."""
    for code in LANGUAGES:
        load_interface(code)  # threads and forked processes share it

    def choose_language() -> None:
        code = request.environ[LANGUAGE] or get_own_language(engine)
        named = request.args.get("lang", "") if request.path.startswith("/api/") else ""
        use(load_interface(named if named in LANGUAGES else code))

    def add_language(response: Response) -> Response:
        if response.mimetype == "text/html":
            response.content_language.add(current().code)
        return response

    app.before_request(choose_language)
    app.after_request(add_language)


def register_checks(app: Flask, engine: Engine) -> None:
    """Redirect from the code of the catalogue's own language, and check the parameter `lang`."""

    def check_language() -> WsgiResponse | None:
        if request.path.startswith("/api/"):
            read_choice(request.args, "lang", LANGUAGES)
        elif engine.current and request.environ[LANGUAGE] == (own := get_own_language(engine)):
            # The next build may have another language, so no browser may keep the redirect.
            return redirect(_make_path(own, own))
        return None

    app.before_request(check_language)


def get_own_language(engine: Engine) -> str:
    """Return the language of pages without a code: that of the catalogue, or English."""
    searcher = engine.current
    return find_language(searcher.catalogue.language if searcher else "")


def find_page_language(engine: Engine) -> str:
    """Return the BCP 47 tag of the page: with the variant of the catalogue, if it has one."""
    own, code = engine.current.catalogue.language if engine.current else "", current().code
    return own if own.partition("-")[0].lower() == code else code


def list_language_links(engine: Engine) -> list[LanguageLink]:
    """Return links to the current page in each language.

    There are none if its query string is too long for links.
    """
    own = get_own_language(engine)
    if len(request.query_string) > MAX_LINKED_QUERY:
        return []
    return [
        LanguageLink(
            interface,
            _make_path(code, own),
            # Each translation names its own language here.
            interface.gettext("Read this page in English"),
            code == own,
        )
        for code in LANGUAGES
        for interface in (load_interface(code),)
    ]


def _make_path(code: str, own: str) -> str:
    """Return the path of the current page in a language, with its query string."""
    start = get_root() if code == own else f"{get_root()}/{code}"
    query = request.query_string.decode("ascii")
    path = f"{start}{quote(request.path, safe=SAFE)}"
    return f"{path}?{query}" if query else path
