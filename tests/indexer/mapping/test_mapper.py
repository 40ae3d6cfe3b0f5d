"""The mapper turns the columns of a record into the rows of a catalogue."""

from __future__ import annotations

from types import SimpleNamespace
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.catalogue.fields import Catalogue, Field
from indexer.catalogue.limits import LIMITS
from indexer.catalogue.records import Problem, Property, SourceLocation, SourceRecord
from indexer.ingest.validation import validate
from indexer.mapping.mapper import Mapper
from indexer.mapping.normalization import make_id
from indexer.mapping.sources import Source
from indexer.mapping.standard_rows import list_standard_rows, list_translation_rows
from indexer.readers.base import Reader
from tests.memory import limit_memory

CATALOGUE = Catalogue("Test", "", list_standard_rows())


def make_mapper(catalogue: Catalogue = CATALOGUE, /, **decisions: object) -> Mapper:
    """Return the mapper of a source with these decisions, of a format with a default mapping."""
    defaults = {"title": ("TI", "T1"), "authors": ("AU", "A1"), "publisher": ("PB",)}
    reader = cast(Reader, SimpleNamespace(NAME="test", FIELDS=defaults))
    source = Source(file="a", format="test", **decisions)  # type: ignore[arg-type]
    return Mapper(source, reader, catalogue)


def record(*columns: tuple[str, str] | Property) -> SourceRecord:
    """Return a record with these columns and values."""
    properties = (
        each if isinstance(each, Property) else Property(each[0], each[1], each[1])
        for each in columns
    )  # fmt: skip
    return SourceRecord(SourceLocation("a", 1), tuple(properties))


def apply(mapper: Mapper, *columns: tuple[str, str] | Property) -> dict[str, list[str]]:
    """Return the values of each row of a record, without a title if no column states it."""
    rows: dict[str, list[str]] = {}
    for prop in mapper.map(record(*columns, ("T1", "untitled"))).properties:
        assert prop.value == prop.text
        if prop.value != "untitled":
            rows.setdefault(prop.name, []).append(prop.value)
    return rows


def test_a_row_with_several_values_uses_all_columns() -> None:
    """The values of all columns of a row are kept, in the order of the mapping."""
    found = apply(make_mapper(), ("A1", "Ada Okafor"), ("AU", "Wu, Li"), ("AU", "Plato"))
    assert found == {"authors": ["Wu, Li", "Plato", "Okafor, Ada"]}


def test_names_in_structures_keep_the_order_of_the_source() -> None:
    """Persons and organizations in structures keep the order of the source."""
    mapper = make_mapper(fields={"authors": ("{family}, {given}", "{{{organization}}}")})
    columns = (
        Property("organization", "Board", "Board", None, 1),
        Property("given", "Li", "Li", None, 2),
        Property("family", "Wu", "Wu", None, 2),
    )
    assert apply(mapper, *columns) == {"authors": ["Board", "Wu, Li"]}


def test_a_row_with_one_value_uses_the_first_filled_column() -> None:
    """A row with one value uses a later column only if the earlier ones are empty."""
    mapper = make_mapper(fields={"container": ("JF", "JO"), "title": "T"})
    assert apply(mapper, ("JO", "J. Law"), ("JF", "Journal of Law")) == {
        "container": ["Journal of Law"]
    }
    assert apply(mapper, ("JO", "J. Law"), ("JF", " ")) == {"container": ["J. Law"]}


def test_a_source_replaces_the_default_mapping_row_by_row() -> None:
    """A row of a source replaces that of the default mapping. An empty list turns it off."""
    mapper = make_mapper(fields={"authors": "XX", "publisher": ()})
    columns = (("TI", "Law"), ("AU", "A B"), ("XX", "C D"), ("PB", "Press"))
    assert apply(mapper, *columns) == {"title": ["Law"], "authors": ["D, C"]}


def test_all_columns_of_a_summary_become_paragraphs() -> None:
    """A summary has a paragraph for each of its columns, without repeated ones."""
    mapper = make_mapper(fields={"summary": ("AB", "N2")})
    found = apply(mapper, ("N2", "Second."), ("AB", "First."), ("AB", "first. "))
    assert found == {"summary": ["First.", "Second."]}


