"""Conditional requests: a client that has a response does not receive it again."""

import json
import logging
from collections.abc import Callable
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from indexer.jobs import build
from search_app.web import monitoring
from search_app.web.headers import list_program_files
from tests.catalogue import MakeApp
from tests.conftest import ROOT
from tests.robustness.test_server import serving
from tests.search_app.web.reading import open_index
from tests.search_app.web.test_path_prefix import gunicorn

REPORT = "global-report-on-trafficking-in-persons-2016"
TAGGED = (
    "/", "/?q=organ", "/?q=organ&region=Africa", "/?q=xyzzy", "/?region=Atlantis", "/about",
    "/facet/region", f"/publication/{REPORT}", "/api/search?q=organ", "/api/search?q=xyzzy",
    "/api/suggest?q=tra", f"/api/publication/{REPORT}", "/api/openapi.json",
)  # fmt: skip
UNTAGGED = {
    "/healthz": 200, "/metrics": 200, "/?page=x": 400, "/api/search?size=0": 400, "/nowhere": 404,
    "/facet/none": 404, "/publication/none": 404, "/api/publication/none": 404,
}  # fmt: skip
WITHOUT_HITS = ("/?q=xyzzy", "/api/search?q=xyzzy")


def tag(client: FlaskClient, address: str, **options: Any) -> str:
    answer = client.get(address, **options)
    assert answer.status_code == 200, answer.text
    return answer.headers["ETag"]


def status(client: FlaskClient, address: str, tag: str, **options: Any) -> int:
    return client.get(address, headers={"If-None-Match": tag}, **options).status_code


@pytest.mark.parametrize("address", TAGGED)
def test_a_response_is_not_sent_twice(client: FlaskClient, address: str) -> None:
    """A request with the current ETag gets a 304 without a body and with the same headers.

    A HEAD has the headers of a GET, and gets a 304 in the same cases.
    """
    first = client.get(address)
    assert first.headers["ETag"].startswith('W/"')
    usual = "private, max-age=60" if "suggest" in address else "no-cache"
    assert first.headers["Cache-Control"] == usual
    again = client.get(address, headers={"If-None-Match": f'"other", {first.headers["ETag"]}'})
    assert (again.status_code, again.data) == (304, b"")
    for name in ("ETag", "Cache-Control", "Vary", "Content-Security-Policy"):
        assert again.headers.get(name) == first.headers.get(name)
    assert "Content-Type" not in again.headers
    head = client.head(address)
    for name in ("ETag", "Cache-Control", "Vary", "Content-Type"):
        assert head.headers.get(name) == first.headers.get(name)
    told = {"If-None-Match": first.headers["ETag"]}
    assert client.head(address, headers=told).status_code == 304
    assert again.headers["X-Request-ID"] != first.headers["X-Request-ID"]
    assert status(client, address, "*") == 304
    assert status(client, address, 'W/"other"') == 200


@pytest.mark.parametrize(("address", "expected"), UNTAGGED.items())
def test_errors_and_monitors_have_no_tag(client: FlaskClient, address: str, expected: int) -> None:
    """Errors, /healthz, and /metrics have no ETag and never get a 304."""
    for told in ({}, {"If-None-Match": "*"}):
        answer = client.get(address, headers=told)
        assert answer.status_code == expected
        assert not {"ETag", "Cache-Control"} & {*answer.headers.keys()}


def test_each_url_has_its_own_tag(client: FlaskClient) -> None:
    addresses = [*TAGGED, "/?q=organ&", "/?region=Africa&q=organ", "/?Q=organ", "/?q=organ%20"]
    tags = [tag(client, each) for each in addresses]
    tags += [tag(client, "/", base_url=each) for each in ("http://a.test", "https://a.test")]
    tags += [tag(client, "/", base_url="http://a.test:8000")]
    assert len(tags) == len(set(tags))


def test_generation_settings_and_prefix_change_the_tag(make_app: MakeApp, index: Path) -> None:
    usual = tag(make_app().test_client(), "/?q=law")
    assert tag(make_app().test_client(), "/?q=law") == usual
    tags = [usual, tag(make_app(budget=999).test_client(), "/?q=law")]
    tags += [tag(make_app(prefix="/a").test_client(), "/a/?q=law")]
    forwarded = make_app(proxies=1, forwarded_prefix=1).test_client()
    tags += [
        tag(forwarded, "/?q=law", headers={"X-Forwarded-Prefix": each}) for each in ("/a", "/b")
    ]
    tags += [tag(make_app(index=index).test_client(), "/?q=law")]
    assert len(tags) == len(set(tags))


