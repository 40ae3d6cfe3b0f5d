"""Full texts in a browser: no violation of axe, without scripts, and in a narrow window."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser import site as at
from tests.browser.conftest import OpenPage
from tests.browser.site import search_box
from tests.search_app.texts import PUBLICATIONS, SERVING, TEXTS, make_index_with_texts

pytestmark = pytest.mark.thorough

ADDRESSES = (
    "/?q=organ&explain=1", "/?q=pearls", "/?q=organ&inside=0", "/publication/report?find=organ",
    "/publication/many?find=pearls", "/publication/web?find=xyzzy", "/advanced",
    "/ar/publication/report?find=organ",
)  # fmt: skip


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("texts")
    with at.serving_index(make_index_with_texts(folder, SERVING, PUBLICATIONS, TEXTS)) as base:
        yield base


@pytest.mark.parametrize("width", [360, 1280])
def test_pages_with_full_texts_are_accessible(
    width: int, open_page: OpenPage, base: str, axe_violations: Callable[[Page], list[str]]
) -> None:
    """Axe reports nothing, no page is wider than the window, and links are 24 px high."""
    page = open_page(width=width)
    for address in ADDRESSES:
        page.goto(f"{base}{address}")
        assert axe_violations(page) == [], address
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), address
        for link in page.locator(".inside a, .files a, .found-pages a").all():
            box = at.find_box(link)
            assert box["height"] >= 24, (address, link.inner_text())


@pytest.mark.parametrize("javascript", [True, False])
def test_from_a_hit_to_all_pages(javascript: bool, open_page: OpenPage, base: str) -> None:
    page = open_page(javascript=javascript)
    page.goto(f"{base}/?q=organ")
    page.get_by_role("link", name="3 more").click()
    expect(page.locator(".found-pages li")).to_have_count(5)
    page.get_by_label("Search inside the document").fill("donor")
    page.get_by_role("button", name="Find").click()
    expect(page.locator(".found-pages a")).to_have_text(["Page 31"])
    page.get_by_role("link", name="Back to the results").click()
    expect(page.locator(".hit")).to_have_count(2)


@pytest.mark.parametrize("javascript", [True, False])
def test_the_switch(javascript: bool, open_page: OpenPage, base: str) -> None:
    """The option above a list leaves the documents out, and the next search does so too."""
    page = open_page(javascript=javascript)
    page.goto(f"{base}/?q=organ")
    page.get_by_role("link", name="Do not search inside the documents").click()
    expect(page.locator(".hit")).to_have_count(1)
    search_box(page).fill("donor")
    search_box(page).press("Enter")
    expect(page.locator(".nothing")).to_be_visible()
    assert "inside=0" in page.url
