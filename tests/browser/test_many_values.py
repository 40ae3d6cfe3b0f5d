"""A facet of many values: 10 next to the list, all on a page with a box that narrows them."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser import site as at
from tests.browser.conftest import OpenPage
from tests.browser.site import Site
from tests.catalogue import CORPUS

NAMES = ["Población y Desarrollo", *(f"Office No. {number}" for number in range(1, 31))]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Yield the site of the catalogue with one more publication from each of many organizations."""
    folder = tmp_path_factory.mktemp("many")
    corpus = shutil.copytree(CORPUS, folder / "corpus")
    lines = [
        json.dumps({"title": f"Report of {name}", "section": "Tools", "body": [name]})
        for name in NAMES
    ]
    (corpus / "more.jsonl").write_text("\n".join(lines), encoding="utf-8")
    with at.serving(corpus, folder / "index") as running:
        yield running


def rows(page: Page) -> Locator:
    """Return the visible values on a page of all values."""
    links = page.get_by_role("main").get_by_role("listitem").get_by_role("link")
    return links.filter(visible=True).and_(page.get_by_label(re.compile(r"\d publications?$")))


def test_ten_values_and_a_link_to_all(page: Page, site: Site) -> None:
    """Ten values are shown. Show more has the number of the others and leads to all."""
    page.goto(site.url())
    bodies = at.facet(page, "Organisation")
    expect(bodies.get_by_role("listitem")).to_have_count(10)
    more = bodies.get_by_role("link", name=re.compile("^Show 31 more under Organisation"))
    more.click()
    expect(page).to_have_url(site.url("/facet/body"))
    expect(rows(page)).to_have_count(41)


def test_a_selected_value_is_among_the_ten(page: Page, site: Site) -> None:
    """A selected value is shown next to the list, however rare it is, so that it can be cleared."""
    page.goto(site.url("/facet/body"))
    expect(at.value(page, "Organisation", "Office No. 30")).to_have_count(0)
    rows(page).filter(has_text="Office No. 30").click()
    at.expect_total(page, 1)
    at.value(page, "Organisation", "Office No. 30").click()
    at.expect_total(page, 136 + len(NAMES))


def test_the_box_narrows_the_list(page: Page, site: Site) -> None:
    """The box shows the values that contain the typed text, ignoring accents and case."""
    page.goto(site.url("/facet/body"))
    box = page.get_by_role("searchbox", name="Show only values with")
    box.fill("office no. 2")
    expect(rows(page)).to_have_count(11)
    box.fill("POBLACION")
    expect(rows(page)).to_have_count(1)
    box.fill("none such")
    expect(rows(page)).to_have_count(0)
    box.fill("")
    expect(rows(page)).to_have_count(41)
    box.fill("desarrollo")
    rows(page).click()
    at.expect_total(page, 1)
    expect(at.hits(page)).to_have_text(["Report of Población y Desarrollo"])


def test_without_scripts_there_is_no_box(open_page: OpenPage, site: Site) -> None:
    """All values are shown without JavaScript, and no box that would have no effect."""
    page = open_page(javascript=False)
    page.goto(site.url("/facet/body"))
    expect(rows(page)).to_have_count(41)
    expect(page.get_by_role("searchbox")).to_have_count(1)
    rows(page).filter(has_text="Office No. 30").click()
    at.expect_total(page, 1)
