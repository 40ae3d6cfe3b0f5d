"""The map above a list: its countries, their numbers, its shapes, and when there is one."""

import gzip
import json
import re
import tomllib
from collections.abc import Iterator
from itertools import combinations
from math import dist
from pathlib import Path
from urllib.parse import urlencode

import pytest
from bs4 import BeautifulSoup, Tag
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from search_app.presentation.country_map import ASPECT, World, choose_world, load_worlds
from tests.catalogue import CORPUS
from tests.samples import SMALL_CATALOGUE
from tests.search_app.engine.features.test_diagnosis import TICKED, TYPED
from tests.search_app.web.reading import open_corpus, read_page
from tests.tiers import examples

GROUPS: dict[str, list[str]] = tomllib.loads((CORPUS / "regions.toml").read_text("utf-8"))[
    "regions"
]
MAX_BYTES = 14_000
"""Maximum size of a map in bytes, compressed with gzip."""
PLACES = st.lists(
    st.sampled_from([
        *(("region", region) for region in GROUPS),
        *(("country", code) for code in ("IN", "KE", "GB", "LB", "VN", "US")),
    ]),
    min_size=1, max_size=3,
)  # fmt: skip
CODES = sorted(load_worlds()[0].countries.keys() - {""})
LINKED = st.sets(st.sampled_from(CODES), min_size=1, max_size=5)
SVG = re.compile(r'<svg class="world".*?</svg>', re.DOTALL)


def read_results(client: FlaskClient, *pairs: tuple[str, str]) -> BeautifulSoup:
    return read_page(client, f"/?{urlencode(pairs)}")


def list_links(page: BeautifulSoup) -> Iterator[tuple[str, str, bool]]:
    for link in page.select("svg.world a"):
        assert link.get("rel") == ["nofollow"]
        assert link.select_one("title").get_text() == link["aria-label"]  # type: ignore[union-attr]
        yield str(link["href"]), str(link["aria-label"]), "aria-current" in link.attrs


def list_rows(page: BeautifulSoup) -> Iterator[tuple[str, str, bool]]:
    """Yield the same of each row with hits below the regions that are selected or opened.

    Links of rows also have a fragment, which keeps the filters of a phone open.
    """
    for row in page.select("details.children[open] a.tick"):
        if row.select_one(".count").get_text():  # type: ignore[union-attr]
            url = str(row["href"]).removesuffix("#values-region")
            yield url, str(row["aria-label"]), "aria-current" in row.attrs


@given(words=st.lists(TYPED, max_size=3), places=PLACES, ticked=TICKED)
@examples(100)
@pytest.mark.slow
def test_the_map_has_the_numbers_of_the_list(
    client: FlaskClient, words: list[str], places: list[tuple[str, str]],
    ticked: list[tuple[str, str]],
) -> None:  # fmt: skip
    page = read_results(client, ("q", " ".join(words)), *places, *ticked)
    assert sorted(list_links(page)) == sorted(list_rows(page))
    assert bool(page.select("details.map")) == bool([*list_links(page)])


def test_a_list_of_two_regions_has_a_map(client: FlaskClient) -> None:
    page = read_results(client, ("region", "South Asia"), ("region", "Africa"))
    assert len([*list_links(page)]) == 11
    assert page.select_one(".map summary").get_text(strip=True) == "Map: 11 countries"  # type: ignore[union-attr]
    assert page.select_one(".boundaries").get_text().startswith("The boundaries and names shown")  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "pairs", [[], [("section", "Tools")], [("region", "none")], [("region", "North America")]]
)
def test_a_list_without_a_region_has_no_map(
    pairs: list[tuple[str, str]], client: FlaskClient
) -> None:
    page = client.get(f"/?{urlencode(pairs)}").text
    assert 'class="map"' not in page
    assert 'class="chips"' in page or not pairs


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> FlaskClient:
    """Return a client of a catalogue with each country of the regions, and with Kosovo in Europe.

    India has 10 publications, Nepal 9, Bhutan 5, Bangladesh 4, Sri Lanka 3, and the Maldives 2. The
    other countries have one.
    """
    folder = tmp_path_factory.mktemp("world") / "corpus"
    folder.mkdir()
    head, rows = SMALL_CATALOGUE.split("[[field]]", 1)
    rows = rows.replace('values = ["South Asia", "Africa"]\n', "")
    text = f'{head}map_notice = "No <b>opinion</b>."\n[[field]]{rows}'
    (folder / "catalogue.toml").write_text(text, "utf-8")
    groups = GROUPS | {"Europe": [*GROUPS["Europe and West/Central Asia"], "XK"]}
    lines = [f"{json.dumps(region)} = {json.dumps(codes)}" for region, codes in groups.items()]
    (folder / "regions.toml").write_text("\n".join(["[regions]", *lines]), "utf-8")
    codes = [code for codes in groups.values() for code in codes]
    for code, number in {"IN": 10, "NP": 9, "BT": 5, "BD": 4, "LK": 3, "MV": 2}.items():
        codes += [code] * (number - 1)
    records = [
        {"id": f"p{number}", "title": f"Law {number}", "section": "Papers", "country": code}
        for number, code in enumerate(codes)
    ]
    (folder / "books.jsonl").write_text("\n".join(map(json.dumps, records)), "utf-8")
    return open_corpus(folder)


