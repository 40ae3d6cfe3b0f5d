"""My list in the browser: it grows from any page, and its page is the same without scripts."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.site import GLOBAL_REPORT, TOOLKIT, Site, value

NO_STORAGE = """Object.defineProperty(window, "localStorage", {
    get() { throw new DOMException("denied", "SecurityError"); },
})"""
"""A script after which the browser denies its storage to the page."""


def add_first_hits(page: Page, site: Site, number: int) -> None:
    page.goto(site.url("/?q=global+report"))
    for index in range(number):
        page.locator("#results .keep").nth(index).click()


def test_a_list_grows_across_searches(page: Page, site: Site) -> None:
    add_first_hits(page, site, 1)
    page.goto(site.url("/?q=smuggling"))
    value(page, "Section", "Tools").click()
    expect(page.locator(".chip")).to_have_count(1)
    page.locator("#results .keep").first.click()
    page.goto(site.url(f"/publication/{GLOBAL_REPORT}"))
    page.get_by_role("button", name="Remove from my list").click()
    page.get_by_role("button", name="Add to my list").click()
    page.get_by_role("link", name="My list (2)").click()
    expect(page.locator(".entries .hit")).to_have_count(2)
    expect(page.locator(".entries .hit").last).to_contain_text("Global Report")
    assert page.url.endswith(f"id={GLOBAL_REPORT}")


def test_a_change_of_the_own_list_is_stored(page: Page, site: Site) -> None:
    add_first_hits(page, site, 3)
    page.get_by_role("link", name="My list (3)").click()
    expect(page.locator("[data-adopts]")).to_be_hidden()
    page.get_by_role("link", name=re.compile("^Remove")).first.click()
    page.goto(site.url("/about"))
    expect(page.get_by_role("link", name="My list (2)")).to_be_visible()


@pytest.mark.thorough
def test_the_list_of_somebody_else_changes_nothing(page: Page, site: Site) -> None:
    add_first_hits(page, site, 1)
    page.goto(site.url(f"/list?id={TOOLKIT}&id=none"))
    expect(page.get_by_role("link", name="My list (1)")).to_be_visible()
    page.get_by_role("link", name=re.compile("^Move down")).first.click()
    expect(page.get_by_role("link", name="My list (1)")).to_be_visible()
    page.get_by_role("button", name="Add these to my list").press("Enter")
    expect(page.locator(".entries .hit")).to_have_count(3)
    expect(page.get_by_role("link", name="My list (3)")).to_be_visible()
    page.go_back()
    expect(page.get_by_role("button", name="Add these to my list")).to_be_visible()


@pytest.mark.thorough
def test_the_link_without_ids_leads_to_the_stored_list(page: Page, site: Site) -> None:
    """A bookmark of `/list` shows the stored list."""
    add_first_hits(page, site, 2)
    page.goto(site.url("/list"))
    expect(page.locator(".entries .hit")).to_have_count(2)


@pytest.mark.parametrize("stored", ["", "null", "{}", "[1, null]", "not JSON"])
@pytest.mark.thorough
def test_a_damaged_list_is_empty(page: Page, site: Site, stored: str) -> None:
    """The page works if another program wrote something else into its storage."""
    page.goto(site.url())
    page.evaluate("stored => localStorage.setItem('/list', stored)", stored)
    add_first_hits(page, site, 1)
    expect(page.get_by_role("link", name="My list (1)")).to_be_visible()


@pytest.mark.thorough
def test_a_full_list_says_so(page: Page, site: Site) -> None:
    page.goto(site.url())
    ids = [f"x{number}" for number in range(100)]
    page.evaluate("ids => localStorage.setItem('/list', JSON.stringify(ids))", ids)
    add_first_hits(page, site, 1)
    expect(page.locator("#results .keep").first).to_contain_text("Your list is full")
    expect(page.get_by_role("link", name="My list (100)")).to_be_visible()


@pytest.mark.thorough
def test_a_browser_without_storage_keeps_the_list_in_the_address(
    open_page: OpenPage, site: Site
) -> None:
    page = open_page()
    page.add_init_script(NO_STORAGE)
    add_first_hits(page, site, 1)
    expect(page).to_have_url(re.compile(r"/list\?id="))
    expect(page.locator(".entries .hit")).to_have_count(1)


def test_a_list_works_without_scripts(open_page: OpenPage, site: Site) -> None:
    page = open_page(javascript=False)
    page.goto(site.url(f"/publication/{TOOLKIT}"))
    page.get_by_role("link", name="Add to my list").click()
    page.get_by_label("Title, author, or subject").fill("global report")
    page.get_by_role("button", name="Find", exact=True).click()
    page.get_by_role("link", name=re.compile("^Add to the list")).first.click()
    expect(page.locator(".entries .hit")).to_have_count(2)
    page.get_by_role("link", name=re.compile("^Move up")).click()
    expect(page.locator(".entries .hit").first).to_contain_text("Global Report")
    expect(page.locator("[data-adopts]")).not_to_be_visible()


@pytest.mark.thorough
def test_a_printed_list_has_no_controls(page: Page, site: Site) -> None:
    page.goto(site.url(f"/list?id={TOOLKIT}&id={GLOBAL_REPORT}&cite=apa"))
    page.emulate_media(media="print")
    for control in (".changes", ".adding", ".share", ".keep", ".sizes"):
        expect(page.locator(control).first).not_to_be_visible()
    expect(page.locator(".citation p")).to_have_count(2)
    expect(page.locator(".printed")).to_contain_text(f"/list?id={TOOLKIT}&id={GLOBAL_REPORT}")
