"""From a list to a publication, on to its neighbors in the list, and back."""

from __future__ import annotations

import pytest
from bs4 import Tag
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from search_app.presentation.publication_page import make_window
from search_app.search_state import SearchState
from tests.search_app.web.reading import read_page

SEARCH = "/?q=trafficking&region=South+Asia&sort=title"


def list_hrefs(client: FlaskClient, address: str) -> list[str]:
    """Return the URLs of the hits of a list."""
    return [str(link["href"]) for link in read_page(client, address).select(".hit h3 a")]


def get_trail(client: FlaskClient, address: str) -> Tag:
    """Return the navigation to the list on the page of a publication."""
    trail = read_page(client, address).select_one("nav.way")
    assert trail is not None
    return trail


def find_href(trail: Tag, name: str) -> str | None:
    """Return the URL of a link of the navigation, or None."""
    link = next((link for link in trail.find_all("a") if name in link.text), None)
    return None if link is None else str(link["href"])


@pytest.mark.slow
def test_next_leads_through_the_list(client: FlaskClient) -> None:
    """Next leads from hit to hit in the order of the list, over its pages, to the last one."""
    listed = [*list_hrefs(client, SEARCH), *list_hrefs(client, f"{SEARCH}&page=2")]
    walked, address = [], listed[0]
    while address:
        walked.append(address)
        address = find_href(get_trail(client, address), "Next") or ""
    assert walked == listed


def test_previous_leads_to_the_hit_before(client: FlaskClient) -> None:
    """Previous leads to the hit before. The first one has none."""
    first, second = list_hrefs(client, SEARCH)[:2]
    assert find_href(get_trail(client, second), "Previous") == first
    assert find_href(get_trail(client, first), "Previous") is None


def test_the_way_back_leads_to_the_page_of_the_hit(client: FlaskClient) -> None:
    """Back to the results leads to the page of the list that has the hit."""
    (first, *_) = list_hrefs(client, f"{SEARCH}&page=2")
    trail = get_trail(client, first)
    assert find_href(trail, "Back") == f"{SEARCH}&page=2"
    assert "11 of 12" in trail.text


def test_the_search_box_keeps_the_search(client: FlaskClient) -> None:
    """The search box of a hit has the query, and its form has the filters and the order."""
    page = read_page(client, list_hrefs(client, SEARCH)[0])
    fields = {str(field.get("name")): field.get("value") for field in page.select("form input")}
    assert fields == {"q": "trafficking", "region": "South Asia", "sort": "title"}


def test_a_hit_that_has_moved_keeps_the_way_back(client: FlaskClient) -> None:
    """If another publication is at the place in the list by now, only the way back remains."""
    address = list_hrefs(client, SEARCH)[0].replace("hit=1", "hit=3")
    trail = get_trail(client, address)
    assert [str(link["href"]) for link in trail.find_all("a")] == [SEARCH]


def test_a_publication_outside_a_list_has_no_way_back(client: FlaskClient) -> None:
    """The canonical URL of a publication has no navigation to a list."""
    address = list_hrefs(client, SEARCH)[0].partition("?")[0]
    assert read_page(client, address).select_one("nav.way") is None


@given(st.integers(1, 10**9))
def test_a_small_page_has_a_hit_and_its_neighbors(position: int) -> None:
    """Every hit and both of its neighbors are on one page of less than 60 hits."""
    window = make_window(SearchState(), position)
    first = (window.page - 1) * window.size + 1
    assert first <= max(position - 1, 1)
    assert position + 1 < first + window.size
    assert window.size < 60
