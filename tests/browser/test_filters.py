"""Filters: select and clear values, alone and below their parents, with correct counts."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser import site as at
from tests.browser.site import Site


def test_selecting_a_value_lists_exactly_its_publications(page: Page, site: Site) -> None:
    """A click on a value leads to a list as long as its count, and every hit has the value."""
    page.goto(site.url("/?size=100"))
    section = at.value(page, "Section", "Technical Papers")
    expect(section).to_contain_text("31")
    section.click()
    at.expect_total(page, 31)
    expect(at.hits(page)).to_have_count(31)
    facts = page.get_by_text(re.compile("(^| · )Technical Papers( · |$)"))
    expect(facts.and_(page.get_by_role("paragraph"))).to_have_count(31)
    expect(section).to_have_attribute("aria-current", "true")
    at.expect_chips(page, "Section: Technical Papers")


def test_clearing_a_value_restores_the_list(page: Page, site: Site) -> None:
    """A second click on a value clears it and restores the URL."""
    page.goto(site.url("/?q=manual"))
    before = at.summary(page).inner_text()
    topic = at.value(page, "Topic", "smuggling of migrants")
    topic.click()
    expect(page).to_have_url(site.url("/?q=manual&topic=smuggling+of+migrants"))
    expect(topic).to_have_attribute("aria-current", "true")
    assert at.summary(page).inner_text() != before
    topic.click()
    expect(at.summary(page)).to_have_text(before)
    expect(page).to_have_url(site.url("/?q=manual"))
    expect(topic).not_to_have_attribute("aria-current", "true")


def test_a_second_value_adds_and_its_label_has_the_sum(page: Page, site: Site) -> None:
    """A second value of a facet extends the list, and its label has the new total."""
    page.goto(site.url("/?section=Tools"))
    papers = at.value(page, "Section", "Inter-agency papers")
    expect(papers).to_have_accessible_name(
        "Inter-agency papers, 14 publications; with the current filters: 37 publications"
    )
    papers.click()
    at.expect_total(page, 37)
    expect(at.chips(page)).to_have_count(2)


def test_drilling_from_a_region_to_a_country(page: Page, site: Site) -> None:
    """Selecting South Asia expands it, and India below it narrows the list to India."""
    page.goto(site.url())
    at.value(page, "Region", "South Asia").click()
    at.expect_total(page, 16)
    india = at.value(page, "Region", "India")
    expect(india).to_be_visible()
    number = at.promised(india)
    assert 0 < number < 16
    india.click()
    at.expect_total(page, number)
    expect(page).to_have_url(site.url("/?region=South+Asia&country=IN"))
    at.expect_chips(page, "Region: South Asia", "Country: India")


def test_a_region_expands_without_being_selected(page: Page, site: Site) -> None:
    """A region can be expanded to show its countries, and stays expanded after a selection."""
    page.goto(site.url())
    nepal = at.value(page, "Region", "Nepal")
    expect(nepal).to_be_hidden()
    facet = at.facet(page, "Region")
    facet.locator("summary").filter(has_text="Values within South Asia").click()
    expect(nepal).to_be_visible()
    at.value(page, "Topic", "trafficking in persons").click()
    at.expect_total(page, 100)
    expect(nepal).to_be_visible()


def test_a_region_replaces_its_selected_countries(page: Page, site: Site) -> None:
    """A region above a selected country extends the list to the whole region."""
    page.goto(site.url("/?country=IN"))
    region = at.value(page, "Region", "South Asia")
    assert at.promised(region) == 16
    region.click()
    at.expect_total(page, 16)
    expect(page).to_have_url(site.url("/?region=South+Asia"))


def test_chips_remove_filters_one_by_one(page: Page, site: Site) -> None:
    """Each chip removes its filter. Without filters there are no chips."""
    page.goto(site.url("/?q=trafficking&region=South+Asia&section=Multimedia&year=2000..2012"))
    at.expect_chips(page, "Section: Multimedia", "Region: South Asia", "Year: 2000–2012")
    page.get_by_role("link", name="Remove filter Region: South Asia").click()
    expect(page).to_have_url(site.url("/?q=trafficking&section=Multimedia&year=2000..2012"))
    page.get_by_role("link", name="Remove filter Year: 2000–2012").click()
    page.get_by_role("link", name="Remove filter Section: Multimedia").click()
    expect(page).to_have_url(site.url("/?q=trafficking"))
    expect(page.get_by_role("list", name="Active filters")).to_have_count(0)


def test_a_link_that_is_replaced_while_it_is_pressed_is_followed(page: Page, site: Site) -> None:
    """A press counts if a response replaces its link before the button is released."""
    page.goto(site.url("/?q=trafficking&section=Multimedia&year=2000..2012"))
    link = page.get_by_role("link", name="Remove filter Section: Multimedia")
    link.hover()
    page.mouse.down()
    page.get_by_role("link", name="Remove filter Year: 2000–2012").evaluate("link => link.click()")
    expect(page).to_have_url(site.url("/?q=trafficking&section=Multimedia"))
    page.mouse.up()
    expect(page).to_have_url(site.url("/?q=trafficking"))


def test_clear_all_keeps_the_query(page: Page, site: Site) -> None:
    """Clear all removes all filters and keeps the query and the sort order."""
    page.goto(site.url("/?q=trafficking&region=South+Asia&language=es&sort=newest&page=2"))
    page.get_by_role("link", name="Clear all filters").click()
    expect(page).to_have_url(site.url("/?q=trafficking&sort=newest"))
    expect(at.chips(page)).to_have_count(0)


def test_an_unknown_value_can_be_removed(page: Page, site: Site) -> None:
    """A value that no publication has leads to no hits, and its chip removes it."""
    page.goto(site.url("/?region=Atlantis"))
    at.expect_total(page, 0)
    page.get_by_role("link", name="Remove filter Region: Atlantis").click()
    at.expect_total(page, 136)


@pytest.mark.parametrize("what", ["value", "bar", "chip", "range"])
def test_a_changed_filter_leads_to_the_first_page(page: Page, site: Site, what: str) -> None:
    """Every way to change a filter on a later page leads to the first page."""
    page.goto(site.url("/?topic=trafficking+in+persons&page=3"))
    expect(at.summary(page)).to_contain_text("21–30 of")
    match what:
        case "value":
            at.open_facet(page, "Format")
            at.value(page, "Format", "document").click()
        case "bar":
            page.get_by_role("group", name="Publications by year").get_by_role("link").last.click()
        case "chip":
            at.chips(page).click()
        case "range":
            page.get_by_role("textbox", name="From").fill("2009")
            page.get_by_role("textbox", name="From").press("Enter")
    expect(at.summary(page)).to_contain_text(re.compile("^1–"))
    assert "page=" not in page.url


def test_a_bar_is_the_link_to_its_years(page: Page, site: Site) -> None:
    """A bar has a label with its years and count.

    A click on any bar, even a low one, selects the years.
    """
    page.goto(site.url())
    bars = page.get_by_role("group", name=re.compile("^Publications by year, 2001 to 2018"))
    bar = bars.get_by_role("link", name=re.compile("^2004–2005, "))
    number, box = at.promised(bar), at.find_box(bar)
    bar.click(position={"x": box["width"] / 2, "y": 3})
    at.expect_total(page, number)
    expect(page).to_have_url(site.url("/?year=2004..2005"))
    at.expect_chips(page, "Year: 2004–2005")
    expect(bar).to_have_attribute("aria-current", "true")


def test_bars_and_values_have_the_same_counts(page: Page, site: Site) -> None:
    """The years of every bar exist as text too, and their counts have the sum of the bar."""
    page.goto(site.url("/facet/year?q=trafficking"))
    bars = page.get_by_role("group", name="Publications by year").get_by_role("link")
    labels = bars.evaluate_all("all => all.map(each => each.getAttribute('aria-label'))")
    years = page.get_by_role("listitem").get_by_role("link", name=re.compile("^[0-9]{4}, "))
    texts = years.evaluate_all("all => all.map(each => each.getAttribute('aria-label'))")
    counts = {int(text[:4]): at.leads_to(text) for text in texts}
    assert len(labels) > 5
    for label in labels:
        first, last = map(int, re.findall("[0-9]{4}", label)[:2])
        assert at.leads_to(label) == sum(counts.get(year, 0) for year in range(first, last + 1))


def test_a_range_of_years(page: Page, site: Site) -> None:
    """Two years in the boxes select all years between them, both included."""
    page.goto(site.url("/?q=trafficking"))
    page.get_by_role("textbox", name="From").fill("2010")
    page.get_by_role("textbox", name="to", exact=True).fill("2012")
    page.get_by_role("button", name="Apply these years").click()
    expect(page).to_have_url(site.url("/?q=trafficking&year=2010..2012"))
    at.expect_chips(page, "Year: 2010–2012")
    expect(page.get_by_role("textbox", name="From")).to_have_value("2010")
    expect(page.get_by_role("textbox", name="to", exact=True)).to_have_value("2012")
    years = page.get_by_role("region", name="Results").get_by_text(re.compile(r"^20\d\d · "))
    assert {text[:4] for text in years.all_inner_texts()} <= {"2010", "2011", "2012"}


def test_a_range_may_be_open(page: Page, site: Site) -> None:
    """One year alone selects all years from it, or all years up to it."""
    page.goto(site.url())
    page.get_by_role("textbox", name="to", exact=True).fill("2003")
    page.get_by_role("textbox", name="to", exact=True).press("Enter")
    at.expect_chips(page, "Year: up to 2003")
    at.expect_total(page, 4)


def test_an_inverted_range_is_reported_next_to_the_box(page: Page, site: Site) -> None:
    """A first year after the second is an error next to the boxes. The list stays the same."""
    page.goto(site.url())
    last = page.get_by_role("textbox", name="to", exact=True)
    page.get_by_role("textbox", name="From").fill("2015")
    last.fill("2010")
    page.get_by_role("button", name="Apply these years").click()
    expect(last).to_have_accessible_description(re.compile("2015.* is after"))
    expect(page.get_by_text(re.compile("2015.* is after"))).to_be_visible()
    at.expect_total(page, 136)
    expect(page).to_have_url(site.url())
    last.fill("2016")
    expect(page.get_by_text(re.compile("2015.* is after"))).to_be_hidden()
    page.get_by_role("button", name="Apply these years").click()
    expect(page).to_have_url(site.url("/?year=2015..2016"))


def test_show_more_leads_to_all_values(page: Page, site: Site) -> None:
    """A facet of more than 10 values links to a page of all values, which lead to their lists."""
    page.goto(site.url("/?topic=trafficking+in+persons"))
    years = at.facet(page, "Year")
    years.get_by_text("As a list").click()
    shown = years.get_by_role("listitem")
    expect(shown).to_have_count(10)
    more = years.get_by_role("link", name=re.compile(r"^Show \d+ more under Year"))
    number = int(re.findall(r"\d+", more.inner_text())[0])
    more.click()
    expect(page).to_have_url(site.url("/facet/year?topic=trafficking+in+persons"))
    expect(page.get_by_role("heading", level=1)).to_have_text("Year")
    rows = (
        page.get_by_role("main")
        .get_by_role("listitem")
        .filter(has=page.get_by_role("link", name=re.compile(r", \d+ publications?$")))
    )
    expect(rows).to_have_count(10 + number)
    oldest = rows.get_by_role("link", name=re.compile("^2002, "))
    total = at.promised(oldest)
    oldest.click()
    at.expect_total(page, total)
    expect(at.chips(page)).to_have_count(2)


def test_the_page_of_all_values_links_back(page: Page, site: Site) -> None:
    """The page of all values links to the list that it was opened from."""
    page.goto(site.url("/facet/body?q=trafficking&section=Tools"))
    page.get_by_role("link", name="Back to the results").click()
    expect(page).to_have_url(site.url("/?q=trafficking&section=Tools"))
