"""The map above a list: on a desk and on a phone, in place, by keyboard, and from right to left."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser import site as at
from tests.browser.conftest import OpenPage
from tests.browser.site import Site

pytestmark = pytest.mark.thorough

TWO_REGIONS = "/?region=South+Asia&region=Africa"


def country(page: Page, name: str) -> Locator:
    return page.locator("svg.world").get_by_role("link", name=re.compile(f"^{name}, "))


def folded(page: Page) -> Locator:
    return page.locator(".map > summary")


def left(locator: Locator) -> float:
    box = at.find_box(locator)
    return box["x"]


@pytest.mark.parametrize("javascript", [True, False])
def test_a_desk_shows_the_map(open_page: OpenPage, site: Site, javascript: bool) -> None:
    page = open_page(javascript=javascript)
    page.goto(site.url(TWO_REGIONS))
    expect(page.get_by_role("group", name="Publications by country")).to_be_visible()
    expect(folded(page)).to_be_hidden()
    expect(page.locator(".map").get_by_text("10 or more")).to_be_visible()
    country(page, "Mozambique").click()
    expect(page).to_have_url(re.compile("country=MZ"))
    at.expect_total(page, 18)
    expect(country(page, "Mozambique")).to_have_attribute("aria-current", "true")


def test_a_phone_folds_the_map(open_page: OpenPage, site: Site) -> None:
    page = open_page(width=360, has_touch=True)
    page.goto(site.url(TWO_REGIONS))
    expect(folded(page)).to_have_text("Map: 11 countries")
    expect(country(page, "India")).to_be_hidden()
    assert folded(page).evaluate("each => each.offsetHeight") >= 44
    folded(page).click()
    country(page, "India").tap()
    expect(country(page, "India")).to_have_attribute("aria-current", "true")
    expect(country(page, "India")).to_be_in_viewport()
    expect(country(page, "India")).to_be_focused()


def test_the_map_follows_the_filters(page: Page, site: Site) -> None:
    page.goto(site.url())
    links = page.locator("svg.world a")
    expect(links).to_have_count(0)
    at.value(page, "Region", "Africa").click()
    expect(links).to_have_count(7)
    at.value(page, "Region", "South Asia").click()
    expect(links).to_have_count(11)
    at.chips(page).nth(0).click()
    expect(links).to_have_count(4)
    at.chips(page).nth(0).click()
    expect(page.locator(".map")).to_have_count(0)


def test_the_keyboard_selects_a_country(page: Page, site: Site) -> None:
    page.goto(site.url(TWO_REGIONS))
    page.get_by_role("link", name="Clear all filters").focus()
    names = []
    for _ in range(11):
        page.keyboard.press("Tab")
        names.append(page.evaluate("document.activeElement.ariaLabel"))
    listed = page.locator("details.children[open] a.tick")
    labels = listed.evaluate_all("all => all.map(each => each.ariaLabel)")
    assert sorted(names) == sorted(labels)
    country(page, "Nepal").focus()
    page.keyboard.press("Enter")
    expect(country(page, "Nepal")).to_have_attribute("aria-current", "true")
    expect(country(page, "Nepal")).to_be_focused()


@pytest.mark.parametrize("width", [1280, 360])
def test_the_map_is_not_mirrored(open_page: OpenPage, site: Site, width: int) -> None:
    page = open_page(width=width)
    page.goto(site.url(f"/ar{TWO_REGIONS}"))
    at.unfold(page)
    links = page.locator("svg.world a")
    east, west = (links.and_(page.locator(f"[href*='country={code}']")) for code in ("IN", "NG"))
    assert left(east) > left(west)
    legend = page.locator(".legend li").first
    box = at.find_box(legend)
    assert left(legend.locator("span")) > box["x"]
    map_box = at.find_box(page.locator("svg.world"))
    if width == 1280:
        assert map_box["x"] > box["x"]


@pytest.mark.parametrize("width", [1280, 360])
def test_countries_can_be_hit(open_page: OpenPage, site: Site, width: int) -> None:
    """A country is at least 24 pixels wide or high, unless its neighbors are nearer."""
    page = open_page(width=width, has_touch=True)
    page.goto(site.url("/?region=South+Asia"))
    at.unfold(page)
    for link in page.locator("svg.world a").all():
        box = at.find_box(link)
        assert max(box["width"], box["height"]) >= 24


def test_forced_colors_keep_the_steps(open_page: OpenPage, site: Site) -> None:
    page = open_page(forced_colors="active")
    page.goto(site.url(TWO_REGIONS))
    legend = page.locator(".legend span").evaluate_all(
        "all => all.map(each => getComputedStyle(each).backgroundColor)"
    )
    assert len({*legend}) == 5
    fill = country(page, "India").evaluate("each => getComputedStyle(each).fill")
    assert fill == legend[4]


@pytest.mark.parametrize("width", [1280, 360])
@pytest.mark.parametrize("javascript", [True, False])
def test_the_filters_lead_to_the_map(
    open_page: OpenPage, site: Site, width: int, javascript: bool
) -> None:
    page = open_page(width=width, has_touch=width == 360, javascript=javascript)
    page.goto(site.url("/?q=trafficking"))
    if width == 360:
        page.locator(".fold > summary").click()
    at.facet(page, "Region").get_by_role("link", name="Show on a map").click()
    expect(page.locator("svg.world")).to_be_in_viewport()
    promised = at.promised(country(page, "India"))
    country(page, "India").click()
    expect(page).to_have_url(re.compile(r"/\?q=trafficking&country=IN"))
    at.expect_total(page, promised)


def test_the_map_of_all_countries_has_those_of_the_facet(page: Page, site: Site) -> None:
    page.goto(site.url("/facet/region"))
    listed = page.locator(".all-rows .children a.tick").evaluate_all(
        "all => all.map(a => a.ariaLabel)"
    )
    shown = page.locator("svg.world a").evaluate_all("all => all.map(a => a.ariaLabel)")
    assert shown
    assert sorted(shown) == sorted(listed)
    page.goto(site.url("/facet/topic"))
    expect(page.locator(".map")).to_have_count(0)
