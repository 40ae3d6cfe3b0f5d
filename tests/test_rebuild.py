"""A running application switches to a rebuilt index, and no request fails during the switch."""

import json
from pathlib import Path

import pytest
from flask import Flask

from indexer.generations import directory, publish
from indexer.jobs import build
from search_app import config, create_app
from search_app.engine import Engine
from tests.catalogue import PATIENT

pytestmark = pytest.mark.slow

OLD, NEW = "Case Digest", "Questions of Evidence"


@pytest.fixture
def app(index: Path) -> Flask:
    """Return the application on that index. It opens a new index when `refresh` is called."""
    return create_app(config.load(PATIENT, index=index))


def refresh(app: Flask) -> None:
    engine = app.extensions["pubsearch"]
    assert isinstance(engine, Engine)
    engine.refresh()


def edit(corpus: Path) -> None:
    page = corpus / "tools.html"
    page.write_text(page.read_text(encoding="utf-8").replace(OLD, NEW), encoding="utf-8")


def test_a_build_and_a_rollback_are_opened(corpus: Path, index: Path, app: Flask) -> None:
    client = app.test_client()
    assert NEW not in client.get("/?section=Tools").text
    edit(corpus)
    build.build(corpus, index)
    refresh(app)
    assert NEW in client.get("/?section=Tools").text
    publish.rollback(index)
    refresh(app)
    assert OLD in client.get("/?section=Tools").text


def test_an_unreadable_generation_keeps_the_last_good_one(index: Path, app: Flask) -> None:
    client = app.test_client()
    assert client.get("/").status_code == 200
    live = directory.read_live_name(index)
    (index / directory.CURRENT).write_text("000099-none\n")
    refresh(app)
    assert client.get("/").status_code == 200
    assert json.loads(client.get("/healthz").data)["status"] == "degraded"
    (index / directory.CURRENT).unlink()
    refresh(app)
    assert json.loads(client.get("/healthz").data)["status"] == "degraded"
    publish.set_live(index, live)
    refresh(app)
    assert json.loads(client.get("/healthz").data)["status"] == "ok"


def test_a_damaged_generation_is_not_opened(corpus: Path, index: Path, app: Flask) -> None:
    client = app.test_client()
    assert client.get("/").status_code == 200
    edit(corpus)
    damaged = build.build(corpus, index).generation
    segment = next(damaged.segment.glob("*.seg"))
    data = bytearray(segment.read_bytes())
    data[len(data) // 2] ^= 0xFF
    segment.write_bytes(data)
    refresh(app)
    assert OLD in client.get("/?section=Tools").text
    assert json.loads(client.get("/healthz").data)["status"] == "degraded"
    fresh = create_app(config.load(PATIENT, index=index)).test_client()
    assert fresh.get("/").status_code == 503
    assert build.build(corpus, index).status == "published"
    refresh(app)
    assert NEW in client.get("/?section=Tools").text
    assert json.loads(client.get("/healthz").data)["status"] == "ok"
