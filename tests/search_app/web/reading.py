"""Read pages and JSON of a site as its clients do."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from bs4 import BeautifulSoup, Tag
from flask.testing import FlaskClient

from indexer.jobs import build
from search_app import config, create_app
from search_app.engine import Engine
from tests.catalogue import PATIENT


def make_client(engine: Engine, **settings: Any) -> FlaskClient:
    """Return a client of a site with some settings."""
    loaded = config.load(PATIENT, index=engine.index, **settings)
    return create_app(loaded, engine).test_client()


def open_index(index: Path, **settings: Any) -> FlaskClient:
    """Return a client of a new site on an index."""
    return create_app(config.load(PATIENT, index=index, **settings)).test_client()


def open_corpus(corpus: Path, **settings: Any) -> FlaskClient:
    """Build the index of a corpus next to it. Return a client of a site on it."""
    index = corpus.with_name("index")
    build.build(corpus, index)
    return open_index(index, corpus=corpus, **settings)


def fetch(client: FlaskClient, address: str) -> Any:
    """Return the JSON of a URL, whose status must be 200."""
    response = client.get(address)
    assert response.status_code == 200, response.text
    return json.loads(response.data)


def search(client: FlaskClient, text: str, **parameters: str) -> Any:
    """Return the API's response to a query."""
    return fetch(client, f"/api/search?{urlencode({'q': text, **parameters})}")


def read_page(client: FlaskClient, address: str) -> BeautifulSoup:
    """Return a page, whose status must be 200."""
    response = client.get(address)
    assert response.status_code == 200, response.text
    return BeautifulSoup(response.data, "lxml")


def find(element: Tag, selector: str) -> Tag:
    """Return the first element within another one that matches a selector."""
    found = element.select_one(selector)
    assert found is not None
    return found
