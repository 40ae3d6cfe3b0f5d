"""Citations on the page of a publication."""

from __future__ import annotations

import pytest
from bs4 import BeautifulSoup
from flask.testing import FlaskClient

from search_app.export.citations import STYLES
from tests.search_app.web.reading import find

PAGE = "/publication/global-report-on-trafficking-in-persons-2014"


def get_block(client: FlaskClient, url: str) -> BeautifulSoup:
    """Return the part of a page with its citation."""
    response = client.get(url)
    assert response.status_code == 200, response.text
    block = BeautifulSoup(response.text, "lxml").select_one("section.cite")
    assert block is not None
    return BeautifulSoup(str(block), "lxml")


def test_a_page_offers_styles_and_cites_in_none(client: FlaskClient) -> None:
    """Citations take time, so a page has one only when a reader asks for it."""
    block = get_block(client, PAGE)
    links = [link.text for link in block.select("a[href*='cite=']")]
    assert links == list(STYLES.values())
    assert block.select(".citation, button") == []


@pytest.mark.parametrize("style", STYLES)
def test_a_link_leads_to_the_citation(client: FlaskClient, style: str) -> None:
    """The link of a style works without scripts. It is marked as the current one."""
    block = get_block(client, f"{PAGE}?cite={style}")
    assert "Trafficking in Persons" in find(block, ".citation").text
    assert [link.text for link in block.select("[aria-current]")] == [STYLES[style]]
    assert find(block, "button")["data-copies"] == find(block, ".citation")["id"]


def test_titles_are_italic(client: FlaskClient) -> None:
    """The typeface of a citation is part of it."""
    assert find(get_block(client, f"{PAGE}?cite=apa"), ".citation i").text


def test_the_way_back_to_a_list_stays(client: FlaskClient) -> None:
    """The links of styles keep the search and the number of the hit."""
    block = get_block(client, f"{PAGE}?q=global+report&hit=1")
    href = str(find(block, "a[href*='cite=ieee']")["href"])
    assert href == f"{PAGE}?q=global+report&hit=1&cite=ieee#cite"
    assert "Back to the results" in client.get(href).text
