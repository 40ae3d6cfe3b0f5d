"""Phones: no page is too wide, all targets can be touched, the filters are collapsed."""

import re

import pytest
from playwright.sync_api import Page, expect

from search_app.i18n.translation import LANGUAGES, SOURCE
from tests.browser import site as at
from tests.browser.conftest import OpenPage
from tests.browser.site import Site
from tests.tiers import thorough

SMALLEST = 24

SMALL_TARGETS = """(smallest) => [...document.querySelectorAll(
    "a, button, input:not([type=hidden]), summary, select"
)].filter((each) => {
    const box = each.getBoundingClientRect();
    const shown = each.checkVisibility({visibilityProperty: true}) && box.width > 1;
    // A link in a line of text is as high as the text. A bar has an equal: its year in the list.
    const inText = getComputedStyle(each).display === "inline"
        && each.parentElement.textContent.trim() !== each.textContent.trim();
    return shown && !inText && !each.matches(".skip, svg a")
        && (box.width < smallest || box.height < smallest);
}).map((each) => `${each.outerHTML.slice(0, 100)} ${each.offsetWidth} ${each.offsetHeight}`)"""


@pytest.fixture(params=[360, *thorough([320])], ids=["360px", "320px"])
def page(open_page: OpenPage, request: pytest.FixtureRequest) -> Page:
    return open_page(width=request.param, height=640, has_touch=True)


def beyond(page: Page) -> int:
    wide: int = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    return wide


def test_no_page_scrolls_sideways(page: Page, site: Site, empty_site: Site) -> None:
    for address in [*map(site.url, at.PAGES.values()), empty_site.url()]:
        page.goto(address)
        assert beyond(page) <= 0, address
        at.unfold(page)
        assert beyond(page) <= 0, address


@pytest.mark.parametrize("code", thorough(LANGUAGES, usual=[SOURCE]))
def test_targets_can_be_touched(page: Page, site: Site, empty_site: Site, code: str) -> None:
    """Links, buttons, and boxes are at least 24 pixels wide and high, except links in text."""
    prefix = "" if code == SOURCE else f"/{code}"
    addresses = [f"{prefix}{address}" for address in at.PAGES.values()]
    small = []
    for address in [*map(site.url, addresses), empty_site.url(f"{prefix}/")]:
        page.goto(address)
        at.unfold(page)
        small += [f"{address}: {each}" for each in page.evaluate(SMALL_TARGETS, SMALLEST)]
    assert not small, "\n".join(small)


@pytest.mark.parametrize("code", thorough(LANGUAGES, usual=[SOURCE]))
def test_every_group_folds(page: Page, site: Site, code: str) -> None:
    page.goto(site.url("/" if code == SOURCE else f"/{code}/"))
    page.locator(".fold > summary").tap()
    groups = page.locator(".group").all()
    assert len(groups) == 9
    for group in groups:
        was_open = group.get_attribute("open") is not None
        for is_open in (not was_open, was_open):
            group.locator("> summary").tap()
            assert (group.get_attribute("open") is not None) == is_open, group.inner_text()


@pytest.mark.thorough
def test_rows_of_facets_are_44_px(page: Page, site: Site) -> None:
    """A row of a facet is at least 44 pixels high."""
    page.goto(site.url())
    at.unfold(page)
    rows = page.get_by_role("group").get_by_role("link", name=re.compile(r"\d publications?$"))
    heights = rows.filter(has_text=re.compile(".")).evaluate_all(
        "all => all.filter(each => !each.matches('svg a')).map(each => each.offsetHeight)"
    )
    assert len(heights) > 50
    assert min(heights) >= 44


