"""The metrics of the site are correct."""

import re
from collections import Counter
from math import inf
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families

from indexer.generations import publish
from search_app import config, create_app
from search_app.engine import Engine
from tests.catalogue import PATIENT


def numbers(client: FlaskClient) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    text = client.get("/metrics").text
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


@pytest.fixture
def client(catalogue_index: Path) -> FlaskClient:
    return create_app(config.load(PATIENT, index=catalogue_index)).test_client()


def test_requests_are_counted_by_route(client: FlaskClient) -> None:
    """Every request counts once, under its route and never under its URL."""
    asked = ["/?q=organ", "/?q=law", "/api/search", "/publication/none", "/a/b", "/?page=x"]
    for address in asked:
        client.get(address)
    found = numbers(client)
    counted = Counter(
        {
            (dict(labels)["route"], dict(labels)["status"]): value
            for (name, labels), value in found.items()
            if name == "pubsearch_requests_total"
        }
    )
    assert counted == {
        ("/", "200"): 2, ("/", "400"): 1, ("/api/search", "200"): 1,
        ("/publication/<path:identity>", "404"): 1, ("none", "404"): 1,
    }  # fmt: skip
    taken = found["pubsearch_request_seconds_count", frozenset({("route", "/")})]
    assert taken == 3


def test_stages_of_searches_are_timed(client: FlaskClient) -> None:
    client.get("/?q=organ")
    found = numbers(client)
    for stage in ("parse", "match", "score", "facets", "passages", "render"):
        assert found["pubsearch_stage_seconds_count", frozenset({("stage", stage)})] == 1


@pytest.mark.parametrize(
    "address",
    ["/?q=organ", "/api/search?q=organ", "/feed.atom?q=organ", "/export/ris?q=organ",
     "/api/suggest?q=organ", "/search-record?q=organ", "/facet/year?q=organ"],
)  # fmt: skip
@pytest.mark.parametrize("status", [200, 503])
def test_each_search_is_timed(catalogue_index: Path, address: str, status: int) -> None:
    """A search of any route has stages in the metrics, and a search over its budget has too.

    Slow ones are counted by route.
    """
    engine = Engine(catalogue_index, budget=inf if status == 200 else 0)
    app = create_app(config.load(PATIENT, index=catalogue_index, slow=1), engine)
    client, route = app.test_client(), address.partition("?")[0].replace("/ris", "/<name>")
    with client.get(address) as answer:
        assert answer.status_code == status
        *stages, _ = re.findall(r"(\w+);dur=", answer.headers["Server-Timing"])
    found = numbers(client)
    for stage in stages:
        assert found["pubsearch_stage_seconds_count", frozenset({("stage", stage)})] == 1
    assert stages
    total = sum(found["pubsearch_stage_seconds_sum", labels] for name, labels in found
                if name == "pubsearch_stage_seconds_sum")  # fmt: skip
    label = frozenset({("route", route.replace("/year", "/<name>"))})
    assert found.get(("pubsearch_slow_searches_total", label), 0) == int(total >= 0.001)


def test_metrics_describe_the_index(client: FlaskClient) -> None:
    client.get("/")
    found = numbers(client)
    health = client.get("/healthz").json
    assert health is not None
    assert found["pubsearch_publications", frozenset()] == health["publication_count"] == 136
    name = frozenset({("name", health["generation"])})
    assert found["pubsearch_generation_info", name] == 1
    assert found["pubsearch_up", frozenset()] == 1
    assert found["pubsearch_degraded", frozenset()] == 0
    assert found["pubsearch_built_timestamp_seconds", frozenset()] > 1.7e9


def test_metrics_describe_the_last_build(index: Path) -> None:
    client = create_app(config.load(PATIENT, index=index)).test_client()
    (index / publish.LAST_BUILD_FILE).unlink()
    assert ("pubsearch_last_build_success", frozenset()) not in numbers(client)
    publish.write_last_build(index, "failed", 2.5, "the disk is full")
    found = numbers(client)
    assert found["pubsearch_last_build_success", frozenset()] == 0
    assert found["pubsearch_last_build_seconds", frozenset()] == 2.5
    assert found["pubsearch_last_build_timestamp_seconds", frozenset()] > 1.7e9
    publish.write_last_build(index, "published", 1.0)
    assert numbers(client)["pubsearch_last_build_success", frozenset()] == 1


def test_metrics_report_a_missing_index(tmp_path: Path) -> None:
    """Without an index, the metric `pubsearch_up` is 0."""
    client = create_app(config.load(PATIENT, index=tmp_path)).test_client()
    found = numbers(client)
    assert found["pubsearch_up", frozenset()] == 0
