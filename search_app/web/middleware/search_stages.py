"""The stages of the searches of a request: their sum, the `Server-Timing` header, and what is slow.

The log and the metrics have them too, also of a search that fails or exceeds its budget.
"""

from __future__ import annotations

from collections.abc import Mapping
from time import perf_counter

from flask import Flask, Response, g, has_request_context

from search_app.engine import Engine


def register(app: Flask, engine: Engine, slow: int) -> None:
    """Collect the stages of each request, and add the header to responses that have some.

    Searches that take `slow` milliseconds together are slow. With 0, none are. Flask runs
    after-request functions in reverse order. This one must be registered first, so that `server`
    includes the time of all others.
    """

    def collect(stages: Mapping[str, float]) -> None:
        if has_request_context():
            found = get_stages()
            g.stages = found | {name: found.get(name, 0.0) + each for name, each in stages.items()}
            g.is_slow = 0 < slow <= sum(g.stages.values())

    def add_header(response: Response) -> Response:
        if stages := get_stages():
            elapsed = (perf_counter() - g.began) * 1000
            all_stages = {**stages, "server": max(elapsed - sum(stages.values()), 0.0)}
            header = ", ".join(
                [f"{name};dur={milliseconds:.2f}" for name, milliseconds in all_stages.items()]
            )
            response.headers["Server-Timing"] = header
        return response

    engine.on_search = collect
    app.after_request(add_header)


def get_stages() -> dict[str, float]:
    """Return the time of each stage of the searches of the current request, in milliseconds."""
    stages: dict[str, float] = g.get("stages", {})
    return stages


def is_slow() -> bool:
    """Return whether the searches of the current request are slow."""
    return bool(g.get("is_slow"))
