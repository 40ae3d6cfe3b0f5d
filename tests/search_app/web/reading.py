"""Read pages and JSON of a site as its clients do."""

from __future__ import annotations

import json
from typing import Any

from bs4 import BeautifulSoup, Tag
from flask.testing import FlaskClient

from search_app import config, create_app
from search_app.engine import Engine
from tests.catalogue import PATIENT


def make_client(engine: Engine, **settings: Any) -> FlaskClient:
    """Return a client of a site with some settings."""
    loaded = config.load(PATIENT, index=engine.index, **settings)
    return create_app(loaded, engine).test_client()


def fetch(client: FlaskClient, address: str) -> Any:
    """Return the JSON of a URL, whose status must be 200."""
    response = client.get(address)
    assert response.status_code == 200, response.text
    return json.loads(response.data)


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
