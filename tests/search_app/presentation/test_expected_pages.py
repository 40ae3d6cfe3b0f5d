"""Pages of three sites have the texts, links, and labels in `expected_pages.txt`.

Messages are in the brackets of `test_translated_pages`. After an intended change, run
`python -m tests.search_app.presentation.test_expected_pages`, and read the differences.
"""

import json
import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import unquote_plus

import pytest
from bs4 import BeautifulSoup
from flask.testing import FlaskClient

from indexer.jobs import build
from tests.search_app import texts
from tests.search_app.i18n.test_marked_text import VISIBLE
from tests.search_app.presentation import test_translated_pages as translated
from tests.search_app.web.reading import find, open_index

EXPECTED = Path(__file__).with_name("expected_pages.txt")
TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d|000001-\w{22}|(?<=⟦As of⟧).*")
"""The time of a search and of a build, and the name of a generation."""
CATALOGUE = """\
title = "Harbours"
description = "Works on harbours."
publisher_site = "harbours.example.org"
type = [
    { csl = "motion_picture", where = { form = ["film"] } },
    { csl = "broadcast", where = { form = ["radio"] } }, { csl = "report" },
]
field = [
    { name = "title", label = "Title", kind = "text", role = "title", weight = 2.5, \
required = true },
    { name = "titre", label = "French title", kind = "text", translates = "title", \
language = "fr", weight = 1.0 },
    { name = "summary", label = "Abstract", kind = "text", role = "abstract", weight = 1.0 },
    { name = "authors", label = "Authors", kind = "name", role = "author", weight = 1.5, \
facet = 1, fact = 1, several = true },
    { name = "year", label = "Year", kind = "year", role = "issued", facet = 2, fact = 2, \
order = "descending" },
    { name = "form", label = "Form", facet = 3, values = ["report", "film", "radio"] },
    { name = "access", label = "Access", facet = 4, restricted = ["on request"] },
    { name = "series", label = "Series", role = "collection-title", weight = 0.5, facet = 5 },
    { name = "number", label = "Number", role = "collection-number" },
    { name = "language", label = "Language", kind = "language", role = "language", facet = 6, \
several = true },
    { name = "doi", label = "DOI", kind = "doi", role = "DOI" },
    { name = "link", label = "Links", kind = "link", role = "URL", several = true },
    { name = "note", label = "Notes", role = "note" },
]
"""
SUBJECTS = ("salt", "grain", "silk", "copper", "timber", "fish")
LINKS: tuple[list[str], ...] = (
    ["https://www.example.org/papers/harbours/volume-one/a-very-long-name-of-a-file.pdf"],
    ["https://youtube.com/watch?v=1"], ["https://example.org/talk.mp3", "https://example.org/b/"],
    [], ["https://example.org/archive/of/many/years/of/harbours/and/of/all/their/ships/"],
)  # fmt: skip
PAGES = (
    "/?explain=1&q=salt+harbour+trade+of+ships&size=25", "/?q=okafor&explain=1",
    "/?q=ada+okafor+salt&explain=1", "/?q=field+notes+3", "/?q=sel&explain=1",
    "/?q=harbour+-salt&sort=title&size=25", "/?q=10.1000/182&explain=1", "/?q=form:film",
    "/?access=on+request", "/?q=harbour&match=all&without.form=film&all.language=fr",
    '/?q="salt+trade"+NEAR/5+ships&explain=1', "/?q=hrabour+trde", "/?q=harbour+zebra+quagga+yak",
    *(f"/publication/h-{number}?q=salt&hit={number}" for number in range(6)),
    "/publication/h-1?cite=apa", "/list?id=h-0&id=h-1&id=h-2&cite=mla", "/facet/authors?q=trade",
    "/facet/language?fold=1", "/advanced?q=salt&year=2010..", "/?fold=1&q=handbook&explain=1",
)  # fmt: skip
IN_TEXTS = (
    "/?q=organ&explain=1", "/?q=organ+removal", "/?q=pearls&explain=1", "/?q=organ&inside=0",
    "/?q=crime+NEAR/3+organ", "/publication/organ?q=organ&hit=1", "/publication/report?find=organ",
    "/publication/many?q=pearls", "/publication/damaged", "/publication/secret", "/?q=quorum",
    "/publication/report?find=quorum", "/publication/web?find=pirates", "/?access=on+request",
)  # fmt: skip


