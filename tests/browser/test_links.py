"""Orders, pages, chips, and further values lead where they say.

The pages are read without a browser, so that many can be checked. `test_counted_links` checks the
counts of all links.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache

import pytest
from bs4 import BeautifulSoup, Tag

from tests.browser import site as at
from tests.browser.site import Site

Read = Callable[[str], BeautifulSoup]

STATES = (
    "/",
    "/?q=organ+removal",
    "/?q=trafficking&section=Tools&section=Multimedia",
    "/?region=South+Asia&country=IN",
    "/?country=IN&country=KE&topic=trafficking+in+persons&sort=oldest",
    "/?q=organ+xyzzy&language=es",
    "/?year=2005..2015&year=2018&body=none&size=5&page=2",
    "/?q=manual+OR+report&audience=police&format=document&page=99",
    "/?q=xyzzy&region=South+Asia",
    "/?region=Atlantis&series=none",
    "/?fold=1&size=5",
    "/?q=report&region=none&fold=1",
    "/?q=victims+organ+xyzzy&section=Tools&section=Multimedia&explain=1",
)


@pytest.fixture(scope="module")
def read(site: Site) -> Read:
    """Return a function that reads a page once and caches it."""
    return cache(site.read)


def links(page: BeautifulSoup) -> Iterator[tuple[str, str]]:
    """Return the links of a page to lists: label and URL."""
    for link in page.select("a[href]"):
        address = str(link["href"])
        if address == "/" or address.startswith("/?"):
            yield label(link), address


def label(link: Tag) -> str:
    """Return the accessible name of a link."""
    return str(link.get("aria-label") or " ".join(link.get_text().split()))


def total(page: BeautifulSoup) -> int:
    """Return the length of the list that a page shows.

    The page may not have more hits than that.
    """
    summary = page.select_one("[role=status]")
    assert summary
    number = at.told(summary.get_text())
    assert len(page.select("ol > li")) <= number
    return number


def listed(page: BeautifulSoup) -> int:
    """Return the number of hits on all pages together. It is lower if editions are folded."""
    summary = page.select_one("[role=status]")
    assert summary
    return int(re.findall(r" of ([\d,]+)", summary.get_text())[0].replace(",", ""))


@pytest.mark.parametrize("state", STATES)
def test_orders_and_pages_keep_the_length(read: Read, state: str) -> None:
    """Sort orders, pages, and editions lead to a list of the same length and page count."""
    page = read(state)
    others = [
        address for name, address in links(page)
        if re.match("(Page|Previous|Next|Best|Newest|Oldest|Title|Fold|List each|Go to)", name)
    ]  # fmt: skip
    assert {total(read(address)) for address in others} <= {total(page)}
    last = max(
        (int(name[5:]) for name, _ in links(page) if re.match(r"Page \d+$", name)), default=1
    )
    size = int(re.findall(r"size=(\d+)|$", state)[0] or 10)
    if page.select("ol > li"):
        assert last == -(-listed(page) // size)


@pytest.mark.parametrize("state", STATES)
def test_chips_lead_to_the_list_without_their_filter(read: Read, state: str) -> None:
    """A chip never leads to a shorter list, unless other values of its facet remain selected."""
    page = read(state)
    chips = [each for each in links(page) if each[0].startswith("Remove filter")]
    for name, address in chips:
        after = [label for label, _ in links(read(address)) if label.startswith("Remove filter")]
        assert not any(each.startswith(name.rpartition(";")[0] + ";") for each in after)
        assert len(after) == len(chips) - 1
    for name, address in links(page):
        if name.startswith("Clear all"):
            assert not any(each.startswith("Remove") for each, _ in links(read(address)))


@pytest.mark.parametrize("state", STATES)
def test_show_more_counts_the_other_values(read: Read, state: str) -> None:
    """Show more has the number of values on the page of all values beyond those shown."""
    for group in read(state).select(".facet"):
        counted = [  # a link to the map has no number
            (link, numbers)
            for link in group.select("a[href^='/facet/']")
            if (numbers := re.findall(r"[\d,]+", link.get_text()))
        ]
        for more, numbers in counted:
            number = int(numbers[0])
            every = read(str(more["href"])).select(".all-rows > li > .line > .tick")
            shown = group.select("ul > li:not(li li) > .line > .tick")
            assert len(every) == len(shown) + number, more["href"]
            for link in every:
                assert total(read(str(link["href"]))) == at.leads_to(label(link))


@pytest.mark.parametrize("state", [state for state in STATES if "fold" in state])
def test_the_number_of_other_editions_is_correct(read: Read, state: str) -> None:
    """The number of other editions of a hit leads to a list of exactly that length."""
    hits = [hit for hit in read(state).select("ol > li") if hit.select_one("a[href$='#editions']")]
    assert hits
    for hit in hits:
        link = hit.select_one("a[href$='#editions']")
        assert link
        address, _, place = str(link["href"]).partition("#")
        others = read(address).select(f"#{place} + ol > li")
        assert len(others) == int(label(link).split()[0])


def test_no_link_is_dead(read: Read) -> None:
    """Every link of every kind of page leads to a page, or to an anchor on the same page."""
    for state in at.PAGES.values():
        page = read(state)
        for link in page.select("a[href], link[href]"):
            address = str(link["href"])
            if address.startswith("#"):
                assert page.select_one(address), f"{state}: {address}"
            elif address.startswith(("/?", "/facet", "/publication", "/about")):
                heading = read(address).select_one("h1")
                assert heading
                assert "There is no" not in heading.get_text(), f"{state}: {address}"
