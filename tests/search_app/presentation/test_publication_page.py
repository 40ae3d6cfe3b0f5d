"""The page of a publication: the way back to a list, citations, dead links, and changed ids."""

import json
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

import jsonschema_rs
import msgspec
import pytest
from bs4 import Tag
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from indexer.catalogue import retired
from indexer.catalogue.catalogue_toml import CatalogueError
from indexer.catalogue.retired import Retired
from indexer.catalogue.tested_links import LINKS_FILE, LinkResult, LinkStatus
from indexer.generations import directory
from indexer.jobs import build, check
from search_app.engine import Engine
from search_app.export.citations import STYLES
from search_app.presentation.publication_page import make_window
from search_app.search_state import SearchState
from tests import samples
from tests.samples import article, page
from tests.search_app.web.reading import find, open_corpus, open_index, read_page

SEARCH = "/?q=trafficking&region=South+Asia&sort=title"


def list_hrefs(client: FlaskClient, address: str) -> list[str]:
    return [str(link["href"]) for link in read_page(client, address).select(".hit h3 a")]


def get_trail(client: FlaskClient, address: str) -> Tag:
    trail = read_page(client, address).select_one("nav.way")
    assert trail is not None
    return trail


def find_href(trail: Tag, name: str) -> str | None:
    link = next((link for link in trail.find_all("a") if name in link.text), None)
    return None if link is None else str(link["href"])


@pytest.mark.slow
def test_next_leads_through_the_list(client: FlaskClient) -> None:
    listed = [*list_hrefs(client, SEARCH), *list_hrefs(client, f"{SEARCH}&page=2")]
    walked, address = [], listed[0]
    while address:
        walked.append(address)
        address = find_href(get_trail(client, address), "Next") or ""
    assert walked == listed


def test_previous_leads_to_the_hit_before(client: FlaskClient) -> None:
    first, second = list_hrefs(client, SEARCH)[:2]
    assert find_href(get_trail(client, second), "Previous") == first
    assert find_href(get_trail(client, first), "Previous") is None


def test_the_way_back_leads_to_the_page_of_the_hit(client: FlaskClient) -> None:
    (first, *_) = list_hrefs(client, f"{SEARCH}&page=2")
    trail = get_trail(client, first)
    assert find_href(trail, "Back") == f"{SEARCH}&page=2"
    assert "11 of 12" in trail.text


def test_the_search_box_keeps_the_search(client: FlaskClient) -> None:
    page = read_page(client, list_hrefs(client, SEARCH)[0])
    fields = {str(field.get("name")): field.get("value") for field in page.select("form input")}
    assert fields == {"q": "trafficking", "region": "South Asia", "sort": "title"}


def test_a_hit_that_has_moved_keeps_the_way_back(client: FlaskClient) -> None:
    address = list_hrefs(client, SEARCH)[0].replace("hit=1", "hit=3")
    trail = get_trail(client, address)
    assert [str(link["href"]) for link in trail.find_all("a")] == [SEARCH]


def test_a_publication_outside_a_list_has_no_way_back(client: FlaskClient) -> None:
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


PAGE = "/publication/global-report-on-trafficking-in-persons-2014"


def get_block(client: FlaskClient, url: str) -> Tag:
    return find(read_page(client, url), "section.cite")


def test_a_page_offers_styles_and_cites_in_none(client: FlaskClient) -> None:
    """Citations take time, so a page has one only when a reader asks for it."""
    block = get_block(client, PAGE)
    links = [link.text for link in block.select("a[href*='cite=']")]
    assert links == list(STYLES.values())
    assert block.select(".citation, button") == []


@pytest.mark.parametrize("style", STYLES)
def test_a_link_leads_to_the_citation(client: FlaskClient, style: str) -> None:
    block = get_block(client, f"{PAGE}?cite={style}")
    assert "Trafficking in Persons" in find(block, ".citation").text
    assert [link.text for link in block.select("[aria-current]")] == [STYLES[style]]
    assert find(block, "button")["data-copies"] == find(block, ".citation")["id"]


