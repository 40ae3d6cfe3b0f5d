"""The page of a reading list and its exports."""

import json
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from bs4 import BeautifulSoup
from flask.testing import FlaskClient

from search_app.export.citations import STYLES
from search_app.export.registry import FORMATS
from search_app.search_state import MAX_LIST_BYTES, MAX_LISTED
from search_app.web import exports
from tests.search_app.presentation.test_publication_page import NEW_ID, retired_index
from tests.search_app.web.reading import find, open_index, read_page

FIRST = "global-report-on-trafficking-in-persons-2014"
SECOND = "unodc-model-law-against-trafficking-in-persons-2009"
THIRD = "global-report-on-trafficking-in-persons-2009"
LIST = f"/list?id={FIRST}&id={SECOND}&id={THIRD}"
SCRIPT = Path(exports.__file__).parent / "static" / "reading_list.js"


def list_ids(page: BeautifulSoup) -> list[str]:
    """Return the ids of the publications that the page of a list shows, in order."""
    return [str(each["title"]) for each in page.select(".entries .unapi-id")]


def follow(client: FlaskClient, page: BeautifulSoup, name: str, index: int = 0) -> BeautifulSoup:
    links = [link for link in page.select("[data-changes]") if link.text.startswith(name)]
    return read_page(client, str(links[index]["href"]))


def test_a_list_has_its_publications_in_order(client: FlaskClient) -> None:
    page = read_page(client, LIST)
    assert list_ids(page) == [FIRST, SECOND, THIRD]
    first = page.select(".entries .hit")[0]
    assert [link["href"] for link in first.select("h2 a")] == [f"/publication/{FIRST}"]
    assert "2014" in first.select(".facts")[0].text


def test_links_change_the_list(client: FlaskClient) -> None:
    page = read_page(client, LIST)
    assert list_ids(follow(client, page, "Move up", 1)) == [FIRST, THIRD, SECOND]
    assert list_ids(follow(client, page, "Move down")) == [SECOND, FIRST, THIRD]
    assert list_ids(follow(client, page, "Remove", 1)) == [FIRST, THIRD]
    page = read_page(client, f"/list?id={SECOND}&id={THIRD}&id={FIRST}")
    assert list_ids(follow(client, page, "Newest first")) == [FIRST, THIRD, SECOND]
    by_title = follow(client, page, "Title")
    assert list_ids(by_title) == [THIRD, FIRST, SECOND]
    current = [link.text for link in by_title.select("main [aria-current=true]")]
    assert current == ["Author", "Title"]  # all three have the same author


def test_a_search_on_the_page_adds_publications(client: FlaskClient) -> None:
    page = read_page(client, f"/list?id={FIRST}&q=global+report")
    texts = [each.text.strip() for each in page.select(".adding .changes")]
    assert texts.count("On the list") == 1
    longer = follow(client, page, "Add to the list")
    assert list_ids(longer)[0] == FIRST
    assert len(list_ids(longer)) == 2
    assert find(longer, "#add-query")["value"] == "global report"
    hidden = longer.select(".adder input[name=id]")
    assert [each["value"] for each in hidden] == list_ids(longer)


def test_nothing_is_added_to_a_full_list(client: FlaskClient) -> None:
    """A search on the page of a full list has no link that would lead to an error."""
    ids = "&".join(f"id=x{number}" for number in range(MAX_LISTED))
    page = read_page(client, f"/list?{ids}&q=law")
    assert {each.text.strip() for each in page.select(".adding .changes")} == {"The list is full"}


def test_an_empty_list_says_how_to_begin(client: FlaskClient) -> None:
    page = read_page(client, "/list")
    assert "empty" in page.text
    assert page.select_one("#add-query")
    assert page.select("a[href*='/export/']") == []


def test_the_page_of_a_publication_leads_to_a_list(client: FlaskClient) -> None:
    """A list begins at a publication, without scripts too."""
    page = read_page(client, f"/publication/{FIRST}")
    assert list_ids(read_page(client, str(find(page, "a[data-adds]")["href"]))) == [FIRST]


@pytest.mark.parametrize("style", STYLES)
def test_a_list_is_cited_in_its_order(client: FlaskClient, style: str) -> None:
    page = read_page(client, LIST)
    assert page.select(".citation") == []
    link = find(page, f".cite a[href*='cite={style}']")
    cited = [each.text for each in read_page(client, str(link["href"])).select(".citation p")]
    assert cited == [
        read_page(client, f"/publication/{identity}?cite={style}").select(".citation p")[0].text
        for identity in (FIRST, SECOND, THIRD)
    ]


@pytest.mark.parametrize("name", FORMATS)
def test_a_list_is_exported_in_each_format(client: FlaskClient, name: str) -> None:
    link = find(read_page(client, LIST), f"a[href^='/list/export/{name}?']")
    response = client.get(str(link["href"]))
    assert response.mimetype == FORMATS[name].media_type
    assert response.headers["Content-Disposition"].startswith("attachment")
    if name == "jsonl":
        ids = [json.loads(line)["id"] for line in response.text.splitlines()]
        assert ids == [FIRST, SECOND, THIRD]


def test_an_unknown_format_is_an_error(client: FlaskClient) -> None:
    """It is a 404 that lists the known ones."""
    response = client.get(f"/list/export/word?id={FIRST}")
    assert response.status_code == 404
    assert ", ".join(FORMATS) in response.text


@pytest.mark.parametrize("path", ["/list", "/list/export/ris"])
def test_a_list_that_is_too_long_is_an_error(client: FlaskClient, path: str) -> None:
    """The error says how long a list may be."""
    ids = "&".join(f"id=x{number}" for number in range(MAX_LISTED + 1))
    response = client.get(f"{path}?{ids}")
    assert response.status_code == 400
    assert f"at most {MAX_LISTED} publications" in response.text


def test_a_list_outlives_its_publications(retired_index: Path) -> None:
    """A renamed publication has its new id, once. Removed and unknown ones are named."""
    client = open_index(retired_index)
    page = read_page(client, "/list?id=guide&id=atlas&id=none&id=new/id%3F%C3%A9%232.5%25")
    entries = [find(each, "h2").text for each in page.select(".entries .hit")]
    assert entries == ["<b>Guide</b> & Rivers", "Atlas", "none"]
    assert list_ids(page) == [NEW_ID]
    facts = [[line.text for line in each.select(".facts")] for each in page.select(".entries .hit")]
    assert facts[0][0].startswith("This publication was removed on ")
    assert facts[2] == ["This catalogue has no such publication."]
    canonical = urlsplit(str(find(page, "link[rel=canonical]")["href"])).query
    assert parse_qs(canonical)["id"] == ["guide", NEW_ID, "none"]
    exported = client.get(f"/list/export/jsonl?{canonical}").text.splitlines()
    assert [json.loads(line)["id"] for line in exported] == [NEW_ID]


def test_a_list_of_unknown_publications_has_no_export(client: FlaskClient) -> None:
    page = read_page(client, "/list?id=none")
    assert page.select(".cite, a[href*='/export/']") == []


def test_robots_stay_away(client: FlaskClient) -> None:
    """There are as many lists as orders of ids, so no crawler may request them."""
    assert "Disallow: /list" in client.get("/robots.txt").text
    assert client.get(LIST).headers["X-Robots-Tag"] == "noindex, nofollow"


def test_the_script_has_the_limits_of_the_server() -> None:
    script = SCRIPT.read_text(encoding="utf-8")
    assert f"const LIMIT = {MAX_LISTED};" in script
    assert f"const MAX_ADDRESS = {MAX_LIST_BYTES};" in script


__all__ = ["retired_index"]
