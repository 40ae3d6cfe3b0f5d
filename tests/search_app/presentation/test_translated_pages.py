"""Pages in another language contain no English.

A pseudo-locale puts every message in brackets, also on the pages of a Russian catalogue and of an
import with the standard texts in English. So English outside of brackets was not translated.
"""

import json
import re
from collections.abc import Iterator
from gettext import NullTranslations
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote_plus

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
from indexer.jobs.importer import import_files
from search_app import config, create_app
from search_app.engine import BudgetExceeded, Engine, StoreUnavailable, TooBusy
from search_app.i18n.translation import load_interface
from search_app.search_state import SORTS
from search_app.web import context
from search_app.web.errors import TooManyExports
from tests.catalogue import PATIENT
from tests.search_app.i18n.test_marked_text import PLACEHOLDER, VISIBLE, messages

IDENTIFIERS = re.compile(
    r"⟧(?:without\.)?(?:page|size|sort|year|region|topic|[0-9a-f]{16}|⟦|, )+⟦"
    rf"|{', '.join(f'⟧{sort}⟦' for sort in SORTS)}"
)
"""Values of placeholders that are part of URLs, or of the log."""


class InBrackets(NullTranslations):
    """A translation that puts each message in brackets, without the values of its placeholders."""

    def gettext(self, message: str) -> str:
        assert (message,) in messages(), f"not extracted: {message}"
        return _bracket(message)

    def pgettext(self, context: str, message: str) -> str:
        return self.gettext(message)

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        assert (msgid1, msgid2) in messages(), f"not extracted: {msgid1}"
        return _bracket(msgid1 if n == 1 else msgid2)


def _bracket(message: str) -> str:
    return f"⟦{PLACEHOLDER.sub(lambda found: f'⟧{found[0]}⟦', message)}⟧"


class Outside(HTMLParser):
    """The English of a page outside of brackets, in its text and in its visible attributes.

    Code, machine-readable times, the names of keys, and the texts and attributes of elements with
    `translate="no"` do not count as English.
    """

    def __init__(self, html: str) -> None:
        super().__init__()
        self.english: list[str] = []
        self._text: list[str] = []
        self._passed_over = 0
        self._is_name = False
        self.feed(html)
        self.close()
        self._take("".join(self._text))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._passed_over += tag in ("code", "time", "script")
        self._is_name = ("translate", "no") in attrs
        for name, value in attrs:
            if name in VISIBLE and not self._is_name:
                self._take(value or "")

    def handle_endtag(self, tag: str) -> None:
        self._passed_over -= tag in ("code", "time", "script")
        self._is_name = False

    def handle_data(self, data: str) -> None:
        if not self._passed_over and not self._is_name:
            self._text.append(data)

    def _take(self, text: str) -> None:
        while (shorter := re.sub("⟦[^⟦⟧]*⟧", "", text)) != text:
            text = shorter
        self.english += re.findall(r"[^\n]*[A-Za-z][^\n]*", text)


