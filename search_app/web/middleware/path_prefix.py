"""Serve the site below a path prefix: move the prefix of each request from its path to SCRIPT_NAME.

Links begin with SCRIPT_NAME. gunicorn copies SCRIPT_NAME from a header that any client can send, so
a value from the server is treated as part of the path.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from werkzeug.exceptions import BadRequest, NotFound
from werkzeug.middleware.proxy_fix import ProxyFix

from search_app.config import PREFIX, Settings
from search_app.i18n.translation import gettext

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

MISPLACED = "pubsearch.misplaced"
"""WSGI environment key of the error for a request with a wrong prefix. `access` raises it."""
MAX_PREFIX_CHARS = 200
"""Maximum characters of a prefix from a proxy. Each link of a page repeats it."""


def mount(app: WSGIApplication, settings: Settings) -> WSGIApplication:
    """Return the application wrapped for its path prefix and its trusted proxies."""

    def serve_below(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        _move_prefix(environ, settings.prefix)
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
