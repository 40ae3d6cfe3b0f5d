"""Suggestions while the user types: a combobox for keyboard, mouse, and touch."""

import json
import re
import time
from collections.abc import Callable
from contextlib import suppress
from itertools import product

import pytest
from playwright.sync_api import Error, Locator, Page, Route, expect

from tests.browser import site as at
from tests.browser.conftest import PATIENCE, OpenPage
from tests.browser.site import Site

ASKED = "**/api/suggest?*"
A_WHILE = 300
"""Milliseconds after which an unwanted request or response would have arrived."""


def suggestions(page: Page) -> Locator:
    return page.get_by_role("listbox", name="Suggestions")


def options(page: Page) -> Locator:
    return suggestions(page).get_by_role("option")


def option(page: Page, name: str) -> Locator:
    return options(page).and_(page.get_by_role("option", name=re.compile(f"^{re.escape(name)}, ")))


def selected(page: Page) -> Locator:
    """Return the suggestion that Enter would choose."""
    return options(page).and_(page.get_by_role("option", selected=True))


def insert(page: Page, words: str) -> None:
    """Type words at once.

    Between keys, a slow machine might request suggestions for half of them.
    """
    at.search_box(page).focus()
    page.keyboard.insert_text(words)


def type_words(page: Page, words: str, url: str = "") -> None:
    if url:
        page.goto(url)
    insert(page, words)
    expect(suggestions(page)).to_be_visible()


class Held:
    """All requests for suggestions, delayed until the test releases them."""

    def __init__(self, page: Page) -> None:
        self.routes: list[Route] = []
        self._page = page
        page.route(ASKED, self._hold)

    def _hold(self, route: Route) -> None:
        self.routes.append(route)

    def typed(self, words: str) -> Route:
        before = len(self.routes)
        insert(self._page, words)
        end = time.monotonic() + PATIENCE / 1000
        while len(self.routes) == before and time.monotonic() < end:
            self._page.wait_for_timeout(10)
        return self.routes[before]


def answer(route: Route, *words: str) -> None:
    told = [
        {
            "kind": "word",
            "text": word,
            "label": word,
            "total": 1,
            "number": "1",
            "description": word,
            "url": f"/?q={word}",
        }
        for word in words
    ]
    with suppress(Error):
        route.fulfill(body=json.dumps({"suggestions": told}), content_type="application/json")


def test_typed_text_has_suggestions(page: Page, site: Site) -> None:
    type_words(page, "tra", site.url())
    names = [each.get_attribute("aria-label") for each in options(page).all()]
    assert names[0] == "trafficking, 101 publications"
    assert "Topic: trafficking in persons, 100 publications" in names
    assert names[-1] == "Trafficking in Persons: Global Patterns, a publication"
    expect(options(page).first).to_have_text("trafficking101")


def test_the_box_is_a_combobox(page: Page, site: Site) -> None:
    page.goto(site.url())
    box = page.get_by_role("combobox", name="Search the publications")
    expect(box).to_have_attribute("aria-autocomplete", "list")
    expect(box).to_have_attribute("autocomplete", "off")
    expect(box).to_have_attribute("aria-expanded", "false")
    type_words(page, "tra")
    expect(box).to_have_attribute("aria-expanded", "true")
    controlled = box.get_attribute("aria-controls")
    expect(page.locator(f"#{controlled}")).to_have_role("listbox")
    expect(box).not_to_have_attribute("aria-activedescendant", re.compile("."))


@pytest.mark.thorough
def test_the_number_of_suggestions_is_announced(page: Page, site: Site) -> None:
    type_words(page, "organ re", site.url())
    live = page.get_by_role("search").locator("[aria-live=polite]")
    expect(live).to_have_text("4 suggestions")
    insert(page, "mo")
    expect(live).to_have_text("2 suggestions")
    at.search_box(page).press("Escape")
    expect(live).to_have_text("")


