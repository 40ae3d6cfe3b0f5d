"""Suggestions while words are typed: a combobox that can be used by keyboard, mouse and touch."""

from __future__ import annotations

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
"""Milliseconds in which what should not come would have come."""


def suggestions(page: Page) -> Locator:
    """The list below the box."""
    return page.get_by_role("listbox", name="Suggestions")


def options(page: Page) -> Locator:
    """What is suggested."""
    return suggestions(page).get_by_role("option")


def option(page: Page, name: str) -> Locator:
    """One of the suggestions."""
    return options(page).and_(page.get_by_role("option", name=re.compile(f"^{re.escape(name)}, ")))


def selected(page: Page) -> Locator:
    """The suggestion that Enter would choose."""
    return options(page).and_(page.get_by_role("option", selected=True))


def insert(page: Page, words: str) -> None:
    """Types words at once: between keys, a slow machine might ask for the half of them."""
    at.search_box(page).focus()
    page.keyboard.insert_text(words)


def type_words(page: Page, words: str) -> None:
    """Types words into the box, and waits for what is suggested."""
    insert(page, words)
    expect(suggestions(page)).to_be_visible()


class Held:
    """Holds back all requests for suggestions, until the test lets them go."""

    def __init__(self, page: Page) -> None:
        self.routes: list[Route] = []
        self._page = page
        page.route(ASKED, self._hold)

    def _hold(self, route: Route) -> None:
        self.routes.append(route)

    def typed(self, words: str) -> Route:
        """What is asked after these words were typed too."""
        before = len(self.routes)
        insert(self._page, words)
        end = time.monotonic() + PATIENCE / 1000
        while len(self.routes) == before and time.monotonic() < end:
            self._page.wait_for_timeout(10)
        return self.routes[before]


def answer(route: Route, *words: str) -> None:
    """Answers with these words; a request that was given up needs no answer."""
    told = [
        {"kind": "word", "text": word, "label": word, "count": 1, "href": f"/?q={word}"}
        for word in words
    ]
    with suppress(Error):
        route.fulfill(body=json.dumps({"suggestions": told}), content_type="application/json")


def test_what_is_typed_has_suggestions(page: Page, site: Site) -> None:
    """Words, values and titles are suggested below the box, each with the number behind it."""
    page.goto(site.url())
    type_words(page, "tra")
    names = [each.get_attribute("aria-label") for each in options(page).all()]
    assert names[0] == "trafficking, 101 publications"
    assert "Topic: trafficking in persons, 100 publications" in names
    assert names[-1] == "Trafficking in Persons: Global Patterns, a publication"
    expect(options(page).first).to_have_text("trafficking101")


def test_the_box_is_a_combobox(page: Page, site: Site) -> None:
    """The box is told as a combobox, closed or open, with the list that it controls."""
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


def test_the_number_of_suggestions_is_announced(page: Page, site: Site) -> None:
    """A live text that is not seen says how many suggestions there are, and when there are none."""
    page.goto(site.url())
    type_words(page, "organ re")
    live = page.get_by_role("search").locator("[aria-live=polite]")
    expect(live).to_have_text("4 suggestions")
    insert(page, "mo")
    expect(live).to_have_text("2 suggestions")
    at.search_box(page).press("Escape")
    expect(live).to_have_text("")


def test_arrow_keys_go_through_the_list(page: Page, site: Site) -> None:
    """Down and Up go from option to option and by way of the box, whose text stays the same."""
    page.goto(site.url())
    type_words(page, "organ re")
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
    """Enter on a word searches for it in place, keeps what is ticked, and closes the list."""
    page.goto(site.url("/?topic=trafficking+in+persons&sort=oldest&page=2"))
    type_words(page, "organ re")
    at.search_box(page).press("ArrowDown")
    at.search_box(page).press("Enter")
    expect(page).to_have_url(site.url("/?q=organ+removal&topic=trafficking+in+persons&sort=oldest"))
    at.expect_total(page, 2)
    expect(at.search_box(page)).to_have_value("organ removal")
    expect(at.search_box(page)).to_be_focused()
    expect(suggestions(page)).to_be_hidden()


def test_enter_without_a_choice_searches_for_what_is_typed(page: Page, site: Site) -> None:
    """As long as no option is chosen, Enter sends what was typed, and the list closes."""
    page.goto(site.url())
    type_words(page, "organ rem")
    at.search_box(page).press("Enter")
    expect(page).to_have_url(site.url("/?q=organ+rem"))
    page.wait_for_timeout(A_WHILE)
    expect(suggestions(page)).to_be_hidden()


