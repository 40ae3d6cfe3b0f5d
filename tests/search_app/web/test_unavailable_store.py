"""Responses while the machines that have the index do not answer."""

import json
import logging
from pathlib import Path
from threading import get_ident

import pytest

from indexer.cluster.connection import PASSWORD, ClusterError
from search_app.engine import Engine, StoreUnavailable
from search_app.engine.local_index import LocalIndex
from search_app.i18n.translation import load_interface
from tests.search_app.web.reading import make_client, open_index

SECRET_HOST = "node-7.internal"


def fail(*_: object) -> None:
    raise StoreUnavailable(f"the index papers cannot be searched: {SECRET_HOST} refused", "Wait")


def test_a_search_of_an_unavailable_index_is_503(
    catalogue_index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While the index is unavailable, a search is a 503 with Retry-After and in plain words."""
    engine = Engine(catalogue_index)
    client = make_client(engine)
    with monkeypatch.context() as patch:
        patch.setattr(type(engine.get_searcher().store), "ask_each", fail)
        page, api = client.get("/?q=law"), client.get("/api/search?q=law")
    assert (page.status_code, api.status_code) == (503, 503)
    assert page.headers["Retry-After"] == api.headers["Retry-After"] == "10"
    assert "The catalogue cannot be searched at the moment." in page.text
    error = json.loads(api.data)["error"]
    assert (error["code"], error["hint"]) == ("unavailable", "Try again in 10 seconds.")
    assert SECRET_HOST not in page.text + api.text
    assert client.get("/?q=law").status_code == 200


def test_an_error_of_the_cluster_is_in_the_log_and_not_on_the_page(
    catalogue_index: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(*_: object) -> None:
        raise ClusterError(f"{SECRET_HOST} refused", f"Check {PASSWORD} and the roles of the user")

    engine = Engine(catalogue_index)
    client = make_client(engine)
    monkeypatch.setattr(type(engine.get_searcher().store), "ask_each", refuse)
    responses = [client.get(target) for target in ("/?q=law", "/api/search?q=law")]
    for response in responses:
        assert response.status_code == 503
        assert "The catalogue cannot be searched at the moment." in response.text
        for secret in (SECRET_HOST, PASSWORD, "roles"):
            assert secret not in response.text
    assert caplog.messages == [
        f"GET {path} failed: {SECRET_HOST} refused. Check {PASSWORD} and the roles of the user"
        for path in ("/", "/api/search")
    ]


def test_a_site_without_an_index_names_the_command_for_its_operator(tmp_path: Path) -> None:
    client = open_index(tmp_path / "index")
    page, api = client.get("/fr/"), client.get("/api/search?lang=fr")
    hint = load_interface("fr").gettext("The operator of this site can fix it.")
    assert (page.status_code, api.status_code) == (503, 503)
    assert f"<p>{hint}</p>" in page.text
    command = "Run: pubsearch build, or pubsearch open FILE"
    assert f'<code lang="en" dir="ltr">{command}</code>' in page.text
    assert json.loads(api.data)["error"]["hint"] == f"{hint} {command}"


def test_the_health_is_degraded_until_the_index_is_back(
    catalogue_index: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """While the live generation cannot be asked for, health is degraded. It is logged once."""
    engine = Engine(catalogue_index)
    client = make_client(engine)

    def read_status() -> str:
        engine.refresh()
        return str(json.loads(client.get("/healthz").data)["status"])

    assert read_status() == "ok"
    caplog.set_level(logging.ERROR)
    with monkeypatch.context() as patch:
        patch.setattr(LocalIndex, "read_live_name", fail)
        assert [read_status(), read_status()] == ["degraded", "degraded"]
        assert client.get("/api/search?q=law").status_code == 200
    assert read_status() == "ok"
    # The engines of other tests may log as well, in their threads.
    logged = [each.getMessage() for each in caplog.records if each.thread == get_ident()]
    live = engine.get_searcher().name
    assert [SECRET_HOST in message for message in logged if live in message] == [True]
