"""Every link that a page without hits offers leads to hits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import quote_plus, urldefrag

import pytest
from bs4 import BeautifulSoup, Tag
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.search_app.texts import open_site
from tests.search_app.web.reading import open_index

pytestmark = pytest.mark.slow

FOREIGN = ("ул. Ленина", "Keniya", "Nairobi", "器官", "trata", "explotacion", "Luxemburg")
KNOWN = (
    "organ",
    "victims",
    "traffick*",
    "boat",
    "title:manual",
    "law",
    "border",
    "pearls",
    "vault",
)
UNKNOWN = ("zyzzyva", "qqzzq", "wwqzq", "xyzzy*", '"smugglling sea"', '"model zyzzyva"', "title:qq")
MISSPELT = ("traficking", "smugglling", "victimm", "tolkit~", "bordre", "perls", "orgna", "vualt")
MEANT = (
    "covid",
    "death penalty",
    "handbook",
    "child labour",
    "since 2030",
    "before 1950",
    "2010-2014",
)
OPERATORS = ("OR", "AND", "NOT", "-law", "(", ")", "-organ", "year:1951", "region:Africa")
TYPED = st.lists(
    st.one_of([st.sampled_from(each) for each in (FOREIGN, KNOWN, MEANT, OPERATORS)])
    | st.sampled_from(UNKNOWN)
    | st.sampled_from(MISSPELT)
    | st.text("abeiorstz", min_size=3, max_size=7),
    max_size=4,
)
SELECTED = st.lists(
    st.sampled_from([
        ("section", "Tools"), ("section", "Multimedia"), ("region", "Africa"), ("country", "KE"),
        ("region", "Middle East"), ("region", "Atlantis"), ("year", "2010..2012"), ("year", "1951"),
        ("language", "none"), ("topic", "smuggling of migrants"), ("access", "on request"),
    ]),
    max_size=3, unique=True,
)  # fmt: skip
EXCLUDED = st.lists(
    st.sampled_from([
        ("without.section", "Publications"), ("without.region", "South Asia"),
        ("without.year", "2009"), ("without.topic", "trafficking in persons"),
        ("without.access", "none"),
    ]),
    max_size=2, unique=True,
)  # fmt: skip
SWITCHES = st.lists(
    st.sampled_from([
        ("match", "all"), ("match", "any"), ("exact", "1"), ("inside", "0"), ("fold", "1"),
        ("explain", "1"), ("match.region", "all"), ("match.topic", "all"), ("page", "2"),
        ("sort", "oldest"), ("semantic", "0"),
    ]),
    max_size=3, unique_by=lambda pair: pair[0],
)  # fmt: skip


class Followed:
    """A site whose links are followed. Each page is requested once."""

    def __init__(self, client: FlaskClient) -> None:
        self._client = client
        self._leads: dict[str, bool] = {}

    def read(self, address: str) -> BeautifulSoup:
        """Return a page."""
        return BeautifulSoup(self._client.get(address).data, "lxml")

    def leads_to_hits(self, address: str) -> bool:
        """Return whether a URL shows hits, or a facet with values, which all have hits."""
        address, _ = urldefrag(address)
        if address not in self._leads:
            self._leads[address] = bool(self.read(address).select(".hits > li, .all-rows > li"))
        return self._leads[address]


def is_undoing(link: Tag) -> bool:
    """Return whether a link only undoes a choice of the reader, or is the current choice."""
    row = link.find_parent(class_="line")
    return bool(
        link.find_parent(class_="chips")
        or link.get("aria-current")
        or (row and row.select("[aria-current]"))
        or link.find_parent(class_="combinations")
    )


def list_offered(page: BeautifulSoup) -> Iterator[str]:
    """Yield the URLs that a page without hits offers."""
    for link in page.select("#main a[href]:not([href^='#']):not(#failure a)"):
        if not is_undoing(link):
            yield str(link["href"])


def make_address(words: Sequence[str], *pairs: tuple[str, str]) -> str:
    """Return the URL of a search."""
    pairs = (("q", " ".join(words)), *pairs)
    return "/?" + "&".join(f"{name}={quote_plus(value)}" for name, value in pairs)


@pytest.fixture(scope="module")
def sites(
    tmp_path_factory: pytest.TempPathFactory, catalogue_index: Path, misspelt_index: Path
) -> list[Followed]:
    """Return three sites: real publications, a few that are misspelled, and some with files."""
    clients = [
        *(open_index(index) for index in (catalogue_index, misspelt_index)),
        open_site(tmp_path_factory.mktemp("texts")),
    ]
    return [*map(Followed, clients)]


@given(words=TYPED, selected=SELECTED, excluded=EXCLUDED, switches=SWITCHES)
@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
def test_offered_links_lead_to_hits(
    sites: list[Followed],
    words: list[str],
    selected: list[tuple[str, str]],
    excluded: list[tuple[str, str]],
    switches: list[tuple[str, str]],
) -> None:
    """No offer leads to nothing: neither a correction, a wider search, a filter, nor a map."""
    address = make_address(words, *selected, *excluded, *switches)
    for site in sites:
        page = site.read(address)
        if page.select(".nothing"):
            dead = [href for href in list_offered(page) if not site.leads_to_hits(href)]
            assert not dead, (address, dead)