def test_titles_after_the_first_are_other_titles() -> None:
    """The first title is the title, and the others are other titles. Each has its language."""
    mapper = make_mapper(fields={"title": ("dc.title", "alternative")})
    mapped = mapper.map(record(
        ("dc.title[en]", "Law"), ("dc.title[fr]", "Droit"), ("dc.title", "law"),
        ("alternative", "Acts"), ("alternative[ar]", "قانون"),
    ))  # fmt: skip
    assert [(each.name, each.value, each.language) for each in mapped.properties] == [
        ("title", "Law", "en"),
        ("other_titles", "Droit", "fr"),
        ("other_titles", "قانون", "ar"),
    ]


def test_the_language_of_a_value_overrides_that_of_its_column() -> None:
    """The language in brackets applies only to a value without a language."""
    mapper = make_mapper(fields={"title": "t"})
    [prop] = mapper.map(record(Property("t[fr]", "Ley", "Ley", "es"))).properties
    assert prop.language == "es"


def test_values_are_split_by_the_separator_of_the_row() -> None:
    """A separator divides the values of its row only."""
    mapper = make_mapper(split={"authors": ";", "subjects": "\n"}, fields={"subjects": "KW"})
    found = apply(mapper, ("AU", "Wu, Li; Okafor, Ada;"), ("KW", "a;b\nc"), ("PB", "X; Y"))
    assert found == {
        "authors": ["Wu, Li", "Okafor, Ada"], "publisher": ["X; Y"], "subjects": ["a;b", "c"],
    }  # fmt: skip


def test_and_separates_the_last_two_names_of_a_list() -> None:
    """If commas separate names, "and" separates persons, but not words of an organization."""
    mapper = make_mapper(split={"authors": ", "})
    values = ("Ada Okafor, Li Wu and Eva Marsh", "Ada Okafor, Li Wu, & Eva Marsh")
    for value in values:
        assert apply(mapper, ("AU", value)) == {"authors": ["Okafor, Ada", "Wu, Li", "Marsh, Eva"]}
    assert apply(mapper, ("AU", "Ministry of Food and Water")) == {
        "authors": ["Ministry of Food and Water"]
    }


def test_placeholders_for_a_missing_value_are_ignored() -> None:
    """Texts that programs write into empty columns are ignored. A title may be any text."""
    mapper = make_mapper(fields={"summary": "AB", "publisher": "PB", "isbn": "BN", "year": "PY"})
    for text in ("[No abstract available]", "No abstract.", "Abstract not available", "nan"):
        assert apply(mapper, ("AB", text)) == {}, text
    assert apply(mapper, ("PB", "N/A"), ("BN", "[]"), ("AU", "NULL")) == {}
    assert apply(mapper, ("BN", "NA"), ("AU", "Na Li")) == {"authors": ["Li, Na"]}
    for text in ("undated", "[n.d.]", "S. d.", "б. г.", "in press", "0000-00-00"):
        assert apply(mapper, ("PY", text)) == {}, text
    assert apply(mapper, ("TI", "None"), ("AB", "No abstract can say it.")) == {
        "title": ["None"], "summary": ["No abstract can say it."]
    }  # fmt: skip


def test_a_shared_column_may_have_values_other_than_dois() -> None:
    """If a column feeds another row too, a text without a DOI is not an invalid DOI."""
    mapper = make_mapper(fields={"doi": "ID", "identifier": "ID"})
    assert apply(mapper, ("ID", "A/12")) == {"identifier": ["A/12"]}
    assert apply(make_mapper(fields={"doi": "ID"}), ("ID", "A/12")) == {"doi": ["A/12"]}


@pytest.mark.parametrize(
    ("value", "rows"),
    [
        ("0378-5955", {"issn": ["0378-5955"]}),
        ("978-3-16-148410-0", {"isbn": ["9783161484100"]}),
        ("neither", {"isbn": ["neither"], "issn": ["neither"]}),
    ],
)
def test_a_value_that_another_row_of_the_column_uses_is_not_reported(
    value: str, rows: dict[str, list[str]]
) -> None:
    """Of two rows with one column, a value belongs to that of its kind. Others are reported."""
    mapper = make_mapper(fields={"isbn": "SN", "issn": "SN"})
    assert apply(mapper, ("SN", value)) == rows


