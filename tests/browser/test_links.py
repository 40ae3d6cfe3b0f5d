"""Every link of the search page leads to a list of the length in its label.

The pages are read without a browser, so that many can be checked.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache
from urllib.parse import parse_qsl, urlencode, urlsplit

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


def alone(state: str, name: str, value: str) -> str:
    """Return the URL of a state with only this value in its facet.

    A child belongs to its parent's facet.
    """
    facet = {"region", "country"} if name in ("region", "country") else {name}
    pairs = [pair for pair in parse_qsl(urlsplit(state).query) if pair[0] not in {*facet, "page"}]
    return f"/?{urlencode([*pairs, (name, value)])}"


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
def test_labels_have_the_length_of_their_list(read: Read, state: str) -> None:
    """Values, bars, and chips lead to lists of exactly the length in their labels.

    No label promises an empty list. A link to no hits has no count.
    """
    promises = [each for each in links(read(state)) if re.search(r"\d publications?$", each[0])]
    assert promises or "q=xyzzy" in state
    told = {promise: at.leads_to(promise[0]) for promise in promises}
    assert all(told.values())
    assert {each: total(read(each[1])) for each in promises} == told


@pytest.mark.parametrize("state", STATES)
def test_a_count_is_that_of_the_value_alone(read: Read, state: str) -> None:
    """The count of a value is the length of the list with only this value in its facet."""
    page = read(state)
    counts = {}
    for link in page.select("a[data-key]"):
        if shown := link.select_one(".count"):
            counts[str(link["data-key"])] = int(shown.get_text().replace(",", "") or 0)
    assert counts
    for key, count in counts.items():
        name, value = key.split("=", 1)  # the name of a child follows that of its parent
        assert total(read(alone(state, name.split()[-1], value))) == count, key


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


def test_numbers_on_the_about_page(read: Read) -> None:
    """Each number on the about page is the length of the list that it links to."""
    counted = read("/about").select("section a:has(.count)")
    assert len(counted) > 40
    for link in counted:
        count = link.select_one(".count")
        assert count
        assert total(read(str(link["href"]))) == int(count.get_text()), label(link)


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
