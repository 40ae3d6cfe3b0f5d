"""Data in the page of a publication: tags, JSON-LD, and COinS."""

import json
from collections import defaultdict
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qs

import extruct
import pytest
from flask.testing import FlaskClient
from hypothesis import example, given
from jinja2 import Environment, PackageLoader
from markupsafe import Markup

from indexer.analysis.cleaning import clean
from indexer.values.names import Name
from indexer.values.publication_types import PublicationType
from search_app.export import embedded
from search_app.export.csl import Item, make_item
from tests.search_app.export.conftest import Publications
from tests.search_app.export.independent import Found, describe, make_page_url
from tests.search_app.export.test_csl import PAPERS
from tests.search_app.export.test_hostile_text import VALID_TEXTS, publish

HEAD = Environment(
    loader=PackageLoader("search_app.web"), autoescape=True, trim_blocks=True, lstrip_blocks=True
).get_template("_metadata.html")


class Page(HTMLParser):
    """The tags of a page in their order: the contents of `meta`, and the names of all elements."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.metas: defaultdict[str, list[str]] = defaultdict(list)
        self.elements: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(tag)
        values = {name: value or "" for name, value in attrs}
        if tag == "meta":
            self.metas[values.get("name", "")].append(values.get("content", ""))


def render(item: Item) -> str:
    return HEAD.render(tags=embedded.list_tags(item), json_ld=Markup(embedded.write_json_ld(item)))


def read_json_ld(data: dict[str, Any]) -> Found:
    parts = ("familyName", "givenName", "honorificSuffix")
    people = [
        ", ".join(name[part] for part in parts if part in name) or name["name"]
        for name in data.get("author", ())
    ]
    same = listify(data.get("sameAs"))
    return Found(
        clean(data["name"]),
        data.get("datePublished", "")[:4],
        people,
        listify(data.get("inLanguage")),
        clean(data.get("abstract", "")),
        same[0] if same else data["url"],
    )


def listify(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def read_dublin_core(html: str) -> Found:
    found = defaultdict(list)
    extracted = extruct.extract(html, syntaxes=["dublincore"])["dublincore"]
    for element in extracted[0]["elements"] + extracted[0]["terms"]:
        found[element["name"].lower()].append(element["content"])
    return Found(
        found["dc.title"][0],
        "".join(found["dc.date"])[:4],
        found["dc.creator"],
        found["dc.language"],
        "".join(found["dc.description"]),
        found["dc.identifier"][0],
    )


@pytest.mark.parametrize("source", ["first_catalogue", "papers"])
@pytest.mark.slow
def test_extruct_reads_the_same_content(source: str, request: pytest.FixtureRequest) -> None:
    publications: Publications = request.getfixturevalue(source)
    catalogue, listed = publications
    for publication in listed:
        html = render(make_item(publication, catalogue, make_page_url(publication.id)))
        expected = describe(publication, catalogue)
        linked = extruct.extract(html, syntaxes=["json-ld"])["json-ld"]
        assert len(linked) == 1
        assert read_json_ld(linked[0]) == expected
        assert read_dublin_core(html) == expected


@pytest.mark.parametrize(("abstract", "described"), [("Of seas.", "Of seas."), ("", "Salt")])
def test_data_have_a_description(abstract: str, described: str) -> None:
    """The description, which Google's search for data requires, is the abstract, or the title."""
    item = Item(id="x", type="dataset", title="Salt", abstract=abstract)
    assert json.loads(embedded.write_json_ld(item))["description"] == described


@pytest.mark.parametrize("kind", ["report", "document"])
def test_a_body_in_coins_is_no_person(kind: PublicationType) -> None:
    names = (Name(literal="International Labour Organization"), Name("Osei", "Ama"))
    item = Item(id="x", type=kind, title="Salt", names={"author": names})
    pairs = parse_qs(embedded.write_coins(item))
    (found,) = (pairs[key] for key in ("rft.au", "rft.creator") if key in pairs)
    assert found == ["International Labour Organization,", "Osei, Ama"]


@given(VALID_TEXTS)
@example("</script><script>alert(1)</script>")
@example("<!--<script>")
@example('"><meta name="x" content="')
@example("\x00\u2028&quot;")
def test_no_text_leaves_its_place(text: str) -> None:
    item = make_item(publish(text), PAPERS, make_page_url("1"))
    html = render(item)
    page = Page(html)
    assert set(page.elements) == {"link", "meta", "script"}
    assert page.elements.count("script") == 1
    assert set(page.metas["DC.title"]) == {clean(text)}
    script = html.partition('<script type="application/ld+json">')[2].partition("</script>")[0]
    assert json.loads(script)["name"] == text
    pairs = parse_qs(embedded.write_coins(item), keep_blank_values=True)
    assert pairs["rft.title"] == [clean(text)]


def test_the_page_has_all_of_it(client: FlaskClient) -> None:
    identity = "global-report-on-trafficking-in-persons-2014"
    html = client.get(f"/publication/{identity}").text
    page = Page(html.partition("</head>")[0].replace(" property=", " name="))
    assert page.metas["citation_title"] == page.metas["DC.title"] == page.metas["og:title"]
    assert f'<abbr class="unapi-id" translate="no" title="{identity}">' in html
    assert '<span class="Z3988" translate="no" title="ctx_ver=Z39.88-2004&amp;rft_val_fmt=' in html


def test_a_list_has_the_ids_of_its_hits(client: FlaskClient) -> None:
    html = client.get("/?q=report&size=25").text
    assert html.count('<abbr class="unapi-id"') == html.count('<li class="hit">') > 2