def test_a_row_with_one_value_uses_the_first_column_with_a_value_of_its_kind() -> None:
    """A text without a year gives way to a later column, and is reported if there is none."""
    mapper = make_mapper(fields={"year": ("Year", "Date")})
    assert apply(mapper, ("Year", "soon"), ("Date", "1999"))["year"] == ["1999"]
    assert apply(mapper, ("Year", "soon"))["year"] == ["soon"]


def test_values_in_structures_keep_the_order_of_the_source() -> None:
    """The values of any row are in the order of the source if all of them have a group."""
    mapper = make_mapper(fields={"subjects": ("term", "place")})
    columns = (
        Property("place", "Mali", "Mali", None, 1),
        Property("term", "Salt", "Salt", None, 2),
    )
    assert apply(mapper, *columns)["subjects"] == ["Mali", "Salt"]


def test_codes_of_types_are_named_in_the_row_of_the_type() -> None:
    """The role of a row makes names of the codes of types, whatever the name of the row."""
    catalogue = Catalogue("Test", "", (Field("genre", "Genre", role="type"), Field("type", "T")))
    mapper = make_mapper(catalogue, fields={"genre": "TY", "type": "TY"})
    assert apply(mapper, ("TY", "JOUR")) == {"genre": ["Journal article"], "type": ["JOUR"]}


def test_a_doi_among_other_identifiers_is_used() -> None:
    """If a column has several identifiers, the row of DOIs uses the DOI."""
    mapper = make_mapper(fields={"doi": "ID"})
    assert apply(mapper, ("ID", "289"), ("ID", "10.1000/a")) == {"doi": ["10.1000/a"]}


def test_day_first_applies_to_a_column() -> None:
    """In the columns of `day_first`, an ambiguous date has the day first."""
    mapper = make_mapper(fields={"date": ("When", "Seen")}, day_first=("When",))
    assert apply(mapper, ("When", "5/9/2017")) == {"date": ["2017-09-05"]}
    assert apply(mapper, ("Seen", "5/9/2017")) == {"date": ["2017-05-09"]}


def test_day_first_applies_to_a_column_in_any_language() -> None:
    """`day_first` also applies to a column with a language in brackets."""
    mapper = make_mapper(fields={"date": "When"}, day_first=("When",))
    assert apply(mapper, ("When[en]", "5/9/2017")) == {"date": ["2017-09-05"]}


def test_unknown_columns_are_counted() -> None:
    """Columns that feed no row and are not listed as unused are counted per value."""
    mapper = make_mapper(fields={"title": "dc.title"}, unused={"ZZ": "a note"})
    for _ in range(2):
        mapper.map(
            record(("dc.title[fr]", "Droit"), ("dc.title", "Law"), ("ZZ", "z"), ("new", "x"))
        )
    assert mapper.unknown == {"new": 2}


def test_missing_columns_are_reported() -> None:
    """A column that the source names but no record has is a problem. A default column is not."""
    mapper = make_mapper(fields={
        "year": ("PY", "{Y1}-{Y2}", "AF|AU"), "subjects": "dc.subject", "id": "key",
    })  # fmt: skip
    assert list(mapper.find_missing_columns()) == []
    apply(mapper, ("AU", "A B"), ("dc.subject[en]", "law"), ("Y1", "1"))
    assert [each.what for each in mapper.find_missing_columns()] == [
        "the column 'PY' of the row year is missing",
        "the column 'Y2' of the row year is missing",
        "the column 'key' of the row id is missing",
    ]


def test_rows_that_the_catalogue_lacks_are_left_out() -> None:
    """The columns of a default row count as unknown if the catalogue does not have the row."""
    mapper = make_mapper(Catalogue("Test", "", (Field("title", "Title", role="title"),)))
    assert apply(mapper, ("TI", "Law"), ("AU", "A B")) == {"title": ["Law"]}
    assert mapper.unknown == {"AU": 1}


@pytest.mark.parametrize("url", ["https://example.org/S0140(05)", "https://example.org/a_(b)"])
def test_a_link_keeps_the_bracket_that_it_opens(url: str) -> None:
    """A link ends with a bracket that it opens, without the marks of the sentence around it."""
    found = apply(make_mapper(fields={"link": "U"}), ("U", f"(at {url})."))
    assert found == {"link": [url]}


