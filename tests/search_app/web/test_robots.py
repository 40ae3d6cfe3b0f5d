"""Crawlers: they visit every publication and no combination of filters."""

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import pytest
from bs4 import BeautifulSoup
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.search_app.web.reading import open_index, read_page
from tests.tiers import thorough

TAG = "noindex, nofollow"
MODEL_LAW = "/publication/unodc-model-law-against-trafficking-in-persons-2009"


def read_rules(client: FlaskClient) -> list[tuple[str, str]]:
    """Return the rules of robots.txt for all robots: allow or disallow, and the path."""
    answer = client.get("/robots.txt")
    assert answer.status_code == 200
    assert answer.content_type == "text/plain; charset=utf-8"
    first, *lines = [re.split(r":\s*", line, maxsplit=1) for line in answer.text.splitlines()]
    assert first == ["User-agent", "*"]
    return [(name.lower(), pattern) for name, pattern in lines]


def is_allowed(address: str, listed: list[tuple[str, str]]) -> bool:
    """Apply RFC 9309: the longest matching rule wins, and of two equal ones the one that allows."""
    fitting = [
        (len(pattern), name == "allow")
        for name, pattern in listed
        if re.match(re.escape(pattern).replace(r"\*", ".*").replace(r"\$", r"\Z"), address)
    ]
    return max(fitting, default=(0, True))[1]


def followed(address: str, html: str) -> Iterator[str]:
    for link in BeautifulSoup(html, "lxml").find_all("a", href=True):
        if "nofollow" not in (link.get("rel") or ()) and not link.get("hreflang"):
            target = urlsplit(urljoin(f"http://localhost{address}", str(link["href"])))
            if target.netloc == "localhost":
                yield target._replace(scheme="", netloc="", fragment="").geturl()


def walked(client: FlaskClient, start: str) -> dict[str, TestResponse]:
    listed = read_rules(client)
    seen: dict[str, TestResponse] = {}
    left = [start]
    while left:
        address = left.pop()
        if address not in seen and is_allowed(address, listed):
            seen[address] = client.get(address)
            left += followed(address, seen[address].text)
    return seen


@pytest.mark.slow
@pytest.mark.parametrize("start", ["/", *thorough(["/fr/"])])
def test_a_crawler_visits_publications_and_no_searches(client: FlaskClient, start: str) -> None:
    """A crawler reaches all 136 publications over 14 lists, also as hits, and no other search."""
    seen = walked(client, start)
    publications = [address for address in seen if address.startswith(f"{start}publication/")]
    assert len({address.partition("?hit=")[0] for address in publications}) == 136
    assert all("&" not in address for address in publications)
    lists = {start, *(f"{start}?page={number}" for number in range(2, 15))}
    assert seen.keys() - set(publications) == {*lists, f"{start}about"}
    assert {answer.headers.get("X-Robots-Tag") for answer in seen.values()} == {None}


@pytest.mark.parametrize("address", ["/", "/?page=2", "/about", MODEL_LAW])
def test_links_to_disallowed_urls_are_nofollow(client: FlaskClient, address: str) -> None:
    listed = read_rules(client)
    links = list(followed(address, client.get(address).text))
    assert links
    assert [link for link in links if not is_allowed(link, listed)] == []


@pytest.mark.parametrize(
    ("address", "is_walked"),
    [
        ("/", True), ("/?page=2", True), ("/about", True), ("/robots.txt", True),
        ("/sitemap.xml", True), ("/sitemap-1.xml", True), ("/opensearch.xml", True),
        ("/opensearch/suggestions?q=a", False),
        ("/feed.atom", True), ("/feed.atom?q=organ&page=2", True), ("/export/ris", False),
        ("/export/ris?q=law", False), ("/unapi", False),
        ("/search-record", False), ("/search-record?q=law", False),
        (f"/export/ris/{MODEL_LAW.removeprefix('/publication/')}", True),
        (f"/linkset/{MODEL_LAW.removeprefix('/publication/')}", True),
        ("/static/style.css", True),
        (MODEL_LAW, True),
        (f"{MODEL_LAW}?from=mail", False), (f"{MODEL_LAW}?hit=3", True),
        (f"{MODEL_LAW}?hit=3&q=law", False), (f"{MODEL_LAW}?q=law&hit=3", False),
        ("/about?hit=3", False), ("/?hit=3", False),
        ("/?q=organ", False), ("/?q=", False), ("/?region=Africa", False),
        ("/?page=2&region=Africa", False), ("/?region=Africa&page=2", False),
        ("/?sort=title", False), ("/?sort=title&page=2", False), ("/?size=100", False),
        ("/?fold=1", False), ("/?explain=1", False), ("/?pages=2", False), ("/about?page=2", False),
        ("/facet/region", False), ("/facet/region?q=organ", False), ("/healthz", False),
        ("/api/search", False), ("/api/search?q=organ", False), ("/api/openapi.json", False),
        (f"/api{MODEL_LAW}", True), (f"/api{MODEL_LAW}?find=organ", False), ("/list", False),
        ("/list/export/ris", False), ("/advanced", False),
    ],
)  # fmt: skip
def test_robots_txt_and_the_header_agree(
    client: FlaskClient, address: str, is_walked: bool
) -> None:
    for start in ("", "/ar", "/zh"):
        answer = client.get(f"{start}{address}")
        answer.close()
        assert answer.status_code == 200
        assert is_allowed(f"{start}{address}", read_rules(client)) is is_walked
        assert answer.headers.get("X-Robots-Tag") == (None if is_walked else TAG)


@pytest.mark.parametrize("address", ["/nowhere", "/publication/none", "/?page=x", "/api/none"])
def test_errors_are_noindex(client: FlaskClient, address: str) -> None:
    assert client.get(address).headers["X-Robots-Tag"] == TAG


def test_robots_txt_exists_without_an_index(tmp_path: Path) -> None:
    assert open_index(tmp_path).get("/robots.txt").status_code == 200


def test_a_publication_has_one_canonical_url(client: FlaskClient) -> None:
    for asked in (MODEL_LAW, f"{MODEL_LAW}?from=mail", f"{MODEL_LAW}?q=law&hit=1"):
        page = read_page(client, asked)
        (link,) = page.find_all("link", rel="canonical")
        assert link["href"] == f"http://localhost{MODEL_LAW}"
