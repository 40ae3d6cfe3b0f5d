"""The pages in six languages: accessible, no wider than a phone, and read from search to page."""

import re
from collections.abc import Callable
from typing import Literal

import pytest
from playwright.sync_api import Page, expect

from search_app.i18n.translation import LANGUAGES, load_interface
from tests.browser import site as at
from tests.browser.conftest import OpenPage
from tests.browser.site import Site
from tests.tiers import thorough

OTHERS = [code for code in LANGUAGES if code != "en"]
KINDS = (
    "everything", "ticked", "nothing found", "relaxed", "facet of a search",
    "hit of a search", "citation", "about", "advanced", "list", "search record", "400 range",
    "reasons", "empty list", "Spanish publication", "404 publication",
)  # fmt: skip
"""The kinds of page of the tests that visit several pages in each language."""
EDGES = """(each) => [0, each.firstChild.length - 1].map((offset) => {
    const range = document.createRange();
    range.setStart(each.firstChild, offset);
    range.setEnd(each.firstChild, offset + 1);
    return range.getBoundingClientRect().left;
})"""
"""Returns where the first and the last character of an element are on the screen."""


Look = tuple[str, int, Literal["light", "dark"]]
LOOKS: list[Look] = [
    ("ar", 360, "dark"), ("zh", 1280, "light"), ("fr", 360, "light"),
    ("ru", 1280, "dark"), ("es", 360, "dark"),
]  # fmt: skip


@pytest.mark.parametrize("look", LOOKS, ids=str)
@pytest.mark.thorough
def test_no_page_in_any_language_has_a_violation(
    open_page: OpenPage, site: Site, axe_violations: Callable[[Page], list[str]], look: Look
) -> None:
    """Axe reports no violation on any kind of page.

    One width and one color scheme for each language: test_axe visits all of them in English.
    """
    code, width, scheme = look
    page = open_page(width=width, color_scheme=scheme)
    for kind in KINDS:
        page.goto(site.url(f"/{code}{at.PAGES[kind]}"))
        at.unfold(page)
        assert axe_violations(page) == [], kind


@pytest.mark.parametrize("code", thorough(OTHERS, usual=["ar"]))
def test_no_page_in_any_language_scrolls_sideways(
    code: str, open_page: OpenPage, site: Site
) -> None:
    """No page is wider than a screen of 320 pixels, with its filters open or collapsed."""
    page = open_page(width=320, height=640, has_touch=True)
    for kind in KINDS:
        page.goto(site.url(f"/{code}{at.PAGES[kind]}"))
        for _ in range(2):
            assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, kind
            at.unfold(page)


@pytest.mark.parametrize("code", ["ar", *thorough(["zh"])])
def test_a_reader_goes_from_the_box_to_a_publication_and_back(
    code: str, open_page: OpenPage, site: Site
) -> None:
    gettext = load_interface(code).gettext
    page = open_page(width=360, height=740, has_touch=True)
    page.goto(site.url(f"/{code}/"))
    page.get_by_role("combobox").fill("trafficking")
    page.get_by_role("button", name=gettext("Search"), exact=True).click()
    expect(page).to_have_url(re.compile(rf"/{code}/\?q=trafficking"))
    page.locator(".fold > summary").click()
    page.locator(".facet .tick").first.click()
    expect(page.locator(".chips .chip")).to_have_count(1)
    page.locator(".hit h3 a").first.click()
    expect(page).to_have_url(re.compile(rf"/{code}/publication/"))
    page.get_by_role("link", name=gettext("Back to the results")).click()
    expect(page).to_have_url(re.compile(rf"/{code}/\?q=trafficking"))
    assert page.evaluate("document.documentElement.lang") == code


@pytest.mark.thorough
def test_the_language_of_the_browser_is_offered(open_page: OpenPage, site: Site) -> None:
    page = open_page(locale="fr-CH")
    page.goto(site.url("/?q=trafficking"))
    offer = page.locator(".offer a")
    expect(offer).to_have_text("Lire cette page en français")
    at.value(page, "Region", "South Asia").click()
    expect(page.locator(".chips .chip")).to_have_count(1)
    offer.click()
    expect(page).to_have_url(re.compile(r"/fr/\?q=trafficking&region=South\+Asia"))
    expect(page.locator(".offer")).to_have_count(0)


@pytest.mark.thorough
def test_a_reader_of_another_language_is_offered_none(open_page: OpenPage, site: Site) -> None:
    for locale, path in (("de-DE", "/ru/"), ("ru-RU", "/ru/")):
        page = open_page(locale=locale)
        page.goto(site.url(path))
        expect(page.locator(".languages a")).to_have_count(len(LANGUAGES))
        expect(page.locator(".offer")).to_have_count(0)


def test_latin_titles_are_isolated_in_arabic(open_page: OpenPage, site: Site) -> None:
    page = open_page(width=1280)
    page.goto(site.url("/ar/?q=organ+removal"))
    heading, passage = page.locator(".hit h3").first, page.locator(".hit .passage").first
    for place in (heading, passage):
        direction = place.evaluate("(each) => getComputedStyle(each).direction")
        align = place.evaluate("(each) => getComputedStyle(each).textAlign")
        assert (direction, align) in {("ltr", "right"), ("ltr", "end")}


@pytest.mark.thorough
def test_queries_keep_their_order_in_arabic(open_page: OpenPage, site: Site) -> None:
    page = open_page(width=360)
    for address, text in (("/ar/about", "traffick*"), ("/ar/?q=xyzzy", "traffick*")):
        page.goto(site.url(address))
        query = page.locator("kbd", has_text=text)
        assert query.evaluate(EDGES)[0] < query.evaluate(EDGES)[1], text


@pytest.mark.thorough
def test_details_in_another_language_keep_their_order(open_page: OpenPage, site: Site) -> None:
    page = open_page(width=360)
    page.goto(site.url(f"/ar{at.PAGES['publication']}"))
    details = page.locator(".details li[lang=en]")
    assert details.count()
    for style, value in (("direction", "ltr"), ("text-align", "right")):
        expect(details.last).to_have_css(style, value)
