"""Full texts on pages, in the API, and in the terminal: files, pages, passages, and the switch."""

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import jsonschema_rs
import pytest
from bs4 import BeautifulSoup, Tag
from click.testing import CliRunner
from flask.testing import FlaskClient

from indexer.catalogue.fields import Catalogue
from search_app.cli.commands import commands
from search_app.engine import Engine
from search_app.i18n.translation import LANGUAGES
from tests.search_app.engine import catalogues
from tests.search_app.texts import (
    CATALOGUE,
    PUBLICATIONS,
    SERVING,
    TEXTS,
    make_index_with_texts,
    open_site,
)
from tests.search_app.web.reading import fetch, make_client, open_index, read_page

DIGEST = TEXTS["report"]["2020/annual report.pdf"].digest
FILE = f"/file/{DIGEST}/annual%20report.pdf"


@pytest.fixture(scope="module")
def client(index: Path) -> FlaskClient:
    return open_index(index)


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory) -> FlaskClient:
    return open_site(tmp_path_factory.mktemp("closed"), CATALOGUE)


def find_hit(page: BeautifulSoup, identity: str) -> Tag:
    return next(hit for hit in page.select(".hit") if hit.select(f'abbr[title="{identity}"]'))


def list_lines(client: FlaskClient, address: str, identity: str) -> list[str]:
    return [line.text for line in find_hit(read_page(client, address), identity).select(".inside")]


def list_titles(client: FlaskClient, address: str) -> list[str]:
    return [title.text for title in read_page(client, address).select(".hit h3")]


def test_a_hit_names_the_pages_of_a_file(client: FlaskClient) -> None:
    hit = find_hit(read_page(client, "/?q=organ"), "report")
    [line] = hit.select(".inside")
    assert line.text == "In annual report.pdf, on pages 14, 31 and 3 more"
    assert [str(link["href"]) for link in line.select("a")] == [
        FILE, f"{FILE}#page=14", f"{FILE}#page=31",
        "/publication/report?q=organ&hit=2&find=organ#full-text",
    ]  # fmt: skip
    assert all(link["rel"] == ["nofollow"] and not link.get("target") for link in line.select("a"))


@pytest.mark.parametrize(
    ("query", "identity", "lines"),
    [
        ("organ", "organ", ["In organ.pdf, on page 2"]),
        ("donor", "report", ["In annual report.pdf, on page 31"]),
        ("pirates", "web", ["In notes.html"]),
        (
            "pearls", "many",
            ["In part 1.pdf, on page 1", "In part 2.pdf, on page 1", "In 2 more files"],
        ),
        ("leaflet", "plain", []),
    ],
)  # fmt: skip
def test_lines_of_one_file_and_of_several(
    client: FlaskClient, query: str, identity: str, lines: list[str]
) -> None:
    assert list_lines(client, f"/?q={query}", identity) == lines


def test_three_pages_are_a_list(client: FlaskClient) -> None:
    assert list_lines(client, "/?q=%22page+3%22+OR+%22page+4%22+OR+%22page+5%22", "report") == [
        "In annual report.pdf, on pages 3, 4 and 5"
    ]
    assert list_lines(client, "/zh/?q=%22page+3%22+OR+%22page+4%22", "report") == [
        "见annual report.pdf第3和4页"
    ]


def test_the_passage_of_a_page_is_shown_if_the_abstract_has_no_match(client: FlaskClient) -> None:
    page = read_page(client, "/?q=organ")
    own, passage = find_hit(page, "report").select(".passage")
    assert own.text == "An overview of the year."
    assert passage.text.startswith("Page 31 on borders. The removal of an organ is a crime.")
    assert (passage["lang"], passage["dir"]) == ("en", "auto")
    assert [mark.text.lower() for mark in passage.select("mark")][:2] == ["organ", "organ"]
    assert len(find_hit(page, "organ").select(".passage")) == 1
    assert len(find_hit(read_page(client, "/?q=pearls"), "many").select(".passage")) == 1


