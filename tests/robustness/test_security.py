"""Hostile requests and hostile files do little harm. See docs/security.md."""

import json
import logging
import os
import pickle
import re
import socket
import tracemalloc
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from random import Random
from urllib.parse import quote, urlencode

import msgspec
import pytest
from flask.testing import FlaskClient

from indexer.generations import directory, manifest
from indexer.jobs import build, verify
from search_app import config, create_app
from search_app.engine import Engine, SearchRequest
from search_app.presentation import facets
from search_app.presentation.html import isolate
from search_app.search_state import MAX_SELECTED, MAX_SELECTED_BYTES
from search_app.web import incoming, monitoring
from tests.catalogue import PATIENT, MakeApp
from tests.conftest import ROOT

LARGEST = 10_000_000
"""Limit of a response in bytes.

With 16 MB, waitress blocks a thread for a client that does not read.
"""
JUNK = "%ff" * 2000
"""Invalid bytes. A link contains three times as many bytes for them."""
TICKS = {
    "none": "",
    "many values": urlencode([("region", f"{number:03}{'x' * 60}") for number in range(99)]),
    "of every field": urlencode([
        (name, f"{number:03}{'x' * 60}")
        for name in ("section", "region", "topic", "body", "language") for number in range(100)
    ]),
    "one without end": f"region={'x' * 60_000}",
    "many long ones": urlencode([("region", f"{number}{'x' * 600}") for number in range(90)]),
}  # fmt: skip
TEXTS = {
    "nothing": "", "bytes that are none": f"law+{JUNK}", "Chinese": quote("贩运" * 3000),
    "emoji": quote("👩" * 5000 + " law"),
}  # fmt: skip


@pytest.mark.parametrize("path", ["/", "/api/search", "/facet/region", "/api/suggest"])
@pytest.mark.parametrize("ticks", TICKS.values(), ids=TICKS)
@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_response_size_is_bounded(path: str, ticks: str, text: str, client: FlaskClient) -> None:
    """Every link repeats the request, and the response still stays under 10 MB."""
    answer = client.get(f"{path}?q={text}&{ticks}"[: incoming.MAX_QUERY_BYTES])
    assert answer.status_code in (200, 400, 503)
    assert len(answer.data) < LARGEST


def test_selected_values_are_limited_over_all_fields(client: FlaskClient) -> None:
    """At most 100 values of all fields can be selected, in at most 8,192 bytes."""
    years = [("year", str(year)) for year in range(1000, 1000 + MAX_SELECTED - 1)]
    assert client.get(f"/?{urlencode([*years, ('region', 'Africa')])}").status_code == 200
    told = client.get(f"/?{urlencode([*years, ('region', 'Africa'), ('region', 'Asia')])}")
    assert told.status_code == 400
    assert "Select at most 100." in told.text
    long = "x" * (MAX_SELECTED_BYTES - len("&region="))
    assert client.get(f"/?region={long}").status_code == 200
    told = client.get(f"/?region={long}x")
    assert told.status_code == 400
    assert "8,192 bytes" in told.text


