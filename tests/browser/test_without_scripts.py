"""Without JavaScript, links and forms do everything."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser import site as at
from tests.browser.conftest import OpenPage
from tests.browser.site import Site

REMOVE_LIST_BUTTONS = """() => {
    for (const button of document.querySelectorAll(".hit .keep")) {
        button.previousSibling.remove();
        button.remove();
    }
}"""


@pytest.fixture
def page(open_page: OpenPage) -> Page:
    return open_page(javascript=False)


def test_searching(page: Page, site: Site) -> None:
    page.goto(site.url())
    at.search_box(page).fill("organ removal")
    page.get_by_role("button", name="Search", exact=True).click()
    expect(page).to_have_url(site.url("/?q=organ+removal"))
    assert set(at.hits(page).all_inner_texts()[:2]) == at.ORGANS
    expect(at.hits(page).first.locator("mark").first).to_be_visible()
    expect(at.search_box(page)).to_have_value("organ removal")


def test_a_search_keeps_filters_and_order(page: Page, site: Site) -> None:
    page.goto(site.url("/?section=Tools&sort=oldest&page=2"))
    at.search(page, "manual")
    expect(page).to_have_url(site.url("/?q=manual&section=Tools&sort=oldest"))


def test_years(page: Page, site: Site) -> None:
    page.goto(site.url("/?q=trafficking&region=South+Asia"))
    page.get_by_role("textbox", name="From").fill("2005")
    page.get_by_role("textbox", name="to", exact=True).fill("2015")
    page.get_by_role("button", name="Apply these years").click()
    at.expect_chips(page, "Region: South Asia", "Year: 2005–2015")
    expect(at.search_box(page)).to_have_value("trafficking")
    bar = page.get_by_role("group", name="Publications by year").get_by_role("link").last
    bar.click()
    expect(at.chips(page)).to_have_count(3)


def test_at_360_px_the_filters_open(open_page: OpenPage, site: Site) -> None:
    page = open_page(width=360, javascript=False, has_touch=True)
    page.goto(site.url("/?topic=trafficking+in+persons"))
    expect(at.facet(page, "Region")).to_be_hidden()
    page.locator("summary").filter(has_text=re.compile(r"^\s*Filters \(1 active\)")).tap()
    expect(at.facet(page, "Region")).to_be_visible()
    page.locator("summary").filter(has_text="Values within South Asia").tap()
    at.value(page, "Region", "India").tap()
    expect(at.chips(page)).to_have_count(2)


@pytest.mark.thorough
def test_at_360_px_the_filters_stay_open(open_page: OpenPage, site: Site) -> None:
    """On a narrow page, the filters and the group of a selection are open on the next page too.

    They are where they were, so that the next value can be touched. The results are further down.
    """
    page = open_page(width=360, javascript=False, has_touch=True)
    page.goto(site.url())
    page.locator("summary").filter(has_text=re.compile(r"^\s*Filters")).tap()
    at.value(page, "Region", "South Asia").tap()
    at.expect_chips(page, "Region: South Asia")
    expect(at.value(page, "Region", "South Asia")).to_be_in_viewport()
    at.value(page, "Region", "India").tap()
    expect(at.value(page, "Region", "India")).to_be_in_viewport()
    at.open_facet(page, "Language")
    for number in (3, 2):
        at.value(page, "Language", "English").tap()
        expect(at.chips(page)).to_have_count(number)
        expect(at.value(page, "Language", "English")).to_be_in_viewport()
    years = at.open_facet(page, "Year")
    years.get_by_role("textbox", name="From").fill("2005")
    years.get_by_role("button", name="Apply these years").tap()
    expect(years.get_by_role("textbox", name="From")).to_be_in_viewport()
    expect(years.get_by_text("As a list")).to_be_in_viewport()
    canonical = page.locator("link[rel=canonical]").get_attribute("href") or ""
    assert "#" not in canonical
    page.get_by_role("link", name=re.compile(r"^Show [\d,]+ publications?$")).tap()
    expect(page.get_by_role("region", name="Results")).to_be_in_viewport()


@pytest.mark.thorough
def test_at_1280_px_a_selection_leads_to_the_top(page: Page, site: Site) -> None:
    page.goto(site.url())
    at.open_facet(page, "Audience")
    at.value(page, "Audience", "police").click()
    at.expect_chips(page, "Audience: police")
    assert page.evaluate("scrollY") == 0
    expect(at.summary(page)).to_be_in_viewport()


@pytest.mark.thorough
def test_at_1280_px_the_filters_are_open(page: Page, site: Site) -> None:
    page.goto(site.url())
    expect(at.facet(page, "Region")).to_be_visible()
    expect(page.locator("summary").filter(has_text=re.compile("^Filters"))).to_be_hidden()


def test_the_page_is_the_same_as_with_scripts(page: Page, open_page: OpenPage, site: Site) -> None:
    """A click that swaps parts leads to the same page as loading the URL.

    Only the buttons of My list need scripts. Without them, a list begins on another page.
    """
    other = open_page()
    other.goto(site.url())
    at.value(other, "Topic", "smuggling of migrants").click()
    at.expect_total(other, 33)
    page.goto(other.url)
    other.evaluate(REMOVE_LIST_BUTTONS)
    seen = other.get_by_role("main").aria_snapshot().replace(" [active]", "")
    assert page.get_by_role("main").aria_snapshot() == seen
