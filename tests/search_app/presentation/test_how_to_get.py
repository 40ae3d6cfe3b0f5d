"""How to get a publication, for any catalogue."""

import pytest

from indexer.catalogue.fields import Catalogue, Field, TypeRule
from indexer.catalogue.records import Link, Publication, SourceLocation, Value
from search_app.export.csl import make_item
from search_app.presentation.publication_page import HowToGet, make_how_to_get

CATALOGUE = Catalogue(
    "Papers",
    "",
    (
        Field("title", "Title", role="title"),
        Field("format", "Format"),
        Field("terms", "Terms", restricted=("on request",)),
        Field("address", "Addresses", kind="link", role="URL", several=True),
        Field("doi", "DOI", kind="doi", role="DOI"),
    ),
    publisher_site="example.org",
    types=(
        TypeRule("motion_picture", {"format": ("film",)}),
        TypeRule("broadcast", {"format": ("radio",)}),
    ),
)


def get(**values: Value) -> HowToGet:
    publication = Publication(
        id="a", title='The "Model" Law', source=SourceLocation("a.html", 1),
        values={name: (value,) for name, value in values.items()},
    )  # fmt: skip
    return make_how_to_get(publication, make_item(publication, CATALOGUE), CATALOGUE)


@pytest.mark.parametrize(
    ("url", "kind", "label"),
    [
        ("https://www.example.org/a/law.PDF", "", "Download from example.org"),
        ("https://example.org/laws", "", "Visit example.org"),
        ("https://example.org/law.pdf", "film", "Watch on example.org"),
        ("https://www.youtube.com/watch?v=1", "", "Watch on youtube.com"),
        ("https://example.org/1.mp3", "radio", "Listen on example.org"),
    ],
)
def test_a_link_says_what_it_leads_to(url: str, kind: str, label: str) -> None:
    found = get(address=Link(url, "English"), format=kind)
    assert found.sentence == ""
    assert [(way.label, way.href, way.note) for way in found.links] == [(label, url, "English")]


def test_a_doi_is_a_way_to_get_it() -> None:
    (way,) = get(doi="10.1/a<b>").links
    assert (way.label, way.href) == ("doi:10.1/a<b>", "https://doi.org/10.1/a%3Cb%3E")


def test_restricted_material_is_requested() -> None:
    found = get(terms="on request", address=Link("https://example.org/ask", "Ask"))
    assert found.sentence == "It is given out on request."
    assert [(way.label, way.note) for way in found.links] == [("Request it from example.org", "")]


@pytest.mark.parametrize(
    ("terms", "start"),
    [
        ({"terms": "download"}, "It was offered online, but the address is lost."),
        ({"terms": "on request"}, "It is given out on request, but no address is known."),
        ({}, "No address is known."),
    ],
)
def test_without_an_address_the_title_is_searched_for(terms: dict[str, Value], start: str) -> None:
    """Without an address the page says so, and links to searches for the exact title."""
    found = get(**terms)
    assert found.sentence == start
    assert [(way.label, way.href) for way in found.searches] == [
        ("Search example.org for this title",
         "https://duckduckgo.com/?q=site%3Aexample.org+%22The++Model++Law%22"),
        ("Search the web", "https://duckduckgo.com/?q=%22The++Model++Law%22"),
        ("Find a library that has it",
         "https://search.worldcat.org/search?q=ti%3A%22The++Model++Law%22"),
    ]  # fmt: skip
