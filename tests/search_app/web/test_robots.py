"""What robots are told: they walk every publication, and no combination of filters."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import pytest
from bs4 import BeautifulSoup
from flask.testing import FlaskClient

from search_app import config, create_app
from tests.catalogue import PATIENT

TAG = "noindex, nofollow"
MODEL_LAW = "/publication/unodc-model-law-against-trafficking-in-persons-2009"


def rules(client: FlaskClient) -> list[tuple[str, str]]:
    """The rules of robots.txt for all robots: allow or disallow, and the pattern."""
    answer = client.get("/robots.txt")
    assert answer.status_code == 200
    assert answer.content_type == "text/plain; charset=utf-8"
    first, *lines = [re.split(r":\s*", line, maxsplit=1) for line in answer.text.splitlines()]
    assert first == ["User-agent", "*"]
    return [(name.lower(), pattern) for name, pattern in lines]


def is_allowed(address: str, listed: list[tuple[str, str]]) -> bool:
    """What RFC 9309 makes of the rules: the longest that fits holds, of two the one that allows."""
    fitting = [
        (len(pattern), name == "allow")
        for name, pattern in listed
        if re.match(re.escape(pattern).replace(r"\*", ".*"), address)
    ]
    return max(fitting, default=(0, True))[1]


def followed(address: str, html: str) -> Iterator[str]:
    """The addresses of this site that a page has a robot follow."""
    for link in BeautifulSoup(html, "lxml").find_all("a", href=True):
        if "nofollow" not in (link.get("rel") or ()):
            target = urlsplit(urljoin(f"http://localhost{address}", str(link["href"])))
            if target.netloc == "localhost":
                yield target._replace(scheme="", netloc="", fragment="").geturl()


def walked(client: FlaskClient) -> dict[str, str | None]:
    """All that a robot comes to from the start page, and what a header says to it there."""
    listed = rules(client)
    seen: dict[str, str | None] = {}
    left = ["/"]
    while left:
        address = left.pop()
        if address not in seen and is_allowed(address, listed):
            answer = client.get(address)
            seen[address] = answer.headers.get("X-Robots-Tag")
            left += followed(address, answer.text)
    return seen


@pytest.mark.slow
def test_a_robot_walks_each_publication_and_little_besides(client: FlaskClient) -> None:
    """From the start page it comes to all 136, over fourteen lists, and to no other search."""
    seen = walked(client)
    publications = [address for address in seen if address.startswith("/publication/")]
    assert len(publications) == 136
    lists = {"/", *(f"/?page={number}" for number in range(2, 15))}
    assert seen.keys() - set(publications) == {*lists, "/about"}
    assert set(seen.values()) == {None}


@pytest.mark.parametrize("address", ["/", "/?page=2", "/about", MODEL_LAW])
def test_no_page_has_a_robot_follow_what_it_may_not_walk(client: FlaskClient, address: str) -> None:
    """On what is walked, every link that robots.txt forbids says so itself."""
    listed = rules(client)
    links = list(followed(address, client.get(address).text))
    assert links
    assert [link for link in links if not is_allowed(link, listed)] == []


@pytest.mark.parametrize(
    ("address", "is_walked"),
    [
        ("/", True), ("/?page=2", True), ("/about", True), ("/robots.txt", True),
        ("/static/style.css", True),
        (MODEL_LAW, True),
        (f"{MODEL_LAW}?from=mail", False),
        ("/?q=organ", False), ("/?q=", False), ("/?region=Africa", False),
        ("/?page=2&region=Africa", False), ("/?region=Africa&page=2", False),
        ("/?sort=title", False), ("/?sort=title&page=2", False), ("/?size=100", False),
        ("/?fold=1", False), ("/?explain=1", False), ("/?pages=2", False), ("/about?page=2", False),
        ("/facet/region", False), ("/facet/region?q=organ", False), ("/healthz", False),
        ("/api/search", False), ("/api/search?q=organ", False), ("/api/openapi.json", False),
        (f"/api{MODEL_LAW}", False),
    ],
)  # fmt: skip
def test_robots_txt_and_the_header_say_the_same(
    client: FlaskClient, address: str, is_walked: bool
) -> None:
    """Whatever robots.txt forbids asks not to be listed or followed, and nothing else does."""
    answer = client.get(address)
    answer.close()
    assert answer.status_code == 200
    assert is_allowed(address, rules(client)) is is_walked
    assert answer.headers.get("X-Robots-Tag") == (None if is_walked else TAG)


@pytest.mark.parametrize("address", ["/nowhere", "/publication/none", "/?page=x", "/api/none"])
def test_no_error_is_listed(client: FlaskClient, address: str) -> None:
    """An error asks not to be listed, wherever it stands."""
    assert client.get(address).headers["X-Robots-Tag"] == TAG


def test_robots_are_told_without_an_index(tmp_path: Path) -> None:
    """robots.txt is there before the first build."""
    app = create_app(config.load(PATIENT, index=tmp_path))
    assert app.test_client().get("/robots.txt").status_code == 200


def test_a_publication_has_one_address(client: FlaskClient) -> None:
    """However a publication's page was come to, it says the address under which it is listed."""
    for asked in (MODEL_LAW, f"{MODEL_LAW}?from=mail"):
        page = BeautifulSoup(client.get(asked).text, "lxml")
        (link,) = page.find_all("link", rel="canonical")
        assert link["href"] == MODEL_LAW
