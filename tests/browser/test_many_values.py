"""A facet of many values: 10 next to the list, all on a page with a box that narrows them."""

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

pytestmark = pytest.mark.thorough

NAMES = ["Población y Desarrollo", *(f"Office No. {number}" for number in range(1, 31))]

OVERLAPS = """(number) => {
    const rows = document.querySelector("#values-region");
    rows.className = rows.className.replace(/count-\\d+/, `count-${number.length}`);
    for (const count of rows.querySelectorAll(".count")) count.textContent = number;
    return [...rows.querySelectorAll(".has-children")].map((row) => {
        const overlap = (some, other) => {
            const [one, two] = [some, other].map((part) => row.querySelector(part))
                .map((part) => part.getBoundingClientRect());
            return one.left < two.right && two.left < one.right;
        };
        return overlap("summary", ".count") || overlap("summary .caret", ".label");
    });
}"""
"""Returns for each region with countries whether its arrow overlaps its label or its count, if all
counts of the facet are a number."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
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
    links = page.get_by_role("main").get_by_role("listitem").get_by_role("link")
    return links.filter(visible=True).and_(page.get_by_label(re.compile(r"\d publications?$")))


def test_ten_values_and_a_link_to_all(page: Page, site: Site) -> None:
    page.goto(site.url())
    bodies = at.facet(page, "Organisation")
    expect(bodies.get_by_role("listitem")).to_have_count(10)
    more = bodies.get_by_role("link", name=re.compile("^Show 31 more values of Organisation"))
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
    page.goto(site.url("/facet/body"))
    box = page.get_by_role("searchbox", name="Find in “Organisation”")
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


def test_the_box_next_to_the_results_narrows_its_values(page: Page, site: Site) -> None:
    page.goto(site.url())
    regions = at.facet(page, "Region")
    box = regions.get_by_role("searchbox", name="Find in “Region”")
    box.fill("indi")
    expect(at.value(page, "Region", "India")).to_be_visible()
    expect(at.value(page, "Region", "South Asia")).to_be_visible()
    expect(at.value(page, "Region", "Nepal")).to_be_hidden()
    expect(at.value(page, "Region", "Middle East")).to_be_hidden()
    box.fill("")
    expect(at.value(page, "Region", "Middle East")).to_be_visible()
    expect(at.facet(page, "Section").get_by_role("searchbox")).to_have_count(0)


@pytest.mark.parametrize("javascript", [True, False])
def test_the_box_leads_to_the_values_that_have_its_text(
    open_page: OpenPage, site: Site, javascript: bool
) -> None:
    """Enter in the box leads to a page with the values that contain the text, also hidden ones.

    The page keeps the search, and the box on it works the same.
    """
    page = open_page(javascript=javascript)
    page.goto(site.url("/?q=report"))
    box = page.get_by_role("searchbox", name="Find in “Organisation”")
    box.fill("POBLACION")
    box.press("Enter")
    expect(page).to_have_url(site.url("/facet/body?q=report&find=POBLACION"))
    expect(rows(page)).to_have_count(1)
    box = page.get_by_role("searchbox", name="Find in “Organisation”")
    expect(box).to_have_value("POBLACION")
    box.fill("none such")
    box.press("Enter")
    expect(page.get_by_role("main")).to_contain_text("No value contains “none such”.")
    page.get_by_role("link", name="Show all values").click()
    rows(page).filter(has_text="Office No. 30").click()
    at.expect_total(page, 1)


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("number", ["9,999", "99,999", "999,999", "9,999,999", "99,999,999"])
def test_long_counts_leave_room_for_the_arrow(
    open_page: OpenPage, site: Site, width: int, number: str
) -> None:
    page = open_page(width=width)
    for address in ("/", "/facet/region", "/ar/"):
        page.goto(site.url(address))
        at.unfold(page)
        overlaps = page.evaluate(OVERLAPS, number)
        assert overlaps
        assert not any(overlaps), address
