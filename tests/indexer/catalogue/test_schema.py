"""The Whoosh schema and its documents follow from the rows of the catalogue."""

from __future__ import annotations

import msgspec

from benchmarks.whoosh_documents import make_document
from indexer.catalogue import catalogue_toml, schema
from indexer.catalogue.fields import Catalogue
from indexer.catalogue.records import Publication, SourceLocation
from tests.conftest import ROOT

MADE = Publication(
    id="law/1",
    title="Model Law",
    source=SourceLocation("tools.html", 3),
    summary="One.\n\nTwo.",
    values={"country": ("IN", "KE"), "region": ("South Asia", "Africa"), "year": (2009,)},
)


def test_schema_follows_the_rows(catalogue: Catalogue) -> None:
    """Searchable rows become text fields. Facets and children also become exact fields."""
    assert schema.derive_schema(catalogue).names() == sorted(
        [
            "id", "record", "title", "summary", "region", "country", "section.value",
            "region.value", "country.value", "year.value", "language.value",
        ]
    )  # fmt: skip


def test_another_catalogue_has_another_schema() -> None:
    """A catalogue with other rows has another schema, without a change of code."""
    names = schema.derive_schema(catalogue_toml.load(ROOT / "benchmarks/papers")).names()
    assert {"venue.value", "place.value", "title", "summary"} <= set(names)


def test_document_has_words_values_and_record(catalogue: Catalogue) -> None:
    """A document has the displayed words, the exact values as codes, and the record."""
    document = make_document(MADE, catalogue)
    record = document.pop("record")
    assert isinstance(record, bytes)
    assert msgspec.json.decode(record, type=Publication) == MADE
    assert document == {
        "id": "law/1",
        "title": "Model Law",
        "summary": "One.\n\nTwo.",
        "region": "South Asia\n\nAfrica",
        "country": "India\n\nKenya",
        "region.value": ["South Asia", "Africa"],
        "country.value": ["IN", "KE"],
        "year.value": ["2009"],
    }


def test_document_fits_the_schema(catalogue: Catalogue) -> None:
    """Each field of a document is a field of the schema."""
    assert set(make_document(MADE, catalogue)) <= set(schema.derive_schema(catalogue).names())


def test_every_word_has_two_terms(catalogue: Catalogue) -> None:
    """Whoosh gets the stem and the written form of a word at one position."""
    words = schema.derive_schema(catalogue)["title"]
    terms = [(token.text, token.pos) for token in schema.WordAnalyzer("en")("The Victims")]
    assert terms == [("the", 0), ("=the", 0), ("victim", 1), ("=victims", 1)]
    assert {term for term, *_ in words.index("The Victims")} == {
        b"the", b"=the", b"victim", b"=victims",
    }  # fmt: skip


def test_exact_values_are_not_split(catalogue: Catalogue) -> None:
    """A value with commas, spaces and capitals is one unchanged term."""
    values = schema.derive_schema(catalogue)["section.value"]
    assert [term for term, *_ in values.index(["Brochures, leaflets & More"])] == [
        b"Brochures, leaflets & More"
    ]


def test_document_lacks_absent_fields(catalogue: Catalogue) -> None:
    """A document lacks the fields without a value."""
    bare = Publication(id="a", title="A", source=SourceLocation("a.html", 1))
    assert set(make_document(bare, catalogue)) == {"id", "record", "title"}
