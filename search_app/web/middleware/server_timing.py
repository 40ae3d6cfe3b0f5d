"""The `Server-Timing` header: the stages of a search in milliseconds, and the rest as `server`."""

from __future__ import annotations

from time import perf_counter

from flask import Flask, Response, g


def register(app: Flask) -> None:
    """Add the header to responses that have stages.

    Flask runs after-request functions in reverse order. This one must be registered first, so that
    `server` includes the time of all others.
    """

    def timed(answer: Response) -> Response:
        if stages := g.get("stages"):
            passed = (perf_counter() - g.began) * 1000
            whole = {**stages, "server": max(passed - sum(stages.values()), 0.0)}
            header = ", ".join([f"{name};dur={taken:.2f}" for name, taken in whole.items()])
            answer.headers["Server-Timing"] = header
        return answer

    app.after_request(timed)
