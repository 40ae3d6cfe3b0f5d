"""The security headers and the request id of every response.

`web.server` also sends `HEADERS` with the requests that it rejects.
"""

from __future__ import annotations

from flask import Flask, Response, g, request

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
POLICIES = {
    "files.serve_file": "default-src 'none'; sandbox",
    "appearance.serve_logo": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
}
"""Content security policies of the routes that send what others made, 304 included.

Whatever a file contains, it runs no script, and loads and sends nothing. An SVG may contain
scripts, which run if it is opened as a page.
"""
FOR_PROGRAMS = ("/api/", "/export/", "/feed.atom", "/list/export/", "/unapi")
"""Path prefixes of the responses that a setting opens to scripts of other sites."""


def register(app: Flask, hsts: int, cors: str) -> None:
    """Add the headers to every response.

    Over TLS, `Strict-Transport-Security` lasts `hsts` seconds. With 0 it is left out. Scripts of
    the origin `cors` may read the responses for programs. Any origin may if it is `*`, and none if
    it is empty.
    """
    opened = {
        "Access-Control-Allow-Origin": cors,
        "Access-Control-Expose-Headers": "Content-Disposition, Retry-After",
        "Cross-Origin-Resource-Policy": "cross-origin",
    }

    def add_headers(response: Response) -> Response:
        response.headers.update(HEADERS)
        if response.status_code < 400 and (policy := POLICIES.get(request.endpoint or "")):
            response.headers["Content-Security-Policy"] = policy
        if cors and request.path.startswith(FOR_PROGRAMS):
            response.headers.update(opened)
        response.headers["X-Request-ID"] = g.request_id
        if hsts and request.is_secure:
            response.headers["Strict-Transport-Security"] = f"max-age={hsts}"
        return response

    app.after_request(add_headers)
