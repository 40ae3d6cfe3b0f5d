"""The site in six languages: addresses, links, headers, and the API."""

import json
from pathlib import Path
from threading import Thread

import pytest
from bs4 import Tag
from flask.testing import FlaskClient

from search_app.engine import Engine
from search_app.i18n.translation import LANGUAGES, current, load_interface
from tests import samples
from tests.crawling import Fetched, addresses
from tests.search_app.web.reading import make_client, open_corpus, open_index, read_page

MODEL_LAW = "/publication/unodc-model-law-against-trafficking-in-persons-2009"
OTHERS = [code for code in LANGUAGES if code != "en"]
PAGES = ("/", "/?q=organ+removal&region=Africa&page=1", "/about", "/advanced", MODEL_LAW, "/list")
LINKING = (
    "", "?q=smuggling&explain=1&region=Africa", "?q=xyzzy", "?page=3", "?page=x", "nowhere",
    "about", "advanced", "list?id=none", "facet/region", MODEL_LAW.removeprefix("/"),
    "opensearch.xml",
    "api/suggest?q=tra", "api/search?q=organ", "search-record?q=organ",
)  # fmt: skip
"""Pages and responses of each kind that have links."""


def read_root(client: FlaskClient, address: str) -> Tag:
    page = read_page(client, address).html
    assert page is not None
    return page


@pytest.mark.parametrize("code", OTHERS)
@pytest.mark.parametrize("path", PAGES)
def test_a_page_states_its_language(client: FlaskClient, code: str, path: str) -> None:
    page = read_root(client, f"/{code}{path}")
    assert (page["lang"], page["dir"]) == (code, "rtl" if code == "ar" else "ltr")
    assert client.get(f"/{code}{path}").headers["Content-Language"] == code


@pytest.mark.parametrize("path", PAGES)
def test_a_page_names_itself_in_all_languages(client: FlaskClient, path: str) -> None:
    named = []
    for start in ("", *(f"/{code}" for code in OTHERS)):
        page = read_root(client, f"{start}{path}")
        named.append({
            str(link["hreflang"]): str(link["href"]).removeprefix("http://localhost")
            for link in page.find_all("link", rel="alternate", hreflang=True)
        })  # fmt: skip
        links = page.select(".languages a")
        assert {link["hreflang"]: link["href"] for link in links}.items() <= named[0].items()
        assert [link["hreflang"] for link in links if link.get("aria-current")] == [page["lang"]]
    assert named[0] == {f"{code}": f"/{code}{path}" for code in OTHERS} | {
        "en": path, "x-default": path,
    }  # fmt: skip
    assert all(each == named[0] for each in named)


def test_the_code_of_the_own_language_leads_to_the_page_without_it(client: FlaskClient) -> None:
    answer = client.get("/en/about?from=%D8%A3&q=a")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/about?from=%D8%A3&q=a")
    assert client.get("/en").headers["Location"] == "/"


@pytest.mark.parametrize("prefix", ["", "/catalogue"])
def test_every_link_stays_in_its_language(catalogue_engine: Engine, prefix: str) -> None:
    """All links, forms, and suggestions of a site in Arabic lead to pages in Arabic.

    Feeds and sitemaps have the permanent URLs of publications, without a language.
    """
    client = make_client(catalogue_engine, prefix=prefix)
    start, shared = f"{prefix}/ar/", f"{prefix}/static/"
    for path in LINKING:
        answer = client.get(f"{start}{path}")
        found = addresses(Fetched(answer.status_code, answer.content_type, answer.text))
        links = [link.removeprefix("http://localhost") for link in found]
        assert links
        strangers = [link for link in links if not link.startswith((start, shared, "?", "#"))]
        assert strangers == [], path


@pytest.mark.parametrize("code", OTHERS)
def test_an_error_is_in_the_language_of_its_address(client: FlaskClient, code: str) -> None:
    gettext = load_interface(code).gettext
    assert gettext("This page does not exist.") in client.get(f"/{code}/nowhere").text
    hint = gettext("Use a whole number from 1.")
    assert hint in client.get(f"/{code}/?page=x").text
    assert hint == json.loads(client.get(f"/api/search?page=x&lang={code}").data)["error"]["hint"]
    assert "Use a whole number from 1." in client.get("/?page=x").text


def test_every_error_of_the_api_takes_a_language(client: FlaskClient) -> None:
    """An error that no route raises has the language of the parameter too."""
    answer = client.get(f"/api/search?lang=fr&q={'x' * 70_000}")
    message = json.loads(answer.data)["error"]["message"]
    assert (answer.status_code, message) == (
        414,
        load_interface("fr").gettext("The URL is too long."),
    )


def test_the_api_takes_a_language(client: FlaskClient) -> None:
    """`lang` selects the language of the texts of the API, and has six values."""
    summary = json.loads(client.get("/api/suggest?q=traff&lang=fr").data)["summary"]
    assert summary.endswith(" suggestions")
    assert "اقتراح" in json.loads(client.get("/api/suggest?q=traff&lang=ar").data)["summary"]
    answer = client.get("/api/search?lang=de")
    assert answer.status_code == 400
    assert json.loads(answer.data)["error"]["hint"] == "Use one of: ar, zh, en, fr, ru, es."


def test_the_language_of_a_request_ends_with_it(client: FlaskClient) -> None:
    for code in OTHERS:
        client.get(f"/{code}/")
        assert read_root(client, "/about")["lang"] == "en"
        assert current().code == "en"


def test_threads_do_not_share_a_language(client: FlaskClient) -> None:
    client.get("/fr/")
    other = client.application.test_client()
    thread = Thread(target=other.get, args=("/ru/",))
    thread.start()
    thread.join()
    assert current().code == "fr"


def test_a_site_without_an_index_is_in_the_language_of_its_address(empty: FlaskClient) -> None:
    """A server without an index says so in the language of the address."""
    answer = empty.get("/ru/")
    assert answer.status_code == 503
    assert (
        load_interface("ru").gettext("The catalogue cannot be searched at the moment.")
        in answer.text
    )


def test_a_catalogue_in_another_language_has_english_pages(tmp_path: Path) -> None:
    samples.write_corpus(tmp_path / "corpus")
    catalogue = tmp_path / "corpus" / "catalogue.toml"
    catalogue.write_text(f'language = "de"\n{catalogue.read_text("utf-8")}', "utf-8")
    client = open_corpus(tmp_path / "corpus")
    page = read_root(client, "/")
    assert page["lang"] == "en"
    labels = {label.text: label.get("lang") for label in page.select(".facet .label")}
    assert labels["Indien"] == "de"
    assert "Inde" in {label.text for label in read_root(client, "/fr/").select(".facet .label")}
    assert client.get("/en/").headers["Location"] == "/"


@pytest.fixture
def empty(tmp_path_factory: pytest.TempPathFactory) -> FlaskClient:
    return open_index(tmp_path_factory.mktemp("none"))
