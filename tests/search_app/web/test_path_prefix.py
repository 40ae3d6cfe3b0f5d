"""The site below a path prefix: all its URLs are below the prefix, and no client can change it."""

import os
import re
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.speed.serving import GUNICORN
from search_app.engine import Engine
from tests.conftest import ROOT
from tests.crawling import HOST, Fetch, Fetched, addresses, crawl
from tests.robustness.test_server import serving
from tests.search_app.web.reading import make_client
from tests.tiers import thorough

PREFIX = "/catalogue"
ALSO = (
    "/?q=organ+xyzzy&explain=1&fold=1", "/?q=xyzzy&region=Africa&country=KE&match=all",
    "/facet/body", "/api/search?q=organ+xyzzy", "/api/suggest?q=tra", "/api/suggest?q=south+a",
    "/api/openapi.json", "/robots.txt", "/nowhere", "/?page=x", "/?size=100", "/?size=100&page=2",
)  # fmt: skip
"""URLs that no page links to, or that have rare parts."""
EVIL = ("/evil", "//evil.test", "/%2fevil.test", "http://evil.test/", "/catalogue", "/about", "x")
Serve = Callable[[Path], Iterator[int]]


def fetching(client: FlaskClient, **options: Any) -> Fetch:
    def fetch(address: str) -> Fetched:
        with client.get(address, base_url=f"http://{HOST}", **options) as answer:
            return Fetched(answer.status_code, answer.headers["Content-Type"], answer.data.decode())

    return fetch


def over_network(port: int, **headers: str) -> Fetch:
    def fetch(address: str) -> Fetched:
        connection = HTTPConnection("127.0.0.1", port, timeout=60)
        connection.request("GET", address, headers={"Host": HOST, **headers})
        answer = connection.getresponse()
        body = answer.read().decode()
        connection.close()
        return Fetched(answer.status, answer.headers["Content-Type"], body)

    return fetch


@contextmanager
def gunicorn(index: Path, **settings: str) -> Iterator[int]:
    told = {f"PUBSEARCH_{name.upper()}": str(value) for name, value in settings.items()}
    told["PUBSEARCH_INDEX"] = str(index)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        process = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", *GUNICORN,
             "--bind", f"fd://{listening.fileno()}"],
            cwd=ROOT, env={**os.environ, **told},
            pass_fds=[listening.fileno()], stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            yield int(listening.getsockname()[1])
        finally:
            process.terminate()
            process.wait()


@contextmanager
def waitress(index: Path, **settings: str) -> Iterator[int]:
    """Serve an index with `pubsearch serve`."""
    with serving(index, **settings) as (_, port):
        yield port


def assert_below(seen: dict[str, Fetched], prefix: str) -> None:
    assert all(urlsplit(each).path.startswith(f"{prefix}/") for each in seen), [
        each for each in seen if not urlsplit(each).path.startswith(f"{prefix}/")
    ]
    expected = {
        f"{prefix}/nowhere": 404, f"{prefix}/?page=x": 400, f"{prefix}/advanced/search": 303,
    }  # fmt: skip
    for each, got in seen.items():
        assert got.status == expected.get(each, 200), each
    paths = {urlsplit(each).path.removeprefix(prefix) for each in seen}
    assert paths >= {"/", "/about", "/api/search", "/facet/body"}
    assert any(re.fullmatch(r"/static/[0-9a-f]{16}/search\.js", each) for each in paths)


@pytest.mark.parametrize("serve", [waitress, *thorough([gunicorn])])
@pytest.mark.slow
def test_no_url_leaves_the_prefix_on_a_server(
    catalogue_index: Path, serve: Callable[..., Any]
) -> None:
    with serve(catalogue_index, prefix=PREFIX, hosts=HOST) as port:
        also = tuple(f"{PREFIX}{each}" for each in ALSO)
        assert_below(crawl(over_network(port), f"{PREFIX}/", also, most=100), PREFIX)


def test_other_paths_are_not_found(catalogue_engine: Engine) -> None:
    """A URL that is not below the prefix is a 404 whose links are below the prefix."""
    site = make_client(catalogue_engine, prefix=PREFIX)
    for address in ("/", "/about", "/cataloguex/", "/api/search", "/static/style.css"):
        answer = site.get(address)
        assert answer.status_code == 404, address
        found = addresses(Fetched(404, answer.content_type, answer.text))
        assert all(each.startswith((f"{PREFIX}/", "#")) for each in found)
    assert site.get("/catalogue").status_code == 200