def make_harbours(folder: Path) -> FlaskClient:
    """Return a client of a site on publications with every kind of field."""
    (folder / "corpus").mkdir()
    (folder / "corpus" / "catalogue.toml").write_text(CATALOGUE, "utf-8")
    lines = [
        {
            "id": f"h-{number}", "title": f"The {subject} trade in the harbour of {number}",
            "summary": f"Ships with {subject} and salt. {'Docks and cranes. ' * (number % 4)}"
            f"Harbour dues of {1900 + number}.",
            "authors": [["Okafor, Ada", "Berg, Jan", "Lind, Eva", "Osei, Ama"][number % 4],
                        *(["Plato"] if number % 3 else [])],
            "year": str(2000 + number % 9), "form": ["report", "film", "radio"][number % 3],
            "series": "Field Notes" if number % 2 else "", "number": str(number % 5),
            "language": ["fr", "en"] if number % 4 == 0 else ["en"],
            "link": LINKS[number % 5], "note": f"Plate {number}." if number % 6 == 0 else "",
        }
        for number, subject in enumerate(SUBJECTS * 5)
    ]  # fmt: skip
    lines[0] |= {"titre": "Le commerce du sel", "doi": "10.1000/182"}
    lines[5] |= {"access": "on request"}
    lines += [
        {"id": f"e-{edition}", "title": f"Handbook of docks, edition {edition}", "year": year}
        for edition, year in ((1, "1998"), (2, "2003"), (3, "2011"))
    ]
    (folder / "corpus" / "works.jsonl").write_text("\n".join(map(json.dumps, lines)), "utf-8")
    build.build(folder / "corpus", folder / "index")
    return open_index(folder / "index")


SITES: dict[str, tuple[Callable[[Path], FlaskClient], tuple[str, ...]]] = {
    "каталог": (
        lambda folder: translated.make_russian_app(folder).test_client(),
        tuple(page for page in translated.PAGES if page != "/about" and len(page) < 300),
    ),
    "реки": (
        lambda folder: translated.make_imported_app(folder).test_client(),
        tuple(p for p in translated.IMPORTED_PAGES if p != "/about" and "publication}" not in p),
    ),
    "harbours": (make_harbours, PAGES),
    "texts": (lambda folder: texts.open_site(folder / "index"), IN_TEXTS),
}


@pytest.fixture(scope="module")
def clients(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], FlaskClient]:
    return cache(lambda site: SITES[site][0](tmp_path_factory.mktemp("site")))


@pytest.mark.parametrize(
    ("site", "address"),
    [(site, address) for site, (_, pages) in SITES.items() for address in pages],
)
def test_a_page_has_the_expected_texts_and_links(
    site: str, address: str, clients: Callable[[str], FlaskClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    translated.in_brackets(monkeypatch)
    page = clients(site).get(f"/ru{address}", follow_redirects=True)
    assert outline(page.text) == read_expected()[f"{site} {address}"]


def outline(html: str) -> list[str]:
    """Return the text of the main part of a page in lines, with its links, labels, and marks."""
    main = find(BeautifulSoup(html, "lxml"), "main")
    for element in main.select("svg, #failure, .take .panel, .menu .panel"):
        element.decompose()  # the same on most pages
    for element in main.find_all(True):
        attributes = (str(element[name]) for name in VISIBLE if name in element.attrs)
        lang = [f"lang={element['lang']}"] if "lang" in element.attrs else []
        element.insert(0, "".join(f"[{text}] " for text in [*lang, *attributes]))
        if href := element.get("href") or element.get("action"):
            element.append(f" <{unquote_plus(str(href))}>")
        if element.name == "mark":
            element.insert(0, "*")
            element.append("*")
    text = TIME.sub("TIME", main.get_text())
    return [" ".join(line.split()) for line in text.splitlines() if line.strip()]


@cache
def read_expected() -> dict[str, list[str]]:
    pages = EXPECTED.read_text("utf-8").split("\n\n")
    return {lines[0]: lines[1:] for lines in (page.strip().split("\n") for page in pages)}


def list_pages() -> Iterator[str]:
    for site, (make, pages) in SITES.items():
        with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as monkeypatch:
            translated.in_brackets(monkeypatch)
            client = make(Path(folder))
            for address in pages:
                page = client.get(f"/ru{address}", follow_redirects=True)
                yield "\n".join([f"{site} {address}", *outline(page.text)])


if __name__ == "__main__":
    EXPECTED.write_text("\n\n".join(list_pages()) + "\n", "utf-8")