def test_the_filters_collapse_to_a_line_with_their_number(page: Page, site: Site) -> None:
    """Filters are collapsed to a line with the number of active ones.

    Once opened, they stay open.
    """
    page.goto(site.url())
    fold = page.locator("summary").filter(has_text=re.compile(r"^\s*Filters"))
    expect(fold).to_have_text(re.compile(r"^\s*Filters\s*$"))
    expect(at.facet(page, "Region")).to_be_hidden()
    fold.tap()
    at.value(page, "Region", "South Asia").tap()
    expect(fold).to_have_text(re.compile(r"Filters \(1 active\)"))
    at.value(page, "Region", "India").tap()
    expect(fold).to_have_text(re.compile(r"Filters \(2 active\)"))
    expect(at.facet(page, "Region")).to_be_visible()
    to_results = page.get_by_role("link", name=re.compile(r"^Show [\d,]+ publications?$"))
    expect(to_results).to_have_text(f"Show {at.told(at.summary(page).inner_text())} publications")
    to_results.tap()
    expect(page.get_by_role("region", name="Results")).to_be_in_viewport()
    page.reload()
    expect(fold).to_have_text(re.compile(r"Filters \(2 active\)"))
    expect(at.facet(page, "Region")).to_be_hidden()


def test_the_first_result_needs_no_scrolling(page: Page, site: Site) -> None:
    page.goto(site.url("/?q=organ+removal"))
    expect(at.hits(page).first).to_be_in_viewport()


@pytest.mark.thorough
def test_the_sheet_has_collapsed_groups(page: Page, site: Site) -> None:
    """Filters open with two groups open, and those with a selection. All fit into 2,500 px."""
    page.goto(site.url("/?language=es&without.audience=police"))
    page.locator("summary").filter(has_text="Filters").tap()
    opened = page.locator(".group[open] > summary")
    expect(opened).to_have_text([
        re.compile("Section"), re.compile("Region"), re.compile("Language"), re.compile("Audience"),
    ])  # fmt: skip
    page.goto(site.url())
    page.locator("summary").filter(has_text="Filters").tap()
    assert page.locator(".sheet").evaluate("each => each.offsetHeight") <= 2500


@pytest.mark.thorough
def test_each_group_has_a_heading(page: Page, site: Site) -> None:
    page.goto(site.url())
    page.locator("summary").filter(has_text="Filters").tap()
    headings = page.locator(".sheet").get_by_role("heading", level=3)
    labels = [
        "Section", "Region", "Topic", "Organisation", "Year", "Language", "Format", "Audience",
        "Series",
    ]  # fmt: skip
    assert headings.all_inner_texts() == labels
    page.set_viewport_size({"width": 1280, "height": 800})
    assert headings.all_inner_texts() == labels


@pytest.mark.thorough
def test_the_way_to_the_results_is_always_in_view(page: Page, site: Site) -> None:
    page.goto(site.url())
    page.locator("summary").filter(has_text="Filters").tap()
    link = page.get_by_role("link", name="Show 136 publications")
    expect(link).to_be_in_viewport(ratio=1)
    page.locator("summary").filter(has_text="Organisation").scroll_into_view_if_needed()
    expect(link).to_be_in_viewport(ratio=1)


@pytest.mark.thorough
def test_a_group_stays_as_it_was(page: Page, site: Site) -> None:
    """A group that was opened or closed stays so after a selection."""
    page.goto(site.url())
    page.locator("summary").filter(has_text="Filters").tap()
    section, topic = (
        page.locator(".group").filter(has=page.locator("summary", has_text=name)).first
        for name in ("Section", "Topic")
    )
    section.locator("summary").first.tap()
    topic.locator("summary").first.tap()
    at.value(page, "Topic", "smuggling of migrants").tap()
    expect(at.chips(page)).to_have_count(1)
    expect(topic).to_have_attribute("open", "")
    expect(section).not_to_have_attribute("open", "")


@pytest.mark.parametrize("address", ["/", "/?topic=smuggling+of+migrants", "/facet/year"])
@pytest.mark.thorough
def test_bars_of_years_can_be_touched(page: Page, site: Site, address: str) -> None:
    """The bars of the years are at least 24 px wide. Each leads to its number of publications."""
    page.goto(site.url(address))
    at.unfold(page)
    targets = page.locator(".bar .target")
    widths = targets.evaluate_all("all => all.map(each => each.getBoundingClientRect().width)")
    assert widths
    assert min(widths) >= 24
    bar = page.get_by_role("group", name="Publications by year").get_by_role("link").first
    number = at.promised(bar)
    bar.tap()
    at.expect_total(page, number)
