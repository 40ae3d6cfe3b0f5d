"""How programs find the site, its search, and the formats of its publications."""

import json
import re
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
import signposting
from bs4 import BeautifulSoup
from flask.testing import FlaskClient
from lxml import etree
from signposting import Signposting
from signposting.linkset import LinksetJSON, _parse_linkset_json
from werkzeug.test import TestResponse

from search_app.engine import Engine, admission
from search_app.export import embedded
from search_app.export.registry import FORMATS
from search_app.web import discovery
from tests.search_app.web.reading import make_client, open_corpus
from tests.search_app.web.test_robots import is_allowed, read_rules

MODEL_LAW = "unodc-model-law-against-trafficking-in-persons-2009"
PAGE = f"/publication/{MODEL_LAW}"
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/webp,*/*;q=0.8"
RIS = "application/x-research-info-systems"
SITE = "https://seen.test"


@pytest.mark.parametrize("name", FORMATS)
def test_a_media_type_leads_to_its_export(client: FlaskClient, name: str) -> None:
    answer = client.get(PAGE, headers={"Accept": FORMATS[name].media_type})
    assert (answer.status_code, answer.headers["Vary"]) == (303, "Accept")
    exported = client.get(answer.headers["Location"])
    assert exported.headers["Content-Type"].startswith(FORMATS[name].media_type)


@pytest.mark.parametrize(
    ("accepted", "status"),
    [
        (BROWSER, 200), ("*/*", 200), ("", 200), ("text/*", 200), ("image/png", 200),
        (f"{RIS};q=0.4, text/html", 200), (f"{RIS}, text/html;q=0.9", 303), (f"{RIS};q=0", 200),
        (f"{RIS}, */*;q=0.1", 303), (f"{RIS}; charset=utf-8", 303),
        ("application/xhtml+xml, application/xml;q=0.9, */*;q=0.8", 200),
        ("text/html; charset=utf-8, application/xml;q=0.9", 200),
    ],
)  # fmt: skip
def test_the_preferred_format_is_sent(client: FlaskClient, accepted: str, status: int) -> None:
    answer = client.get(PAGE, headers={"Accept": accepted})
    assert (answer.status_code, answer.headers["Vary"]) == (status, "Accept")


def test_a_tag_of_the_page_does_not_count_for_a_format(client: FlaskClient) -> None:
    """A client that has the page and asks for a format is redirected, with no 304 for the page."""
    etag = client.get(PAGE).headers["ETag"]
    answer = client.get(PAGE, headers={"If-None-Match": etag})
    assert (answer.status_code, answer.headers["Vary"]) == (304, "Accept")
    assert client.get(PAGE, headers={"If-None-Match": etag, "Accept": RIS}).status_code == 303


def test_a_missing_publication_is_not_found_in_any_format(client: FlaskClient) -> None:
    """An unknown id is a 404, not a redirect."""
    assert client.get("/publication/none", headers={"Accept": RIS}).status_code == 404


PAPERS = """\
title = "Papers"
description = ""
files = "serve"
field = [
    { name = "title", label = "Title", kind = "text", role = "title", weight = 2.0 },
    { name = "doi", label = "DOI", role = "DOI" },
    { name = "rights", label = "Rights", role = "rights", several = true },
    { name = "access", label = "Access", restricted = ["on request"] },
    { name = "file", label = "Files", kind = "file", several = true },
    { name = "fulltext", label = "Full text", kind = "fulltext", weight = 0.3 },
]
"""
RECORDS = (
    {"id": "plain", "title": "A paper", "file": ["both.txt"]},
    {"id": "https://x.test/api/a?é", "title": "A paper whose id is a URL"},
    {"id": "closed", "title": "A closed paper", "access": "on request", "file": ["c.txt"]},
    {"id": "other", "title": "Another paper", "file": ["both.txt"]},
    {
        "id": "doi", "title": "A paper with all", "doi": "10.5555/a[b]<c>é",
        "rights": ["All rights", "https://example.org/[by]", "https://example.org/by",
                   "https://example.org/nd"],
        "file": ["list.txt", "b.html", "c.xml"],
    },
)  # fmt: skip
BODY = "The text of a file. " * 30
FILES = {
    "list.txt": BODY, "c.txt": f"{BODY}.", "both.txt": f"{BODY}..",
    "b.html": f"<!doctype html><title>B</title><p>{BODY}",
    "c.xml": f"<article><body><p>{BODY}</p></body></article>",
}  # fmt: skip


