"""`Server-Timing`: the stages of an answer, in milliseconds, and all the rest as `server`."""

from __future__ import annotations

from time import perf_counter

from flask import Flask, Response, g


def register(app: Flask) -> None:
    """Add the header to answers that have stages.

    Flask runs the functions after a request in reverse order, so that this one has to be the first
    to be registered. `server` then has the time of all others too.
    """

    def timed(answer: Response) -> Response:
        if stages := g.get("stages"):
            passed = (perf_counter() - g.began) * 1000
            whole = {**stages, "server": max(passed - sum(stages.values()), 0.0)}
            header = ", ".join([f"{name};dur={taken:.2f}" for name, taken in whole.items()])
            answer.headers["Server-Timing"] = header
        return answer

    app.after_request(timed)