def test_arrow_keys_go_through_the_list(page: Page, site: Site) -> None:
    type_words(page, "organ re", site.url())
    box = at.search_box(page)
    expect(options(page)).to_have_count(4)
    for place in (0, 1, 2, 3):
        box.press("ArrowDown")
        expect(selected(page)).to_have_count(1)
        expect(options(page).nth(place)).to_have_attribute("aria-selected", "true")
        active = box.get_attribute("aria-activedescendant")
        assert active == options(page).nth(place).get_attribute("id")
    box.press("ArrowDown")
    expect(selected(page)).to_have_count(0)
    expect(box).not_to_have_attribute("aria-activedescendant", re.compile("."))
    box.press("ArrowUp")
    expect(options(page).last).to_have_attribute("aria-selected", "true")
    expect(box).to_have_value("organ re")
    expect(box).to_be_focused()


def test_enter_searches_for_the_completed_words(page: Page, site: Site) -> None:
    """Enter on a word searches for it in place, keeps the filters, and closes the list."""
    type_words(page, "organ re", site.url("/?topic=trafficking+in+persons&sort=oldest&page=2"))
    at.search_box(page).press("ArrowDown")
    at.search_box(page).press("Enter")
    expect(page).to_have_url(site.url("/?q=organ+removal&topic=trafficking+in+persons&sort=oldest"))
    at.expect_total(page, 2)
    expect(at.search_box(page)).to_have_value("organ removal")
    expect(at.search_box(page)).to_be_focused()
    expect(suggestions(page)).to_be_hidden()


@pytest.mark.thorough
def test_enter_without_a_choice_searches_for_the_typed_text(page: Page, site: Site) -> None:
    type_words(page, "organ rem", site.url())
    at.search_box(page).press("Enter")
    expect(page).to_have_url(site.url("/?q=organ+rem"))
    page.wait_for_timeout(A_WHILE)
    expect(suggestions(page)).to_be_hidden()


def test_a_title_leads_to_its_publication(page: Page, site: Site) -> None:
    type_words(page, "organ remo", site.url())
    at.search_box(page).press("ArrowUp")
    at.search_box(page).press("Enter")
    expect(page).to_have_url(site.url(f"/publication/{at.TOOLKIT}"))


def test_a_value_leads_to_the_list_filtered_by_it(page: Page, site: Site) -> None:
    type_words(page, "south a", site.url("/?language=en"))
    number = at.leads_to(option(page, "Region: South Asia").get_attribute("aria-label") or "")
    option(page, "Region: South Asia").click()
    expect(page).to_have_url(site.url("/?language=en&region=South+Asia"))
    at.expect_total(page, number)
    expect(at.chips(page)).to_have_count(2)
    expect(at.search_box(page)).to_have_value("")


@pytest.mark.parametrize("touch", [False, True], ids=["mouse", "touch"])
@pytest.mark.thorough
def test_a_word_is_chosen_by_pointing(open_page: OpenPage, site: Site, touch: bool) -> None:
    """A click or a touch on a word searches for it, also from a page without a list."""
    page = open_page(width=360, has_touch=touch)
    type_words(page, "handb", site.url("/about"))
    chosen = option(page, "handbook")
    chosen.tap() if touch else chosen.click()
    expect(page).to_have_url(site.url("/?q=handbook"))


def test_escape_closes_the_list_first(page: Page, site: Site) -> None:
    type_words(page, "organ re", site.url())
    at.search_box(page).press("ArrowDown")
    at.search_box(page).press("Escape")
    expect(suggestions(page)).to_be_hidden()
    expect(at.search_box(page)).to_have_value("organ re")
    expect(at.search_box(page)).to_have_attribute("aria-expanded", "false")
    at.search_box(page).press("Escape")
    expect(at.search_box(page)).to_have_value("")


@pytest.mark.thorough
def test_down_opens_a_closed_list(page: Page, site: Site) -> None:
    type_words(page, "organ re", site.url())
    at.search_box(page).press("Escape")
    at.search_box(page).press("ArrowDown")
    expect(options(page)).to_have_count(4)
    expect(selected(page)).to_have_count(0)


