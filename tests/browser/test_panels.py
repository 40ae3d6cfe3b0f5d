"""Panels above the list, and what is copied from them and from citations."""

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser import site as at
from tests.browser.conftest import OpenPage
from tests.browser.site import Site

pytestmark = pytest.mark.thorough


def open_panel(page: Page) -> Locator:
    page.get_by_text("Export, subscribe, share").click()
    panel = page.locator(".take > .panel")
    expect(panel).to_be_visible()
    return panel


def test_escape_closes_a_panel(page: Page, site: Site) -> None:
    page.goto(site.url("/?q=smuggling"))
    panel = open_panel(page)
    page.keyboard.press("Tab")
    page.keyboard.press("Escape")
    expect(panel).not_to_be_visible()
    expect(page.locator("summary:focus")).to_have_text("Export, subscribe, share")


def test_a_click_outside_closes_a_panel(page: Page, site: Site) -> None:
    page.goto(site.url("/?q=smuggling"))
    panel = open_panel(page)
    panel.get_by_role("heading", name="Subscribe").click()
    expect(panel).to_be_visible()
    page.get_by_role("heading", name="Region").click()
    expect(panel).not_to_be_visible()


def test_the_address_of_the_list_is_copied(open_page: OpenPage, site: Site) -> None:
    """A button copies the address of the list, by keyboard too, and says so."""
    page = open_page(permissions=["clipboard-read", "clipboard-write"])
    page.goto(site.url("/?q=smuggling"))
    button = open_panel(page).get_by_role("button", name="Copy")
    button.press("Enter")
    expect(page.get_by_role("button", name="Copied")).to_be_focused()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == site.url("/?q=smuggling")


def test_the_address_follows_the_filters(page: Page, site: Site) -> None:
    page.goto(site.url("/?q=smuggling"))
    at.value(page, "Section", "Tools").click()
    panel = open_panel(page)
    expect(panel.get_by_label("Address of these results")).to_have_value(
        site.url("/?q=smuggling&section=Tools")
    )
    expect(panel.get_by_role("link", name="RIS")).to_have_attribute(
        "href", "/export/ris?q=smuggling&section=Tools"
    )


@pytest.mark.parametrize("width", [360, 1280])
def test_panels_work_without_scripts(open_page: OpenPage, site: Site, width: int) -> None:
    """Without scripts the panels open, and no button is shown that would do nothing."""
    page = open_page(width=width, javascript=False)
    page.goto(site.url("/?q=smuggling"))
    page.locator(".take > summary").click()
    expect(page.get_by_role("link", name="BibTeX")).to_be_visible()
    expect(page.locator("[data-copies]")).not_to_be_visible()


def test_a_citation_is_copied_by_keyboard(open_page: OpenPage, site: Site) -> None:
    """A style is a link. The button copies the text of the citation, and says so."""
    page = open_page(permissions=["clipboard-read", "clipboard-write"])
    page.goto(site.url(f"/publication/{at.GLOBAL_REPORT}"))
    page.get_by_role("link", name="APA", exact=True).press("Enter")
    citation = "UNODC. (2018). Global Report on Trafficking in Persons."
    expect(page.locator("#citation")).to_contain_text(citation)
    page.get_by_role("button", name="Copy citation").press("Enter")
    expect(page.get_by_role("button", name="Copied")).to_be_focused()
    assert page.evaluate("navigator.clipboard.readText()").startswith(citation)