def test_a_title_leads_to_its_publication(page: Page, site: Site) -> None:
    """A title that is chosen opens the page of the publication."""
    page.goto(site.url())
    type_words(page, "organ remo")
    at.search_box(page).press("ArrowUp")
    at.search_box(page).press("Enter")
    expect(page).to_have_url(site.url(f"/publication/{at.TOOLKIT}"))


def test_a_value_leads_to_the_list_with_it_ticked(page: Page, site: Site) -> None:
    """A value that is chosen is ticked beside what was, and no words are sought."""
    page.goto(site.url("/?language=en"))
    type_words(page, "south a")
    number = at.leads_to(option(page, "Region: South Asia").get_attribute("aria-label") or "")
    option(page, "Region: South Asia").click()
    expect(page).to_have_url(site.url("/?language=en&region=South+Asia"))
    at.expect_total(page, number)
    expect(at.chips(page)).to_have_count(2)
    expect(at.search_box(page)).to_have_value("")


@pytest.mark.parametrize("touch", [False, True], ids=["mouse", "touch"])
def test_a_word_is_chosen_by_pointing(open_page: OpenPage, site: Site, touch: bool) -> None:
    """A click or a touch on a word searches for it, also from a page without a list."""
    page = open_page(width=360, has_touch=touch)
    page.goto(site.url("/about"))
    type_words(page, "handb")
    chosen = option(page, "handbook")
    chosen.tap() if touch else chosen.click()
    expect(page).to_have_url(site.url("/?q=handbook"))


def test_escape_closes_the_list_first(page: Page, site: Site) -> None:
    """Escape closes the list and keeps the text; only then does it do what the browser does."""
    page.goto(site.url())
    type_words(page, "organ re")
    at.search_box(page).press("ArrowDown")
    at.search_box(page).press("Escape")
    expect(suggestions(page)).to_be_hidden()
    expect(at.search_box(page)).to_have_value("organ re")
    expect(at.search_box(page)).to_have_attribute("aria-expanded", "false")
    at.search_box(page).press("Escape")
    expect(at.search_box(page)).to_have_value("")


def test_down_opens_a_closed_list(page: Page, site: Site) -> None:
    """After Escape, Down brings the suggestions back, and none of them is chosen yet."""
    page.goto(site.url())
    type_words(page, "organ re")
    at.search_box(page).press("Escape")
    at.search_box(page).press("ArrowDown")
    expect(options(page)).to_have_count(4)
    expect(selected(page)).to_have_count(0)


def test_tab_closes_the_list_and_goes_on(page: Page, site: Site) -> None:
    """Tab leaves the box for the button behind it, and chooses nothing."""
    page.goto(site.url())
    type_words(page, "organ re")
    at.search_box(page).press("ArrowDown")
    at.search_box(page).press("Tab")
    expect(page.get_by_role("button", name="Search")).to_be_focused()
    expect(suggestions(page)).to_be_hidden()
    expect(at.search_box(page)).to_have_value("organ re")


@pytest.mark.parametrize("key", ["Home", "End", "ArrowLeft", "ArrowRight"])
def test_keys_of_the_text_go_back_to_it(page: Page, site: Site, key: str) -> None:
    """Keys that move within the text do that, and what was chosen is no longer."""
    page.goto(site.url())
    type_words(page, "organ re")
    at.search_box(page).press("ArrowDown")
    expect(selected(page)).to_have_count(1)
    at.search_box(page).press(key)
    expect(selected(page)).to_have_count(0)
    place = at.search_box(page).evaluate("box => box.selectionStart")
    assert place == {"Home": 0, "End": 8, "ArrowLeft": 7, "ArrowRight": 8}[key]


def test_the_list_closes_when_the_box_is_left(page: Page, site: Site) -> None:
    """A click elsewhere closes the list."""
    page.goto(site.url())
    type_words(page, "organ re")
    page.locator("footer").click(position={"x": 5, "y": 5})
    expect(suggestions(page)).to_be_hidden()


@pytest.mark.parametrize("address", ["/?q=trafficking", "/", f"/publication/{at.TOOLKIT}"])
def test_nothing_opens_by_itself(page: Page, site: Site, address: str) -> None:
    """Neither a page that loads nor the focus in its box asks for suggestions."""
    held = Held(page)
    page.goto(site.url(address))
    at.search_box(page).focus()
    page.wait_for_timeout(A_WHILE)
    expect(suggestions(page)).to_be_hidden()
    assert held.routes == []


