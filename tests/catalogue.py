"""The real catalogue, indexed once for all the tests that only read it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from indexer.analysis import embeddings
from indexer.jobs import build
from search_app import config, create_app

CORPUS = Path(__file__).parents[1] / "corpus"
PATIENT = {"PUBSEARCH_BUDGET": "3600000"}
"""Settings of a tested site. On a busy machine a search may take long, in milliseconds."""


@pytest.fixture(scope="session")
def catalogue_index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index of corpus/."""
    index = tmp_path_factory.mktemp("catalogue")
    build.build(CORPUS, index)
    return index


@pytest.fixture(scope="session")
def meaning_index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index of corpus/ that has what each publication means."""
    index = tmp_path_factory.mktemp("meaning")
    build.build(CORPUS, index, encoder=embeddings.encoder())
    return index


@pytest.fixture(scope="session")
def misspelt_index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index of sixty publications on borders, one of which is misspelt."""
    folder = tmp_path_factory.mktemp("misspelt")
    corpus = folder / "corpus"
    corpus.mkdir()
    for name in ("catalogue.toml", "regions.toml"):
        (corpus / name).write_bytes((CORPUS / name).read_bytes())
    titles = [f"Border {number}" for number in range(60)] + ["Bordre"]
    lines = (json.dumps({"title": title, "section": "Tools"}) for title in titles)
    (corpus / "tools.jsonl").write_text("\n".join(lines), encoding="utf-8")
    build.build(corpus, folder / "index")
    return folder / "index"


@pytest.fixture
def client(catalogue_index: Path) -> Iterator[FlaskClient]:
    """A client of the application on the index of corpus/."""
    settings = config.load(PATIENT, index=catalogue_index)
    with create_app(settings).test_client() as client:
        yield client
