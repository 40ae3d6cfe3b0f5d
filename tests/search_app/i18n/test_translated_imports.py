"""Pages of an imported catalogue contain no English in another language.

The import is Russian, and its catalogue has the standard texts in English. The translation puts
every message in brackets. So English outside of brackets was not translated.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient

from indexer.jobs import build
from indexer.jobs.importer import import_files
from search_app import config, create_app
from tests.catalogue import PATIENT
from tests.search_app.i18n.pseudo_locale import find_english, in_brackets

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
    """Return an application on an index of the imported file."""
    folder = tmp_path_factory.mktemp("imported")
    (folder / "реки.ris").write_text(IMPORTED, encoding="utf-8")
    import_files([folder / "реки.ris"], folder / "corpus")
    build.build(folder / "corpus", folder / "index")
    return create_app(config.load(PATIENT, index=folder / "index"))


@pytest.fixture
def imported(imported_app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[FlaskClient]:
    """Return a client for the imported catalogue, with every message in brackets."""
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
