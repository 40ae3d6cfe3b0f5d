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


def register(app: Flask, hsts: int) -> None:
    """Add the headers to every response.

    Over TLS, `Strict-Transport-Security` lasts `hsts` seconds. With 0 it is left out.
    """

    def add_headers(response: Response) -> Response:
        response.headers.update(HEADERS)
        response.headers["X-Request-ID"] = g.request_id
        if hsts and request.is_secure:
            response.headers["Strict-Transport-Security"] = f"max-age={hsts}"
        return response

    app.after_request(add_headers)
