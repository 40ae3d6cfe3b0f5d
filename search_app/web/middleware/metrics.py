"""Prometheus metrics of the requests, the index, and the last build.

Each worker process counts its own requests. If PROMETHEUS_MULTIPROC_DIR names a folder, the counts
of all workers are summed there.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import datetime
from time import perf_counter

from flask import Flask, Response, g, request
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

from search_app.engine import Engine
from search_app.web.middleware.search_stages import get_stages, is_slow

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
"""Upper bounds of the buckets of a histogram, in seconds."""
METHODS = frozenset({"GET", "HEAD"})
"""Methods with a label of their own. All others share one, so the number of series is bounded."""
TYPE = "text/plain; version=0.0.4; charset=utf-8"
"""The content type of the text format of Prometheus."""


disable_created_metrics()  # type: ignore[no-untyped-call]  # the start time of a series is not needed


class Metrics:
    """The metrics of one application: counts and times of its responses, and its index."""

    def __init__(self, engine: Engine) -> None:
        self._own, self._index = CollectorRegistry(), CollectorRegistry()
        self._index.register(_IndexCollector(engine))
        self._requests = Counter(
            "pubsearch_requests", "Responses, by route, method, and status.",
            ("route", "method", "status"), registry=self._own,
        )  # fmt: skip
        self._seconds = Histogram(
            "pubsearch_request_seconds", "Time of a response in seconds, by route.",
            ("route",), buckets=SECONDS, registry=self._own,
        )  # fmt: skip
        self._stages = Histogram(
            "pubsearch_stage_seconds", "Time of each stage of a search in seconds.",
            ("stage",), buckets=SECONDS, registry=self._own,
        )  # fmt: skip
        self._slow = Counter(
            "pubsearch_slow_searches", "Responses to slow searches, by route.",
            ("route",), registry=self._own,
        )  # fmt: skip

    def register(self, app: Flask) -> None:
        """Count every response."""

        def count_request(response: Response) -> Response:
            route = request.url_rule.rule if request.url_rule else "none"
            method = request.method if request.method in METHODS else "other"
            self._requests.labels(route, method, response.status_code).inc()
            self._seconds.labels(route).observe(perf_counter() - g.began)
            for stage, milliseconds in get_stages().items():
                self._stages.labels(stage).observe(milliseconds / 1000)
            if is_slow():
                self._slow.labels(route).inc()
            return response

        app.after_request(count_request)

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
        if last := self._engine.read_last_build():
            for name, text, number in (
                ("timestamp_seconds", "Unix time at which the last build ended.",
                 datetime.fromisoformat(last.at).timestamp()),
                ("success", "0 if the last build failed, otherwise 1.", last.status != "failed"),
                ("seconds", "Time of the last build in seconds.", last.seconds),
            ):  # fmt: skip
                yield GaugeMetricFamily(f"pubsearch_last_build_{name}", text, float(number))
        snapshot, is_degraded = self._engine.current, self._engine.failed is not None
        yield GaugeMetricFamily(
            "pubsearch_up", "1 if there is an index, otherwise 0.", int(snapshot is not None)
        )
        yield GaugeMetricFamily(
            "pubsearch_degraded",
            "1 if the live index cannot be opened and an earlier one is in use, otherwise 0.",
            int(is_degraded),
        )
        if snapshot is None:
            return
        manifest = snapshot.generation.manifest
        yield InfoMetricFamily(
            "pubsearch_generation", "The generation in use.", {"name": snapshot.name}
        )
        built = datetime.fromisoformat(manifest.built).timestamp()
        for name, text, number in (
            ("publications", "Number of publications in the index.", snapshot.size),
            (
                "problems",
                "Number of problems in the corpus when the index was built.",
                len(manifest.problems),
            ),
            ("build_seconds", "Time of the build of this index in seconds.", manifest.seconds),
            ("built_timestamp_seconds", "Unix time at which the index was built.", built),
        ):
            yield GaugeMetricFamily(f"pubsearch_{name}", text, number)
