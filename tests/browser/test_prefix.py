"""The scripts of a site below a path prefix."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser import site as at
from tests.browser.site import serving
from tests.catalogue import CORPUS

pytestmark = pytest.mark.thorough


@pytest.fixture(scope="module")
def below(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    index = tmp_path_factory.mktemp("below") / "index"
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("PUBSEARCH_PREFIX", "/catalogue")
        with serving(CORPUS, index) as running:
            yield running.url("/catalogue/")


def test_parts_are_swapped_below_the_prefix(page: Page, below: str) -> None:
    page.goto(below)
    page.evaluate("document.documentElement.dataset.same = 'yes'")
    at.value(page, "Region", "South Asia").click()
    expect(page).to_have_url(f"{below}?region=South+Asia")
    at.search(page, "trafficking")
    expect(page).to_have_url(f"{below}?q=trafficking&region=South+Asia")
    page.get_by_label("From", exact=True).fill("2005")
    page.get_by_role("button", name="Apply").click()
    expect(page).to_have_url(f"{below}?q=trafficking&region=South+Asia&year=2005..")
    assert page.evaluate("document.documentElement.dataset.same") == "yes"


def test_suggestions_come_from_below_the_prefix(page: Page, below: str) -> None:
    page.goto(below)
    at.search_box(page).focus()
    page.keyboard.insert_text("south a")
    page.get_by_role("option", name="Region: South Asia").click()
    expect(page).to_have_url(f"{below}?region=South+Asia")
