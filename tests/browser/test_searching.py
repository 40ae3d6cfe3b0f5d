"""Searches: the order, the highlighting, and the pages of a list."""

import re

from playwright.sync_api import Page, expect

from tests.browser import site as at
from tests.browser.site import Site


def test_an_empty_query_lists_all_publications(page: Page, site: Site) -> None:
    page.goto(site.url("/?q=organ"))
    at.search(page, "  ")
    at.expect_total(page, 136)
    expect(page).to_have_url(site.url())
    expect(page.get_by_text("Sort: Newest first")).to_be_visible()


def test_the_page_says_that_no_publication_has_all_words(page: Page, site: Site) -> None:
    page.goto(site.url("/?q=organ+xyzzy"))
    expect(page.get_by_text("No publication has all of these words")).to_be_visible()
    assert at.hits(page).count()
    page.goto(site.url("/?q=organ+xyzzy&match=all"))
    at.expect_total(page, 0)
    page.get_by_role("link", name="Search for any of these words").click()
    expect(at.summary(page)).to_contain_text(re.compile("^1–"))
    page.get_by_role("link", name="Prefer all of them").click()
    expect(page).to_have_url(site.url("/?q=organ+xyzzy"))
    expect(page.get_by_text("No publication has all of these words")).to_be_visible()


def test_a_list_emptied_by_filters_promises_no_results(page: Page, site: Site) -> None:
    page.goto(site.url("/?q=organ+xyzzy&region=South+Asia"))
    at.expect_total(page, 0)
    expect(page.get_by_text("These results have at least one of the words")).to_have_count(0)


def test_orders_of_the_list(page: Page, site: Site) -> None:
    page.goto(site.url("/?q=manual&page=2"))
    order = at.open_orders(page)
    expect(order.get_by_role("link", name="Best match")).to_have_attribute("aria-current", "true")
    order.get_by_role("link", name="Title").click()
    expect(page).to_have_url(site.url("/?q=manual&sort=title"))
    expect(page.get_by_text("Sort: Title")).to_be_visible()
    expect(order).not_to_be_visible()
    expect(page.locator("summary:focus")).to_have_text("Sort: Title")
    titles = [re.sub(r"^(The|An?) ", "", each) for each in at.hits(page).all_inner_texts()]
    assert len(titles) > 2
    assert titles == sorted(titles, key=str.lower)
    at.open_orders(page).get_by_role("link", name="Oldest first").click()
    expect(page).to_have_url(site.url("/?q=manual&sort=oldest"))


def test_paging(page: Page, site: Site) -> None:
    page.goto(site.url())
    pager = page.get_by_role("navigation", name="Pages of results")
    first = at.hits(page).all_inner_texts()
    pager.get_by_role("link", name="Next page").click()
    expect(at.summary(page)).to_have_text("11–20 of 136 publications")
    expect(page).to_have_title(re.compile("Page 2"))
    expect(pager.get_by_role("link", name="Page 2")).to_have_attribute("aria-current", "page")
    expect(page.get_by_role("region", name="Results")).to_be_focused()
    expect(page.get_by_role("region", name="Results")).to_be_in_viewport()
    assert at.hits(page).all_inner_texts() != first
    pager.get_by_role("link", name="Page 14").click()
    expect(at.summary(page)).to_have_text("131–136 of 136 publications")
    expect(pager.get_by_role("link", name="Next page")).to_have_count(0)
    pager.get_by_role("link", name="Previous page").click()
    expect(at.summary(page)).to_have_text("121–130 of 136 publications")
