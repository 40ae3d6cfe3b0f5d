"""Every link with a count leads to exactly that many publications, and to at least one.

The count of a value beside a selected one of its facet is that of the value alone.

Every link that a page without hits offers leads to hits.
"""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import cast
from urllib.parse import parse_qsl, urldefrag, urlencode, urlsplit

import pytest
from bs4 import BeautifulSoup, Tag
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict

from indexer.catalogue.fields import Catalogue
from search_app import search_state
from search_app.engine import Engine, Searcher, SearchRequest
from search_app.engine.interpretation.interpreter import retrieve
from tests.search_app.engine.features.test_diagnosis import COMBINED, TICKED, TYPED
from tests.search_app.texts import open_site
from tests.search_app.web.reading import open_index, read_page
from tests.tiers import examples

Pair = tuple[str, str]
LEADS_TO = re.compile(r"(?:^|.*(?:, |: ))([\d,]+) publications?$", re.DOTALL)
BEHIND = re.compile(r"\s*\(([\d,]+)\)")


def parse_number(text: str) -> int:
    return int(text.replace(",", ""))


def behind(link: Tag) -> str:
    return "".join([each.get_text() for each in link.next_siblings][:3])


def counted(page: BeautifulSoup) -> Iterator[tuple[str, int]]:
    for link in page.select("a[href]"):
        href, label = str(link["href"]), str(link.get("aria-label", ""))
        inside = link.select_one(".number")
        if label:
            if said := LEADS_TO.match(label):
                yield href, parse_number(said[1])
        elif inside:
            yield href, parse_number(inside.get_text())
        elif link.select_one(".count"):
            yield href, parse_number(cast(Tag, link.select_one(".count")).get_text())
        elif said := BEHIND.match(behind(link)):
            yield href, parse_number(said[1])


def searcher_of(client: FlaskClient) -> Searcher:
    return cast(Engine, client.application.extensions["pubsearch"]).get_searcher()


def total(client: FlaskClient, href: str) -> int:
    searcher = searcher_of(client)
    pairs = parse_qsl(urlsplit(href).query, keep_blank_values=True)
    state = search_state.read(MultiDict(pairs), searcher.catalogue)
    return retrieve(state, searcher.interpreter).reply.total


def select_alone(href: str, path: str, catalogue: Catalogue) -> str:
    """Return the URL of a link without the selected values of the facet to which it adds one.

    If all selected values of the facet are needed, the link leads to its count.
    """
    pairs, before = (parse_qsl(urlsplit(url).query) for url in (href, path))
    facet_of = {field.name: field.parent or field.name for field in catalogue.fields}
    added = {facet_of.get(name) for name, _ in set(pairs) - set(before)}
    joined = {facet for facet in added if facet and (f"match.{facet}", "all") not in pairs}
    kept = [pair for pair in pairs if pair not in before or facet_of.get(pair[0]) not in joined]
    return f"{urlsplit(href).path}?{urlencode(kept)}"


def assert_counted(client: FlaskClient, path: str) -> int:
    """Assert that each link with a count leads to that many hits. Return how many links.

    Links to other orders, sizes, and pages lead to as many as the page has.
    """
    page = read_page(client, path)
    links = list(counted(page))
    catalogue = searcher_of(client).catalogue
    for href, told in links:
        assert told > 0, (path, href)
        assert total(client, select_alone(href, path, catalogue)) == told, (path, href)
    for link in page.select("[data-region=sorts] a, .sizes a, .pager a"):
        assert total(client, str(link["href"])) == total(client, path), (path, link)
    for label in page.select("a[href] .count, a[href] .number"):
        assert label.get_text() != "0", (path, label.parent)
    return len(links)


@pytest.mark.parametrize(
    ("path", "least"),
    [
        ("/", 50), ("/about", 50), ("/facet/region", 5), ("/facet/year", 20),
        ("/?q=victims&region=Africa&section=Tools", 5),
        ("/?q=xyzzy+zyzzyva+plugh", 0),
        ("/?q=xyzzy&region=Africa", 0),
        ("/?q=xyzzy&region=Africa&country=KE&section=Tools", 0),
        ("/facet/region?q=xyzzy&region=Africa", 0),
        ("/?q=organ+removal&region=Middle+East&section=Multimedia", 1),
        ("/?region=Atlantis", 0),
        ("/?q=victim+organ+zyzzyva", 2),
        ("/?q=%28sea+OR+air%29+smuggling", 1),
        ("/?q=covid", 1),
        ("/?q=organ+zyzzyva&match=all", 1),
        ("/?q=smugglling&exact=1", 1), ("/?q=human+trafficking&exact=1", 50),
        ("/?without.section=Tools&without.region=Africa&year=2009", 50),
        ("/facet/region?find=asia&without.country=IN", 5),
        ("/?topic=smuggling+of+migrants&topic=trafficking+in+persons&match.topic=all", 30),
        ("/facet/region?region=South+Asia&country=NP&region=Africa&match.region=all", 2),
    ],
)  # fmt: skip
@pytest.mark.slow
def test_the_links_of_a_page(path: str, least: int, client: FlaskClient) -> None:
    assert assert_counted(client, path) >= least


def make_address(
    path: str, words: Sequence[str], selected: Sequence[Pair], excluded: Sequence[Pair]
) -> str:
    """Return the URL of a search, which excludes no selected value."""
    kept = [
        pair for pair in excluded if (pair[0].removeprefix("without."), pair[1]) not in selected
    ]
    return f"{path}?{urlencode([('q', ' '.join(words)), *selected, *kept])}"


