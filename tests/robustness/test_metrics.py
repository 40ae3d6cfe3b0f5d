"""Numbers for whoever keeps the site running are true."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families

from indexer.generations import last_build
from search_app import config, create_app
from tests.catalogue import PATIENT


def numbers(client: FlaskClient) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    """All numbers that are told, by name and labels."""
    text = client.get("/metrics").text
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


@pytest.fixture
def client(catalogue_index: Path) -> FlaskClient:
    """A client of a fresh application of the catalogue."""
    return create_app(config.load(PATIENT, index=catalogue_index)).test_client()


def test_answers_are_counted_by_route(client: FlaskClient) -> None:
    """Every answer counts once, under its route and never under its address."""
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
    """Each stage of a search adds to its own time."""
    client.get("/?q=organ")
    found = numbers(client)
    for stage in ("parse", "match", "score", "facets", "passages", "render"):
        assert found["pubsearch_stage_seconds_count", frozenset({("stage", stage)})] == 1


def test_the_index_is_told_of(client: FlaskClient) -> None:
    """The generation, its publications and problems, and when it was built are told."""
    client.get("/")
    found = numbers(client)
    health = client.get("/healthz").json
    assert health is not None
    assert found["pubsearch_publications", frozenset()] == health["publications"] == 136
    name = frozenset({("name", health["generation"])})
    assert found["pubsearch_generation_info", name] == 1
    assert found["pubsearch_up", frozenset()] == 1
    assert found["pubsearch_degraded", frozenset()] == 0
    assert found["pubsearch_built_timestamp_seconds", frozenset()] > 1.7e9


def test_the_last_build_is_told_of(index: Path) -> None:
    """Whether the last build failed, when it ended and how long it took, is told."""
    client = create_app(config.load(PATIENT, index=index)).test_client()
    (index / last_build.ATTEMPT).unlink()
    assert ("pubsearch_last_build_success", frozenset()) not in numbers(client)
    last_build.note(index, "failed", 2.5, "the disk is full")
    found = numbers(client)
    assert found["pubsearch_last_build_success", frozenset()] == 0
    assert found["pubsearch_last_build_seconds", frozenset()] == 2.5
    assert found["pubsearch_last_build_timestamp_seconds", frozenset()] > 1.7e9
    last_build.note(index, "published", 1.0)
    assert numbers(client)["pubsearch_last_build_success", frozenset()] == 1


def test_without_an_index_that_is_told(tmp_path: Path) -> None:
    """Without an index the numbers say so."""
    client = create_app(config.load(PATIENT, index=tmp_path)).test_client()
    found = numbers(client)
    assert found["pubsearch_up", frozenset()] == 0