def test_files_have_links_only_where_they_are_served(
    client: FlaskClient, closed: FlaskClient
) -> None:
    for address in ("/?q=organ", "/publication/report?find=organ"):
        assert "/file/" in client.get(address).text
        assert "/file/" not in closed.get(address).text
    assert list_lines(closed, "/?q=donor", "report") == ["In annual report.pdf, on page 31"]
    for address in ("/?q=vault", "/publication/secret?find=vault"):
        page = client.get(address).text
        assert "kept.pdf" in page
        assert "/file/" not in page


def test_the_switch_leaves_the_documents_out(client: FlaskClient) -> None:
    """The option above a list leads to `inside=0`, and back. A note says that it is on."""
    page = read_page(client, "/?q=organ&fold=1")
    switch = page.select_one('[data-key="inside"]')
    assert switch
    assert switch.text == "Do not search inside the documents"
    assert switch["href"] == "/?q=organ&inside=0&fold=1"
    assert list_titles(client, str(switch["href"])) == ["Organ removal"]
    outside = read_page(client, str(switch["href"]))
    assert not outside.select(".inside")
    back = outside.select_one('[data-key="inside"]')
    assert back
    assert (back.text, back["href"]) == ("Also search inside the documents", "/?q=organ&fold=1")
    assert "The text inside the documents is not searched." in outside.select(".note")[0].text
    assert not read_page(client, "/?q=xyzzy").select('[data-key="inside"]')
    assert not read_page(client, "/").select('[data-key="inside"]')


def test_no_note_denies_a_search_that_names_the_field(client: FlaskClient) -> None:
    """`fulltext:word` has hits with `inside=0` too, so the note would be wrong."""
    page = read_page(client, "/?q=fulltext:organ&inside=0")
    assert page.select(".inside")
    assert "is not searched" not in page.text


def test_inside_0_stays_in_every_link_and_form(client: FlaskClient) -> None:
    """All links of a list and the search box keep `inside=0`, except the links that leave it."""
    page = read_page(client, "/?q=report&inside=0&year=2020")
    links = [str(a["href"]) for a in page.select("main a[href]")]
    own = [link for link in links if urlsplit(link).path == "/" and "q=" in link]
    assert [link for link in own if "inside=0" not in link] == ["/?q=report&year=2020"] * 2
    exports = [link for link in links if link.startswith(("/export/", "/search-record"))]
    assert exports
    assert all("inside=0" in link for link in exports)
    assert page.select_one('.searchbox input[name="inside"][value="0"]')


@pytest.mark.parametrize("path", ["/export/csv", "/feed.atom", "/api/search-record"])
def test_exports_and_records_leave_the_documents_out(client: FlaskClient, path: str) -> None:
    """Exports, feeds, and records of a search with `inside=0` have its hits only."""
    name = "Annual report" if path != "/api/search-record" else '"id":"report"'
    assert name in client.get(f"{path}?q=organ").text
    assert name not in client.get(f"{path}?q=organ&inside=0").text


def test_a_search_record_states_the_switch(client: FlaskClient) -> None:
    """A record has `inside`, and says in words that documents were left out."""
    assert '"inside":true' in client.get("/api/search-record?q=organ").text
    assert '"inside":false' in client.get("/api/search-record?q=organ&inside=0").text
    line = "The text inside the documents is not searched."
    assert line in client.get("/search-record?q=organ&inside=0").text


def test_an_index_without_full_texts_has_no_switch(tmp_path: Path) -> None:
    """Without full texts, no page mentions them, and `inside` has no effect."""
    fields = tuple(field for field in CATALOGUE.fields if field.kind != "fulltext")
    catalogue = Catalogue(title="Plain", description="", fields=fields)
    client = open_index(catalogues.index(tmp_path, PUBLICATIONS, catalogue))
    for address in ("/?q=organ", "/?q=organ&inside=0", "/advanced", "/about"):
        assert "documents" not in client.get(address).text, address
    assert "full-text" not in client.get("/publication/organ").text


