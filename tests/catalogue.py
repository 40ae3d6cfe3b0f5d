"""Fixtures of the real catalogue, indexed once for all tests that only read it."""

import fcntl
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from indexer.analysis import embeddings
from indexer.jobs import build
from search_app import config, create_app
from search_app.engine import Engine

CORPUS = Path(__file__).parents[1] / "corpus"
PATIENT = {"PUBSEARCH_BUDGET": "3600000"}
"""Settings of a tested site: a time budget in milliseconds that a busy machine meets."""
MakeApp = Callable[..., Flask]


def build_once(
    factory: pytest.TempPathFactory, name: str, build_in: Callable[[Path], object]
) -> Path:
    """Return a folder that the first worker of a test run fills for all workers."""
    base = factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        base = base.parent  # it contains the folders of all workers
    folder = base / name
    with (base / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            unfinished = factory.mktemp(name)
            build_in(unfinished)
            unfinished.rename(folder)
    return folder


@pytest.fixture(scope="session")
def catalogue_index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an index of corpus/."""
    return build_once(tmp_path_factory, "catalogue", lambda folder: build.build(CORPUS, folder))


@pytest.fixture(scope="session")
def meaning_index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an index of corpus/ with embeddings."""
    return build_once(
        tmp_path_factory,
        "meaning",
        lambda folder: build.build(CORPUS, folder, encoder=embeddings.load_encoder()),
    )


@pytest.fixture(scope="session")
def misspelt_index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an index of 60 publications on borders, one of which is misspelled."""
    return build_once(tmp_path_factory, "misspelt", _build_misspelt) / "index"


def _build_misspelt(folder: Path) -> None:
    corpus = folder / "corpus"
    corpus.mkdir()
    for name in ("catalogue.toml", "regions.toml"):
        (corpus / name).write_bytes((CORPUS / name).read_bytes())
    titles = [f"Border {number}" for number in range(60)] + ["Bordre"]
    lines = (json.dumps({"title": title, "section": "Tools"}) for title in titles)
    (corpus / "tools.jsonl").write_text("\n".join(lines), encoding="utf-8")
    build.build(corpus, folder / "index")


@pytest.fixture(scope="session")
def catalogue_engine(catalogue_index: Path) -> Engine:
    """Return an open engine on the index of corpus/, for tests that change no limit of it."""
    return Engine.open(catalogue_index)


@pytest.fixture(scope="session")
def catalogue_app(catalogue_engine: Engine) -> Flask:
    """Return an application on the index of corpus/, for tests that do not change it."""
    return create_app(config.load(PATIENT, index=catalogue_engine.index), catalogue_engine)


@pytest.fixture(scope="session")
def make_app(catalogue_engine: Engine) -> MakeApp:
    """Return a function that makes an application of the catalogue with some settings."""

    def make(**given: Any) -> Flask:
        settings = config.load(PATIENT, **{"index": catalogue_engine.index, **given})
        return create_app(settings, None if "index" in given else catalogue_engine)

    return make


@pytest.fixture
def client(catalogue_app: Flask) -> Iterator[FlaskClient]:
    """Return a new client of the application on the index of corpus/."""
    with catalogue_app.test_client() as client:
        yield client