def test_titles_are_italic(client: FlaskClient) -> None:
    assert find(get_block(client, f"{PAGE}?cite=apa"), ".citation i").text


def test_the_way_back_to_a_list_stays(client: FlaskClient) -> None:
    block = get_block(client, f"{PAGE}?q=global+report&hit=1")
    href = str(find(block, "a[href*='cite=ieee']")["href"])
    assert href == f"{PAGE}?q=global+report&hit=1&cite=ieee#cite"
    assert "Back to the results" in client.get(href).text


URL = "https://example.org/law.pdf"


def write(corpus: Path, status: LinkStatus, url: str = URL) -> None:
    result = LinkResult(url, status, "reason", datetime(2026, 5, 3, tzinfo=UTC))
    (corpus / LINKS_FILE).write_bytes(msgspec.json.encode(result) + b"\n")


def fetch_links(corpus: Path) -> list[Tag]:
    page = read_page(open_corpus(corpus), "/publication/model-law")
    return [link.find_parent("li") or link for link in page.find_all("a", href=URL)]


def test_page_marks_a_dead_link(corpus: Path) -> None:
    rows = corpus / "catalogue.toml"
    text = rows.read_text(encoding="utf-8")
    rows.write_text(text.replace('kind = "link"', 'kind = "link"\nrole = "URL"'), encoding="utf-8")
    write(corpus, "dead")
    items = fetch_links(corpus)
    assert len(items) == 2
    for item in items:
        assert "This link did not work on 3 May 2026." in item.text
        archive = item.find_all("a")[-1]
        assert archive["href"] == f"https://web.archive.org/web/*/{URL}"
        assert archive.text == "Search the Internet Archive for it"


@pytest.mark.parametrize("status", ["works", "moved", "unclear"])
def test_page_does_not_mark_other_links(status: LinkStatus, corpus: Path) -> None:
    write(corpus, status)
    for item in fetch_links(corpus):
        assert "did not work" not in item.text


def test_new_results_publish_a_generation(corpus: Path, tmp_path: Path) -> None:
    index = tmp_path / "index"
    build.build(corpus, index)
    write(corpus, "works")
    assert build.build(corpus, index).status == "unchanged"
    write(corpus, "dead")
    assert build.build(corpus, index).status == "published"
    assert build.build(corpus, index).status == "unchanged"
    (corpus / LINKS_FILE).unlink()
    assert build.build(corpus, index).status == "published"


def test_invalid_results(corpus: Path, tmp_path: Path) -> None:
    (corpus / LINKS_FILE).write_text("{}\n", encoding="utf-8")
    with pytest.raises(CatalogueError, match="missing required field `url`"):
        build.build(corpus, tmp_path / "index")
    with pytest.raises(CatalogueError, match="missing required field `url`"):
        check.check(corpus)


PREFIX = "/library"
NEW_ID = "new/id?é#2.5%"
PATHS = ("/publication/", "/api/publication/", "/export/ris/", "/linkset/")


@pytest.fixture(scope="module")
def retired_index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("retired")
    corpus, index = folder / "corpus", folder / "index"
    samples.write_corpus(corpus)
    books = corpus / "books.html"
    guide = article("<b>Guide</b> & Rivers", "guide", datePublished="2010")
    atlas = article("Atlas", "atlas", datePublished="2014")
    books.write_text(page([guide, atlas]), encoding="utf-8")
    build.build(corpus, index)
    new = article("Atlas", NEW_ID, datePublished="2014")
    books.write_text(page([new]), encoding="utf-8")
    build.build(corpus, index)
    return index


@pytest.mark.parametrize("prefix", ["", PREFIX])
@pytest.mark.parametrize("path", PATHS)
def test_a_changed_id_redirects(retired_index: Path, path: str, prefix: str) -> None:
    client = open_index(retired_index, prefix=prefix)
    response = client.get(f"{prefix}{path}atlas?lang=fr&x=%C3%A9")
    assert response.status_code == 301
    assert response.location == f"{prefix}{path}{quote(NEW_ID)}?lang=fr&x=%C3%A9"
    assert response.headers["Cache-Control"] == "no-cache"
    assert client.get(response.location).status_code == 200


