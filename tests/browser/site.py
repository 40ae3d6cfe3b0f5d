"""The site under test: the real command in its own process, and locators for its pages."""

import os
import re
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from urllib.error import HTTPError

import msgspec
from bs4 import BeautifulSoup
from playwright.sync_api import FloatRect, Locator, Page, expect
from werkzeug.serving import make_server

from search_app import config, create_app
from search_app.engine import Engine
from tests.catalogue import PATIENT
from tests.robustness.test_server import free_port

COMMAND = ("-c", "from search_app.cli.main import main; main()")
_BARE = """
import waitress
from search_app import config, create_app
from search_app.engine import Engine

settings = config.load()
waitress.serve(create_app(settings), host=settings.host, port=settings.port)
"""
BARE = ("-c", _BARE)
"""Arguments that start a server without checking the index first."""

START = 180
"""Timeout in seconds for a server to index the corpus and listen, on a slow machine."""

ORGANS = {
    "Assessment Toolkit: Trafficking in Persons for the Purpose of Organ Removal",
    "Human Trafficking for the Removal of Organs and Body Parts",
}
TOOLKIT = "assessment-toolkit-trafficking-in-persons-for-the-purpose-of-organ-removal-2015"
GLOBAL_REPORT = "global-report-on-trafficking-in-persons-2018"
SPANISH = "guia-del-docente-capacitacion-para-investigacion-del-delito-de-trata-de-personas-2009"
SEARCHES = {
    "everything": "/",
    "results": "/?q=organ+removal",
    "ticked": "/?q=trafficking&region=South+Asia&country=IN&year=2005..2015&sort=title",
    "middle page": "/?page=7",
    "nothing found": "/?q=xyzzy&region=South+Asia&match=all",
    "relaxed": "/?q=organ+xyzzy",
    "past the end": "/?q=organ+removal&page=99",
    "unknown value": "/?region=Atlantis",
    "all of two values": "/?region=Africa&region=South+Asia&match.region=all",
    "folded editions": "/?q=global+report&fold=1",
    "reasons": "/?q=africa+traficking&region=Africa&explain=1",
    "reasons of what is relaxed": "/?q=organ+xyzzy+%22victimm%22&explain=1",
}
"""One search page of every kind."""

PAGES = SEARCHES | {
    "facet": "/facet/body",
    "facet of a search": "/facet/region?q=trafficking&section=Tools&country=IN",
    "facet of years": "/facet/year?year=2009",
    "publication": f"/publication/{TOOLKIT}",
    "publication with editions": f"/publication/{GLOBAL_REPORT}",
    "hit of a search": f"/publication/{GLOBAL_REPORT}?q=global+report&sort=oldest&hit=2",
    "citation": f"/publication/{GLOBAL_REPORT}?cite=chicago",
    "Spanish publication": f"/publication/{SPANISH}",
    "about": "/about",
    "advanced": "/advanced",
    "list": f"/list?id={TOOLKIT}&id=none-such&id={GLOBAL_REPORT}&q=law&cite=apa",
    "empty list": "/list",
    "search record": "/search-record?q=human+trafficking+since+2012&region=Africa",
    "404": "/nowhere",
    "404 publication": "/publication/none-such",
    "400": "/?q=organs&sort=sideways",
    "400 range": "/?year_from=2015&year_to=2010",
}
"""One page of every kind, except those of a site without an index."""


class Site(msgspec.Struct, frozen=True):
    """A running server: its URL and its folders."""

    base: str
    corpus: Path
    index: Path

    def url(self, address: str = "/") -> str:
        """Return the full URL of a path on this site."""
        return f"{self.base}{address}"

    def command(self, *words: str) -> str:
        """Run `pubsearch` with these arguments on the site's folders, and return its output."""
        environment = surroundings(self.corpus, self.index)
        return subprocess.run(
            [sys.executable, *COMMAND, *words],
            env=environment, capture_output=True, text=True, check=True, timeout=START,
        ).stdout  # fmt: skip

    def fetch_page(self, address: str) -> BeautifulSoup:
        """Return a page as it is served, without a browser.

        Pages with an error status are returned too.
        """
        try:
            with urllib.request.urlopen(self.url(address), timeout=START) as answer:
                return BeautifulSoup(answer.read(), "lxml")
        except HTTPError as error:
            with error:
                return BeautifulSoup(error.read(), "lxml")


def surroundings(corpus: Path, index: Path, port: int = 8000) -> dict[str, str]:
    """Return the environment that sets the folders and the port of a site."""
    return os.environ | {
        "PUBSEARCH_CORPUS": str(corpus),
        "PUBSEARCH_INDEX": str(index),
        "PUBSEARCH_HOST": "127.0.0.1",
        "PUBSEARCH_PORT": str(port),
    }