def test_it_is_asked_once_nobody_types(page: Page, site: Site) -> None:
    """While one key follows another nothing is asked; a single letter asks for nothing."""
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


def test_answers_that_come_late_are_dropped(page: Page, site: Site) -> None:
    """The answer to what is no longer in the box never replaces that to what is."""
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


def test_an_answer_to_another_text_is_dropped(page: Page, site: Site) -> None:
    """An answer opens no list where the box, however that came, no longer says what was asked."""
    page.goto(site.url())
    asked = Held(page).typed("tra")
    at.search_box(page).evaluate("box => { box.value = 'organ'; }")
    answer(asked, "transit")
    page.wait_for_timeout(A_WHILE)
    expect(suggestions(page)).to_be_hidden()


def test_an_answer_after_the_search_opens_nothing(page: Page, site: Site) -> None:
    """What is suggested once the search was sent comes too late."""
    page.goto(site.url())
    asked = Held(page).typed("tra")
    at.search_box(page).press("Enter")
    expect(page).to_have_url(site.url("/?q=tra"))
    answer(asked, "transit")
    page.wait_for_timeout(A_WHILE)
    expect(suggestions(page)).to_be_hidden()


def test_back_closes_the_list(page: Page, site: Site) -> None:
    """Going back while the list is open closes it."""
    page.goto(site.url())
    at.value(page, "Region", "South Asia").click()
    at.expect_total(page, 16)
    type_words(page, "tra")
    page.go_back()
    at.expect_total(page, 136)
    expect(suggestions(page)).to_be_hidden()


def test_keys_of_a_composition_are_left_alone(page: Page, site: Site) -> None:
    """While a word is composed, arrows and Enter belong to the composition."""
    page.goto(site.url())
    type_words(page, "tra")
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
def test_on_a_fault_there_are_no_suggestions(page: Page, site: Site, fault: str) -> None:
    """Where no suggestions can be had the box is a box, and searches."""
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
    """What looks like a script in a suggestion is printed as it stands."""
    page.goto(site.url())
    answer(Held(page).typed("img"), "<img src=x onerror=alert(1)>")
    expect(options(page)).to_have_text(["<img src=x onerror=alert(1)>1"])
    expect(page.locator("img")).to_have_count(0)


def test_without_scripts_the_box_is_a_box(open_page: OpenPage, site: Site) -> None:
    """Without JavaScript nothing tells of a list that would never come."""
    page = open_page(javascript=False)
    page.goto(site.url())
    expect(page.get_by_role("searchbox", name="Search the publications")).to_be_visible()
    expect(page.locator("[role=listbox], [role=combobox], [aria-live]")).to_have_count(0)
    expect(at.search_box(page)).not_to_have_attribute("autocomplete", re.compile("."))
    at.search_box(page).fill("organ removal")
    at.search_box(page).press("Enter")
    at.expect_total(page, 2)


def test_axe_finds_nothing_wrong_with_the_list(
    page: Page, site: Site, axe_violations: Callable[[Page], list[str]]
) -> None:
    """With the list open, an option chosen or none, there is no fault that axe knows."""
    page.goto(site.url("/?section=Tools"))
    type_words(page, "tra")
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
def test_on_a_phone_the_list_fits(open_page: OpenPage, site: Site, width: int) -> None:
    """On a narrow page the list is no wider than it, and its options are as high as a finger."""
    page = open_page(width=width, height=640, has_touch=True)
    page.goto(site.url())
    type_words(page, "assessment")
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    boxes = [each.bounding_box() for each in options(page).all()]
    assert len(boxes) > 3
    for box in boxes:
        assert box
        assert box["height"] >= 44
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width


def test_from_right_to_left(page: Page, site: Site) -> None:
    """On a page from right to left counts stand at the left, and a label goes its own way."""
    page.goto(site.url())
    page.locator("html").evaluate("html => html.setAttribute('dir', 'rtl')")
    type_words(page, "tra")
    label = options(page).first.locator(".label")
    expect(label).to_have_attribute("dir", "auto")
    name, count = label.bounding_box(), options(page).first.locator(".count").bounding_box()
    assert name
    assert count
    assert count["x"] < name["x"]
    assert label.evaluate("each => getComputedStyle(each).textAlign") == "right"