@pytest.mark.thorough
def test_tab_closes_the_list_and_goes_on(page: Page, site: Site) -> None:
    type_words(page, "organ re", site.url())
    at.search_box(page).press("ArrowDown")
    at.search_box(page).press("Tab")
    expect(page.get_by_role("button", name="Search", exact=True)).to_be_focused()
    expect(suggestions(page)).to_be_hidden()
    expect(at.search_box(page)).to_have_value("organ re")


@pytest.mark.parametrize("key", ["Home", "End", "ArrowLeft", "ArrowRight"])
@pytest.mark.thorough
def test_cursor_keys_leave_the_list(page: Page, site: Site, key: str) -> None:
    """Keys that move the cursor do so, and the chosen option is dropped."""
    type_words(page, "organ re", site.url())
    at.search_box(page).press("ArrowDown")
    expect(selected(page)).to_have_count(1)
    at.search_box(page).press(key)
    expect(selected(page)).to_have_count(0)
    place = at.search_box(page).evaluate("box => box.selectionStart")
    assert place == {"Home": 0, "End": 8, "ArrowLeft": 7, "ArrowRight": 8}[key]


def test_the_list_closes_when_the_box_is_left(page: Page, site: Site) -> None:
    type_words(page, "organ re", site.url())
    page.locator("footer").click(position={"x": 5, "y": 5})
    expect(suggestions(page)).to_be_hidden()


@pytest.mark.parametrize("address", ["/?q=trafficking", "/", f"/publication/{at.TOOLKIT}"])
@pytest.mark.thorough
def test_the_list_does_not_open_by_itself(page: Page, site: Site, address: str) -> None:
    held = Held(page)
    page.goto(site.url(address))
    at.search_box(page).focus()
    page.wait_for_timeout(A_WHILE)
    expect(suggestions(page)).to_be_hidden()
    assert held.routes == []


@pytest.mark.thorough
def test_requests_wait_for_a_pause_in_typing(page: Page, site: Site) -> None:
    page.clock.install(time=0)
    page.goto(site.url())
    page.clock.pause_at(60_000)
    held = Held(page)
    for letter in "traffick":
        insert(page, letter)
        page.clock.run_for(100)
    assert held.routes == []
    with page.expect_request(ASKED):
        page.clock.run_for(100)
    page.wait_for_timeout(A_WHILE)
    assert [each.request.url for each in held.routes] == [site.url("/api/suggest?q=traffick")]
    at.search_box(page).fill("t")
    page.clock.run_for(1000)
    page.wait_for_timeout(A_WHILE)
    assert len(held.routes) == 1


def test_late_responses_are_dropped(page: Page, site: Site) -> None:
    page.goto(site.url())
    held = Held(page)
    first = held.typed("tra")
    with page.expect_event("requestfailed") as given_up:
        second = held.typed("ff")
    assert given_up.value.url == site.url("/api/suggest?q=tra")
    answer(second, "traffic")
    expect(options(page)).to_have_text(["traffic1"])
    answer(first, "transit")
    page.wait_for_timeout(A_WHILE)
    expect(options(page)).to_have_text(["traffic1"])


@pytest.mark.thorough
def test_a_response_for_another_text_is_dropped(page: Page, site: Site) -> None:
    page.goto(site.url())
    asked = Held(page).typed("tra")
    at.search_box(page).evaluate("box => { box.value = 'organ'; }")
    answer(asked, "transit")
    page.wait_for_timeout(A_WHILE)
    expect(suggestions(page)).to_be_hidden()


@pytest.mark.thorough
def test_a_response_after_the_search_opens_no_list(page: Page, site: Site) -> None:
    page.goto(site.url())
    asked = Held(page).typed("tra")
    at.search_box(page).press("Enter")
    expect(page).to_have_url(site.url("/?q=tra"))
    answer(asked, "transit")
    page.wait_for_timeout(A_WHILE)
    expect(suggestions(page)).to_be_hidden()