@pytest.fixture(scope="module")
def papers(tmp_path_factory: pytest.TempPathFactory) -> FlaskClient:
    """Return a client of a site with files, some of which are given out on request only."""
    corpus = tmp_path_factory.mktemp("papers") / "corpus"
    corpus.mkdir()
    (corpus / "catalogue.toml").write_text(PAPERS, "utf-8")
    (corpus / "records.jsonl").write_text("\n".join(map(json.dumps, RECORDS)), "utf-8")
    for name, text in FILES.items():
        (corpus / name).write_text(text, "utf-8")
    return open_corpus(corpus)


def request(client: FlaskClient, url: str, **options: Any) -> TestResponse:
    assert url.startswith(SITE)
    return client.open(url.removeprefix(SITE), base_url=SITE, buffered=True, **options)


def read_signposts(client: FlaskClient, url: str) -> Signposting:
    headers = request(client, url, method="HEAD").headers.getlist("Link")
    return signposting.find_signposting_http_link(headers, url)


def read_linkset(client: FlaskClient, page: Signposting) -> Signposting:
    (link,) = page.linksets
    answer = request(client, link.target)
    assert answer.content_type == link.type == "application/linkset+json"
    return _parse_linkset_json(
        LinksetJSON(answer.text, answer.content_type, link.target, link.target)
    )


@pytest.mark.parametrize("start", ["", "/fr"])
@pytest.mark.parametrize("identity", ["https://x.test/api/a?é", "closed", "doi"])
def test_each_signpost_leads_to_its_type(papers: FlaskClient, identity: str, start: str) -> None:
    """All links of a linkset lead somewhere, and robots.txt allows those of the site.

    The page, its exports, and its files have the same links in their headers.
    """
    url = f"{SITE}{start}/publication/{quote(identity)}"
    page = read_signposts(papers, url)
    linkset = read_linkset(papers, page)
    assert linkset.other_contexts == {
        url, *(link.target for link in page.describedBy | page.items)
    }  # fmt: skip
    rules = read_rules(papers)
    for context in linkset.other_contexts:
        links = read_signposts(papers, context)
        assert {*links} - links.linksets == {*linkset.for_context(context)}
        (own_linkset,) = links.linksets
        for link in (*links, own_linkset):
            if link.target.startswith(SITE):
                answer = request(papers, link.target)
                assert (answer.status_code, answer.mimetype) == (200, link.type or "text/html")
                assert is_allowed(link.target.removeprefix(SITE), rules)
                assert "X-Robots-Tag" not in answer.headers


def test_a_page_has_signposts_to_what_is_known(papers: FlaskClient) -> None:
    page = read_signposts(papers, f"{SITE}/publication/doi")
    assert page.citeAs.target == "https://doi.org/10.5555/a%5Bb%5D%3Cc%3E%C3%A9"
    assert page.license.target == "https://example.org/by"
    assert {link.target for link in page.types} == {
        "https://schema.org/AboutPage", "https://schema.org/CreativeWork",
    }  # fmt: skip
    assert {(link.target, link.type) for link in page.describedBy} == {
        (f"{SITE}/export/{each.name}/doi", each.media_type) for each in FORMATS.values()
    }
    assert {(link.target.rpartition("/")[2], link.type) for link in page.items} == {
        ("list.txt", "text/plain"), ("b.html", "text/html"), ("c.xml", "application/jats+xml"),
    }  # fmt: skip
    assert not read_signposts(papers, f"{SITE}/publication/closed").items


def test_a_file_of_several_publications_names_none(papers: FlaskClient) -> None:
    """The header could name only one of the publications, so it names none."""
    pages = [read_signposts(papers, f"{SITE}/publication/{name}") for name in ("plain", "other")]
    (file,) = {link.target for page in pages for link in page.items}
    answer = request(papers, file)
    assert (answer.status_code, "Link" in answer.headers) == (200, False)


