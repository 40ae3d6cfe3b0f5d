"""How programs find the formats of a publication."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
import signposting
from bs4 import BeautifulSoup
from flask.testing import FlaskClient
from lxml import etree

from indexer.values.publication_types import PublicationType
from search_app.export import embedded
from search_app.export.csl import Item
from search_app.export.registry import FORMATS

MODEL_LAW = "unodc-model-law-against-trafficking-in-persons-2009"
PAGE = f"/publication/{MODEL_LAW}"
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/webp,*/*;q=0.8"
RIS = "application/x-research-info-systems"
REPORT: PublicationType = "report"


@pytest.mark.parametrize("name", FORMATS)
def test_a_media_type_leads_to_its_export(client: FlaskClient, name: str) -> None:
    """A request for a publication in a format is redirected to the export of that format."""
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
    """A browser gets the page, and any other client the format that it likes best."""
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


def test_signposts_lead_to_each_format(client: FlaskClient) -> None:
    """The `Link` header has each export with its media type, as absolute URLs."""
    answer = client.get(PAGE, base_url="https://seen.test")
    found = signposting.find_signposting_http_link(
        answer.headers.getlist("Link"), f"https://seen.test{PAGE}"
    )
    assert {(str(link.target), link.type) for link in found.describedBy} == {
        (f"https://seen.test/export/{each.name}/{MODEL_LAW}", each.media_type)
        for each in FORMATS.values()
    }
    types = {str(link.target).rpartition("/")[2] for link in found.types}
    assert types == {"AboutPage", "Report"}


def test_a_doi_and_a_license_are_signposts() -> None:
    """The DOI is the link to cite. Rights that are a URL are the license."""
    item = Item(
        id="a", type=REPORT, title="A", language="en",
        values={"DOI": ("10.1000/<a b>é",), "rights": ("All rights", "https://example.org/by")},
    )  # fmt: skip
    header = embedded.format_links(item, [])
    assert '<https://doi.org/10.1000/%3Ca%20b%3E%C3%A9>; rel="cite-as"' in header
    assert '<https://example.org/by>; rel="license"' in header
    assert "All rights" not in header


def test_long_links_do_not_exceed_a_header() -> None:
    """Links that exceed the limit are left out, and none is cut."""
    item = Item(id="a", type=REPORT, title="A", language="en")
    exports = [(f"https://example.org/{'x' * 900}{number}", "text/csv") for number in range(8)]
    header = embedded.format_links(item, exports)
    assert len(header) <= embedded.MAX_LINK_BYTES
    assert header.count("describedby") == 2
    assert header.endswith('type="text/csv"')


def test_a_page_links_to_each_format(client: FlaskClient) -> None:
    """The head of a publication has a link to each export, and every page one to unAPI."""
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
    """An id and a format are a redirect. Others are the errors that unAPI names."""
    answer = client.get(f"/unapi?{query}")
    assert answer.status_code == status
    if status == 303:
        assert answer.headers["Location"] == f"/export/ris/{MODEL_LAW}"