@pytest.mark.thorough
def test_back_closes_the_list(page: Page, site: Site) -> None:
    page.goto(site.url())
    at.value(page, "Region", "South Asia").click()
    at.expect_total(page, 16)
    type_words(page, "tra")
    page.go_back()
    at.expect_total(page, 136)
    expect(suggestions(page)).to_be_hidden()


@pytest.mark.thorough
def test_keys_of_a_composition_are_ignored(page: Page, site: Site) -> None:
    type_words(page, "tra", site.url())
    for key in ("ArrowDown", "Enter", "Escape"):
        taken = at.search_box(page).evaluate(
            """(box, key) => !box.dispatchEvent(new KeyboardEvent("keydown",
                {key, isComposing: true, bubbles: true, cancelable: true}))""",
            key,
        )
        assert not taken
    expect(selected(page)).to_have_count(0)
    expect(suggestions(page)).to_be_visible()


@pytest.mark.parametrize("fault", ["no answer", "an error", "no JSON"])
def test_the_box_works_without_suggestions(page: Page, site: Site, fault: str) -> None:
    page.goto(site.url())
    asked = Held(page).typed("organ remov")
    if fault == "no answer":
        asked.abort()
    else:
        asked.fulfill(status=500 if fault == "an error" else 200, body="?")
    page.wait_for_timeout(A_WHILE)
    expect(suggestions(page)).to_be_hidden()
    insert(page, "al")
    at.search_box(page).press("Enter")
    at.expect_total(page, 2)


def test_a_suggestion_is_text(page: Page, site: Site) -> None:
    page.goto(site.url())
    answer(Held(page).typed("img"), "<img src=x onerror=alert(1)>")
    expect(options(page)).to_have_text(["<img src=x onerror=alert(1)>1"])
    expect(page.locator("img")).to_have_count(0)


@pytest.mark.thorough
def test_without_scripts_the_box_is_no_combobox(open_page: OpenPage, site: Site) -> None:
    page = open_page(javascript=False)
    page.goto(site.url())
    expect(page.get_by_role("searchbox", name="Search the publications")).to_be_visible()
    expect(page.locator("[role=listbox], [role=combobox], [aria-live]")).to_have_count(0)
    expect(at.search_box(page)).not_to_have_attribute("autocomplete", re.compile("."))
    at.search(page, "organ removal")
    at.expect_total(page, 2)


@pytest.mark.thorough
def test_the_list_has_no_violation(
    page: Page, site: Site, axe_violations: Callable[[Page], list[str]]
) -> None:
    type_words(page, "tra", site.url("/?section=Tools"))
    found = []
    for width, scheme, press in product((1280, 360), ("light", "dark"), ("", "ArrowDown")):
        page.set_viewport_size({"width": width, "height": 800})
        page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        if press:
            at.search_box(page).press(press)
        expect(suggestions(page)).to_be_visible()
        found += [f"{width} px, {scheme}: {each}" for each in axe_violations(page)]
    assert found == []


@pytest.mark.parametrize("width", [320, 360])
@pytest.mark.thorough
def test_on_a_phone_the_list_fits(open_page: OpenPage, site: Site, width: int) -> None:
    """The list is no wider than a narrow page, and each option is at least 44 pixels high."""
    page = open_page(width=width, height=640, has_touch=True)
    type_words(page, "assessment", site.url())
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    boxes = [at.find_box(each) for each in options(page).all()]
    assert len(boxes) > 3
    for box in boxes:
        assert box["height"] >= 44
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width


@pytest.mark.thorough
def test_right_to_left_pages(page: Page, site: Site) -> None:
    page.goto(site.url())
    page.locator("html").evaluate("html => html.setAttribute('dir', 'rtl')")
    type_words(page, "tra")
    label = options(page).first.locator(".label")
    expect(label).to_have_attribute("dir", "auto")
    count = at.find_box(options(page).first.locator(".count"))
    assert count["x"] < at.find_box(label)["x"]
    assert label.evaluate("each => getComputedStyle(each).textAlign") == "right"