PATHS = st.sampled_from(["/", "/", "/", "/facet/region", "/facet/year", "/facet/topic"])


EXCLUDED = st.lists(
    st.sampled_from([
        ("without.section", "Tools"), ("without.region", "Africa"),
        ("without.region", "South Asia"),
        ("without.country", "KE"), ("without.year", "2010..2012"), ("without.year", "2009"),
        ("without.language", "none"), ("without.topic", "smuggling of migrants"),
    ]),
    max_size=2,
)  # fmt: skip


@given(
    path=PATHS,
    words=st.lists(TYPED, max_size=4),
    ticked=TICKED,
    combined=COMBINED,
    excluded=EXCLUDED,
)
@examples(60)
@pytest.mark.slow
def test_the_links_of_any_page(
    client: FlaskClient,
    path: str,
    words: list[str],
    ticked: list[tuple[str, str]],
    combined: tuple[tuple[str, str], ...],
    excluded: list[tuple[str, str]],
) -> None:
    assert_counted(client, make_address(path, words, [*ticked, *combined], excluded))


def test_hits_per_word_need_a_word_with_hits(client: FlaskClient) -> None:
    text = client.get("/?q=xyzzy+zyzzyva+plugh").text
    assert "Hits for each word" not in text
    assert "Hits for each word" in client.get("/?q=xyzzy+zyzzyva+organ").text


def test_a_chip_without_hits_has_no_count(client: FlaskClient) -> None:
    page = client.get("/?q=xyzzy&region=Africa").text
    assert "Search without" not in page
    (chip,) = BeautifulSoup(page, "lxml").select("a.chip")
    assert chip["href"] == "/?q=xyzzy"
    assert not re.search(r"\d", chip.get_text())


def test_a_correction_without_hits_is_not_suggested(misspelt_index: Path) -> None:
    """A page suggests a corrected spelling only if it has hits with the current filters."""
    with open_index(misspelt_index) as client:
        assert "Did you mean" in client.get("/?q=bordre&section=Tools").text
        assert "Did you mean" not in client.get("/?q=bordre&section=Multimedia").text


def test_every_link_of_a_publication_has_hits(client: FlaskClient) -> None:
    for each in list(searcher_of(client).scan(SearchRequest()))[::9]:
        page = client.get(f"/publication/{each.id}")
        links = BeautifulSoup(page.text, "lxml").select(".details a[href^='/?']")
        assert all(total(client, str(link["href"])) > 0 for link in links)


class Followed:
    """A site whose links are followed. Each page is requested once."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client
        self._leads: dict[str, bool] = {}

    def leads_to_hits(self, address: str) -> bool:
        """Return whether a URL shows hits, or a facet with values, which all have hits."""
        address, _ = urldefrag(address)
        if address not in self._leads:
            self._leads[address] = bool(
                read_page(self.client, address).select(".hits > li, .all-rows > li")
            )
        return self._leads[address]


def is_undoing(link: Tag) -> bool:
    row = link.find_parent(class_="line")
    return bool(
        link.find_parent(class_="chips")
        or link.get("aria-current")
        or (row and row.select("[aria-current]"))
        or link.find_parent(class_="combinations")
    )


def list_offered(page: BeautifulSoup) -> Iterator[str]:
    for link in page.select("#main a[href]:not([href^='#']):not(#failure a)"):
        if not is_undoing(link):
            yield str(link["href"])


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


MORE = st.sampled_from([
    "ул. Ленина", "Luxemburg", "law", "border", "pearls", "vault", "qqzzq", "xyzzy*", "title:qq",
    '"smugglling sea"', '"model zyzzyva"', "bordre", "perls", "orgna", "vualt", "since 2030",
    "before 1950", "2010-2014", "child labour", "AND", "NOT", "(", ")", "-organ", "year:1951",
])  # fmt: skip
"""Words that few publications have, or none, misspelled words, and years without publications."""
RARE = st.lists(
    st.sampled_from([
        ("region", "Atlantis"), ("year", "1951"), ("topic", "smuggling of migrants"),
        ("access", "on request"), ("without.access", "none"), ("match.topic", "all"),
        ("inside", "0"), ("semantic", "0"), ("page", "2"), ("sort", "oldest"),
    ]),
    max_size=3, unique_by=lambda pair: pair[0],
)  # fmt: skip


@given(
    words=st.lists(TYPED | MORE | st.text("abeiorstz", min_size=3, max_size=7), max_size=4),
    ticked=TICKED,
    excluded=EXCLUDED,
    rare=RARE,
)
@examples(40)
@pytest.mark.slow
def test_offered_links_lead_to_hits(
    sites: list[Followed],
    words: list[str],
    ticked: list[tuple[str, str]],
    excluded: list[tuple[str, str]],
    rare: list[tuple[str, str]],
) -> None:
    """No offer leads to nothing: neither a correction, a wider search, a filter, nor a map."""
    address = make_address("/", words, [*ticked, *rare], excluded)
    for site in sites:
        response = site.client.get(address)  # a site without such a facet refuses it
        page = BeautifulSoup(response.data, "lxml")
        if page.select(".nothing"):
            dead = [href for href in list_offered(page) if not site.leads_to_hits(href)]
            assert not dead, (address, dead)