@pytest.mark.parametrize("start", ["", "/fr"])
def test_a_page_without_a_doi_is_cited_by_its_permanent_url(
    catalogue_engine: Engine, start: str
) -> None:
    client = make_client(catalogue_engine, site_url="https://example.org", prefix="/c")
    for query in ("", "?hit=1", "?cite=apa"):
        page = read_signposts(client, f"{SITE}/c{start}{PAGE}{query}")
        assert page.citeAs.target == f"https://example.org/c{PAGE}"
        (linkset,) = page.linksets
        assert linkset.target == f"https://example.org/c{start}/linkset/{MODEL_LAW}"


def test_long_links_do_not_exceed_a_header(
    papers: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Links that exceed the limit are only in the linkset, which comes first in the header."""
    url = f"{SITE}/publication/doi"
    whole = read_signposts(papers, url)
    monkeypatch.setattr(embedded, "MAX_LINK_BYTES", 400)
    (header,) = request(papers, url).headers.getlist("Link")
    assert len(header) <= 400
    cut = read_signposts(papers, url)
    assert cut.citeAs == whole.citeAs
    assert not cut.items
    assert {*read_linkset(papers, cut).for_context(url)} == {*whole} - whole.linksets


def test_a_page_links_to_each_format(client: FlaskClient) -> None:
    page = BeautifulSoup(client.get(PAGE).text, "lxml")
    found = {
        str(link["type"]): str(link["href"]) for link in page.select("link[rel=alternate][type]")
    }
    for each in FORMATS.values():
        assert urlsplit(found[each.media_type]).path == f"/export/{each.name}/{MODEL_LAW}"
    for address in ("/", PAGE, "/about", "/nowhere"):
        assert BeautifulSoup(client.get(address).text, "lxml").select("link[rel=unapi-server]")


def test_unapi_offers_ris_first_and_no_mods(client: FlaskClient) -> None:
    """The site and a publication list the same formats: Zotero takes RIS, the best one for it."""
    answers = [client.get(f"/unapi{query}") for query in ("", f"?id={MODEL_LAW}")]
    assert [answer.status_code for answer in answers] == [200, 300]
    roots = [etree.fromstring(answer.data) for answer in answers]
    assert [root.get("id") for root in roots] == [None, MODEL_LAW]
    names, same_names = ([each.get("name") for each in root] for root in roots)
    assert names == same_names
    assert set(names) == FORMATS.keys() - {"mods", "marcxml"}
    assert names[0] == "ris"


@pytest.mark.parametrize(
    ("query", "status"),
    [
        (f"id={MODEL_LAW}&format=ris", 303), ("id=none", 404), ("id=none&format=ris", 404),
        (f"id={MODEL_LAW}&format=none", 406), (f"id={MODEL_LAW}&format=marcxml", 406),
        (f"id={MODEL_LAW}&format=mods", 406),
    ],
)  # fmt: skip
def test_unapi_leads_to_an_export(client: FlaskClient, query: str, status: int) -> None:
    answer = client.get(f"/unapi?{query}")
    assert answer.status_code == status
    if status == 303:
        assert answer.headers["Location"] == f"/export/ris/{MODEL_LAW}"


FILM = "/publication/ways-and-means-training-film-som-2012"


def head(client: FlaskClient, address: str, **options: Any) -> dict[str, str]:
    page = BeautifulSoup(client.get(address, **options).text, "lxml")
    (link,) = page.find_all("link", rel="canonical")
    properties = {str(tag["property"]): str(tag["content"]) for tag in page.select("[property]")}
    return {"canonical": str(link["href"]), **properties}


@pytest.mark.parametrize("path", ["/", "/?q=organ&page=2", FILM])
@pytest.mark.parametrize(
    ("settings", "start"),
    [
        ({}, "https://seen.test:8443"),
        ({"site_url": "https://example.org"}, "https://example.org"),
        ({"prefix": "/catalogue"}, "https://seen.test:8443/catalogue"),
        ({"prefix": "/c", "site_url": "http://example.org:80"}, "http://example.org:80/c"),
    ],
)
def test_a_canonical_url_is_absolute(
    catalogue_engine: Engine, path: str, settings: dict[str, str], start: str
) -> None:
    """It begins with `site_url`, or else with the scheme and the host of the request."""
    client = make_client(catalogue_engine, **settings)
    address = f"{settings.get('prefix', '')}{path}"
    found = head(client, address, base_url="https://seen.test:8443")
    assert found["canonical"] == found["og:url"] == f"{start}{path}"


def test_a_description_is_the_whole_abstract(client: FlaskClient) -> None:
    """Harvesters read the description tag as the abstract, so it is not cut."""
    publication = client.get(f"/api{FILM}").get_json()
    assert len(publication["summary"]) > 200
    assert head(client, FILM)["og:description"] == publication["summary"]


def test_a_publication_has_no_date_but_its_own(client: FlaskClient) -> None:
    """No <time> has the time of the index, which would be read as the date of the publication."""
    assert "<time" not in client.get(FILM).text


TAG = "{http://a9.com/-/spec/opensearch/1.1/}"


def described(client: FlaskClient, address: str = "/") -> etree._Element:
    page = BeautifulSoup(client.get(address).text, "lxml")
    (link,) = page.select("link[rel=search]")
    answer = client.get(str(link["href"]), base_url=SITE)
    assert answer.headers["Content-Type"].startswith(str(link["type"]))
    return etree.fromstring(answer.data)


@pytest.mark.parametrize("address", ["/", "/about", "/?q=organ", "/nowhere"])
def test_each_page_links_to_the_description(client: FlaskClient, address: str) -> None:
    assert len(BeautifulSoup(client.get(address).text, "lxml").select("link[rel=search]")) == 1


def test_a_filled_template_leads_to_the_results(client: FlaskClient) -> None:
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
    text, texts, labels, urls = client.get(
        "/opensearch/suggestions?q=south+a", base_url=SITE
    ).get_json(force=True)
    found = client.get("/api/suggest?q=south+a").get_json()["suggestions"]
    assert found
    assert (text, texts) == ("south a", [each["text"] for each in found])
    assert labels == [each["label"] for each in found]
    assert urls == [f"{SITE}{each['url']}" for each in found]


NAMES = {"s": "http://www.sitemaps.org/schemas/sitemap/0.9"}


def locations(client: FlaskClient, url: str) -> list[str]:
    """Return the URLs of a sitemap, each of which has a time."""
    answer = client.get(url.removeprefix(SITE), base_url=SITE)
    assert answer.status_code == 200
    root = etree.fromstring(answer.data)
    times = root.xpath("//s:lastmod/text()", namespaces=NAMES)
    found: list[str] = root.xpath("//s:loc/text()", namespaces=NAMES)
    assert len(times) == len(found)
    assert all(datetime.fromisoformat(time).tzinfo for time in times)
    return found


def test_a_page_was_modified_when_its_record_changed(client: FlaskClient) -> None:
    root = etree.fromstring(client.get("/sitemap-1.xml", base_url=SITE).data)
    for url in root[:5]:
        location, modified = (element.text or "" for element in url)
        publication = client.get(f"/api{location.removeprefix(SITE)}").get_json()
        assert modified == publication["record_changed"]


@pytest.mark.parametrize("size", [50_000, 50, 136, 1])
@pytest.mark.slow
def test_a_sitemap_has_each_publication_once(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    monkeypatch.setattr(discovery, "PART_URLS", size)
    robots = client.get("/robots.txt", base_url=SITE).text
    (index,) = re.findall(r"(?m)^Sitemap: (.*)$", robots)
    parts = locations(client, index)
    assert len(parts) == -(-136 // size)
    urls = [url for each in parts for url in locations(client, each)]
    assert len(urls) == len(set(urls)) == 136
    assert all(len(locations(client, each)) <= size for each in parts)
    page = client.get(urls[0].removeprefix(SITE), base_url=SITE).text
    assert f'<link rel="canonical" href="{urls[0]}">' in page


def test_one_part_is_made_at_a_time(catalogue_index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A part of a sitemap is as expensive as a search, so others wait, and are refused in time."""
    engine = Engine(catalogue_index)
    client = make_client(engine)
    monkeypatch.setattr(admission, "MAX_WAIT_SECONDS", 0.01)
    with engine._admission.admit(admission.EXPENSIVE + 1):
        refused = client.get("/sitemap-1.xml")
        assert client.get("/sitemap.xml").status_code == 200
    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "2")
    assert client.get("/sitemap-1.xml").status_code == 200


@pytest.mark.parametrize("number", [0, 2, 10**30])
def test_other_parts_are_not_found(client: FlaskClient, number: int) -> None:
    """A part after the last one is a 404."""
    assert client.get(f"/sitemap-{number}.xml").status_code == 404