def test_a_publish_makes_tags_stale(corpus: Path, tmp_path: Path) -> None:
    """A generation has its own ETags, even if it has the name of a deleted one."""
    tags: list[str] = []
    for _ in range(2):
        folder = tmp_path / f"index{len(tags)}"
        build.build(corpus, folder)
        tags.append(tag(open_index(folder), "/about"))
    assert tags[0] != tags[1]


def test_a_degraded_server_has_other_tags(
    make_app: MakeApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that could not open the live generation has other ETags than a healthy one."""
    app = make_app()
    healthy = tag(app.test_client(), "/")
    engine = app.extensions["pubsearch"]
    searcher = engine.get_searcher()
    monkeypatch.setattr(engine, "get_searcher", lambda: searcher)
    monkeypatch.setattr(engine, "failed", "another")
    assert status(app.test_client(), "/", healthy) == 200


def test_a_304_needs_no_search(make_app: MakeApp, monkeypatch: pytest.MonkeyPatch) -> None:
    """A client with the current ETag gets a 304 even if searches fail."""
    app = make_app()
    client = app.test_client()
    tags = {each: tag(client, each) for each in TAGGED if each not in WITHOUT_HITS}

    def fails(*_: object) -> None:
        raise ZeroDivisionError

    engine = app.extensions["pubsearch"]
    monkeypatch.setattr(engine, "answer", fails)
    for name in ("find_related", "scan", "search", "suggest"):
        monkeypatch.setattr(engine.get_searcher(), name, fails)
    assert {status(client, *each) for each in tags.items()} == {304}
    assert client.get("/?q=organ").status_code == 500


@pytest.mark.parametrize("address", WITHOUT_HITS)
def test_searches_without_hits_are_logged_each_time(
    make_app: MakeApp, tmp_path: Path, address: str
) -> None:
    """A search without hits is logged and counted for a 304 as for a 200."""
    client = make_app(zero_result_log=str(tmp_path / "log")).test_client()
    found = tag(client, address)
    for told in (found, found, "*"):
        assert status(client, address, told) == 304
    assert client.head(address, headers={"If-None-Match": found}).status_code == 304
    assert (tmp_path / "log").read_text(encoding="utf-8").count("\n") == 4
    route = address.partition("?")[0]
    numbers = client.get("/metrics").text
    assert f'{{method="GET",route="{route}",status="304"}} 3.0' in numbers
    assert 'pubsearch_stage_seconds_count{stage="match"} 5.0' in numbers


def test_a_304_is_logged_with_its_status(
    client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    """The log has one line for a 304, with 0 bytes."""
    found = tag(client, "/?q=organ")
    caplog.set_level(logging.INFO)
    assert status(client, "/?q=organ", found) == 304
    (record,) = [each for each in caplog.records if each.name == "search_app.web.monitoring"]
    line = json.loads(monitoring.JsonFormatter().format(record))
    assert (line["status"], line["bytes"]) == (304, 0)


@given(st.text(st.characters(min_codepoint=32, max_codepoint=255)) | st.just("*"))
@pytest.mark.slow
def test_any_other_list_of_tags_gets_the_whole_response(whole: FlaskClient, text: str) -> None:
    """An If-None-Match header with any text but `*` gets the whole response; `*` gets a 304."""
    answer = whole.get("/about", environ_overrides={"HTTP_IF_NONE_MATCH": text})
    assert answer.status_code == (304 if text == "*" else 200)
    assert bool(answer.data) == (text != "*")


@pytest.mark.parametrize(
    "name",
    [
        "search_app/__init__.py",
        "search_app/web/templates/base.html",
        "search_app/web/templates/_footer.html",
        "search_app/web/static/style.css",
        "indexer/analysis/stemming.py",
    ],
)
def test_every_file_of_the_program_is_in_its_digest(name: str) -> None:
    assert ROOT / name in list_program_files()


@pytest.fixture(scope="module")
def whole(catalogue_index: Path) -> FlaskClient:
    return open_index(catalogue_index)


@pytest.mark.thorough
@pytest.mark.parametrize("serve", [serving, gunicorn])
def test_a_connection_stays_open_after_a_304(
    catalogue_index: Path, serve: Callable[..., Any]
) -> None:
    """A 304 from a server has no body, and the next response on its connection is complete."""
    with serve(catalogue_index) as found:
        port = found if isinstance(found, int) else found[1]
        connection = HTTPConnection("127.0.0.1", port, timeout=60)
        headers: dict[str, str] = {}
        for expected in (200, 304, 200, 304):
            connection.request("GET", "/?q=organ", headers=headers)
            answer = connection.getresponse()
            assert (answer.status, bool(answer.read())) == (expected, expected == 200)
            headers = {"If-None-Match": answer.headers["ETag"]} if expected == 200 else {}
        connection.close()
