"""axe finds nothing wrong with any kind of page, wide or narrow, light or dark."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

import pytest
from playwright.sync_api import Page

from tests.browser import site as at
from tests.browser.site import Site

Faults = Callable[[Page], list[str]]


@pytest.fixture
def faults(axe_violations: Faults) -> Faults:
    """Tells what axe finds in either width and either scheme, with all that is folded opened."""

    def faults(page: Page) -> list[str]:
        at.unfold(page)
        found = []
        for width, scheme in product((1280, 360), ("light", "dark")):
            page.set_viewport_size({"width": width, "height": 800})
            page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
            found += [f"{width} px, {scheme}: {each}" for each in axe_violations(page)]
        return found

    return faults


@pytest.mark.parametrize("kind", at.PAGES)
def test_a_page_of_every_kind(page: Page, site: Site, kind: str, faults: Faults) -> None:
    """A page of this kind has no fault that axe knows."""
    page.goto(site.url(at.PAGES[kind]))
    assert faults(page) == []


def test_a_page_without_an_index(page: Page, empty_site: Site, faults: Faults) -> None:
    """The page that says that nothing is indexed has no fault that axe knows."""
    page.goto(empty_site.url("/?q=organ"))
    assert faults(page) == []


def test_a_page_after_it_was_used(page: Page, site: Site, faults: Faults) -> None:
    """After ticking in place, with a range that can't be, there is still no fault."""
    page.goto(site.url())
    at.value(page, "Region", "South Asia").click()
    at.expect_total(page, 16)
    page.get_by_role("textbox", name="From").fill("2015")
    page.get_by_role("textbox", name="to", exact=True).fill("2010")
    page.get_by_role("textbox", name="to", exact=True).press("Enter")
    assert faults(page) == []
