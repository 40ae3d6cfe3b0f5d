"""Monitoring for operators: the server log, `Server-Timing`, and Prometheus metrics.

The log goes to standard error: JSON for programs, or short lines on a terminal. Control characters
are escaped, so that no client can forge a line or control a terminal. Query strings are logged only
if a setting asks for them, or for slow searches.

Each worker process counts its own requests. If PROMETHEUS_MULTIPROC_DIR names a folder, the counts
of all workers are summed there.
"""

from __future__ import annotations

import json
import logging
import os
import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from time import perf_counter

from flask import Flask, Response, g, has_request_context, request
from prometheus_client import (
    CollectorRegistry,
    Counter,
    Histogram,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from indexer.analysis.cleaning import escape_unprintable
from search_app.config import Settings
from search_app.engine import Engine
from search_app.web.incoming import LANGUAGE

log = logging.getLogger(__name__)

MAX_CHARS = 1000
"""Maximum characters of a logged value that a client sent. Log collectors split lines that are too
long."""
SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
"""Upper bounds of the buckets of a histogram, in seconds."""
METHODS = frozenset({"GET", "HEAD"})
"""Methods with a label of their own. All others share one, so the number of series is bounded."""
TYPE = "text/plain; version=0.0.4; charset=utf-8"
"""The content type of the text format of Prometheus."""

disable_created_metrics()  # type: ignore[no-untyped-call]  # the start time of a series is not needed


def register(app: Flask, engine: Engine, metrics: Metrics, settings: Settings) -> None:
    """Measure, count and log each response, with the stages of its searches.

    The stages of a search that fails or exceeds its budget count too. Searches that take
    `settings.slow` milliseconds together are slow. With 0, none are. Flask runs after-request
    functions in reverse order. Those registered before this one are not measured.
    """

    def collect(stages: Mapping[str, float]) -> None:
        if has_request_context():
            found = _get_stages()
            g.stages = found | {name: found.get(name, 0.0) + each for name, each in stages.items()}
            g.is_slow = 0 < settings.slow <= sum(g.stages.values())

    def state_times(response: Response) -> Response:
        if stages := _get_stages():
            elapsed = (perf_counter() - g.began) * 1000
            all_stages = {**stages, "server": max(elapsed - sum(stages.values()), 0.0)}
            response.headers["Server-Timing"] = ", ".join(
                [f"{name};dur={milliseconds:.2f}" for name, milliseconds in all_stages.items()]
            )
        return response

    def log_request(response: Response) -> Response:
        is_slow = g.get("is_slow", False)
        level = logging.WARNING if is_slow else logging.INFO
        if log.isEnabledFor(level):
            language = request.environ[LANGUAGE]
            path = f"/{language}{request.path}" if language else request.path
            log_fields: dict[str, object] = {
                "address": request.remote_addr and request.remote_addr[:MAX_CHARS],
                "method": request.method[:MAX_CHARS],
                "path": path[:MAX_CHARS],
                "status": response.status_code,
                "bytes": response.content_length,
                "milliseconds": round((perf_counter() - g.began) * 1000, 2),
            }
            if stages := _get_stages():
                log_fields["stages"] = {name: round(each, 2) for name, each in stages.items()}
            if settings.log_queries or is_slow:
                log_fields["parameters"] = request.query_string.decode("latin-1")[:MAX_CHARS]
            message = "slow search" if is_slow else "answered"
            log.log(level, message, extra={"log_fields": log_fields})
        return response

    def count_request(response: Response) -> Response:
        metrics.count(response.status_code)
        return response

    engine.on_search = collect
    app.after_request(state_times)
    app.after_request(log_request)
    app.after_request(count_request)


def _get_stages() -> dict[str, float]:
    """Return the time of each stage of the searches of the current request, in milliseconds."""
    stages: dict[str, float] = g.get("stages", {})
    return stages


# The log


def set_up_log(*, is_json: bool) -> None:
    """Replace the log handlers of this process by one for standard error, from level INFO."""
    handler = logging.StreamHandler()
    handler.setFormatter(
        JsonFormatter() if is_json or not sys.stderr.isatty() else TerminalFormatter()
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.INFO)


class JsonFormatter(logging.Formatter):
    """A formatter that returns a record as a line of JSON, with the id of its request."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, without a line break."""
        log_fields: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if has_request_context() and "request_id" in g:
            log_fields["request"] = g.request_id
        log_fields |= getattr(record, "log_fields", {})
        if record.exc_info:
            log_fields["exception"] = self.formatException(record.exc_info)
        return json.dumps(log_fields).replace("\x7f", "\\u007f")


class TerminalFormatter(logging.Formatter):
    """A formatter for terminals: the local time of day, then the request or the message."""

    def format(self, record: logging.LogRecord) -> str:
        """Return one line, followed by the traceback if there is one."""
        fields = getattr(record, "log_fields", {})
        message = f"{record.levelname.lower()}: {record.getMessage()}"
        if "path" in fields:  # the path comes last, as it may contain anything
            target = "?".join([fields["path"], *filter(None, [fields.get("parameters")])])
            numbers = f"{fields['status']} {fields['milliseconds']:8.1f} ms"
            message = f"{numbers}  {fields['method']} {target}"
        time = f"{datetime.fromtimestamp(record.created, UTC).astimezone():%H:%M:%S}"
        trace = self.formatException(record.exc_info).splitlines() if record.exc_info else []
        return "\n".join(map(escape_unprintable, [f"{time}  {message}", *trace]))


# The metrics


class Metrics:
    """The metrics of one application: counts and times of its responses, and its index."""

    def __init__(self, engine: Engine) -> None:
        self._own, self._index = CollectorRegistry(), CollectorRegistry()
        self._index.register(_IndexCollector(engine))
        self._requests = Counter(
            "pubsearch_requests",
            "Responses, by route, method, and status.",
            ("route", "method", "status"),
            registry=self._own,
        )
        self._slow = Counter(
            "pubsearch_slow_searches",
            "Responses to slow searches, by route.",
            ("route",),
            registry=self._own,
        )
        self._seconds, self._stages = (
            Histogram(name, text, (label,), buckets=SECONDS, registry=self._own)
            for name, text, label in (
                ("pubsearch_request_seconds", "Time of a response in seconds, by route.", "route"),
                ("pubsearch_stage_seconds", "Time of each stage of a search in seconds.", "stage"),
            )
        )

    def count(self, status: int) -> None:
        """Count the response to the current request."""
        route = request.url_rule.rule if request.url_rule else "none"
        method = request.method if request.method in METHODS else "other"
        self._requests.labels(route, method, status).inc()
        self._seconds.labels(route).observe(perf_counter() - g.began)
        for stage, milliseconds in _get_stages().items():
            self._stages.labels(stage).observe(milliseconds / 1000)
        if g.get("is_slow"):
            self._slow.labels(route).inc()

    def render(self) -> bytes:
        """Return all metrics in the text format of Prometheus."""
        requests = self._own
        if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
            requests = CollectorRegistry()
            MultiProcessCollector(requests)  # type: ignore[no-untyped-call]
        return generate_latest(requests) + generate_latest(self._index)


class _IndexCollector(Collector):
    """The metrics of the generation in use and of the last build."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def collect(self) -> Iterator[Metric]:
        """Yield the metrics of the last build, even if it failed, and of the generation in use."""
        searcher = self._engine.current
        for name, text, number in self._list_gauges():
            yield GaugeMetricFamily(f"pubsearch_{name}", text, number)
        if searcher:
            value = {"name": searcher.name}
            yield InfoMetricFamily("pubsearch_generation", "The generation in use.", value)

    def _list_gauges(self) -> Iterator[tuple[str, str, float]]:
        if last := self._engine.read_last_build():
            ended = datetime.fromisoformat(last.at).timestamp()
            yield "last_build_timestamp_seconds", "Unix time at which the last build ended.", ended
            is_success = last.status != "failed"
            yield "last_build_success", "0 if the last build failed, otherwise 1.", is_success
            yield "last_build_seconds", "Time of the last build in seconds.", last.seconds
        searcher, is_degraded = self._engine.current, self._engine.failed is not None
        yield "up", "1 if there is an index, otherwise 0.", searcher is not None
        yield (
            "degraded",
            "1 if the live index cannot be opened and an earlier one is in use, otherwise 0.",
            is_degraded,
        )
        if searcher is None:
            return
        manifest = searcher.generation.manifest
        yield "publications", "Number of publications in the index.", searcher.size
        what = "Number of problems in the corpus when the index was built."
        yield "problems", what, len(manifest.problems)
        yield "build_seconds", "Time of the build of this index in seconds.", manifest.seconds
        built = datetime.fromisoformat(manifest.built).timestamp()
        yield "built_timestamp_seconds", "Unix time at which the index was built.", built