def test_links_without_a_scheme_are_completed() -> None:
    """A URL without a scheme gets one. Text that is not a URL is kept and reported later."""
    mapper = make_mapper(fields={"link": "U"})
    found = apply(mapper, ("U", "www.example.org/a, https://example.org/b."), ("U", "see shelf"))
    assert found == {"link": ["http://www.example.org/a", "https://example.org/b", "see shelf"]}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (" a b\tc ", "a-b-c"),
        ("10.1000/182", "10.1000/182"),
        ("/a//../b/", "a/b"),
        ("..", ""),
        ("a\u202eb", "ab"),
        ("e\u0301", "é"),
        ("x" * 300, "x" * 150),
    ],
)
def test_ids_are_made_valid(text: str, expected: str) -> None:
    """Spaces, hidden characters, and parts of dots, which validation refuses, are replaced."""
    assert make_id(text) == expected


def test_the_first_usable_id_is_used() -> None:
    """If a column has no usable id, the next column is used."""
    mapper = make_mapper(fields={"id": ("key", "number")})
    assert mapper.map(record(("key", ".."), ("number", "7"))).id == "7"
    assert mapper.map(record(("key", ".."))).id is None


@given(st.text())
def test_validation_accepts_every_generated_id(text: str) -> None:
    """Validation accepts every generated id, even with a number after it."""
    problems: list[Problem] = []
    for identity in (make_id(text), f"{make_id(text)}-1000000"):
        entry = SourceRecord(SourceLocation("a", 1), (Property("title", "Law"),), identity or None)
        publication = validate(entry, CATALOGUE, problems.append)
        assert publication
        assert problems == []
        assert publication.id == (identity or "law")


@given(st.lists(st.tuples(st.sampled_from(["TI", "AU", "PB", "L[fr]", "D"]), st.text())))
def test_any_values_are_mapped(columns: list[tuple[str, str]]) -> None:
    """No value raises an exception, and every property has the name of a row."""
    mapper = make_mapper(
        fields={"link": "L", "date": "D", "year": "D", "language": "L", "isbn": "D", "doi": "D"},
        split={"authors": ";"},
    )
    mapped = mapper.map(record(*columns))
    assert {each.name for each in mapped.properties} <= CATALOGUE.by_name.keys()
    assert all(each.value for each in mapped.properties)


def test_languages_in_a_sentence_are_normalized() -> None:
    """A sentence that names languages becomes their codes. Any other sentence is kept."""
    mapper = make_mapper(fields={"language": "LA"})
    assert apply(mapper, ("LA", "The papers are in English.")) == {"language": ["en"]}
    assert apply(mapper, ("LA", "Klingonese")) == {"language": ["Klingonese"]}


def test_bodies_stay_whole_where_a_word_separates_names() -> None:
    """A part that is no name shows that "and" belongs to the name of a body."""
    mapper = make_mapper(fields={"authors": "AU"}, split={"authors": " and "})
    assert apply(mapper, ("AU", "Food and Salt Office"), ("AU", "Ada Wu and Hypatia")) == {
        "authors": ["Food and Salt Office", "Wu, Ada", "Hypatia"]
    }


def test_marks_of_a_description_are_removed() -> None:
    """What introduces the next part of a description, or marks a major subject, is no value."""
    mapper = make_mapper(fields={"title": "TI", "publisher": "PB", "subjects": "KW", "link": "UR"})
    assert apply(
        mapper, ("TI", "Salt roads /"), ("PB", "Salt Press,"), ("KW", "*Salt/*trade"),
        ("UR", "http://a.org/1;http://b.org/2"),
    ) == {
        "title": ["Salt roads"], "publisher": ["Salt Press"], "subjects": ["Salt/trade"],
        "link": ["http://a.org/1", "http://b.org/2"],
    }  # fmt: skip


def test_a_document_has_no_type() -> None:
    """CSL and Zotero have the type "document" for anything, which says nothing on a page."""
    mapper = make_mapper(fields={"type": "TY"})
    assert apply(mapper, ("TY", "document"), ("TY", "legal_case")) == {"type": ["Court case"]}


def test_a_single_letter_is_a_language_of_the_united_nations() -> None:
    """A column of languages has "E" where only one language is stated, beside "E, F"."""
    mapper = make_mapper(fields={"language": "LA"})
    assert apply(mapper, ("LA", "E"), ("LA", "E, F")) == {"language": ["en", "en", "fr"]}


