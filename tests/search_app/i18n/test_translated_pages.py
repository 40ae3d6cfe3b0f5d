"""Pages in another language contain no English.

The catalogue of these tests is Russian, and the translation puts every message in brackets. So
English text outside of brackets is program text that was not translated.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.exceptions import (
    BadRequest,
    ImATeapot,
    NotAcceptable,
    RequestURITooLarge,
    TooManyRequests,
)

from indexer.cluster.connection import ClusterError
from indexer.generations.manifest import IndexMissing
from indexer.jobs import build
from search_app import config, create_app
from search_app.engine import BudgetExceeded, Engine, StoreUnavailable, TooBusy
from search_app.web.errors import TooManyExports
from tests.catalogue import PATIENT
from tests.search_app.i18n.pseudo_locale import Outside, find_english, in_brackets

CATALOGUE = """\
title = "Каталог"
description = "Несколько книг."
publisher = "Издательство"
source = "Печатный каталог"
language = "ru"
notices = ["Примечание."]
examples = [["закон", "книги о законах"]]
field = [
    { name = "title", label = "Название", kind = "text", role = "title", weight = 2.5, \
required = true },
    { name = "summary", label = "Содержание", kind = "text", role = "abstract", weight = 1.0 },
    { name = "region", label = "Регион", facet = 1, fact = 1, several = true, \
missing = "Без региона", values = ["Африка", "Азия"] },
    { name = "country", label = "Страна", kind = "country", parent = "region", \
grouping = "regions.toml", several = true, weight = 0.3 },
    { name = "year", label = "Год", kind = "year", role = "issued", facet = 2, fact = 2, \
order = "descending" },
    { name = "topic", label = "Тема", facet = 3, several = true, weight = 0.3, \
missing = "Без темы" },
]
"""
REGIONS = """\
[regions]
"Африка" = ["KE", "NG"]
"Азия" = ["IN", "NP"]
"""
THESAURUS = """\
concept = [
    { id = "crime", prefLabel = { ru = "преступность" } },
    { id = "trade", broader = ["crime"], prefLabel = { ru = "торговля людьми" }, \
altLabel = { ru = ["работорговля"] } },
    { id = "trade-in-children", broader = ["trade"], prefLabel = { ru = "торговля детьми" } },
]
"""
TITLES = (
    "Закон о торговле людьми", "Торговля детьми", "Преступность на море", "Справочник прокурора",
    "Справочник судьи", "Граница и море",
)  # fmt: skip
PAGES = (
    "/", "/?page=2", "/?page=99", "/?q=море&page=99", "/?fold=1", "/?q=справочник&fold=1&explain=1",
    "/?fold=1&page=99", "/?q=справочник&fold=1&page=99",
    "/?q=закон&explain=1", "/?q=море+граница+кит", "/?q=море+кит&match=all&explain=1",
    "/?q=море&region=Африка&explain=1", "/?q=море+OR+граница&match=any", "/?q=закон&exact=1",
    "/?q=зокон", "/?q=работорговля&explain=1", "/?q=торговля+людьми", "/?q=кит",
    "/?q=кит&region=Азия",
    "/?q=море&region=Азия&topic=нет", "/?q=море+2012", "/?q=море+с+2012+года", "/?q=море+до+2012",
    "/?q=справ*&explain=1", "/?q=*о*&explain=1", "/?q=закан~&explain=1", "/?q=?!", "/?q=цвет:море",
    "/?q=topic:море", "/?q=Индия", "/?q=Кения+море", "/?year=2010..2012",
    "/?year=..2012&year=2011..",
    "/?q=преступность&explain=1", f"/?q={'море+' * 80}", "/?q=*", "/?size=100&sort=title",
    "/facet/topic", "/facet/year?q=море", "/facet/region?q=море&region=Африка",
    "/facet/topic?q=кит",
    "/about", "/advanced", "/search-record", "/search-record?q=торговля+людьми&region=Африка",
    "/publication/к-0", "/publication/к-1", "/publication/к-нет", "/facet/нет", "/нет",
    "/?page=х", "/?size=999", "/?sort=х", "/?year=2012..2010", "/?year=20..10",
    "/list", "/list?id=к-0&id=к-нет&q=море&cite=apa", "/publication/к-0?cite=chicago",
    "/publication/к-0?q=море&hit=1", "/?without.region=Африка&q=море", "/?region=Африка",
    "/?region=Африка&without.region=Африка", "/facet/topic?find=море", "/?topic=none&year=none",
    "/search-record?q=море+OR+кит&without.topic=море", "/advanced/search?words.all=море",
)  # fmt: skip
FAULTS = (
    TooBusy("busy"), TooManyExports(), BudgetExceeded("words", 1), StoreUnavailable("down", "Wait"),
    ClusterError("refused", "Check the user"), IndexMissing("no index", "Run: pubsearch build"),
    RuntimeError("bug"), BadRequest(), NotAcceptable(), RequestURITooLarge(), TooManyRequests(),
    ImATeapot(),
)  # fmt: skip
"""Errors of a request that no parameter causes."""


def write_corpus(folder: Path) -> None:
    """Write the Russian catalogue, with editions of some titles."""
    folder.mkdir()
    lines = [
        {
            "id": f"к-{number}", "title": title, "summary": f"{title}. О законе и о море.",
            "year": str(2009 + number % 6), "topic": [f"тема {number}", "море"],
            "country": ["KE"] if number % 2 else [],
        }
        for number, title in enumerate(TITLES * 5)
    ]  # fmt: skip
    for name, text in {
        "catalogue.toml": CATALOGUE,
        "regions.toml": REGIONS,
        "thesaurus.toml": THESAURUS,
        "books.jsonl": "\n".join(json.dumps(line, ensure_ascii=False) for line in lines),
    }.items():
        (folder / name).write_text(text, encoding="utf-8")


@pytest.fixture(scope="module")
def russian_app(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """Return an application on an index of the Russian catalogue."""
    folder = tmp_path_factory.mktemp("russian")
    write_corpus(folder / "corpus")
    build.build(folder / "corpus", folder / "index")
    return create_app(config.load(PATIENT, index=folder / "index"))


@pytest.fixture
def russian(russian_app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[FlaskClient]:
    """Return a client for the Russian catalogue, with every message in brackets."""
    in_brackets(monkeypatch)
    with russian_app.test_client() as client:
        yield client


@pytest.mark.parametrize("address", PAGES)
def test_a_page_has_no_untranslated_english(address: str, russian: FlaskClient) -> None:
    """All text of the program, on every kind of page, is translated."""
    assert find_english(russian.get(address, follow_redirects=True).text, address) == []


@pytest.mark.parametrize("error", FAULTS, ids=lambda error: type(error).__name__)
def test_an_error_page_has_no_untranslated_english(
    error: Exception, russian: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All text of a page about any error is translated."""

    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(Engine, "answer", fail)
    response = russian.get("/?q=море")
    assert response.status_code >= 400
    assert find_english(response.text, "/?q=море") == []


def test_untranslated_english_is_detected() -> None:
    """English next to a message is detected, in text and in an attribute."""
    assert Outside("<p>⟦One <b>message⟧</b> and more</p>").english == [" and more"]
    assert Outside('<p><bdi translate="no">RIS</bdi> file</p>').english == [" file"]
    assert Outside('<a title="⟦One⟧ and ⟦two⟧">⟦One ⟦two⟧⟧</a>').english == [" and "]


def test_values_in_messages_of_templates_are_escaped(russian: FlaskClient) -> None:
    """The values of a message are escaped on a page, also in an attribute."""
    page = russian.get("/", query_string={"q": '<b>"кит"&', "topic": '"><i>&'}).text
    assert "<b>" not in page
    assert "<i>" not in page
    assert "⟧&lt;b&gt;&#34;кит&#34;&amp;⟦" in page
