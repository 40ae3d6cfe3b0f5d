"""A record with its title or abstract in the language of the page shows that one first."""

import json

import pytest
from flask.testing import FlaskClient

from tests.search_app.web.reading import open_corpus, read_page

CATALOGUE = """\
title = "Laws"
description = ""
field = [
    { name = "title", label = "Title", kind = "text", role = "title", weight = 2.5 },
    { name = "summary", label = "Abstract", kind = "text", role = "abstract", weight = 1.0 },
    { name = "title_fr", label = "Title in French", kind = "text", translates = "title", \
language = "fr", weight = 2.5 },
    { name = "summary_fr", label = "Abstract in French", kind = "text", translates = "summary", \
language = "fr", weight = 1.0 },
]
"""
RECORDS = (
    {
        "id": "both", "title": "A Guide to Laws", "summary": "On how to draft them.",
        "title_fr": "Un guide des lois", "summary_fr": "Comment les rédiger.",
    },
    {"id": "title", "title": "Border Guards", "summary": "Work.", "title_fr": "Gardes-frontières"},
    {"id": "neither", "title": "Human Rights", "summary": "A handbook."},
    {
        "id": "french", "title": "Droits", "lang": "fr", "summary": "Un manuel.",
        "title_fr": "Des droits",
    },
)  # fmt: skip


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> FlaskClient:
    corpus = tmp_path_factory.mktemp("records") / "corpus"
    corpus.mkdir()
    (corpus / "catalogue.toml").write_text(CATALOGUE, encoding="utf-8")
    lines = "\n".join(map(json.dumps, RECORDS))
    (corpus / "records.jsonl").write_text(lines, encoding="utf-8")
    return open_corpus(corpus)


def list_texts(client: FlaskClient, address: str, selector: str) -> list[tuple[str, str | None]]:
    elements = read_page(client, address).select(selector)
    return [(each.text, str(each["lang"]) if each.has_attr("lang") else None) for each in elements]


def test_a_list_shows_the_translated_title_first(client: FlaskClient) -> None:
    assert list_texts(client, "/fr/?q=guide", ".hit :is(h3, .original, .passage)") == [
        ("Un guide des lois", None),
        ("A Guide to Laws", "en"),
        ("Comment les rédiger.", None),
    ]
    assert list_texts(client, "/fr/?q=border", ".hit :is(h3, .original, .passage)") == [
        ("Gardes-frontières", None),
        ("Border Guards", "en"),
        ("Work.", "en"),
    ]


def test_other_records_are_shown_as_they_are(client: FlaskClient) -> None:
    selector = ".hit :is(h3, .original)"
    assert list_texts(client, "/fr/?q=handbook", selector) == [("Human Rights", "en")]
    assert list_texts(client, "/fr/?q=manuel", selector) == [("Droits", "fr")]


def test_a_page_in_another_language_shows_the_original(client: FlaskClient) -> None:
    selector = ".hit :is(h3, .original)"
    assert list_texts(client, "/?q=guide", selector) == [("A Guide to Laws", None)]
    details = list_texts(client, "/publication/both", ".details dt")
    assert [label for label, _ in details] == ["Title in French", "Abstract in French"]


def test_a_publication_shows_its_translation_first(client: FlaskClient) -> None:
    assert list_texts(
        client, "/fr/publication/both", "article :is(h1, .original, .abstract p)"
    ) == [
        ("Un guide des lois", None),
        ("A Guide to Laws", "en"),
        ("Comment les rédiger.", None),
        ("On how to draft them.", "en"),
    ]
    assert list_texts(client, "/fr/publication/both", ".details dt") == []


@pytest.mark.parametrize("typed", ["lois", "rédigée", "law"])
def test_the_words_of_a_translation_are_found(client: FlaskClient, typed: str) -> None:
    found = list_texts(client, f"/fr/?q={typed}", ".hit h3")
    assert found == [("Un guide des lois", None)]
    marked = list_texts(client, f"/fr/?q={typed}", ".hit mark")
    assert [text for text, _ in marked] == [{"rédigée": "rédiger", "law": "Laws"}.get(typed, typed)]


def test_the_api_marks_the_texts_in_the_language_of_the_page(client: FlaskClient) -> None:
    [hit] = client.get("/fr/api/search?q=guide").get_json()["hits"]
    assert hit["title_html"] == "Un <mark>guide</mark> des lois"
    assert hit["summary_html"] == "Comment les rédiger."
    assert (hit["title"], hit["lang"]) == ("A Guide to Laws", "en")
    [hit] = client.get("/api/search?q=guide").get_json()["hits"]
    assert hit["title_html"] == "A <mark>Guide</mark> to Laws"
