"""Serve the site below a path prefix: move the prefix of each request from its path to SCRIPT_NAME.

The code of a language that follows the prefix is moved too. Links begin with SCRIPT_NAME, so they
stay in the language. gunicorn copies SCRIPT_NAME from a header that any client can send, so
a value from the server is treated as part of the path.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, cast

from flask import request
from werkzeug.exceptions import BadRequest, NotFound
from werkzeug.middleware.proxy_fix import ProxyFix

from search_app.config import PREFIX, Settings
from search_app.i18n.interface import LANGUAGES, SOURCE, load_interface
from search_app.i18n.translation import gettext, use

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

MISPLACED = "pubsearch.misplaced"
"""WSGI environment key of the error for a request with a wrong prefix. `access` raises it."""
ROOT, LANGUAGE = "pubsearch.root", "pubsearch.language"
"""WSGI environment keys of the path prefix, and of the language in the path, which may be ""."""
SCHEMES = frozenset({"http", "https"})
MAX_PREFIX_CHARS = 200
"""Maximum characters of a prefix from a proxy. Each link of a page repeats it."""


def mount(app: WSGIApplication, settings: Settings) -> WSGIApplication:
    """Return the application wrapped for its path prefix and its trusted proxies."""

    def serve_below(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        scheme = environ["wsgi.url_scheme"].lower()
        # A proxy that passes on X-Forwarded-Proto lets a client choose it: links begin with it.
        environ["wsgi.url_scheme"] = scheme if scheme in SCHEMES else "http"
        use(load_interface(SOURCE))  # until the language of this request is known
        _move_prefix(environ, settings.prefix)
        _move_language(environ)
        return app(environ, start)

    count = settings.proxies  # with 0, ProxyFix uses none of the headers
    strips = count if settings.forwarded_prefix else 0
    inner = ProxyFix(serve_below, x_for=count, x_proto=count, x_host=count, x_prefix=strips)

    def serve_whole(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        environ["PATH_INFO"] = f"{environ.get('SCRIPT_NAME', '')}{environ.get('PATH_INFO', '')}"
        environ["SCRIPT_NAME"] = ""
        return inner(environ, start)

    return serve_whole


def _move_prefix(environ: WSGIEnvironment, prefix: str) -> None:
    """Move the prefix from PATH_INFO to SCRIPT_NAME, or store an error under MISPLACED.

    SCRIPT_NAME starts as the prefix that a trusted proxy has stripped already.
    """
    stripped, path = environ["SCRIPT_NAME"].rstrip("/"), environ["PATH_INFO"]
    if len(stripped) > MAX_PREFIX_CHARS or not re.fullmatch(PREFIX, stripped):
        stripped = ""
        message = gettext("The header X-Forwarded-Prefix must be a path such as /catalogue.")
        environ[MISPLACED] = BadRequest(message)
    elif f"{path}/".startswith(f"{prefix}/"):
        path = path.removeprefix(prefix)
    else:
        environ[MISPLACED] = NotFound()
    environ["SCRIPT_NAME"], environ["PATH_INFO"] = f"{stripped}{prefix}", path


def _move_language(environ: WSGIEnvironment) -> None:
    """Move the code of a language from PATH_INFO to SCRIPT_NAME, and store both parts."""
    root, path = environ["SCRIPT_NAME"], environ["PATH_INFO"]
    code = path.split("/", 2)[1] if path.startswith("/") else ""
    environ[ROOT], environ[LANGUAGE] = root, ""
    if code in LANGUAGES:
        environ[LANGUAGE] = code
        environ["SCRIPT_NAME"], environ["PATH_INFO"] = f"{root}/{code}", path[len(code) + 1 :]


def get_root() -> str:
    """Return the path prefix of the site, without a language."""
    return cast(str, request.environ.get(ROOT, ""))  # a worker renders its first page without it
