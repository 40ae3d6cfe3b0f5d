"""Filters: select and clear values, alone and below their parents, with correct counts."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser import site as at
from tests.browser.site import Site


def test_a_second_value_adds_and_each_says_what_is_left_without_it(page: Page, site: Site) -> None:
    page.goto(site.url("/?section=Tools"))
    papers = at.value(page, "Section", "Inter-agency papers")
    expect(papers).to_have_accessible_name("Inter-agency papers, 14 publications")
    papers.click()
    at.expect_total(page, 37)
    expect(at.chips(page)).to_have_count(2)
    expect(papers).to_have_accessible_name(
        "Inter-agency papers, 14 publications; selected, without it: 23 publications"
    )


@pytest.mark.thorough
def test_a_region_expands_without_being_selected(page: Page, site: Site) -> None:
    page.goto(site.url())
    nepal = at.value(page, "Region", "Nepal")
    expect(nepal).to_be_hidden()
    facet = at.facet(page, "Region")
    facet.locator("summary").filter(has_text="Values within South Asia").click()
    expect(nepal).to_be_visible()
    at.value(page, "Topic", "trafficking in persons").click()
    at.expect_total(page, 100)
    expect(nepal).to_be_visible()


def test_a_link_that_is_replaced_while_it_is_pressed_is_followed(page: Page, site: Site) -> None:
    page.goto(site.url("/?q=trafficking&section=Multimedia&year=2000..2012"))
    link = page.get_by_role("link", name="Remove filter Section: Multimedia")
    link.hover()
    page.mouse.down()
    page.get_by_role("link", name="Remove filter Year: 2000–2012").evaluate("link => link.click()")
    expect(page).to_have_url(site.url("/?q=trafficking&section=Multimedia"))
    page.mouse.up()
    expect(page).to_have_url(site.url("/?q=trafficking"))


@pytest.mark.thorough
def test_clear_all_keeps_the_query(page: Page, site: Site) -> None:
    page.goto(site.url("/?q=trafficking&region=South+Asia&language=es&sort=newest&page=2"))
    page.get_by_role("link", name="Clear all filters").click()
    expect(page).to_have_url(site.url("/?q=trafficking&sort=newest"))
    expect(at.chips(page)).to_have_count(0)


def test_a_range_of_years(page: Page, site: Site) -> None:
    page.goto(site.url("/?q=trafficking"))
    page.get_by_role("textbox", name="From").fill("2010")
    page.get_by_role("textbox", name="to", exact=True).fill("2012")
    page.get_by_role("button", name="Apply these years").click()
    expect(page).to_have_url(site.url("/?q=trafficking&year=2010..2012"))
    at.expect_chips(page, "Year: 2010–2012")
    expect(page.get_by_role("textbox", name="From")).to_have_value("2010")
    expect(page.get_by_role("textbox", name="to", exact=True)).to_have_value("2012")
    years = page.get_by_role("region", name="Results").get_by_text(re.compile(r"^20\d\d · "))
    assert {text[:4] for text in years.all_inner_texts()} <= {"2010", "2011", "2012"}
    page.goto(site.url())
    page.get_by_role("textbox", name="to", exact=True).fill("2003")
    page.get_by_role("textbox", name="to", exact=True).press("Enter")
    at.expect_chips(page, "Year: up to 2003")


def test_an_inverted_range_is_reported_next_to_the_box(page: Page, site: Site) -> None:
    """A first year after the second is an error next to the boxes. The list stays the same.

    The wrong box has the focus.
    """
    page.goto(site.url())
    last = page.get_by_role("textbox", name="to", exact=True)
    page.get_by_role("textbox", name="From").fill("2015")
    last.fill("2010")
    page.get_by_role("textbox", name="From").press("Enter")
    expect(last).to_be_focused()
    expect(last).to_have_accessible_description(re.compile("2015.* is after"))
    expect(page.get_by_text(re.compile("2015.* is after"))).to_be_visible()
    at.expect_total(page, 136)
    expect(page).to_have_url(site.url())
    last.fill("2016")
    expect(page.get_by_text(re.compile("2015.* is after"))).to_be_hidden()
    page.get_by_role("button", name="Apply these years").click()
    expect(page).to_have_url(site.url("/?year=2015..2016"))


@pytest.mark.thorough
def test_the_page_of_all_values_links_back(page: Page, site: Site) -> None:
    page.goto(site.url("/facet/body?q=trafficking&section=Tools"))
    page.get_by_role("link", name="Back to the results").click()
    expect(page).to_have_url(site.url("/?q=trafficking&section=Tools"))
