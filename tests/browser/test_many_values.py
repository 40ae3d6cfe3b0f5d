"""A facet of many values: ten of them beside the list, all on a page with a box to find one."""

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
    """The site of the catalogue and of one publication more from each of many organisations."""
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
    """The values that are seen on a page of all."""
    links = page.get_by_role("main").get_by_role("listitem").get_by_role("link")
    return links.filter(visible=True).and_(page.get_by_label(re.compile(r"\d publications?$")))


def test_ten_values_and_the_way_to_all(page: Page, site: Site) -> None:
    """Ten values are shown, and Show more tells how many there are beyond them, and shows all."""
    page.goto(site.url())
    bodies = at.facet(page, "Organisation")
    expect(bodies.get_by_role("listitem")).to_have_count(10)
    more = bodies.get_by_role("link", name=re.compile("^Show 31 more under Organisation"))
    more.click()
    expect(page).to_have_url(site.url("/facet/body"))
    expect(rows(page)).to_have_count(41)


def test_a_ticked_value_is_among_the_ten(page: Page, site: Site) -> None:
    """A value far down is shown beside the list once it is ticked, so that it can be unticked."""
    page.goto(site.url("/facet/body"))
    expect(at.value(page, "Organisation", "Office No. 30")).to_have_count(0)
    rows(page).filter(has_text="Office No. 30").click()
    at.expect_total(page, 1)
    at.value(page, "Organisation", "Office No. 30").click()
    at.expect_total(page, 136 + len(NAMES))


def test_the_box_narrows_the_list(page: Page, site: Site) -> None:
    """What is typed leaves the values that hold it, whatever their accents and capitals."""
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
    """Without JavaScript all values are shown, and no box that would do nothing."""
    page = open_page(javascript=False)
    page.goto(site.url("/facet/body"))
    expect(rows(page)).to_have_count(41)
    expect(page.get_by_role("searchbox")).to_have_count(1)
    rows(page).filter(has_text="Office No. 30").click()
    at.expect_total(page, 1)