def test_a_very_long_facet_page_is_cut(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A facet page shows the first values and the number of others if its links are too long."""
    row = '<li class="row'
    every = client.get("/facet/body").text
    assert "more values" not in every
    monkeypatch.setattr(facets, "MAX_LINK_BYTES", 5 * (facets.ROW_BYTES + len("/?body=x")))
    some = client.get("/facet/body").text
    assert 0 < some.count(row) < every.count(row)
    assert "The first values, each with" in some
    assert f"{every.count(row) - some.count(row)} more values. Search or select a filter" in some


def test_long_words_do_not_fill_the_memory(catalogue_index: Path) -> None:
    engine, drawer = Engine(catalogue_index), Random(7)

    def ask() -> None:
        engine.search(SearchRequest("".join(drawer.choices("𐐨𐐩𐐪𐐫𐐬𐐭𐐮𐐯", k=1400))))

    ask()
    tracemalloc.start()
    try:
        for _ in range(20):
            ask()
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert kept < 20 * 30_000


def test_many_quotes_take_linear_time() -> None:
    """A value of 300,000 opening quotes is processed in linear time."""
    text = "“" * 300_000
    assert isolate(text) == text
    assert isolate("“a” and “b”") == "“<bdi>a</bdi>” and “<bdi>b</bdi>”"


def test_a_log_line_has_bounded_length(
    client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    client.open(f"/{'👩' * 5000}", method="A" * 20_000)
    (record,) = [each for each in caplog.records if each.name == "search_app.web.monitoring"]
    assert len(monitoring.JsonFormatter().format(record)) < 16 * monitoring.MAX_CHARS


@pytest.mark.parametrize("address", ["/", "/api/search", "/healthz", "/static/search.js", "/no"])
def test_no_response_names_or_allows_another_site(make_app: MakeApp, address: str) -> None:
    """No response allows another site to read it, redirects to it, or names it.

    Absolute URLs have the host of the request, unless the name of the site is set.
    """
    client = make_app(site_url="https://catalogue.example").test_client()
    evil = "evil.example"
    told = {"Origin": f"https://{evil}", "Host": evil, "X-Forwarded-Host": evil, "Referer": evil}
    with client.get(address, headers=told) as answer:
        names = {name.lower() for name, _ in answer.headers}
        assert not {each for each in names if each.startswith("access-control-")}
        assert not names & {"location", "refresh", "set-cookie"}
        assert evil not in str(answer.headers)
        assert evil.encode() not in answer.data


@pytest.mark.parametrize(
    "address", ["/", "/no", "/?page=x", "/metrics", "/static/style.css", "/static/favicon.svg",
                "/static/search.js"],
)  # fmt: skip
def test_every_text_response_declares_its_encoding(client: FlaskClient, address: str) -> None:
    with client.get(address) as answer:
        assert re.fullmatch(r"[a-z]+/[a-z+]+;.* ?charset=utf-8", answer.headers["Content-Type"])
    assert client.get("/api/search").headers["Content-Type"] == "application/json"


@pytest.mark.parametrize(
    "path", ["/.git/config", "/.env", "/static/", "/static/.", "/search_app/", "/templates/",
             "/index/CURRENT", "/static/%2e%2e/templates/base.html", "/static/..%5cviews.py",
             "/static//etc/passwd", "/publication/../../../../etc/passwd", "/facet/../CURRENT"],
)  # fmt: skip
def test_no_other_file_is_served(client: FlaskClient, path: str) -> None:
    assert client.get(path).status_code == 404


@pytest.mark.parametrize("script", sorted((ROOT / "search_app/web/static").glob("*.js")), ids=str)
def test_scripts_use_no_unsafe_functions(script: Path) -> None:
    """No script evaluates text as markup or code, or listens to other windows.

    Only the reading list is stored in the browser.
    """
    text = script.read_text(encoding="utf-8")
    unsafe = (
        r"\beval\b|\bFunction\(|innerHTML|outerHTML|insertAdjacentHTML|document\.write|"
        r"setTimeout\(\s*[\"'`]|sessionStorage|indexedDB|\bcookie\b|postMessage|"
        r"onmessage|__proto__|https?:"
    )
    assert re.findall(unsafe, text) == []
    assert "localStorage" not in text or script.name == "reading_list.js"
    assert '"use strict";' in text


def test_nothing_connects_to_the_network(
    corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object) -> None:
        raise AssertionError("it connects")

    (corpus / "links.html").write_text(
        '<!DOCTYPE html SYSTEM "http://evil.example/a.dtd"><link rel=stylesheet '
        'href="http://evil.example/a.css"><article itemscope><h2 itemprop="name">Led away</h2>'
        '<i itemprop="genre">Tools</i><a itemprop="url" href="http://evil.example/x">x</a>'
        '<img src="http://evil.example/a.png"></article>',
        encoding="utf-8",
    )
    for name in ("connect", "connect_ex", "sendto"):
        monkeypatch.setattr(socket.socket, name, refused)
    monkeypatch.setattr(socket, "getaddrinfo", refused)
    build.build(corpus, tmp_path / "index")
    client = create_app(config.load(PATIENT, index=tmp_path / "index")).test_client()
    for address in ("/?q=http://evil.example/", "/api/search?q=led", "/about"):
        assert client.get(address).status_code == 200


def test_entities_of_a_page_load_no_file(corpus: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("kept to itself", encoding="utf-8")
    nested = "".join(f'<!ENTITY l{at} "{f"&l{at - 1};" * 10}">' for at in range(1, 10))
    (corpus / "entities.html").write_text(
        f'<!DOCTYPE html [<!ENTITY file SYSTEM "{secret.as_uri()}"><!ENTITY l0 "lol">{nested}]>'
        '<article itemscope><h2 itemprop="name">Entities &file; &l9;</h2>'
        '<i itemprop="genre">Tools</i></article>',
        encoding="utf-8",
    )
    build.build(corpus, tmp_path / "index")
    client = create_app(config.load(PATIENT, index=tmp_path / "index")).test_client()
    (hit,) = json.loads(client.get("/api/search?q=entities").data)["hits"]
    assert "kept" not in hit["title"]
    assert len(hit["title"]) < 100


class Bomb:
    """An object that creates a folder when it is unpickled."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __reduce__(self) -> tuple[Callable[[str], None], tuple[str]]:
        return os.mkdir, (str(self.folder),)


def test_the_pickle_of_an_index_is_never_loaded(corpus: Path, index: Path, tmp_path: Path) -> None:
    live = directory.load(index, directory.read_live_name(index))
    harm = pickle.dumps(Bomb(tmp_path / "harm"))
    (toc,) = live.segment.glob("*.toc")
    toc.write_bytes(harm)
    files = {
        **live.manifest.files, f"segment/{toc.name}": (len(harm), sha256(harm).hexdigest())
    }  # fmt: skip
    manifest.write(live.folder, msgspec.structs.replace(live.manifest, files=files))
    assert [each.errors for each in verify.verify(index)] == [()]
    client = create_app(config.load(PATIENT, index=index)).test_client()
    assert client.get("/?q=law&explain=1").status_code == 200
    line = json.dumps({"title": "Another law", "section": "Tools"})
    (corpus / "new.jsonl").write_text(line, encoding="utf-8")
    assert build.build(corpus, index).changes.unchanged == 5
    assert not (tmp_path / "harm").exists()
    pickle.loads(toc.read_bytes())
    assert (tmp_path / "harm").exists()


@pytest.mark.parametrize(
    "path",
    ["/?q={}", "/?page={}", "/?section={}", "/facet/section?q={}", "/facet/{}", "/publication/{}",
     "/publication/x?q={}", "/export/{}", "/list?id={}", "/search-record?q={}", "/?find={}",
     "/feed.atom?q={}", "/advanced?q={}", "/api/search?q={}", "/feed.atom?sort={}",
     "/oai?verb=GetRecord&metadataPrefix=oai_dc&identifier={}", "/api/search?sort={}",
     "/api/suggest?q={}"],
)  # fmt: skip
def test_no_character_of_a_request_changes_the_text_around_it(
    client: FlaskClient, path: str
) -> None:
    text = client.get(path.format(quote("ab\0\x1b[31m\u202e\u2066cd"))).text
    assert not {"\0", "\x1b", "\u202e", "\u2066"} & {*text}


def test_parameters_are_decoded_once(client: FlaskClient) -> None:
    """Text that is still encoded after one decoding stays so, in the search and on the page."""
    assert json.loads(client.get("/api/search?q=%2541+%26lt%3B").data)["query"] == "%41 &lt;"
    assert 'value="%41 &amp;lt;"' in client.get("/?q=%2541+%26lt%3B").text
    assert client.get("/static/%252e%252e/templates/base.html").status_code == 404


STARTING = ("indexer/child_process.py", "analysis/transformer.py")
"""Modules that start a child process."""


@pytest.mark.parametrize("package", ["indexer", "search_app"])
def test_packages_run_no_programs_and_no_text(package: str) -> None:
    """Neither package runs programs, evaluates text, or loads pickles.

    Child processes of the same Python are exceptions, all with limits: they read files,
    and run the encoder of a user.
    """
    unsafe = (
        r"\bsubprocess\b|\bos\.(?:system|popen|exec\w*|spawn\w*|posix_spawn)\b|\b(?:eval|exec)\(|"
        r"\b(?:pickle|marshal|shelve|dill|yaml)\.loads?\b|from_string\(|\bopen_dir\("
    )
    for module in (ROOT / package).rglob("*.py"):
        found = set(re.findall(unsafe, module.read_text(encoding="utf-8")))
        starts_child = any(module.match(name) for name in STARTING)
        assert found == ({"subprocess"} if starts_child else set()), module