def in_brackets(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("gettext", "ngettext", "pgettext"):
        monkeypatch.setattr(load_interface("ru"), name, getattr(InBrackets(), name))
    # What the real language has cached is put back too.
    monkeypatch.setitem(vars(load_interface("ru")), "time_patterns", [])
    del load_interface("ru").time_patterns
    monkeypatch.setattr(context, "_format_built", context._format_built.__wrapped__)


def find_english(page: str, address: str) -> list[str]:
    """Return the English of a page outside of brackets, without the query of its address.

    Parameters, facets, and ids of requests that an error page names are no English either.
    """
    assert page.count("⟦") == page.count("⟧") > 8
    if 'class="prose error"' in page:
        page = IDENTIFIERS.sub("", page)
    for typed in re.findall(r"[?&]q=([^&]+)", address):
        page = page.replace(unquote_plus(typed), "")
    return Outside(page).english


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
    return make_russian_app(tmp_path_factory.mktemp("russian"))


def make_russian_app(folder: Path) -> Flask:
    write_corpus(folder / "corpus")
    build.build(folder / "corpus", folder / "index")
    return create_app(config.load(PATIENT, index=folder / "index"))


@pytest.fixture
def russian(russian_app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[FlaskClient]:
    in_brackets(monkeypatch)
    with russian_app.test_client() as client:
        yield client


@pytest.mark.parametrize("address", PAGES)
def test_a_page_has_no_untranslated_english(address: str, russian: FlaskClient) -> None:
    assert find_english(russian.get(address, follow_redirects=True).text, address) == []


@pytest.mark.parametrize("error", FAULTS, ids=lambda error: type(error).__name__)
def test_an_error_page_has_no_untranslated_english(
    error: Exception, russian: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(Engine, "answer", fail)
    response = russian.get("/?q=море")
    assert response.status_code >= 400
    assert find_english(response.text, "/?q=море") == []


def test_untranslated_english_is_detected() -> None:
    assert Outside("<p>⟦One <b>message⟧</b> and more</p>").english == [" and more"]
    assert Outside('<p><bdi translate="no">RIS</bdi> file</p>').english == [" file"]
    assert Outside('<a title="⟦One⟧ and ⟦two⟧">⟦One ⟦two⟧⟧</a>').english == [" and "]


def test_values_in_messages_of_templates_are_escaped(russian: FlaskClient) -> None:
    page = russian.get("/", query_string={"q": '<b>"кит"&', "topic": '"><i>&'}).text
    assert "<b>" not in page
    assert "<i>" not in page
    assert "⟧&lt;b&gt;&#34;кит&#34;&amp;⟦" in page


IMPORTED = """\
TY  - JOUR
AU  - Иванова, Анна
AU  - Ли, Пётр
AU  - Ким, Ольга
AU  - Цой, Вера
AU  - Жук, Лев
ED  - Орлов, Иван
TI  - Реки и закон
T2  - Вестник
T3  - Труды
PY  - 2014/05/03
AB  - Статья о реках.
KW  - реки
LA  - rus
DO  - 10.1234/567
SN  - 1234-5679
VL  - 3
IS  - 2
SP  - 5
EP  - 9
PB  - Наука
CY  - Москва
N1  - Заметка
AN  - 123
ER  -

TY  - BOOK
AU  - Иванова, Анна
TI  - Море и закон
PY  - 2016
LA  - eng
KW  - реки
SN  - 978-3-16-148410-0
ET  - 2
ER  -

TY  - RPRT
TI  - Закон о море
PY  - 2018
ER  -

TY  - JOUR
TI  - Закон и берег
ER  -

TY  - BOOK
TI  - Берег моря
ER  -
"""
"""A file of RIS, in Russian: a catalogue that is imported from it has texts in English."""
IMPORTED_PAGES = (
    "/", "/?sort=oldest", "/?type=Journal+article&explain=1&q=закон", "/?q=закон&type=none",
    "/facet/type", "/facet/authors", "/facet/language?find=р", "/?without.type=Book",
    "/?q=цвет:море",
    "/advanced", "/about", "/search-record?q=закон&type=Book", "/?q=овёс&language=ru",
    "/?q=год:1900",
    "{publication}", "{publication}?cite=apa", "/list?id=нет", "/?q=тип:книга", "/нет",
)  # fmt: skip
NUMBERS = re.compile(r"https://doi\.org/|\b(?:doi|ISBN|ISSN)\b", re.IGNORECASE)
"""Names of numbers that are the same in Russian."""


@pytest.fixture(scope="module")
def imported_app(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    return make_imported_app(tmp_path_factory.mktemp("imported"))


def make_imported_app(folder: Path) -> Flask:
    (folder / "реки.ris").write_text(IMPORTED, encoding="utf-8")
    import_files([folder / "реки.ris"], folder / "corpus")
    build.build(folder / "corpus", folder / "index")
    return create_app(config.load(PATIENT, index=folder / "index"))


@pytest.fixture
def imported(imported_app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[FlaskClient]:
    in_brackets(monkeypatch)
    with imported_app.test_client() as client:
        yield client


@pytest.mark.parametrize("address", IMPORTED_PAGES)
def test_a_page_of_an_imported_catalogue_has_no_english(
    address: str, imported: FlaskClient
) -> None:
    """All labels, types, and explanations of an imported catalogue are translated too."""
    found = imported.get("/ru/api/search?q=реки").get_json()["hits"][0]["url"]
    address = address.format(publication=found.removeprefix("/ru"))
    page = NUMBERS.sub("", imported.get(f"/ru{address}").text)
    assert find_english(page, address) == []
