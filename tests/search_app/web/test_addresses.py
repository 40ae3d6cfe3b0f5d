"""Absolute URLs: those that a client keeps or reads outside of its page."""

from __future__ import annotations

from typing import Any

import pytest
from bs4 import BeautifulSoup
from flask.testing import FlaskClient

from search_app.engine import Engine
from tests.search_app.web.reading import make_client

FILM = "/publication/ways-and-means-training-film-som-2012"


def head(client: FlaskClient, address: str, **options: Any) -> dict[str, str]:
    """Return the canonical link of a page, and its properties by name."""
    page = BeautifulSoup(client.get(address, **options).text, "lxml")
    (link,) = page.find_all("link", rel="canonical")
    properties = {str(tag["property"]): str(tag["content"]) for tag in page.select("[property]")}
    return {"canonical": str(link["href"]), **properties}


@pytest.mark.parametrize("path", ["/", "/?q=organ&page=2", FILM])
@pytest.mark.parametrize(
    ("settings", "start"),
    [
        ({}, "https://seen.test:8443"),
        ({"site_url": "https://example.org"}, "https://example.org"),
        ({"prefix": "/catalogue"}, "https://seen.test:8443/catalogue"),
        ({"prefix": "/c", "site_url": "http://example.org:80"}, "http://example.org:80/c"),
    ],
)
def test_a_canonical_url_is_absolute(
    catalogue_engine: Engine, path: str, settings: dict[str, str], start: str
) -> None:
    """It begins with `site_url`, or else with the scheme and the host of the request."""
    client = make_client(catalogue_engine, **settings)
    address = f"{settings.get('prefix', '')}{path}"
    found = head(client, address, base_url="https://seen.test:8443")
    assert found["canonical"] == found["og:url"] == f"{start}{path}"


def test_a_film_is_no_article(client: FlaskClient) -> None:
    """The Open Graph type of a film is a video, and that of a report is a page."""
    assert head(client, FILM)["og:type"] == "video.other"
    report = "/publication/unodc-model-law-against-trafficking-in-persons-2009"
    assert head(client, report)["og:type"] == "website"


def test_a_description_is_the_whole_abstract(client: FlaskClient) -> None:
    """Harvesters read the description tag as the abstract, so it is not cut."""
    publication = client.get(f"/api{FILM}").get_json()
    assert len(publication["summary"]) > 200
    assert head(client, FILM)["og:description"] == publication["summary"]


def test_a_publication_has_no_date_but_its_own(client: FlaskClient) -> None:
    """No <time> has the time of the index, which would be read as the date of the publication."""
    assert "<time" not in client.get(FILM).text
