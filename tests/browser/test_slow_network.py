"""Slow and failing requests: the old page stays, and the page says so."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser import site as at
from tests.browser.site import Site

REGION = re.compile("region=")
"""The URLs of requests that fail or wait."""
COLORS = """() => [".progress", "html"].map(
    (each) => getComputedStyle(document.querySelector(each)).backgroundColor
)"""


@pytest.mark.parametrize("fault", ["no connection", "an error of the server"])
def test_a_list_that_cannot_be_loaded_leaves_the_old_one(
    page: Page, site: Site, fault: str
) -> None:
    """The page says that a list cannot be loaded, and has a link to try again."""
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


def test_back_to_a_list_that_cannot_be_loaded(page: Page, site: Site) -> None:
    """If Back fails, the link to try again leads to the list that Back leads to."""
    page.goto(site.url("/?section=Tools"))
    at.value(page, "Region", "South Asia").click()
    expect(at.chips(page)).to_have_count(2)
    page.route("**/?section=Tools", lambda route: route.abort())
    page.go_back()
    again = page.get_by_role("alert").get_by_role("link", name="Try again")
    expect(again).to_have_attribute("href", "/?section=Tools")
    expect(at.chips(page)).to_have_count(2)


def test_a_slow_list_shows_a_progress_line(page: Page, site: Site) -> None:
    """A line appears while a list takes long to load, and goes when it is there.

    It is visible in forced colors too.
    """
    page.goto(site.url())
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route(REGION, hold)
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
