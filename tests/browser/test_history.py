"""URL, history, focus, and announcements while parts of a page are swapped, or cannot be."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser import site as at
from tests.browser.site import Site


def _into(held: list[Route]) -> Callable[[Route], None]:
    """Return a route handler that delays requests until the test releases them."""

    def hold(route: Route) -> None:
        held.append(route)

    return hold


def _first(held: list[Route], page: Page) -> Route:
    """Wait for the first delayed request and return it. Its event may precede it."""
    while not held:
        page.wait_for_timeout(10)
    return held[0]


def test_a_selection_keeps_the_document(page: Page, site: Site) -> None:
    page.goto(site.url())
    page.evaluate("document.documentElement.dataset.same = 'yes'")
    at.value(page, "Region", "South Asia").click()
    at.expect_total(page, 16)
    at.open_orders(page).get_by_role("link", name="Title", exact=True).click()
    page.get_by_role("link", name="Next page").click()
    expect(page).to_have_url(site.url("/?region=South+Asia&sort=title&page=2"))
    at.search_box(page).fill("trafficking")
    page.get_by_role("button", name="Search", exact=True).click()
    expect(page).to_have_url(site.url("/?q=trafficking&region=South+Asia&sort=title"))
    assert page.evaluate("document.documentElement.dataset.same") == "yes"


def test_back_and_forward_restore_pages(page: Page, site: Site) -> None:
    page.goto(site.url())
    at.search(page, "organ removal")
    at.expect_total(page, 2)
    at.search(page, "trafficking")
    expect(page).to_have_url(site.url("/?q=trafficking"))
    total = at.told(at.summary(page).inner_text())
    at.value(page, "Region", "South Asia").click()
    expect(page).to_have_url(site.url("/?q=trafficking&region=South+Asia"))

    page.go_back()
    at.expect_total(page, total)
    expect(page).to_have_url(site.url("/?q=trafficking"))
    expect(at.chips(page)).to_have_count(0)
    page.go_back()
    at.expect_total(page, 2)
    expect(page).to_have_url(site.url("/?q=organ+removal"))
    expect(page).to_have_title(re.compile("^organ removal"))
    expect(at.search_box(page)).to_have_value("organ removal")
    page.go_back()
    at.expect_total(page, 136)
    expect(at.search_box(page)).to_have_value("")
    page.go_forward()
    at.expect_total(page, 2)
    expect(at.search_box(page)).to_have_value("organ removal")
    page.go_forward()
    page.go_forward()
    expect(page).to_have_url(site.url("/?q=trafficking&region=South+Asia"))
    expect(at.value(page, "Region", "South Asia")).to_have_attribute("aria-current", "true")
    expect(at.search_box(page)).to_have_value("trafficking")


def test_back_restores_the_scroll_position(page: Page, site: Site) -> None:
    page.goto(site.url())
    following = page.get_by_role("link", name="Next page")
    following.scroll_into_view_if_needed()
    place = page.evaluate("scrollY")
    assert place > 500
    following.click()
    expect(at.summary(page)).to_contain_text("11–20 of")
    assert page.evaluate("scrollY") < place
    page.go_back()
    expect(at.summary(page)).to_contain_text("1–10 of")
    page.wait_for_function("place => Math.abs(scrollY - place) <= 2", arg=place)


@pytest.mark.thorough
def test_a_search_after_back_keeps_the_restored_filters(page: Page, site: Site) -> None:
    page.goto(site.url("/?section=Tools"))
    at.open_facet(page, "Language")
    at.value(page, "Language", "Spanish").click()
    expect(at.chips(page)).to_have_count(2)
    page.go_back()
    expect(at.chips(page)).to_have_count(1)
    at.search(page, "manual")
    expect(page).to_have_url(site.url("/?q=manual&section=Tools"))


@pytest.mark.parametrize("facet_and_value", [("Region", "South Asia"), ("Organisation", "UNODC")])
def test_focus_stays_on_the_selected_value(
    page: Page, site: Site, facet_and_value: tuple[str, str]
) -> None:
    page.goto(site.url())
    link = at.value(page, *facet_and_value)
    link.focus()
    link.evaluate("each => scrollBy(0, each.getBoundingClientRect().top - 150)")
    before = at.find_box(link)["y"]
    link.press("Enter")
    expect(link).to_have_attribute("aria-current", "true")
    expect(link).to_be_focused()
    assert abs(before - at.find_box(link)["y"]) <= 1


@pytest.mark.thorough
def test_focus_moves_from_a_removed_chip_to_the_next(page: Page, site: Site) -> None:
    page.goto(site.url("/?section=Tools&language=es"))
    at.chips(page).first.press("Enter")
    expect(at.chips(page)).to_have_count(1)
    expect(at.chips(page)).to_be_focused()
    at.chips(page).press("Enter")
    expect(at.chips(page)).to_have_count(0)
    expect(page.get_by_role("region", name="Results")).to_be_focused()


def test_the_count_is_announced(page: Page, site: Site) -> None:
    page.goto(site.url())
    live = page.locator("[aria-live], [role=status], [role=alert], [role=log], output")
    expect(live.filter(visible=True)).to_have_count(1)
    page.evaluate(
        """() => {
            const live = document.querySelector("[role=status]");
            window.heard = [];
            new MutationObserver(() => window.heard.push(live.textContent))
                .observe(live, {childList: true, characterData: true, subtree: true});
        }"""
    )
    at.value(page, "Region", "South Asia").click()
    at.expect_total(page, 16)
    at.value(page, "Region", "South Asia").click()
    at.expect_total(page, 136)
    assert page.evaluate("window.heard") == ["1–10 of 16 publications", "1–10 of 136 publications"]


def test_text_typed_during_a_request_is_kept(page: Page, site: Site) -> None:
    """Text that is typed during a request stays in the box, and so does the focus."""
    page.goto(site.url())
    held: list[Route] = []
    page.route("**/?region=*", _into(held))
    with page.expect_request("**/?region=*"):
        at.value(page, "Region", "South Asia").click()
    at.search_box(page).press_sequentially("organ")
    _first(held, page).continue_()
    at.expect_total(page, 16)
    expect(at.search_box(page)).to_have_value("organ")
    expect(at.search_box(page)).to_be_focused()


@pytest.mark.thorough
def test_two_quick_selections_are_both_kept(page: Page, site: Site) -> None:
    page.goto(site.url())
    held: list[Route] = []
    page.route("**/?section=Tools", _into(held))
    with page.expect_request("**/?section=Tools"):
        at.value(page, "Section", "Tools").click()
    at.value(page, "Topic", "trafficking in persons").click()
    at.search(page, "manual")
    _first(held, page).continue_()
    expect(page).to_have_url(site.url("/?q=manual&section=Tools&topic=trafficking+in+persons"))
    expect(at.chips(page)).to_have_count(2)


@pytest.mark.thorough
def test_a_double_click_selects_once(page: Page, site: Site) -> None:
    page.goto(site.url())
    held: list[Route] = []
    page.route("**/?region=*", _into(held))
    with page.expect_request("**/?region=*"):
        at.value(page, "Region", "South Asia").dblclick()
    _first(held, page).continue_()
    at.expect_total(page, 16)
    page.wait_for_timeout(100)
    expect(page).to_have_url(site.url("/?region=South+Asia"))


def test_the_browser_loads_a_url_that_cannot_be_swapped(page: Page, site: Site) -> None:
    page.goto(site.url())
    at.search_box(page).fill("organ")
    page.get_by_role("search").locator("form").evaluate(
        "form => form.append(Object.assign(document.createElement('input'),"
        " {type: 'hidden', name: 'size', value: 'huge'}))"
    )
    at.search_box(page).press("Enter")
    expect(page).to_have_url(site.url("/?q=organ&size=huge"))
    expect(page.get_by_role("heading", level=1)).to_contain_text("size")
    expect(at.search_box(page)).to_have_value("organ")


@pytest.mark.thorough
def test_links_with_ctrl_open_a_new_tab(page: Page, site: Site) -> None:
    page.goto(site.url())
    with page.context.expect_page() as opened:
        at.value(page, "Region", "South Asia").click(modifiers=["ControlOrMeta"])
    expect(opened.value).to_have_url(site.url("/?region=South+Asia#values-region"))
    expect(page).to_have_url(site.url())
    at.expect_total(page, 136)


REGION = re.compile("region=")
"""The URLs of requests that fail or wait."""
COLORS = """() => [".progress", "html"].map(
    (each) => getComputedStyle(document.querySelector(each)).backgroundColor
)"""


@pytest.mark.parametrize("fault", ["no connection", "an error of the server"])
def test_a_list_that_cannot_be_loaded_leaves_the_old_one(
    page: Page, site: Site, fault: str
) -> None:
    page.goto(site.url())

    def fail(route: Route) -> None:
        if fault == "no connection":
            route.abort()
        else:
            route.fulfill(status=503, body="busy")

    page.route(REGION, fail)
    alert = page.get_by_role("alert")
    expect(alert).to_be_hidden()
    at.value(page, "Region", "South Asia").click()
    expect(alert).to_contain_text("The page could not be loaded. You see the one before.")
    at.expect_total(page, 136)
    expect(page).to_have_url(site.url())
    at.value(page, "Topic", "smuggling of migrants").click()
    at.expect_total(page, 33)
    expect(alert).to_be_hidden()
    at.value(page, "Region", "South Asia").click()
    expect(alert).to_be_visible()
    page.unroute(REGION)
    alert.get_by_role("link", name="Try again").click()
    expect(page).to_have_url(site.url("/?topic=smuggling+of+migrants&region=South+Asia"))
    expect(alert).to_be_hidden()


@pytest.mark.thorough
def test_back_to_a_list_that_cannot_be_loaded(page: Page, site: Site) -> None:
    page.goto(site.url("/?section=Tools"))
    at.value(page, "Region", "South Asia").click()
    expect(at.chips(page)).to_have_count(2)
    page.route("**/?section=Tools", lambda route: route.abort())
    page.go_back()
    again = page.get_by_role("alert").get_by_role("link", name="Try again")
    expect(again).to_have_attribute("href", "/?section=Tools")
    expect(at.chips(page)).to_have_count(2)


@pytest.mark.thorough
def test_a_slow_list_shows_a_progress_line(page: Page, site: Site) -> None:
    """A line appears while a list takes long to load, and goes when it is there.

    It is visible in forced colors too.
    """
    page.goto(site.url())
    held: list[Route] = []
    page.route(REGION, _into(held))
    at.value(page, "Region", "South Asia").click()
    line = page.locator(".progress")
    expect(line).to_have_count(1)
    for forced in ("none", "active"):
        page.emulate_media(forced_colors=forced)
        colors = page.evaluate(COLORS)
        assert colors[0] != colors[1], forced
    at.expect_total(page, 136)
    held[0].continue_()
    at.expect_total(page, 16)
    expect(line).to_have_count(0)
