"""A printed page has its content, its address, the search, and the time, and no controls."""

import re

import pytest
from playwright.sync_api import Page, expect

from search_app.i18n.translation import LANGUAGES, SOURCE
from tests.browser import site as at
from tests.browser.site import Site

pytestmark = pytest.mark.thorough


def test_a_printed_list_has_its_search_and_address(page: Page, site: Site) -> None:
    page.goto(site.url("/?q=smuggling"))
    at.value(page, "Section", "Tools").click()
    expect(at.chips(page)).to_have_count(1)
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    expect(at.summary(page)).to_contain_text("“smuggling”")
    expect(page.get_by_text("Section: Tools")).to_be_visible()
    printed = page.locator(".printed")
    expect(printed).to_contain_text(site.url("/?q=smuggling&section=Tools"))
    expect(printed).to_contain_text(re.compile(r"· .*\d{4}.*\d:\d\d"))


def test_a_printed_list_has_no_controls_and_no_highlighting(page: Page, site: Site) -> None:
    page.goto(site.url("/?q=smuggling"))
    page.emulate_media(media="print")
    for control in (".facets", ".searchbox", ".controls", ".take", ".pager", ".masthead-links"):
        expect(page.locator(control)).not_to_be_visible()
    mark, hit = page.locator(".passage mark").first, page.locator(".hit").first
    expect(mark).to_have_css("background-color", "rgba(0, 0, 0, 0)")
    expect(mark).to_have_css("font-weight", "400")
    expect(hit).to_have_css("break-inside", "avoid")


def test_a_printed_publication_has_the_addresses_of_its_links(page: Page, site: Site) -> None:
    page.goto(site.url("/publication/ways-and-means-training-film-som-2012?q=film&hit=1"))
    page.emulate_media(media="print", color_scheme="dark")
    link = page.locator(".get a").first
    assert "unodc.org/" in link.evaluate("link => getComputedStyle(link, '::after').content")
    expect(link).to_have_css("color", "rgb(0, 0, 0)")
    expect(page.locator(".way")).not_to_be_visible()


def test_a_printed_publication_has_no_searches(page: Page, site: Site) -> None:
    page.goto(site.url(f"/publication/{at.TOOLKIT}?q=organ&hit=1"))
    page.emulate_media(media="print")
    expect(page.locator(".searches")).not_to_be_visible()
    expect(page.locator(".cite")).not_to_be_visible()
    expect(page.locator(".printed")).to_have_text(re.compile(f"/publication/{at.TOOLKIT} *$"))


def test_a_printed_hit_ends_without_a_separator(page: Page, site: Site) -> None:
    page.goto(site.url("/?q=smuggling"))
    line = page.locator(".hit .facts").first
    expect(line).to_have_text(re.compile(r"· Add to my list"))
    page.emulate_media(media="print")
    assert not line.inner_text().rstrip().endswith("·")
    assert "list" not in line.inner_text()


@pytest.mark.parametrize("code", LANGUAGES)
def test_paper_names_no_links_that_it_lacks(page: Page, site: Site, code: str) -> None:
    prefix = "" if code == SOURCE else f"/{code}"
    page.goto(site.url(f"{prefix}/publication/{at.TOOLKIT}"))
    shown = page.locator(".get p").inner_text()
    page.emulate_media(media="print")
    printed = page.locator(".get p").inner_text()
    assert printed
    assert shown.startswith(printed)
    assert len(printed) < len(shown)
