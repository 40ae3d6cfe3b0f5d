"""The colors, the logo, the footer, and the contact of a catalogue on its pages."""

from pathlib import Path

import pytest
from flask.testing import FlaskClient

from search_app.web.headers import HEADERS
from tests.search_app.web.reading import open_corpus, read_page

LOGO = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
KEYS = """\
accent = ["#7A2E12", "#F0A080"]
logo = "logo.svg"
footer = "Published by the library."
"""


@pytest.fixture
def themed(corpus: Path) -> FlaskClient:
    (corpus / "logo.svg").write_bytes(LOGO)
    return open_with(corpus, KEYS)


def open_with(corpus: Path, keys: str) -> FlaskClient:
    file = corpus / "catalogue.toml"
    file.write_text(keys + file.read_text("utf-8"), "utf-8")
    return open_corpus(corpus)


def test_a_page_has_the_appearance_of_its_catalogue(themed: FlaskClient) -> None:
    page = read_page(themed, "/")
    assert page.select_one("link[href='/theme.css']") is not None
    assert page.select_one("img[src='/logo'][alt='']") is not None
    assert "Published by the library." in page.select("footer")[0].text


@pytest.mark.parametrize(
    ("contact", "url"),
    [
        ("errors@example.org", "mailto:errors@example.org"),
        ("https://example.org/contact?a=1&b=2", "https://example.org/contact?a=1&b=2"),
    ],
)
def test_each_page_links_to_the_contact(corpus: Path, contact: str, url: str) -> None:
    site = open_with(corpus, f'contact = "{contact}"\n')
    for path, text in (("/", "Report a mistake"), ("/fr/about", "Signaler une erreur")):
        link = read_page(site, path).select_one("footer a[href^=mailto], footer a[href^=http]")
        assert link is not None
        assert (link["href"], link.text) == (url, text)


def test_the_colors_are_a_style_sheet(themed: FlaskClient) -> None:
    response = themed.get("/theme.css")
    assert response.content_type == "text/css; charset=utf-8"
    light, dark = response.text.split("(prefers-color-scheme: dark)")
    assert "--link: #7A2E12;" in light
    assert "--link: #F0A080;" in dark
    assert response.text.count("@media screen") == 2


def test_a_logo_can_run_no_script(themed: FlaskClient) -> None:
    """A logo is served as it is, in a sandbox, so that a script in an SVG does nothing."""
    response = themed.get("/logo")
    assert response.data == LOGO
    assert response.content_type == "image/svg+xml"
    policy = response.headers["Content-Security-Policy"].split("; ")
    assert {"sandbox", "default-src 'none'"} <= {*policy}
    assert not any(rule.startswith("script-src") for rule in policy)
    assert response.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    "address",
    ["/", "/logo", "/theme.css", "/about", "/api/search", "/feed.atom", "/export/ris", "/list",
     "/static/style.css", "/sitemap.xml", "/opensearch.xml", "/robots.txt", "/api/openapi.json"],
)  # fmt: skip
def test_a_not_modified_response_has_the_policies(themed: FlaskClient, address: str) -> None:
    """A 304 has the security headers of the response that it confirms.

    A cache replaces the headers of its copy by those of the 304.
    """
    with themed.get(address) as response:
        tag = response.headers.get("ETag", "")
    with themed.get(address, headers={"If-None-Match": tag}) as confirmed:
        assert confirmed.status_code == (304 if tag else 200)
    for name in HEADERS:
        assert confirmed.headers[name] == response.headers[name]


@pytest.mark.parametrize("address", ["/theme.css", "/logo"])
def test_a_catalogue_without_an_appearance_has_none(client: FlaskClient, address: str) -> None:
    assert client.get(address).status_code == 404
    assert address not in client.get("/").text