@pytest.mark.parametrize("prefix", ["", PREFIX])
def test_a_removed_publication_has_its_title_and_date(retired_index: Path, prefix: str) -> None:
    """The page of a removed publication is a 410 with its title, the date, and a search."""
    entry = directory.load_live(retired_index).read_retired()["guide"]
    assert entry.time is not None
    response = open_index(retired_index, prefix=prefix).get(f"{prefix}/publication/guide")
    assert response.status_code == 410
    date = f"{entry.time.day} {entry.time:%B %Y}"
    heading = f"“&lt;b&gt;Guide&lt;/b&gt; &amp; Rivers” was removed on {date}."
    assert f"<h1>{heading}</h1>" in response.text
    assert f'href="{prefix}/?q=%3Cb%3EGuide' in response.text
    assert response.headers["X-Robots-Tag"] == "noindex, nofollow"


def test_a_removed_publication_is_described_in_json(retired_index: Path) -> None:
    """The API responds with 410, the title, the time, and a search, as the document says."""
    client = open_index(retired_index)
    response = client.get("/api/publication/guide")
    assert response.status_code == 410
    entry = directory.load_live(retired_index).read_retired()["guide"]
    error = response.json["error"]  # type: ignore[index]
    assert entry.time is not None
    assert (error["code"], error["title"]) == ("gone", "<b>Guide</b> & Rivers")
    assert error["removed"] == entry.time.isoformat()
    assert client.get(error["search"]).status_code == 200
    document = json.loads(client.get("/api/openapi.json").data)
    operation = document["paths"]["/api/publication/{id}"]["get"]
    assert {"301", "410"} <= operation["responses"].keys()
    schema = {"$ref": "#/components/schemas/Gone", "components": document["components"]}
    jsonschema_rs.validator_for(schema).validate(response.json)


def test_an_unknown_id_is_not_found(retired_index: Path) -> None:
    """An id that never existed is a 404."""
    client = open_index(retired_index)
    assert {client.get(f"{path}nothing").status_code for path in PATHS} == {404}


def test_a_removed_publication_without_a_title_has_a_date(corpus: Path, tmp_path: Path) -> None:
    """A removed publication with an unknown title is a 410 with a date and no search for it."""
    text = '[[retired]]\nid = "old"\ntime = 2020-02-03T00:00:00Z\n'
    (corpus / retired.RETIRED_FILE).write_text(text, encoding="utf-8")
    build.build(corpus, tmp_path / "new")
    response = open_index(tmp_path / "new").get("/publication/old")
    assert response.status_code == 410
    assert "This publication was removed on 3 February 2020." in response.text
    assert "Search for this title" not in response.text


@given(
    st.text(st.characters(codec="utf-8"), min_size=1),
    st.binary().map(lambda query: query.decode("latin-1")),
)
def test_any_query_string_is_kept(retired_index: Path, value: str, raw: str) -> None:
    client = open_index(retired_index)
    for query in (f"q={quote(value)}", raw):
        response = client.get("/publication/atlas", query_string=query)
        assert response.status_code == 301
        location = response.headers["Location"]
        assert location.startswith("/publication/")
        assert location.isascii()
        assert location.isprintable()


def test_lists_do_not_have_retired_ids(retired_index: Path) -> None:
    searcher = Engine.open(retired_index).get_searcher()
    assert searcher.find_retired("guide") == Retired(
        "guide",
        "<b>Guide</b> & Rivers",
        directory.load_live(retired_index).read_retired()["guide"].time,
    )
    response = open_index(retired_index).get("/api/search?size=100")
    ids = {hit["id"] for hit in json.loads(response.data)["hits"]}
    assert ids.isdisjoint({"atlas", "guide"})
    assert NEW_ID in ids
