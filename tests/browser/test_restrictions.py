"""Excluding values, and choosing any or all of the selected ones: links, chips, and counts."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from search_app.i18n.translation import LANGUAGES, SOURCE
from tests.browser import site as at
from tests.browser.conftest import OpenPage
from tests.browser.site import Site


def find_exclusion(page: Page, facet: str, value: str) -> Locator:
    name = re.compile(rf"^not: (Exclude {value}$|Include {value} again)")
    return at.facet(page, facet).get_by_role("link", name=name)


@pytest.mark.parametrize("javascript", [True, False])
def test_excluding_a_value_and_including_it_again(
    open_page: OpenPage, site: Site, javascript: bool
) -> None:
    page, fragment = open_page(javascript=javascript), "" if javascript else "#values-section"
    page.goto(site.url())
    films = at.promised(at.value(page, "Section", "Multimedia"))
    at.facet(page, "Section").hover()
    find_exclusion(page, "Section", "Multimedia").click()
    at.expect_total(page, 136 - films)
    expect(page).to_have_url(site.url(f"/?without.section=Multimedia{fragment}"))
    at.expect_chips(page, "Section: not Multimedia")
    struck = at.facet(page, "Section").locator(".out")
    expect(struck).to_have_text(re.compile(rf"Multimedia\s+{films}"))
    link = find_exclusion(page, "Section", "Multimedia")
    expect(link).to_have_accessible_name("not: Include Multimedia again: 136 publications")
    link.click()
    at.expect_total(page, 136)
    expect(page).to_have_url(site.url(f"/{fragment}"))


@pytest.mark.thorough
def test_an_exclusion_keeps_the_focus(page: Page, site: Site) -> None:
    """The link that excluded a value has the focus afterwards, so that Enter includes it again."""
    page.goto(site.url())
    find_exclusion(page, "Section", "Tools").focus()
    page.keyboard.press("Enter")
    at.expect_chips(page, "Section: not Tools")
    expect(find_exclusion(page, "Section", "Tools")).to_be_focused()


@pytest.mark.thorough
def test_excluding_a_region_clears_its_countries(page: Page, site: Site) -> None:
    page.goto(site.url("/?country=IN&section=Tools"))
    at.facet(page, "Region").hover()
    find_exclusion(page, "Region", "South Asia").click()
    expect(page).to_have_url(site.url("/?section=Tools&without.region=South+Asia"))
    at.facet(page, "Section").hover()
    find_exclusion(page, "Section", "Tools").click()
    expect(page).to_have_url(site.url("/?without.section=Tools&without.region=South+Asia"))
    expect(at.chips(page)).to_have_count(2)
    page.get_by_role("link", name="Clear all filters").click()
    expect(page).to_have_url(site.url())


def test_a_chip_includes_its_value_again(page: Page, site: Site) -> None:
    page.goto(site.url("/?q=manual&region=Africa&without.topic=smuggling+of+migrants"))
    page.get_by_role("link", name=re.compile("^Remove filter Topic: not smuggling")).click()
    expect(page).to_have_url(site.url("/?q=manual&region=Africa"))


@pytest.mark.thorough
def test_with_a_mouse_the_links_show_in_the_group_of_the_pointer(page: Page, site: Site) -> None:
    page.goto(site.url())
    tools, asia = (
        find_exclusion(page, "Section", "Tools"),
        find_exclusion(page, "Region", "South Asia"),
    )
    expect(tools).to_have_css("opacity", "0")
    at.facet(page, "Section").hover()
    expect(tools).to_have_css("opacity", "1")
    expect(asia).to_have_css("opacity", "0")
    at.value(page, "Region", "Africa").focus()
    expect(asia).to_have_css("opacity", "1")


@pytest.mark.thorough
def test_with_touch_the_links_are_always_visible(open_page: OpenPage, site: Site) -> None:
    """Without a pointer that hovers, each value has a visible link of at least 40 by 44 px."""
    page = open_page(width=360, has_touch=True, is_mobile=True)
    page.goto(site.url())
    at.unfold(page)
    tools = find_exclusion(page, "Section", "Tools")
    expect(tools).to_have_css("opacity", "1")
    box = at.find_box(tools)
    assert box["width"] >= 40
    assert box["height"] >= 44


@pytest.mark.parametrize("code", LANGUAGES)
@pytest.mark.thorough
def test_a_line_explains_the_word(page: Page, site: Site, code: str) -> None:
    prefix = "" if code == SOURCE else f"/{code}"
    for address in ("/", "/facet/section"):
        page.goto(site.url(f"{prefix}{address}"))
        word = page.locator(".not").first.inner_text()
        hint = page.locator(".hint")
        expect(hint).to_be_visible()
        expect(hint).to_contain_text(word)
        assert len(hint.inner_text()) > len(word) + 5
    page.goto(site.url(f"{prefix}/?q=xyzzy"))
    expect(page.locator(".hint")).to_have_count(0)


TOPICS = "topic=trafficking+in+persons&topic=smuggling+of+migrants"


def find_choice(page: Page, facet: str, name: str) -> Locator:
    return at.facet(page, facet).get_by_role("link", name=name, exact=True)


@pytest.mark.parametrize("javascript", [True, False])
def test_choosing_all_values_and_any_again(
    open_page: OpenPage, site: Site, javascript: bool
) -> None:
    page, fragment = open_page(javascript=javascript), "" if javascript else "#values-topic"
    page.goto(site.url("/?topic=trafficking+in+persons"))
    expect(find_choice(page, "Topic", "All of these values")).to_have_count(0)
    at.value(page, "Topic", "smuggling of migrants").click()
    expect(page).to_have_url(site.url(f"/?{TOPICS}{fragment}"))
    any_of, all_of = (
        find_choice(page, "Topic", name) for name in ("Any of these values", "All of these values")
    )
    expect(any_of).to_have_attribute("aria-current", "true")
    all_of.click()
    expect(page).to_have_url(site.url(f"/?{TOPICS}&match.topic=all{fragment}"))
    at.expect_chips(
        page,
        "Topic (all values): trafficking in persons",
        "Topic (all values): smuggling of migrants",
    )
    count = at.value(page, "Topic", "smuggling of migrants").locator(".count")
    at.expect_total(page, int(count.inner_text()))
    expect(all_of).to_have_attribute("aria-current", "true")
    any_of.click()
    expect(page).to_have_url(site.url(f"/?{TOPICS}{fragment}"))
    at.expect_chips(page, "Topic: trafficking in persons", "Topic: smuggling of migrants")


@pytest.mark.thorough
def test_the_choice_keeps_the_focus(page: Page, site: Site) -> None:
    page.goto(site.url(f"/?{TOPICS}"))
    find_choice(page, "Topic", "All of these values").focus()
    page.keyboard.press("Enter")
    expect(page).to_have_url(site.url(f"/?{TOPICS}&match.topic=all"))
    expect(find_choice(page, "Topic", "All of these values")).to_be_focused()


@pytest.mark.thorough
def test_the_choice_is_easy_to_touch(open_page: OpenPage, site: Site) -> None:
    """On a phone, both links are 44 px high, and side by side."""
    page = open_page(width=360, has_touch=True, is_mobile=True)
    page.goto(site.url(f"/?{TOPICS}"))
    at.unfold(page)
    either, both = (
        at.find_box(find_choice(page, "Topic", name))
        for name in ("Any of these values", "All of these values")
    )
    assert min(either["height"], both["height"]) >= 44
    assert either["y"] == both["y"]
