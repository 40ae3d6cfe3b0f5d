"""Full texts in the API and in the terminal: pages and passages of hits and of publications."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from click.testing import CliRunner
from flask.testing import FlaskClient

from search_app.cli.commands import commands
from tests.search_app.texts import PUBLICATIONS, SERVING, TEXTS, make_index_with_texts
from tests.search_app.web.reading import fetch, open_index

DIGEST = TEXTS["report"]["2020/annual report.pdf"].digest
URL = f"/file/{DIGEST}/annual%20report.pdf"
REPORT = {
    "name": "annual report.pdf", "digest": DIGEST, "media_type": "application/pdf",
    "page_count": 40, "empty_pages": 1, "has_text": True, "url": URL,
}  # fmt: skip


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an index with full texts whose catalogue serves the files."""
    folder = tmp_path_factory.mktemp("index")
    return make_index_with_texts(folder, SERVING, PUBLICATIONS, TEXTS)


@pytest.fixture(scope="module")
def client(index: Path) -> FlaskClient:
    """Return a client of a site with full texts that serves its files."""
    return open_index(index)


def get_hit(client: FlaskClient, address: str, identity: str) -> dict[str, Any]:
    """Return the hit of a publication."""
    return next(hit for hit in fetch(client, address)["hits"] if hit["id"] == identity)


def test_a_hit_has_pages_and_passages(client: FlaskClient) -> None:
    """A hit has all of its pages with most words, and the passage of the best one."""
    [file] = get_hit(client, "/api/search?q=organ", "report")["files"]
    [passage] = file.pop("passages")
    assert file == {**REPORT, "pages": [14, 20, 25, 31, 40]}
    assert (passage["page"], passage["url"]) == (31, f"{URL}#page=31")
    assert "The removal of an <mark>organ</mark> is a crime." in passage["html"]


def test_a_damaged_pdf_is_a_file_without_pages(client: FlaskClient) -> None:
    """The API lists it with its URL, because readers may have a program that opens it."""
    file, _ = fetch(client, "/api/publication/damaged?find=organ")["files"]
    assert (file["name"], file["page_count"], file["has_text"]) == ("broken.pdf", 0, False)
    assert file["url"].endswith("/broken.pdf")
    assert (file["pages"], file["passages"]) == ([], [])


def test_sections_and_restricted_files_have_no_url(client: FlaskClient) -> None:
    """A file without pages has sections, and a file that is not served has no URL."""
    [file] = get_hit(client, "/api/search?q=pirates", "web")["files"]
    assert (file["page_count"], file["pages"], file["media_type"]) == (0, [2], "text/html")
    assert file["passages"] == [{"page": 2, "html": "<mark>Pirates</mark> sail."}]
    [kept] = get_hit(client, "/api/search?q=vault", "secret")["files"]
    assert "url" not in kept
    assert "url" not in kept["passages"][0]


def test_the_parameter_inside_leaves_full_texts_out(client: FlaskClient) -> None:
    """With `inside=0` no hit is found by its full text, and none has files."""
    found = fetch(client, "/api/search?q=organ&inside=0")
    assert [hit["id"] for hit in found["hits"]] == ["organ"]
    assert "files" not in found["hits"][0]
    error = json.loads(client.get("/api/search?q=organ&inside=false").data)["error"]
    assert error["message"] == "inside=false is not valid."


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
    """Responses with files have the described properties and no others."""
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
    """Return the output of a search in the terminal."""
    result = CliRunner().invoke(commands, ["search", "--index", str(index), *words])
    assert result.exit_code == 0, result.output
    return result.output


def test_the_terminal_names_pages(index: Path) -> None:
    """A search in the terminal prints the pages of a file, and a passage where it is needed."""
    output = search(index, "organ")
    assert "  In annual report.pdf, on pages 14, 31 and 3 more\n  Page 31 on borders." in output
    assert "  In organ.pdf, on page 2\n\n" in output
    assert "annual report.pdf" not in search(index, "organ", "--inside", "0")
    hits = json.loads(search(index, "--json", "organ"))["hits"]
    assert [hit["files"][0]["pages"] for hit in hits] == [[2], [14, 20, 25, 31, 40]]
