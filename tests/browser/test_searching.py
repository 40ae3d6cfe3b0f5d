"""Searches: the order, the highlighting, and the pages of a list."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser import site as at
from tests.browser.site import Site


def addresses(page: Page) -> set[str]:
    """Return the URLs of the hits."""
    links = at.hits(page).get_by_role("link").all()
    return {link.get_attribute("href") or "" for link in links}


def test_organ_removal_ranks_the_right_two_first(page: Page, site: Site) -> None:
    """The query "organ removal" ranks the toolkit and the Vienna Forum paper first."""
    page.goto(site.url())
    at.search(page, "organ removal")
    expect(at.summary(page)).to_have_text(
        re.compile(r"1–\d+ of \d+ publications? for “organ removal”")
    )
    assert set(at.hits(page).all_inner_texts()[:2]) == at.ORGANS


def test_matches_are_highlighted_in_titles_and_passages(page: Page, site: Site) -> None:
    """Matching words are highlighted in titles and passages, in any form."""
    page.goto(site.url("/?q=organ+removal&exact=1"))
    marks = at.hits(page).first.locator("mark")
    assert {text.lower() for text in marks.all_inner_texts()} >= {"organ", "removal"}
    every = page.get_by_role("region", name="Results").locator("mark").all_inner_texts()
    assert len(every) > marks.count()
    assert all(re.match("organ|remov", text.lower()) for text in every)


def test_the_box_and_the_title_show_the_query(page: Page, site: Site) -> None:
    """The query is in the search box, the URL, the title, and the heading."""
    page.goto(site.url())
    at.search(page, 'icat "refugee status"')
    expect(page).to_have_title(re.compile('^icat "refugee status" – '))
    expect(page).to_have_url(site.url("/?q=icat+%22refugee+status%22"))
    expect(at.search_box(page)).to_have_value('icat "refugee status"')
    expect(page.get_by_role("heading", level=1)).to_contain_text('“icat "refugee status"”')


def test_an_empty_query_lists_all_publications(page: Page, site: Site) -> None:
    """An empty query lists all publications, the newest first."""
    page.goto(site.url("/?q=organ"))
    at.search(page, "  ")
    at.expect_total(page, 136)
    expect(page).to_have_url(site.url())
    expect(page.get_by_text("Sort: Newest first")).to_be_visible()


@pytest.mark.parametrize("way", ["Enter", "button"])
def test_a_new_search_keeps_the_filters(page: Page, site: Site, way: str) -> None:
    """A search by Enter or button keeps the filters and starts on the first page."""
    page.goto(site.url("/?topic=trafficking+in+persons&page=4"))
    at.search_box(page).fill("manual")
    if way == "Enter":
        at.search_box(page).press("Enter")
    else:
        page.get_by_role("button", name="Search", exact=True).click()
    expect(page).to_have_url(site.url("/?q=manual&topic=trafficking+in+persons"))
    expect(at.chips(page)).to_have_count(1)


def test_the_page_says_that_no_publication_has_all_words(page: Page, site: Site) -> None:
    """The page says that its hits have only some of the words, for a relaxed or an OR search."""
    page.goto(site.url("/?q=organ+xyzzy"))
    expect(page.get_by_text("No publication has all of these words")).to_be_visible()
    assert at.hits(page).count()
    page.goto(site.url("/?q=organ+xyzzy&match=all"))
    at.expect_total(page, 0)
    page.get_by_role("link", name="Search for any of these words").click()
    expect(at.summary(page)).to_contain_text(re.compile("^1–"))
    page.get_by_role("link", name="Prefer all of them").click()
    expect(page).to_have_url(site.url("/?q=organ+xyzzy"))
    expect(page.get_by_text("No publication has all of these words")).to_be_visible()


def test_a_page_without_hits_links_to_other_lists(page: Page, site: Site) -> None:
    """A page without hits links to the list without each filter, and to all publications."""
    page.goto(site.url("/?q=organ+removal&region=South+Asia"))
    expect(at.summary(page)).to_have_text("Nothing found for “organ removal”")
    page.get_by_role("link", name="Search without the filter Region: South Asia").click()
    at.expect_total(page, 2)
    page.goto(site.url("/?q=xyzzy"))
    page.get_by_role("link", name="Browse all publications").click()
    at.expect_total(page, 136)
    expect(at.search_box(page)).to_have_value("")


def test_a_list_emptied_by_filters_promises_no_results(page: Page, site: Site) -> None:
    """A relaxed list does not claim to have results if the filters leave none."""
    page.goto(site.url("/?q=organ+xyzzy&region=South+Asia"))
    at.expect_total(page, 0)
    expect(page.get_by_text("These results have any of them")).to_have_count(0)


def test_orders_of_the_list(page: Page, site: Site) -> None:
    """A link of the menu sorts the list in another order. The menu closes and keeps the focus."""
    page.goto(site.url("/?q=manual&page=2"))
    order = at.open_orders(page)
    expect(order.get_by_role("link", name="Best match")).to_have_attribute("aria-current", "true")
    order.get_by_role("link", name="Title").click()
    expect(page).to_have_url(site.url("/?q=manual&sort=title"))
    expect(page.get_by_text("Sort: Title")).to_be_visible()
    expect(order).not_to_be_visible()
    expect(page.locator("summary:focus")).to_have_text("Sort: Title")
    titles = [re.sub(r"^(The|An?) ", "", each) for each in at.hits(page).all_inner_texts()]
    assert len(titles) > 2
    assert titles == sorted(titles, key=str.lower)
    at.open_orders(page).get_by_role("link", name="Oldest first").click()
    expect(page).to_have_url(site.url("/?q=manual&sort=oldest"))


def test_paging(page: Page, site: Site) -> None:
    """The pager leads to the next, the previous, and any other page, and marks the current one."""
    page.goto(site.url())
    pager = page.get_by_role("navigation", name="Pages of results")
    first = addresses(page)
    pager.get_by_role("link", name="Next page").click()
    expect(at.summary(page)).to_have_text("11–20 of 136 publications")
    expect(page).to_have_title(re.compile("page 2"))
    expect(pager.get_by_role("link", name="Page 2")).to_have_attribute("aria-current", "page")
    expect(page.get_by_role("region", name="Results")).to_be_focused()
    expect(page.get_by_role("region", name="Results")).to_be_in_viewport()
    assert not first & addresses(page)
    pager.get_by_role("link", name="Page 14").click()
    expect(at.summary(page)).to_have_text("131–136 of 136 publications")
    expect(pager.get_by_role("link", name="Next page")).to_have_count(0)
    pager.get_by_role("link", name="Previous page").click()
    expect(at.summary(page)).to_have_text("121–130 of 136 publications")


def test_a_hit_leads_to_its_publication_and_back(page: Page, site: Site) -> None:
    """A title leads to the page of the publication, and Back restores the list."""
    page.goto(site.url())
    at.search(page, "organ removal")
    at.expect_total(page, 2)
    title = at.hits(page).first.inner_text()
    at.hits(page).first.get_by_role("link").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(title)
    assert at.search_box(page).input_value() == "organ removal"
    page.go_back()
    expect(page).to_have_url(site.url("/?q=organ+removal"))
    expect(at.search_box(page)).to_have_value("organ removal")
    expect(at.hits(page).first).to_have_text(title)


def test_a_foreign_title_names_its_language(page: Page, site: Site) -> None:
    """A title in another language names it, in the list and on its page."""
    page.goto(site.url("/?q=capacitacion"))
    expect(at.hits(page).first).to_have_attribute("lang", "es")
    at.hits(page).first.get_by_role("link").click()
    heading = page.get_by_role("heading", level=1)
    expect(heading).to_have_attribute("lang", "es")
    expect(heading).to_have_attribute("dir", "auto")


def test_editions_of_one_title_are_folded(page: Page, site: Site) -> None:
    """A click folds editions and another one shows them all. Back undoes both."""
    page.goto(site.url("/?q=global+report"))
    at.expect_total(page, 6)
    expect(at.hits(page)).to_have_count(6)
    page.get_by_role("link", name="Fold editions").click()
    expect(page).to_have_url(site.url("/?q=global+report&fold=1"))
    expect(at.summary(page)).to_have_text("1–2 of 2 titles (6 publications) for “global report”")
    expect(page.get_by_role("link", name="List each edition")).to_be_focused()
    page.go_back()
    expect(at.hits(page)).to_have_count(6)
    page.go_forward()
    page.get_by_role("link", name="List each edition").click()
    expect(page).to_have_url(site.url("/?q=global+report"))