def test_the_advanced_form_has_the_switch(client: FlaskClient) -> None:
    """The box is ticked, so the form searches documents unless a reader clears it."""
    form = read_page(client, "/advanced").select_one("form.advanced")
    assert form
    box = form.select_one("#inside")
    assert box
    assert box.has_attr("checked")
    ticked, cleared = "inside=1&inside=0", "inside=0"
    for sent, target in ((ticked, "/?q=organ"), (cleared, "/?q=organ&inside=0")):
        response = client.get(f"/advanced/search?words.all=organ&{sent}")
        assert response.headers["Location"] == target
    response = client.get("/advanced/search?in.fulltext=organ")
    assert response.headers["Location"] == "/?q=fulltext%3Aorgan"


def test_reasons_name_the_full_text(client: FlaskClient) -> None:
    """A reason says in which file a word is, how often, and on which pages."""
    reasons = find_hit(read_page(client, "/?q=organ&explain=1"), "report").select(".why li")
    [reason] = [each.text for each in reasons]
    place = r"it is in “annual report\.pdf” ×7, on pages 14, 20, 25, 31 and 40"
    assert re.fullmatch(rf"“organ” adds (0\.\d\d) of \1 points: {place}\.", reason)


def test_a_publication_lists_its_files(client: FlaskClient, closed: FlaskClient) -> None:
    page = read_page(client, "/publication/report")
    [file] = page.select(".files li")
    assert file.text == "annual report.pdf 1 of 40 pages has no text"
    assert [link["href"] for link in file.select("a")] == [FILE]
    assert [file.text for file in read_page(client, "/publication/web").select(".files li")] == [
        "notes.html"
    ]
    button = page.select_one(".get .button")
    assert button
    assert (button.text, button["href"]) == ("Open annual report.pdf", FILE)
    assert "Open annual report.pdf" not in closed.get("/publication/report").text
    assert not read_page(client, "/publication/plain").select("#full-text")


def test_a_file_that_is_not_searched_has_a_link(client: FlaskClient) -> None:
    page = read_page(client, "/publication/damaged?find=organ")
    names = ("broken.pdf", "empty.html")
    for name, file in zip(names, page.select(".files li"), strict=True):
        assert file.text == f"{name} Its text cannot be searched"
        assert [link["href"] for link in file.select("a")] == [
            f"/file/{TEXTS['damaged'][name].digest}/{name}"
        ]
    assert not page.select("#find")
    assert "does not have these words" not in page.text


def test_a_search_inside_a_publication(client: FlaskClient) -> None:
    page = read_page(client, "/publication/report?q=organ&inside=1&hit=2&find=organ")
    section = page.select_one('section[aria-labelledby="full-text"]')
    assert section
    form = section.select_one("form")
    assert form
    assert form["action"] == "/publication/report#full-text"
    values = {str(field["name"]): field["value"] for field in form.select("input")}
    assert values == {"q": "organ", "hit": "2", "find": "organ"}
    assert [heading.text for heading in section.select("h3")] == ["Best matching pages: 5"]
    links = section.select(".found-pages a")
    assert [(link.text, link["href"]) for link in links] == [
        (f"Page {page}", f"{FILE}#page={page}") for page in (14, 20, 25, 31, 40)
    ]
    assert all(passage.select("mark") for passage in section.select(".passage"))


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("organ", "organ"), ("orgna", "organ"), ("organ+zyzzyva", "organ zyzzyva"),
        ("organ+since+2015", "organ since 2015"), ("fulltext%3Aorgan", "fulltext:organ"),
    ],
)  # fmt: skip
def test_a_hit_leads_to_its_pages(client: FlaskClient, query: str, text: str) -> None:
    hit = find_hit(read_page(client, f"/?q={query}"), "report").select_one("h3 a")
    assert hit
    page = read_page(client, str(hit["href"]))
    field, back = page.select_one("#find"), page.select_one(".way a")
    assert field
    assert back
    assert field["value"] == text
    assert len(page.select(".found-pages li")) == 5
    assert back["href"] == f"/?q={query}"


