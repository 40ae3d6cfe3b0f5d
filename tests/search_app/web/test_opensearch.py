"""The description of the search for browsers, and their suggestions."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import pytest
from bs4 import BeautifulSoup
from flask.testing import FlaskClient
from lxml import etree

SITE = "https://seen.test"
TAG = "{http://a9.com/-/spec/opensearch/1.1/}"


def described(client: FlaskClient, address: str = "/") -> etree._Element:
    """Return the description that a start page links to."""
    page = BeautifulSoup(client.get(address).text, "lxml")
    (link,) = page.select("link[rel=search]")
    answer = client.get(str(link["href"]), base_url=SITE)
    assert answer.headers["Content-Type"].startswith(str(link["type"]))
    return etree.fromstring(answer.data)


@pytest.mark.parametrize("address", ["/", "/about", "/?q=organ", "/nowhere"])
def test_each_page_links_to_the_description(client: FlaskClient, address: str) -> None:
    """A browser finds the search of the site on every page."""
    assert len(BeautifulSoup(client.get(address).text, "lxml").select("link[rel=search]")) == 1


def test_a_filled_template_leads_to_the_results(client: FlaskClient) -> None:
    """Each template is a URL of this site that answers with its type."""
    for url in described(client).findall(f"{TAG}Url"):
        template = url.get("template")
        assert template.startswith(SITE)
        filled = template.replace("{searchTerms}", "organ").replace("{startPage?}", "")
        assert not re.search(r"[{}]", filled)
        parts = urlsplit(filled)
        answer = client.get(f"{parts.path}?{parts.query}")
        assert answer.status_code == 200
        assert answer.headers["Content-Type"].startswith(url.get("type"))


def test_texts_have_the_allowed_length(client: FlaskClient) -> None:
    """The names and the description are not longer than the specification allows."""
    root = described(client)
    texts = {each.tag.removeprefix(TAG): each.text or "" for each in root}
    assert texts["ShortName"] == "Catalogue of"
    assert texts["LongName"] == "Catalogue of Materials"
    assert 0 < len(texts["Description"]) <= 1024


def test_texts_are_in_the_language_of_the_page(client: FlaskClient) -> None:
    """The description of a French page is in French, and names the catalogue's own language too."""
    root = described(client, "/fr/")
    page = BeautifulSoup(client.get("/fr/").text, "lxml")
    (description,) = page.select(".description")
    assert root.findtext(f"{TAG}Description") == description.text
    assert root.findtext(f"{TAG}Description") != described(client).findtext(f"{TAG}Description")
    assert [each.text for each in root.findall(f"{TAG}Language")] == ["fr", "en"]
    assert [each.text for each in described(client).findall(f"{TAG}Language")] == ["en"]


def test_suggestions_are_those_of_the_api(client: FlaskClient) -> None:
    """They are the typed text, and an array each of texts, labels and absolute URLs."""
    text, texts, labels, urls = client.get(
        "/opensearch/suggestions?q=south+a", base_url=SITE
    ).get_json(force=True)
    found = client.get("/api/suggest?q=south+a").get_json()["suggestions"]
    assert found
    assert (text, texts) == ("south a", [each["text"] for each in found])
    assert labels == [each["label"] for each in found]
    assert urls == [f"{SITE}{each['href']}" for each in found]
