"""The mapping of a publication to CSL."""

from collections import Counter
from typing import get_args

import pytest

from indexer.catalogue.fields import Catalogue, Field, TypeRule
from indexer.catalogue.records import Link, Publication, SourceLocation
from indexer.values.publication_types import PublicationType
from search_app.export.csl import TYPES, Date, make_item, split_pages, to_csl_json
from tests.search_app.export.conftest import Publications

PAPERS = Catalogue(
    title="Papers",
    description="",
    fields=(
        Field("title", "Title", kind="text", role="title"),
        Field("summary", "Abstract", kind="text", role="abstract"),
        Field("authors", "Authors", kind="name", role="author", several=True),
        Field("body", "Body", role="author", several=True),
        Field("year", "Year", kind="year", role="issued"),
        Field("date", "Date", kind="date", role="issued"),
        Field("type", "Type"),
        Field("journal", "Journal", role="container-title"),
        Field("subjects", "Subjects", role="keyword", several=True),
        Field("language", "Language", kind="language", role="language", several=True),
        Field("country", "Country", kind="country", role="coverage", several=True),
        Field("doi", "DOI", kind="doi", role="DOI"),
        Field("link", "Link", kind="link", role="URL", several=True),
        Field("shelf", "Shelf"),
    ),
    types=(TypeRule("article-journal", {"type": ("Journal article",)}),),
)
UNMAPPED_FIELDS = {
    "section": "a part of the printed catalogue, not a genre",
    "audience": "no variable of CSL",
    "format": "gives the type",
    "date": "the year as printed, which `year` has",
    "heading": "the place in the printed catalogue",
    "summary_language": "the language of a part only",
    "part": "no variable of CSL",
    "access": "how to request it, not a part of a reference",
    "position": "the place in the printed catalogue",
}
"""Fields of the first catalogue without a role, and why."""


def paper(**values: object) -> Publication:
    return Publication(
        id="paper/1.2",
        title="On Routes",
        source=SourceLocation("a.ris", 1),
        summary="A text.",
        values={
            name: value if isinstance(value, tuple) else (value,) for name, value in values.items()
        },
    )


def test_each_field_of_the_first_catalogue_has_a_role_or_a_reason(
    first_catalogue: Publications,
) -> None:
    """A new field of `corpus/catalogue.toml` needs a role, or a reason to have none, here."""
    catalogue, _ = first_catalogue
    assert {
        field.name for field in catalogue.fields if field.role is None
    } == UNMAPPED_FIELDS.keys()


def test_every_publication_of_the_first_catalogue_has_its_type(
    first_catalogue: Publications,
) -> None:
    catalogue, publications = first_catalogue
    expected = {"report": 105, "motion_picture": 17, "broadcast": 7, "pamphlet": 5, "dataset": 2}
    assert Counter(map(catalogue.find_type, publications)) == expected


def test_a_publication_is_written_in_the_terms_of_csl() -> None:
    publication = paper(
        authors=("van Gogh, Vincent", "{Food, Health and Co.}"),
        body="UNODC",
        year=2014,
        date="2014-05-03",
        type="Journal article",
        journal="Acta",
        subjects=("sea", "air, land"),
        language="fr",
        country="KE",
        doi="10.1000/x(1)",
        shelf="B 12",
    )
    assert to_csl_json(make_item(publication, PAPERS, "https://example.org/paper")) == {
        "id": "paper/1.2",
        "type": "article-journal",
        "title": "On Routes",
        "author": [
            {"family": "van Gogh", "given": "Vincent"},
            {"literal": "Food, Health and Co."},
            {"literal": "UNODC"},
        ],
        "issued": {"date-parts": [[2014, 5, 3]]},
        "container-title": "Acta",
        "keyword": "sea; air, land",
        "DOI": "10.1000/x(1)",
        "abstract": "A text.",
        "language": "fr",
    }


def test_the_address_of_a_publication_without_links_is_the_url_of_its_doi() -> None:
    item = make_item(paper(doi="10.1000/a<b>#c"), PAPERS)
    assert item.url == "https://doi.org/10.1000/a%3Cb%3E%23c"


def test_a_range_of_pages_has_a_page_on_both_sides_of_its_dash() -> None:
    pages = {"e12 – e15": ["e12", "e15"], "7-9": ["7", "9"], "12-": ["12-"], "-3": ["-3"]}
    assert {text: split_pages(text) for text in pages} == pages


def test_coverage_has_names_of_countries() -> None:
    """Dublin Core and MODS print the coverage, so a code of a country becomes its name."""
    assert make_item(paper(country=("KE", "IN")), PAPERS).get("coverage") == ("Kenya", "India")


def test_the_first_link_is_the_address_of_a_publication() -> None:
    """A link comes before the DOI; without both, it is the page in the catalogue."""
    linked = paper(link=(Link("https://a.org"), Link("https://b.org")), doi="10.1000/1")
    assert make_item(linked, PAPERS).url == "https://a.org"
    item = make_item(paper(), PAPERS, "https://example.org/p")
    assert not item.url
    assert to_csl_json(item)["URL"] == "https://example.org/p"


@pytest.mark.parametrize(
    ("edtf", "issued"),
    [
        ("2014", {"date-parts": [[2014]]}),
        ("2014-05", {"date-parts": [[2014, 5]]}),
        ("2014-05-03", {"date-parts": [[2014, 5, 3]]}),
        ("1985?", {"date-parts": [[1985]], "circa": True}),
        ("2014-21", {"date-parts": [[2014]], "season": 1}),
        ("1998/2003", {"date-parts": [[1998], [2003]]}),
    ],
)
def test_dates_have_parts(edtf: str, issued: object) -> None:
    item = make_item(paper(date=edtf), PAPERS)
    assert item.issued
    assert item.issued.edtf == edtf
    assert to_csl_json(item)["issued"] == issued


def test_a_date_that_is_none_is_left_out() -> None:
    assert make_item(paper(date="unknown", year=2014), PAPERS).issued == Date(2014)
    assert make_item(paper(date="unknown"), PAPERS).issued is None


def test_every_type_has_its_names() -> None:
    """A type of CSL is a row of `types.csv`, so every format can write it."""
    assert TYPES.keys() == set(get_args(PublicationType))
    assert all(names.ris and names.bibtex and len(names.marc) == 2 for names in TYPES.values())