def test_a_hit_without_words_in_its_files_leaves_the_search_empty(client: FlaskClient) -> None:
    for address in ("report?q=year:2020&hit=1", "web?q=notes&hit=1", "report?q=organ&hit=2&find="):
        page = read_page(client, f"/publication/{address}")
        assert page.select("#find[value='']")
        assert not page.select(".found-pages")
        assert "does not have these words" not in page.text


def test_a_search_inside_sections_and_several_files(client: FlaskClient) -> None:
    """Sections have numbers, but no links. Each of several files has a heading with its name."""
    sections = read_page(client, "/publication/web?find=pirates").select(
        ".found-pages p:first-child"
    )
    assert [str(section.decode_contents()) for section in sections] == ["Section 2"]
    headings = read_page(client, "/publication/many?find=pearls").select("section h3")
    assert "part 3.pdf Best matching pages: 1" in [heading.text for heading in headings]


@pytest.mark.parametrize("text", ["zyzzyva", "***", "year:2020"])
def test_a_search_inside_without_matches(client: FlaskClient, text: str) -> None:
    page = read_page(client, f"/publication/report?find={text}")
    assert page.select_one('[role="status"]')
    assert "The full text does not have these words." in page.text


@pytest.mark.parametrize("address", ["/publication/report", "/api/publication/report"])
def test_a_search_inside_has_a_time_budget(address: str, tmp_path: Path) -> None:
    """A search inside a publication that takes too long is an error, as any other search."""
    index = make_index_with_texts(tmp_path, CATALOGUE, PUBLICATIONS, TEXTS)
    client = make_client(Engine(index, budget=0))
    assert client.get(address).status_code == 200
    response = client.get(f"{address}?find=organ")
    assert response.status_code == 503
    assert "Retry-After" in response.headers


def test_crawlers_index_no_search_inside(client: FlaskClient) -> None:
    """The page of a publication is indexed, but no search inside it."""
    assert "X-Robots-Tag" not in client.get("/publication/report").headers
    tag = client.get("/publication/report?find=organ").headers["X-Robots-Tag"]
    assert tag == "noindex, nofollow"


@pytest.mark.parametrize("code", LANGUAGES)
def test_lines_and_reasons_in_each_language(client: FlaskClient, code: str) -> None:
    prefix = "" if code == "en" else f"/{code}"
    page = read_page(client, f"{prefix}/?q=organ&explain=1")
    [line] = find_hit(page, "report").select(".inside")
    assert [link.text for link in line.select("a")][:3] == ["annual report.pdf", "14", "31"]
    assert "3" in line.select("a")[3].text
    assert (
        len(read_page(client, f"{prefix}/publication/report?find=organ").select(".found-pages li"))
        == 5
    )


def test_programs_find_a_served_pdf(client: FlaskClient, closed: FlaskClient) -> None:
    """The page of a publication with one served PDF names it in a tag and in the header `Link`."""
    page = read_page(client, "/publication/report")
    [tag] = page.select('meta[name="citation_pdf_url"]')
    assert tag["content"] == f"http://localhost{FILE}"
    header = f'<http://localhost{FILE}>; rel="item"; type="application/pdf"'
    assert header in client.get("/publication/report").headers["Link"]
    for site, identity in ((closed, "report"), (client, "secret"), (client, "many")):
        assert not read_page(site, f"/publication/{identity}").select('[name="citation_pdf_url"]')
    assert 'rel="item"' not in closed.get("/publication/report").headers["Link"]


REPORT = {
    "name": "annual report.pdf", "digest": DIGEST, "media_type": "application/pdf",
    "page_count": 40, "empty_page_count": 1, "has_text": True, "url": FILE,
}  # fmt: skip


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("index")
    return make_index_with_texts(folder, SERVING, PUBLICATIONS, TEXTS)