@contextmanager
def serving(corpus: Path, index: Path, code: Sequence[str] = (*COMMAND, "serve")) -> Iterator[Site]:
    """Yield a server that listens on a free port, and stop it after the `with` block."""
    port = free_port()
    log = index.with_name(f"{index.name}.log")
    with log.open("wb") as told:
        process = subprocess.Popen(
            [sys.executable, *code],
            env=surroundings(corpus, index, port), stdout=told, stderr=told,
        )  # fmt: skip
    try:
        _await(port, process, log)
        yield Site(f"http://127.0.0.1:{port}", corpus, index)
    finally:
        process.terminate()
        process.wait(START)


@contextmanager
def serving_index(index: Path, engine: Engine | None = None) -> Iterator[str]:
    """Yield the URL of an application on an index, in this process, with an engine if given."""
    application = create_app(config.load(PATIENT, index=index), engine)
    server = make_server("127.0.0.1", 0, application, threaded=True)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        server.shutdown()
        thread.join()


def _await(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    """Wait until a server listens on the port."""
    end = time.monotonic() + START
    while time.monotonic() < end and process.poll() is None:
        with socket.socket() as trial:
            if not trial.connect_ex(("127.0.0.1", port)):
                return
        time.sleep(0.05)
    raise RuntimeError(f"the server did not start: {log.read_text(encoding='utf-8')}")


def search_box(page: Page) -> Locator:
    """Return the search box. With scripts it is a combobox."""
    return page.get_by_role("search").get_by_label("Search the publications", exact=True)


def search(page: Page, words: str) -> None:
    """Type a query into the search box and submit it."""
    search_box(page).fill(words)
    search_box(page).press("Enter")


def find_box(locator: Locator) -> FloatRect:
    """Return the place and the size of a visible element, in pixels."""
    box = locator.bounding_box()
    assert box, "it is not visible"
    return box


def summary(page: Page) -> Locator:
    """Return the line with the range and the total of the list, which is the live region."""
    return page.get_by_role("status")


def hits(page: Page) -> Locator:
    """Return the titles in the list of results."""
    listed = page.get_by_role("region", name="Results").locator(".hits")
    return listed.get_by_role("heading", level=3)


def facet(page: Page, label: str) -> Locator:
    """Return a facet by its heading."""
    return page.get_by_role("group", name=label, exact=True)


def open_facet(page: Page, label: str) -> Locator:
    """Open a facet that is folded, and return it."""
    facet(page, label).locator(".group > summary").click()
    return facet(page, label)


def value(page: Page, label: str, value: str) -> Locator:
    """Return a value of a facet, selected or not."""
    name = re.compile(rf"^{re.escape(value)}, ")
    return facet(page, label).get_by_role("link", name=name)


def chips(page: Page) -> Locator:
    """Return the chips of the active filters. Each is a link that removes its filter."""
    active = page.get_by_role("list", name="Active filters")
    return active.get_by_role("link", name=re.compile("^Remove filter"))


def expect_chips(page: Page, *names: str) -> None:
    """Wait until the active filters are these, each with the number of hits without it."""
    expect(chips(page)).to_have_count(len(names))
    after = r"(; without it: [1-9][\d,]* publications?)?$"  # a chip without hits has no count
    for place, name in enumerate(names):
        wanted = re.compile(f"^Remove filter {re.escape(name)}{after}")
        expect(chips(page).nth(place)).to_have_accessible_name(wanted)


def told(text: str) -> int:
    """Return the total of a summary. If editions are folded, it is the number in brackets."""
    if text.startswith("Nothing found"):
        return 0
    publications = re.findall(r"\(([\d,]+) publications\)", text)
    return int((publications or re.findall(r" of ([\d,]+)", text))[0].replace(",", ""))


def leads_to(label: str) -> int:
    """Return the last number of publications in a label: the length of the list behind the link."""
    return int(re.findall(r"([\d,]+) publications?", label)[-1].replace(",", ""))


def promised(link: Locator) -> int:
    """Return the length of a list as promised by a link of the page."""
    return leads_to(link.get_attribute("aria-label") or "")


def expect_total(page: Page, number: int) -> None:
    """Wait until the page shows a list of this length."""
    wanted = rf" of {number:,}\b" if number else "^Nothing found"
    expect(summary(page)).to_contain_text(re.compile(wanted))


def open_orders(page: Page) -> Locator:
    """Open the menu of sort orders, and return its list."""
    page.get_by_text(re.compile(r"^Sort: ")).click()
    return page.get_by_role("list", name="Sort")


def unfold(page: Page) -> None:
    """Open all collapsed parts of the page."""
    page.locator("details").evaluate_all("all => all.forEach(each => { each.open = true; })")
