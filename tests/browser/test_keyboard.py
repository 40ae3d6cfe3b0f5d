"""The page with the keyboard alone."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser import site as at
from tests.browser.conftest import OpenPage
from tests.browser.site import Site
from tests.tiers import thorough

LONGEST_WAY = 200
"""Maximum number of Tab presses. No page needs as many."""

FOCUSED = """() => {
    const each = document.activeElement;
    const ring = (element) => {
        const style = getComputedStyle(element);
        return style.outlineStyle === "none" ? 0 : parseFloat(style.outlineWidth);
    };
    const shape = each.querySelector("rect, path, circle:not(.target)");
    const stroke = shape && parseFloat(getComputedStyle(shape).strokeWidth);
    const box = each.getBoundingClientRect();
    return {
        what: each.outerHTML.slice(0, 120),
        body: each === document.body,
        ring: ring(each) || (each.matches("svg a") && stroke) || 0,
        seen: box.bottom > 0 && box.top < innerHeight && box.width > 1 && box.height > 1,
    };
}"""

NUMBER_TARGETS = """() => {
    const targets = [...document.querySelectorAll("a[href], button, input, summary")].filter(
        (each) => each.checkVisibility({visibilityProperty: true}) && !each.disabled
    );
    targets.forEach((each, number) => { each.dataset.number = number; });
    return targets.length;
}"""
"""Numbers the visible elements that the pointer can use, and returns how many there are."""
STOP = """() => {
    const each = document.activeElement;
    const box = each.getBoundingClientRect();
    const top = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
    return {
        number: each.dataset.number === undefined ? null : Number(each.dataset.number),
        what: each.outerHTML.slice(0, 120),
        covered: Boolean(top?.closest(".to-results")) && !each.closest(".to-results"),
    };
}"""


def tab_to(page: Page, name: re.Pattern[str]) -> None:
    """Press Tab until a link with this name has the focus."""
    for _ in range(LONGEST_WAY):
        page.keyboard.press("Tab")
        label = page.evaluate(
            "document.activeElement.getAttribute('aria-label') ?? document.activeElement.innerText"
        )
        if name.search(label or ""):
            return
    raise AssertionError(f"Tab never came to {name.pattern}")


def test_search_and_filter_by_keyboard(page: Page, site: Site) -> None:
    page.goto(site.url())
    for _ in range(LONGEST_WAY):
        page.keyboard.press("Tab")
        if at.search_box(page).evaluate("box => box === document.activeElement"):
            break
    expect(at.search_box(page)).to_be_focused()
    page.keyboard.type("trafficking")
    page.keyboard.press("Enter")
    expect(page).to_have_url(site.url("/?q=trafficking"))
    tab_to(page, re.compile("^South Asia, "))
    page.keyboard.press("Enter")
    expect(page).to_have_url(site.url("/?q=trafficking&region=South+Asia"))
    expect(at.value(page, "Region", "South Asia")).to_be_focused()
    tab_to(page, re.compile("^India, "))
    page.keyboard.press("Enter")
    expect(at.value(page, "Region", "India")).to_be_focused()
    expect(at.chips(page)).to_have_count(2)


@pytest.mark.parametrize(
    "kind", thorough(["results", "about", "facet", "publication", "404"], usual=["results"])
)
def test_the_first_stop_skips_to_the_content(page: Page, site: Site, kind: str) -> None:
    page.goto(site.url(at.PAGES[kind]))
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name=re.compile("^Skip to the (content|results)"))
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.locator("#results, main").last).to_be_focused()
    page.keyboard.press("Tab")
    inside = page.get_by_role("main").locator(":focus")
    assert inside.count() or not page.get_by_role("main").get_by_role("link").count()


@pytest.mark.parametrize("width", [1280, *thorough([360])])
@pytest.mark.parametrize("is_unfolded", [True, *thorough([False])], ids=["unfolded", "as loaded"])
def test_tab_reaches_everything_in_order(
    open_page: OpenPage, site: Site, *, width: int, is_unfolded: bool
) -> None:
    """Tab visits each link, button, box, and summary of a list once, from start to end.

    None of them is covered by the button that stays in view on a phone.
    """
    page = open_page(width=width, height=740)
    page.goto(site.url(at.PAGES["ticked"]))
    if is_unfolded:
        at.unfold(page)
    wanted = page.evaluate(NUMBER_TARGETS)
    assert wanted > 30
    reached, covered = [], []
    for _ in range(wanted + 1):
        page.keyboard.press("Tab")
        stop = page.evaluate(STOP)
        if stop["number"] is None:
            break
        reached.append(stop["number"])
        covered += [stop["what"]] if stop["covered"] else []
    assert reached == list(range(wanted))
    assert covered == []


@pytest.mark.parametrize("scheme", ["light", *thorough(["dark"])])
@pytest.mark.parametrize(
    "kind", thorough(["ticked", "facet of years", "publication", "about"], usual=["ticked"])
)
def test_the_focus_is_always_visible(
    open_page: OpenPage, site: Site, kind: str, scheme: str
) -> None:
    page = open_page(color_scheme="dark" if scheme == "dark" else "light")
    page.goto(site.url(at.PAGES[kind]))
    stops = []
    for _ in range(LONGEST_WAY):
        page.keyboard.press("Tab")
        stop = page.evaluate(FOCUSED)
        if stop["body"]:
            break
        stops.append(stop)
    assert len(stops) > 5
    assert len(stops) < LONGEST_WAY
    assert [stop["what"] for stop in stops if stop["ring"] < 2 or not stop["seen"]] == []


def test_collapsed_parts_open_by_keyboard(open_page: OpenPage, site: Site) -> None:
    page = open_page(width=360)
    page.goto(site.url())
    filters = page.locator("summary").filter(has_text="Filters")
    filters.focus()
    page.keyboard.press("Enter")
    expect(at.facet(page, "Region")).to_be_visible()
    within = page.locator("summary").filter(has_text="Values within South Asia")
    within.focus()
    page.keyboard.press("Space")
    expect(at.value(page, "Region", "India")).to_be_visible()
    filters.focus()
    page.keyboard.press("Enter")
    expect(at.facet(page, "Region")).to_be_hidden()
