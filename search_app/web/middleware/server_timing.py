"""The `Server-Timing` header: the stages of a search in milliseconds, and the rest as `server`."""

from __future__ import annotations

from time import perf_counter

from flask import Flask, Response, g


def register(app: Flask) -> None:
    """Add the header to responses that have stages.

    Flask runs after-request functions in reverse order. This one must be registered first, so that
    `server` includes the time of all others.
    """

    def add_header(response: Response) -> Response:
        if stages := g.get("stages"):
            elapsed = (perf_counter() - g.began) * 1000
            all_stages = {**stages, "server": max(elapsed - sum(stages.values()), 0.0)}
            header = ", ".join(
                [f"{name};dur={milliseconds:.2f}" for name, milliseconds in all_stages.items()]
            )
            response.headers["Server-Timing"] = header
        return response

    app.after_request(add_header)
