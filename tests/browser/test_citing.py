"""Citations in the browser: choose a style, and copy."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.conftest import OpenPage
from tests.browser.site import GLOBAL_REPORT, Site

CITATION = "UNODC. (2018). Global Report on Trafficking in Persons."


def test_a_citation_is_copied_by_keyboard(open_page: OpenPage, site: Site) -> None:
    """A style is a link. The button copies the text of the citation, and says so."""
    page = open_page(permissions=["clipboard-read", "clipboard-write"])
    page.goto(site.url(f"/publication/{GLOBAL_REPORT}"))
    page.get_by_role("link", name="APA", exact=True).press("Enter")
    expect(page.locator("#citation")).to_contain_text(CITATION)
    page.get_by_role("button", name="Copy citation").press("Enter")
    expect(page.get_by_role("button", name="Copied")).to_be_focused()
    assert page.evaluate("navigator.clipboard.readText()").startswith(CITATION)


def test_a_citation_works_without_scripts(open_page: OpenPage, site: Site) -> None:
    """Without scripts the style is chosen by its link, and no button is shown."""
    page = open_page(javascript=False)
    page.goto(site.url(f"/publication/{GLOBAL_REPORT}"))
    page.get_by_role("link", name="APA", exact=True).click()
    expect(page.locator("#citation")).to_contain_text(CITATION)
    expect(page.locator("[data-copies]")).not_to_be_visible()