def get_hit(client: FlaskClient, address: str, identity: str) -> dict[str, Any]:
    return next(hit for hit in fetch(client, address)["hits"] if hit["id"] == identity)


def test_a_hit_has_pages_and_passages(client: FlaskClient) -> None:
    [file] = get_hit(client, "/api/search?q=organ", "report")["files"]
    [passage] = file.pop("passages")
    assert file == {**REPORT, "pages": [14, 20, 25, 31, 40]}
    assert (passage["page"], passage["url"]) == (31, f"{FILE}#page=31")
    assert "The removal of an <mark>organ</mark> is a crime." in passage["html"]


def test_a_damaged_pdf_is_a_file_without_pages(client: FlaskClient) -> None:
    """The API lists it with its URL, because readers may have a program that opens it."""
    file, _ = fetch(client, "/api/publication/damaged?find=organ")["files"]
    assert (file["name"], file["page_count"], file["has_text"]) == ("broken.pdf", 0, False)
    assert file["url"].endswith("/broken.pdf")
    assert (file["pages"], file["passages"]) == ([], [])


def test_sections_and_restricted_files_have_no_url(client: FlaskClient) -> None:
    [file] = get_hit(client, "/api/search?q=pirates", "web")["files"]
    assert (file["page_count"], file["pages"], file["media_type"]) == (0, [2], "text/html")
    assert file["passages"] == [{"page": 2, "html": "<mark>Pirates</mark> sail."}]
    [kept] = get_hit(client, "/api/search?q=vault", "secret")["files"]
    assert "url" not in kept
    assert "url" not in kept["passages"][0]


def test_a_publication_has_its_files(client: FlaskClient) -> None:
    """A publication has its files. With `find`, they have the pages and passages of a text."""
    assert fetch(client, "/api/publication/report")["files"] == [REPORT]
    assert "files" not in fetch(client, "/api/publication/plain")
    [file] = fetch(client, "/api/publication/report?find=organ")["files"]
    assert [passage["page"] for passage in file["passages"]] == file["pages"]
    assert file["pages"] == [14, 20, 25, 31, 40]
    [file] = fetch(client, "/api/publication/report?find=xyzzy")["files"]
    assert file == {**REPORT, "pages": [], "passages": []}


def test_the_document_describes_files(client: FlaskClient) -> None:
    document = fetch(client, "/api/openapi.json")
    schemas = {
        name: {"additionalProperties": False, **schema} if "properties" in schema else schema
        for name, schema in document["components"]["schemas"].items()
    }
    parameters = document["paths"]["/api/publication/{id}"]["get"]["parameters"]
    assert "find" in [parameter.get("name") for parameter in parameters]
    assert "inside" in document["components"]["parameters"]
    assert "fulltext" not in schemas["Publication"]["properties"]
    for address, name in (
        ("/api/search?q=organ&explain=1", "Search"), ("/api/search?q=pirates", "Search"),
        ("/api/publication/report", "Publication"),
        ("/api/publication/many?find=pearls", "Publication"),
    ):  # fmt: skip
        whole = {"$ref": f"#/components/schemas/{name}", "components": {"schemas": schemas}}
        jsonschema_rs.Draft202012Validator(whole).validate(fetch(client, address))


def search(index: Path, *words: str) -> str:
    result = CliRunner().invoke(commands, ["search", "--index", str(index), *words])
    assert result.exit_code == 0, result.output
    return result.output


def test_the_terminal_names_pages(index: Path) -> None:
    output = search(index, "organ")
    assert "  In annual report.pdf, on pages 14, 31 and 3 more\n  Page 31 on borders." in output
    assert "  In organ.pdf, on page 2\n\n" in output
    assert "annual report.pdf" not in search(index, "organ", "--inside", "0")
    hits = json.loads(search(index, "--json", "organ"))["hits"]
    assert [hit["files"][0]["pages"] for hit in hits] == [[2], [14, 20, 25, 31, 40]]