@pytest.mark.parametrize("templates", [("{a}" * 400,), ("{a}x{a}",) * 400, ("{a}" + "x" * 9_000,)])
def test_templates_join_a_bounded_text(templates: tuple[str, ...]) -> None:
    """Templates that repeat a long column join at most ten times the longest field."""
    rows = [Field(f"row{number}", "Row", several=True) for number in range(50)]
    title = Field("title", "Title", role="title")
    catalogue = Catalogue("Test", "", (title, *rows))
    mapper = make_mapper(catalogue, fields=dict.fromkeys((row.name for row in rows), templates))
    values = [("TI", "T"), *[("a", "é" * 60_000)] * 15]
    with limit_memory(100):
        mapped = mapper.map(record(*values))
    assert mapper.cut_rows
    assert sum(len(prop.value) for prop in mapped.properties) <= 10 * LIMITS.longest_field
    assert apply(mapper, ("TI", "T"), ("a", "b"))["title"] == ["T"]
    assert not mapper.cut_rows


TRANSLATED = Catalogue(
    "Test", "", (*list_standard_rows(), *list_translation_rows(["ar", "en", "fr"]))
)


def test_titles_in_other_languages_need_no_row_for_other_titles() -> None:
    """A catalogue without other titles has the titles in the languages of its rows."""
    rows = [row for row in TRANSLATED.fields if row.name != "other_titles"]
    mapper = make_mapper(
        Catalogue("Test", "", tuple(rows)),
        fields={"title": ("EN", "FR", "DE")}, languages={"FR": "fr", "DE": "de"},
    )  # fmt: skip
    mapped = mapper.map(record(("EN", "Salt"), ("FR", "Sel"), ("DE", "Salz")))
    assert [(prop.name, prop.value) for prop in mapped.properties] == [
        ("title", "Salt"), ("title_fr", "Sel"),
    ]  # fmt: skip


def test_titles_and_abstracts_in_other_languages_have_rows_of_their_own() -> None:
    """The first title is the title. Later ones feed the rows of their languages, if there are."""
    mapper = make_mapper(
        TRANSLATED,
        fields={"title": ("EN", "AR", "FR", "DE"), "summary": ("AE", "AF", "AX")},
        languages={"EN": "en", "AR": "ar", "FR": "fre", "DE": "de", "AE": "en", "AF": "fr"},
    )
    mapped = mapper.map(record(
        ("EN", "Salt"), ("AR", "ملح"), ("FR", "Sel"), ("DE", "Salz"),
        ("AE", "On salt."), ("AF", "Du sel."), ("AX", "More."),
    ))  # fmt: skip
    assert [(prop.name, prop.value, prop.language) for prop in mapped.properties] == [
        ("title", "Salt", "en"), ("title_ar", "ملح", "ar"), ("title_fr", "Sel", "fre"),
        ("other_titles", "Salz", "de"),
        ("summary", "On salt.", "en"), ("summary_fr", "Du sel.", "fr"), ("summary", "More.", None),
    ]  # fmt: skip
    mapped = mapper.map(record(("FR", "Sel"), ("AR", "ملح")))
    assert [(prop.name, prop.value) for prop in mapped.properties] == [
        ("title", "ملح"), ("title_fr", "Sel"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("columns", "title"),
    [
        ({"Other": "Salt roads", "Symbol": "A/55/1"}, "Salt roads"),
        ({"ISBN": "978-3-16-148410-0", "Symbol": "A/55/1", "File": "a.pdf"}, "A/55/1"),
        ({"File": "salt.pdf", "Key": "k7"}, "salt.pdf"),
        ({"Key": "k7", "Year": "1999"}, None),
    ],
)
def test_a_record_without_a_title_is_named_by_what_it_has(
    columns: dict[str, str], title: str | None
) -> None:
    """A record without a title has another title, its symbol, or a file name instead.

    Another title is then no other title.
    """
    mapper = make_mapper(fields={
        "other_titles": "Other", "number": "Symbol", "isbn": "ISBN", "file": "File", "id": "Key",
        "year": "Year",
    })  # fmt: skip
    mapped = mapper.map(record(*columns.items()))
    assert next((prop.value for prop in mapped.properties if prop.name == "title"), None) == title
    assert "other_titles" not in [prop.name for prop in mapped.properties]