def test_monitors_need_no_prefix(catalogue_engine: Engine) -> None:
    site = make_client(catalogue_engine, prefix=PREFIX)
    for address in ("/healthz", "/metrics", f"{PREFIX}/healthz", f"{PREFIX}/metrics"):
        assert site.get(address).status_code == 200, address


@pytest.mark.parametrize("prefix", ["", PREFIX])
@pytest.mark.parametrize("script_name", EVIL)
def test_the_servers_script_name_changes_nothing(
    catalogue_engine: Engine, prefix: str, script_name: str
) -> None:
    """A page ignores SCRIPT_NAME, which a server may copy from a client's header."""
    site = make_client(catalogue_engine, prefix=prefix)
    usual = site.get(f"{prefix}/about")
    for path in (f"{prefix}/about", "/about"):
        answer = site.get(path, environ_overrides={"SCRIPT_NAME": script_name, "PATH_INFO": path})
        found = [*addresses(Fetched(answer.status_code, answer.content_type, answer.text))]
        assert all(each.startswith((f"{prefix}/", "#")) for each in found)
        assert not any(each.startswith("//") or "evil" in each for each in found)
        if f"{script_name}{path}" == f"{prefix}/about":
            assert answer.text == usual.text


@pytest.mark.slow
def test_gunicorn_ignores_a_script_name_header(catalogue_index: Path) -> None:
    with gunicorn(catalogue_index, hosts=HOST) as port:
        usual = over_network(port)("/about")
        for name in EVIL:
            assert over_network(port, SCRIPT_NAME=name)("/about") == usual


@pytest.mark.parametrize(
    ("settings", "root"),
    [
        ({}, ""), ({"proxies": 1}, ""), ({"forwarded_prefix": 1}, ""),
        ({"proxies": 1, "forwarded_prefix": 1}, "/library"),
    ],
)  # fmt: skip
@pytest.mark.slow
def test_a_forwarded_prefix_counts_only_if_enabled(
    catalogue_engine: Engine, settings: dict[str, int], root: str
) -> None:
    """X-Forwarded-Prefix counts only with trusted proxies and `PUBSEARCH_FORWARDED_PREFIX=1`."""
    site = make_client(catalogue_engine, **settings)
    answer = site.get("/about", headers={"X-Forwarded-Prefix": "/library"})
    found = [*addresses(Fetched(200, answer.content_type, answer.text))]
    assert all(each.startswith((f"{root}/", "#")) for each in found)
    assert any(each.startswith("/library/") for each in found) == bool(root)


@pytest.mark.thorough
def test_no_url_leaves_a_forwarded_prefix(catalogue_engine: Engine) -> None:
    site = make_client(catalogue_engine, proxies=1, forwarded_prefix=1, prefix=PREFIX)
    through = fetching(site, headers={"X-Forwarded-Prefix": "/library"})

    def fetch(address: str) -> Fetched:
        return through(address.removeprefix("/library"))

    also = tuple(f"/library{PREFIX}{each}" for each in ALSO)
    seen = crawl(fetch, f"/library{PREFIX}/", also)
    assert_below(seen, f"/library{PREFIX}")
    paths = {urlsplit(each).path for each in seen}
    publications = f"/library{PREFIX}/publication/"
    assert len([each for each in paths if each.startswith(publications)]) == 136
    assert f"/library{PREFIX}/advanced/search" in paths


@given(st.one_of(st.text(st.characters(max_codepoint=255), max_size=9), st.sampled_from(EVIL)))
def test_no_forwarded_prefix_leads_to_another_site(behind: FlaskClient, text: str) -> None:
    """Any X-Forwarded-Prefix is refused with 400, or is a path that all links start with."""
    answer = behind.get("/about", environ_overrides={"HTTP_X_FORWARDED_PREFIX": text})
    found = [*addresses(Fetched(answer.status_code, answer.content_type, answer.text))]
    assert not any(each.startswith(("//", "/\\")) or "evil.test" in each for each in found)
    assert answer.status_code in {200, 400}
    if answer.status_code == 200:
        (root,) = (each.partition("/static/")[0] for each in found if each.endswith("/style.css"))
        assert root in text
        assert all(each.startswith((f"{root}/", "#")) for each in found)
    else:
        assert "X-Forwarded-Prefix" in answer.text


@pytest.fixture(scope="module")
def behind(catalogue_engine: Engine) -> FlaskClient:
    return make_client(catalogue_engine, proxies=1, forwarded_prefix=1)


def test_nginx_overwrites_a_forwarded_prefix() -> None:
    text = (ROOT / "deploy" / "nginx.conf").read_text(encoding="utf-8")
    assert text.count("proxy_pass ") == text.count('proxy_set_header X-Forwarded-Prefix "";')
