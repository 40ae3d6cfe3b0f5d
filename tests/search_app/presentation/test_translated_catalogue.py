"""A page and the API display a catalogue by its texts in the language of the page."""

from urllib.parse import urlencode

import pytest
from bs4 import BeautifulSoup
from flask.testing import FlaskClient

from search_app.i18n.translation import LANGUAGES
from tests import samples
from tests.search_app.web.reading import fetch, find, open_corpus, read_page

FRENCH = """\
title = "Petit catalogue"

[field.section]
label = "Rubrique"
[field.section.values]
"Tools" = "Outils"

[field.region]
missing = "Aucune région particulière"
"""
SPANISH = """\
[field.section.values]
"Papers" = "Tools"
"""
"""A label that is the name of another value."""


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> FlaskClient:
    """Return a client of the small corpus, whose pages below /fr/ are in French.

    Its lists show the section of each publication.
    """
    corpus = tmp_path_factory.mktemp("translated") / "corpus"
    samples.write_corpus(corpus)
    catalogue = corpus / "catalogue.toml"
    text = catalogue.read_text(encoding="utf-8").replace("facet = 1\n", "facet = 1\nfact = 1\n")
    catalogue.write_text(text, encoding="utf-8")
    for language, texts in (("fr", FRENCH), ("es", SPANISH)):
        (corpus / f"catalogue.{language}.toml").write_text(texts, encoding="utf-8")
    return open_corpus(corpus)


def read_french(client: FlaskClient, address: str) -> BeautifulSoup:
    return read_page(client, f"/fr{address}")


def test_filters_have_translated_labels(client: FlaskClient) -> None:
    page = read_french(client, "/")
    headings = [(each.text, each.get("lang")) for each in page.select(".facet h3")]
    assert ("Rubrique", None) in headings
    assert ("Region", "en") in headings
    labels = {each.text: each.get("lang") for each in page.select(".facet .label")}
    assert labels["Outils"] is labels["Inde"] is labels["français"] is None
    assert labels["Afrique"] is labels["Aucune région particulière"] is None
    assert labels["Papers"] == labels["South Asia"] == "en"


def test_titles_and_texts_state_their_language(client: FlaskClient) -> None:
    page = read_french(client, "/?q=law")
    assert find(page, ".hit h3")["lang"] == "en"
    assert find(page, ".passage")["lang"] == "en"
    assert find(page, ".description")["lang"] == "en"
    assert find(page, "h1 a").text == "Petit catalogue"
    assert not find(page, "h1 a").has_attr("lang")


@pytest.mark.parametrize(("start", "word"), [("", ""), ("without.", "sauf ")])
def test_active_filters_are_translated(start: str, word: str, client: FlaskClient) -> None:
    """An active filter is shown by the translated label of its field and value.

    A value has its language, without the word before an excluded one.
    """
    chips = read_french(client, f"/?{start}section=Tools&{start}region=South+Asia").select(".chip")
    parts = [[(part.text, part.get("lang")) for part in chip.select("bdi")] for chip in chips]
    assert parts == [
        [("Rubrique", None), ("Outils", None)],
        [("Region", "en"), ("South Asia", "en")],
    ]
    assert [find(chip, "span").text for chip in chips] == [
        f"Rubrique\xa0: {word}Outils", f"Region\xa0: {word}South Asia",
    ]  # fmt: skip


def test_details_of_a_publication_are_translated(client: FlaskClient) -> None:
    page = read_french(client, "/publication/model-law")
    details = {
        find(row, "dt").text: find(row, "dd").text.strip() for row in page.select(".details > div")
    }
    assert (details["Rubrique"], details["Country"], details["Langue"]) == (
        "Outils", "Inde", "français",
    )  # fmt: skip
    assert find(page, "article h1")["lang"] == find(page, ".abstract p")["lang"] == "en"


def test_the_api_has_translated_labels_and_own_values(client: FlaskClient) -> None:
    """The API translates labels. Values, which filters take, stay as they are."""
    body = fetch(client, "/api/search?lang=fr")
    tools = next(each for each in body["facets"]["section"] if each["value"] == "Tools")
    assert tools["label"] == "Outils"
    assert {hit["lang"] for hit in body["hits"]} == {"en"}
    assert {hit["section"] for hit in body["hits"]} == {"Tools", "Papers"}


def test_a_page_in_the_own_language_states_no_language(client: FlaskClient) -> None:
    page = read_page(client, "/?q=law")
    assert page.select("main [lang]") == []
    assert find(page, "h1 a").text == "Small Catalogue"


def test_suggestions_have_translated_labels(client: FlaskClient) -> None:
    [found] = [
        each for each in fetch(client, "/api/suggest?q=outil&lang=fr")["suggestions"]
        if each["kind"] == "facet"
    ]  # fmt: skip
    assert (found["label"], found["text"]) == ("Rubrique\xa0: Outils", "Outils")
    assert "section=Tools" in found["url"]


@pytest.mark.parametrize(
    ("typed", "selected"),
    [
        ("section:outils", "section=Tools"), ("rubrique:Outils", "section=Tools"),
        ('region:"aucune région particulière"', "region=none"), ("section:tools", "section=Tools"),
    ],
)  # fmt: skip
def test_a_query_names_a_value_by_its_label(client: FlaskClient, typed: str, selected: str) -> None:
    """A translated label selects its value, unless it is the name of another value."""
    found, filtered = (
        client.get(f"/api/search?{query}").get_json()
        for query in (urlencode({"q": typed}), selected)
    )
    assert {hit["id"] for hit in found["hits"]} == {hit["id"] for hit in filtered["hits"]} != set()
    assert found["unknown_fields"] == []


def test_an_export_keeps_the_values_of_the_catalogue(client: FlaskClient) -> None:
    exported = client.get("/fr/export/csv?section=Tools").text
    assert "Tools" in exported
    assert "Outils" not in exported


@pytest.mark.parametrize(
    "address", ["/about", "/advanced", "/facet/region", "/list", "/search-record"]
)
def test_every_page_displays_the_translated_catalogue(address: str, client: FlaskClient) -> None:
    assert find(read_french(client, address), ".site a").text == "Petit catalogue"


@pytest.mark.parametrize("address", ["/", "/list?id=brief/6&id=model-law"])
def test_facts_state_their_language(client: FlaskClient, address: str) -> None:
    lines = {str(line) for line in read_french(client, address).select(".hit .facts")}
    assert lines == {
        '<p class="facts"><span lang="en">Papers</span></p>',
        '<p class="facts">Outils</p>',
    }


def test_facts_of_a_publication_state_their_language(client: FlaskClient) -> None:
    line = find(read_french(client, "/publication/brief/6"), "article > .facts")
    assert str(line) == '<p class="facts"><span lang="en">Papers</span></p>'


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_title_of_an_error_ends_no_sentence(language: str, client: FlaskClient) -> None:
    page = BeautifulSoup(client.get(f"/{language}/?sort=x", follow_redirects=True).data, "lxml")
    heading, title = page.select_one("h1:not(.site)"), page.select_one("title")
    assert heading is not None
    assert title is not None
    assert heading.text.strip().endswith((".", "。"))
    assert heading.text.strip()[:-1] in title.text
    assert heading.text.strip() not in title.text
