"""The list of results: its filters, its passages, and the links above it."""

import re

import pytest
from bs4 import BeautifulSoup
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from search_app.engine.results import TextRun
from search_app.export.registry import FORMATS
from search_app.presentation.html import MAX_NARROW_CHARS, mark, mark_passage
from tests.search_app.web.reading import fetch, read_page

WORDS = st.text("ab <&", max_size=60).map(lambda text: re.sub(" +", " ", text))
"""Texts without two spaces in a row, which BeautifulSoup would join."""


def test_a_filter_without_a_stated_value_is_not_shown(client: FlaskClient) -> None:
    """A list in which no publication states a series has no filter for series."""
    search = "/?region=Africa&region=South+Asia"
    buckets = fetch(client, f"/api{search.replace('?', 'search?')}")["facets"]
    assert [bucket["value"] for bucket in buckets["series"]] == ["none"]
    shown = [heading.text for heading in read_page(client, search).select(".facet h3")]
    assert "Series" not in shown
    assert "Section" in shown


def test_a_selected_missing_value_keeps_its_filter(client: FlaskClient) -> None:
    """If the missing value is selected, its filter stays, so that it can be removed there."""
    page = read_page(client, "/?series=none&region=South+Asia")
    assert "Series" in [heading.text for heading in page.select(".facet h3")]


def test_the_missing_value_comes_last_and_is_muted(client: FlaskClient) -> None:
    page = read_page(client, "/")
    group = page.select_one("section[aria-labelledby=facet-region]")
    assert group is not None
    rows = group.select(".rows > li > .line > .tick")
    assert [row for row in rows if "unstated" in row["class"]] == rows[-1:]
    assert "No particular region" in rows[-1].text


def test_a_list_offers_four_sizes(client: FlaskClient) -> None:
    links = read_page(client, "/?q=trafficking&page=2&size=25").select(".sizes a")
    assert [(link.text, link["href"]) for link in links] == [
        ("10", "/?q=trafficking"),
        ("25", "/?q=trafficking&size=25"),
        ("50", "/?q=trafficking&size=50"),
        ("100", "/?q=trafficking&size=100"),
    ]
    assert [link.get("aria-current") for link in links] == [None, "true", None, None]


def test_a_list_leads_to_its_exports_and_its_feed(client: FlaskClient) -> None:
    panel = read_page(client, "/?q=trafficking&sort=title&page=2").select_one(".take")
    assert panel is not None
    query = "?q=trafficking&sort=title"
    assert [str(link["href"]) for link in panel.find_all("a")] == [
        *(f"/export/{name}{query}" for name in FORMATS),
        f"/feed.atom{query}",
        f"/search-record{query}",
    ]
    (field,) = panel.find_all("input")
    assert field["value"] == f"http://localhost/{query}&page=2"


@pytest.mark.parametrize(
    ("query", "absent"), [("section=Brochures+%26+leaflets", ".sizes a"), ("q=xyzzy", ".take")]
)
def test_a_list_offers_only_what_changes_it(query: str, absent: str, client: FlaskClient) -> None:
    assert not read_page(client, f"/?{query}&match=all").select(absent)


@given(st.lists(st.builds(TextRun, WORDS, st.booleans()), max_size=9))
def test_a_narrow_page_has_the_first_part_of_a_passage(runs: list[TextRun]) -> None:
    """Both parts of a passage together are the passage, with all of its marks.

    The first part is short, has the first match, and ends between words, not within a match.
    """
    page = BeautifulSoup(mark_passage(runs), "html.parser")
    ellipsis, rest = page.select_one(".narrow-only"), page.select_one(".wide-only")
    if ellipsis is None or rest is None:
        assert mark_passage(runs) == mark(runs)
        return
    ellipsis.extract()
    rest.extract()
    assert page.find("mark") or not rest.find("mark")
    assert len(page.text) <= MAX_NARROW_CHARS
    assert rest.text.startswith(" ")
    assert page.text + rest.text == "".join(run.text for run in runs)
    marked = [each.text for each in (*page.find_all("mark"), *rest.find_all("mark"))]
    assert marked == [run.text for run in runs if run.marked and run.text]
