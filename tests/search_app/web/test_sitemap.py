"""The sitemap, as a crawler reads it."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from lxml import etree

from search_app.engine import Engine, admission
from search_app.web import discovery
from tests.search_app.web.reading import make_client

SITE = "https://seen.test"
NAMES = {"s": "http://www.sitemaps.org/schemas/sitemap/0.9"}


def locations(client: FlaskClient, url: str) -> list[str]:
    """Return the URLs of a sitemap, each of which has a time."""
    answer = client.get(url.removeprefix(SITE), base_url=SITE)
    assert answer.status_code == 200
    root = etree.fromstring(answer.data)
    times = root.xpath("//s:lastmod/text()", namespaces=NAMES)
    found: list[str] = root.xpath("//s:loc/text()", namespaces=NAMES)
    assert len(times) == len(found)
    assert all(datetime.fromisoformat(time).tzinfo for time in times)
    return found


@pytest.mark.parametrize("size", [50_000, 50, 136, 1])
@pytest.mark.slow
def test_a_sitemap_has_each_publication_once(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    """robots.txt names an index, and its parts have the canonical URL of each publication."""
    monkeypatch.setattr(discovery, "PART_URLS", size)
    robots = client.get("/robots.txt", base_url=SITE).text
    (index,) = re.findall(r"(?m)^Sitemap: (.*)$", robots)
    parts = locations(client, index)
    assert len(parts) == -(-136 // size)
    urls = [url for each in parts for url in locations(client, each)]
    assert len(urls) == len(set(urls)) == 136
    assert all(len(locations(client, each)) <= size for each in parts)
    page = client.get(urls[0].removeprefix(SITE), base_url=SITE).text
    assert f'<link rel="canonical" href="{urls[0]}">' in page


def test_one_part_is_made_at_a_time(catalogue_index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A part of a sitemap is as expensive as a search, so others wait, and are refused in time."""
    engine = Engine(catalogue_index)
    client = make_client(engine)
    monkeypatch.setattr(admission, "MAX_WAIT_SECONDS", 0.01)
    with engine._admission.admit(admission.EXPENSIVE + 1):
        refused = client.get("/sitemap-1.xml")
        assert client.get("/sitemap.xml").status_code == 200
    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "2")
    assert client.get("/sitemap-1.xml").status_code == 200


@pytest.mark.parametrize("number", [0, 2, 10**30])
def test_other_parts_are_not_found(client: FlaskClient, number: int) -> None:
    """A part after the last one is a 404."""
    assert client.get(f"/sitemap-{number}.xml").status_code == 404