def test_each_country_of_the_regions_is_on_the_map(world: FlaskClient) -> None:
    page = read_results(world, *(("region", region) for region in GROUPS))
    linked = {str(link["data-key"]).rpartition("=")[2] for link in page.select("svg.world a")}
    assert linked == {code for codes in GROUPS.values() for code in codes}


def test_a_place_without_a_code_is_land_without_a_link(world: FlaskClient) -> None:
    """Kosovo has no code in ISO 3166, so the map does not link it, although it has hits."""
    page = read_results(world, ("region", "Europe"))
    keys = [str(link["data-key"]) for link in page.select("svg.world a")]
    assert any(key.endswith("country=MK") for key in keys)
    assert not any(key.endswith("country=XK") for key in keys)
    assert page.select(".tick[data-key$='country=XK']")


def test_a_color_is_a_step_of_numbers(world: FlaskClient) -> None:
    """The color of a country follows its number: 1, 2, 3 or 4, 5 to 9, and 10 or more."""
    page = read_results(world, ("region", "South Asia"))
    classes = {
        str(link["data-key"])[-2:]: link["class"] for link in page.select("svg.world a")
    }  # fmt: skip
    assert classes == {
        "MV": ["k2"], "LK": ["k3"], "BD": ["k3"], "BT": ["k4"], "NP": ["k4"], "IN": ["k5"],
    }  # fmt: skip
    assert {
        str(link["class"])
        for link in read_results(world, ("region", "Africa")).select("svg.world a")
    } == {"['k1']"}


@pytest.mark.parametrize("number", [1, 4, len(GROUPS)])
@pytest.mark.slow
def test_the_largest_map_is_small(number: int, world: FlaskClient) -> None:
    """A map has at most 14 kB compressed, in Russian too, if each of its countries has a link."""
    for regions in combinations(GROUPS, number):
        pairs = [("region", region) for region in regions]
        page = world.get(f"/ru/?{urlencode(pairs)}").text
        (svg,) = SVG.findall(page)
        assert len(gzip.compress(svg.encode())) <= MAX_BYTES, regions


def _read_circle(circle: Tag) -> tuple[tuple[float, float], float]:
    return (float(str(circle["cx"])), float(str(circle["cy"]))), float(str(circle["r"]))


@pytest.mark.parametrize("region", GROUPS)
def test_targets_of_small_countries_do_not_overlap(region: str, world: FlaskClient) -> None:
    """A small country has a target around it, which ends halfway to the next one or before."""
    page = read_results(world, ("region", region))
    circles = [_read_circle(circle) for circle in page.select("svg.world .target")]
    for (middle, radius), (other, other_radius) in combinations(circles, 2):
        assert radius + other_radius <= dist(middle, other) + 0.11  # both are rounded
    width = float(str(page.select_one("svg.world")["viewbox"]).split()[2])  # type: ignore[index]
    assert circles
    assert max(radius for _, radius in circles) <= width / 320 * 12 + 0.1


def test_the_notice_of_a_map_is_text(world: FlaskClient) -> None:
    assert "No &lt;b&gt;opinion&lt;/b&gt;." in world.get("/?region=Africa").text


def test_a_tree_of_other_values_has_no_map(corpus: Path, tmp_path: Path) -> None:
    file = corpus / "catalogue.toml"
    file.write_text(file.read_text("utf-8").replace('kind = "country"\n', ""), "utf-8")
    client = open_corpus(corpus)
    page = client.get("/?region=South+Asia").text
    assert "country=IN" in page
    assert 'class="map"' not in page


@given(members=st.sets(st.sampled_from([*CODES, "ZZ"]), max_size=60), linked=LINKED)
def test_each_linked_country_is_on_the_map(members: set[str], linked: set[str]) -> None:
    world, frame = choose_world(members, linked)
    for code in linked:
        x, y = world.countries[code][0].middle
        assert frame.left <= x <= frame.left + frame.width, code
        assert frame.top <= y <= frame.top + frame.height, code
    assert frame.width / frame.height == pytest.approx(ASPECT, rel=0.02)


def test_the_world_has_the_same_countries_in_each_detail() -> None:
    worlds = load_worlds()
    assert [set(world.countries) for world in worlds] == [set(worlds[0].countries)] * len(worlds)
    assert sorted(worlds, key=lambda world: -world.width) == [*worlds]


def test_a_map_of_one_region_leaves_other_continents_out() -> None:
    world, frame = choose_world(["BD", "BT", "IN", "LK", "MV", "NP"], ["IN"])
    assert frame.shows(world.countries["PK"][0])
    assert not frame.shows(world.countries["BR"][0])
    assert not frame.shows(world.countries["AU"][0])


def test_a_map_has_more_detail_if_it_shows_less() -> None:
    assert choose_world([], ["IN"])[0].width > choose_world(CODES, CODES)[0].width


def test_islands_without_hits_are_left_out() -> None:
    """Fiji is on a map of Australia only if it has hits."""
    world, frame = choose_world(["AU", "FJ"], ["AU"])
    assert not frame.shows(world.countries["FJ"][0])
    world, frame = choose_world(["AU", "FJ"], ["AU", "FJ"])
    assert frame.shows(world.countries["FJ"][0])


@pytest.mark.parametrize("world", load_worlds(), ids=lambda world: str(world.width))
def test_islands_of_the_pacific_are_next_to_each_other(world: World) -> None:
    fiji, polynesia, states = (world.countries[code][0].middle[0] for code in ("FJ", "PF", "US"))
    assert states < fiji < polynesia
