"""Accessibility: axe reports no violation on any kind of page, wide or narrow, light or dark."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from tests.browser import site as at
from tests.browser.site import Site
from tests.tiers import thorough

Faults = Callable[[Page], list[str]]


@pytest.fixture(
    params=[((1280, "light"),), *thorough([((1280, "dark"), (360, "light"), (360, "dark"))])],
    ids=["wide and light", "narrow or dark"],
)
def faults(axe_violations: Faults, request: pytest.FixtureRequest) -> Faults:
    def faults(page: Page) -> list[str]:
        at.unfold(page)
        found = []
        for width, scheme in request.param:
            page.set_viewport_size({"width": width, "height": 800})
            page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
            found += [f"{width} px, {scheme}: {each}" for each in axe_violations(page)]
        return found

    return faults


USUAL = (
    "ticked", "nothing found", "reasons", "facet of years", "hit of a search", "about", "advanced",
    "list", "search record", "404",
)  # fmt: skip
"""Kinds of pages that together use every template."""


@pytest.mark.parametrize("kind", thorough(at.PAGES, usual=USUAL))
def test_every_kind_of_page_has_no_violation(
    page: Page, site: Site, kind: str, faults: Faults
) -> None:
    page.goto(site.url(at.PAGES[kind]))
    assert faults(page) == []


def test_a_page_without_an_index_has_no_violation(
    page: Page, empty_site: Site, faults: Faults
) -> None:
    page.goto(empty_site.url("/?q=organ"))
    assert faults(page) == []


def test_a_used_page_has_no_violation(page: Page, site: Site, faults: Faults) -> None:
    page.goto(site.url())
    at.value(page, "Region", "South Asia").click()
    at.expect_total(page, 16)
    page.get_by_role("textbox", name="From").fill("2015")
    page.get_by_role("textbox", name="to", exact=True).fill("2010")
    page.get_by_role("textbox", name="to", exact=True).press("Enter")
    assert faults(page) == []
