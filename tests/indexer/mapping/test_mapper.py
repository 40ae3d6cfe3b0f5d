"""The mapper turns the columns of a record into the rows of a catalogue."""

from __future__ import annotations

from types import SimpleNamespace
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.catalogue.fields import Catalogue, Field
from indexer.catalogue.records import Problem, Property, SourceLocation, SourceRecord
from indexer.ingest.validation import validate
from indexer.mapping.mapper import Mapper
from indexer.mapping.normalization import make_id
from indexer.mapping.sources import Source
from indexer.mapping.standard_rows import list_standard_rows
from indexer.readers.base import Reader

CATALOGUE = Catalogue("Test", "", list_standard_rows())


def make_mapper(catalogue: Catalogue = CATALOGUE, /, **decisions: object) -> Mapper:
    """Return the mapper of a source with these decisions, of a format with a default mapping."""
    defaults = {"title": ("TI", "T1"), "authors": ("AU", "A1"), "publisher": ("PB",)}
    reader = cast(Reader, SimpleNamespace(NAME="test", VERSION=1, FIELDS=defaults))
    source = Source(file="a", format="test", **decisions)  # type: ignore[arg-type]
    return Mapper(source, reader, catalogue)


def record(*columns: tuple[str, str] | Property) -> SourceRecord:
    """Return a record of columns and values."""
    properties = (
        each if isinstance(each, Property) else Property(each[0], each[1], each[1])
        for each in columns
    )  # fmt: skip
    return SourceRecord(SourceLocation("a", 1), tuple(properties))


def apply(mapper: Mapper, *columns: tuple[str, str] | Property) -> dict[str, list[str]]:
    """Return the values of each row of a record."""
    rows: dict[str, list[str]] = {}
    for prop in mapper.map(record(*columns)).properties:
        assert prop.value == prop.text
        rows.setdefault(prop.name, []).append(prop.value)
    return rows


def test_a_row_with_several_values_uses_all_columns() -> None:
    """Values of all columns of a row are kept, in the order of the decisions."""
    found = apply(make_mapper(), ("A1", "Ada Okafor"), ("AU", "Wu, Li"), ("AU", "Plato"))
    assert found == {"authors": ["Wu, Li", "Plato", "Okafor, Ada"]}


def test_names_in_structures_keep_the_order_of_the_source() -> None:
    """A body that comes before a person in the source comes first among the authors."""
    mapper = make_mapper(fields={"authors": ("{family}, {given}", "{{{organization}}}")})
    columns = (
        Property("organization", "Board", "Board", None, 1),
        Property("given", "Li", "Li", None, 2),
        Property("family", "Wu", "Wu", None, 2),
    )
    assert apply(mapper, *columns) == {"authors": ["Board", "Wu, Li"]}


def test_a_row_with_one_value_uses_the_first_column_with_any() -> None:
    """Later columns of a row with one value are used only if earlier ones are empty."""
    mapper = make_mapper(fields={"container": ("JF", "JO"), "title": "T"})
    assert apply(mapper, ("JO", "J. Law"), ("JF", "Journal of Law")) == {
        "container": ["Journal of Law"]
    }
    assert apply(mapper, ("JO", "J. Law"), ("JF", " ")) == {"container": ["J. Law"]}


def test_decisions_replace_the_default_row_by_row() -> None:
    """A decision replaces the default mapping of its row; an empty one turns the row off."""
    mapper = make_mapper(fields={"authors": "XX", "publisher": ()})
    columns = (("TI", "Law"), ("AU", "A B"), ("XX", "C D"), ("PB", "Press"))
    assert apply(mapper, *columns) == {"title": ["Law"], "authors": ["D, C"]}


def test_all_columns_of_a_summary_become_paragraphs() -> None:
    """A summary joins its columns, and leaves out a repeated one."""
    mapper = make_mapper(fields={"summary": ("AB", "N2")})
    found = apply(mapper, ("N2", "Second."), ("AB", "First."), ("AB", "first. "))
    assert found == {"summary": ["First.", "Second."]}


def test_titles_after_the_first_are_other_titles() -> None:
    """Every title is kept with its language: the first as the title, others as other titles."""
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


def test_a_language_of_the_record_goes_before_that_of_its_column() -> None:
    """The language in brackets counts only if the record states none."""
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


def test_a_comma_between_names_has_an_and_before_the_last() -> None:
    """Where commas separate names, "and" separates persons, but no words of an organization."""
    mapper = make_mapper(split={"authors": ", "})
    values = ("Ada Okafor, Li Wu and Eva Marsh", "Ada Okafor, Li Wu, & Eva Marsh")
    for value in values:
        assert apply(mapper, ("AU", value)) == {"authors": ["Okafor, Ada", "Wu, Li", "Marsh, Eva"]}
    assert apply(mapper, ("AU", "Ministry of Food and Water")) == {
        "authors": ["Ministry of Food and Water"]
    }


def test_texts_that_say_that_there_is_no_value_are_none() -> None:
    """Programs write such texts into empty columns. A title may be any text."""
    mapper = make_mapper(fields={"summary": "AB", "publisher": "PB", "isbn": "BN"})
    for text in ("[No abstract available]", "No abstract.", "Abstract not available", "nan"):
        assert apply(mapper, ("AB", text)) == {}, text
    assert apply(mapper, ("PB", "N/A"), ("BN", "[]"), ("AU", "NULL")) == {}
    assert apply(mapper, ("BN", "NA"), ("AU", "Na Li")) == {"authors": ["Li, Na"]}
    assert apply(mapper, ("TI", "None"), ("AB", "No abstract can say it.")) == {
        "title": ["None"], "summary": ["No abstract can say it."]
    }  # fmt: skip


def test_a_column_of_several_rows_has_dois_among_others() -> None:
    """In a column that feeds another row, a text without a DOI is no faulty DOI."""
    mapper = make_mapper(fields={"doi": "ID", "identifier": "ID"})
    assert apply(mapper, ("ID", "A/12")) == {"identifier": ["A/12"]}
    assert apply(make_mapper(fields={"doi": "ID"}), ("ID", "A/12")) == {"doi": ["A/12"]}


def test_a_doi_among_other_identifiers_is_taken() -> None:
    """Of several identifiers, the DOI is that of the record."""
    mapper = make_mapper(fields={"doi": "ID"})
    assert apply(mapper, ("ID", "289"), ("ID", "10.1000/a")) == {"doi": ["10.1000/a"]}


def test_the_order_of_day_and_month_is_a_decision_on_a_column() -> None:
    """Ambiguous dates of a column have the day first if the source says so."""
    mapper = make_mapper(fields={"date": ("When", "Seen")}, day_first=("When",))
    assert apply(mapper, ("When", "5/9/2017")) == {"date": ["2017-09-05"]}
    assert apply(mapper, ("Seen", "5/9/2017")) == {"date": ["2017-05-09"]}


def test_the_language_of_a_column_keeps_its_decision_on_dates() -> None:
    """A column with a language has the decision of its plain name."""
    mapper = make_mapper(fields={"date": "When"}, day_first=("When",))
    assert apply(mapper, ("When[en]", "5/9/2017")) == {"date": ["2017-09-05"]}


def test_columns_without_a_decision_are_counted() -> None:
    """Columns that feed no row and are not listed as unused are counted by record and value."""
    mapper = make_mapper(fields={"title": "dc.title"}, unused={"ZZ": "a note"})
    for _ in range(2):
        apply(mapper, ("dc.title[fr]", "Droit"), ("dc.title", "Law"), ("ZZ", "z"), ("new", "x"))
    assert mapper.unknown == {"new": 2}


def test_missing_columns_are_reported() -> None:
    """A column of a decision that no record has is a problem; a default column is not."""
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
    """Columns of a default row that the catalogue lacks count as unknown."""
    mapper = make_mapper(Catalogue("Test", "", (Field("title", "Title", role="title"),)))
    assert apply(mapper, ("TI", "Law"), ("AU", "A B")) == {"title": ["Law"]}
    assert mapper.unknown == {"AU": 1}


def test_links_without_a_scheme_are_completed() -> None:
    """A web address without a scheme gets one, and text that is no address is kept for a report."""
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
    """An id loses what validation refuses: spaces, hidden characters, and parts of dots."""
    assert make_id(text) == expected


def test_the_first_usable_id_is_taken() -> None:
    """An id column without a usable value gives way to the next one."""
    mapper = make_mapper(fields={"id": ("key", "number")})
    assert mapper.map(record(("key", ".."), ("number", "7"))).id == "7"
    assert mapper.map(record(("key", ".."))).id is None


@given(st.text())
def test_validation_accepts_every_id_that_is_made(text: str) -> None:
    """An id that is made is accepted, also with a number after it."""
    problems: list[Problem] = []
    for identity in (make_id(text), f"{make_id(text)}-1000000"):
        entry = SourceRecord(SourceLocation("a", 1), (Property("title", "Law"),), identity or None)
        publication = validate(entry, CATALOGUE, problems.append)
        assert publication
        assert problems == []
        assert publication.id == (identity or "law")


@given(st.lists(st.tuples(st.sampled_from(["TI", "AU", "PB", "L[fr]", "D"]), st.text())))
def test_any_values_are_mapped(columns: list[tuple[str, str]]) -> None:
    """No value raises an error, and every row has the name of a row."""
    mapper = make_mapper(
        fields={"link": "L", "date": "D", "year": "D", "language": "L", "isbn": "D", "doi": "D"},
        split={"authors": ";"},
    )
    mapped = mapper.map(record(*columns))
    assert {each.name for each in mapped.properties} <= CATALOGUE.by_name.keys()
    assert all(each.value for each in mapped.properties)


def test_languages_in_a_sentence_are_normalized() -> None:
    """A sentence that names languages has their codes, and any other one is kept."""
    mapper = make_mapper(fields={"language": "LA"})
    assert apply(mapper, ("LA", "The papers are in English.")) == {"language": ["en"]}
    assert apply(mapper, ("LA", "Klingonese")) == {"language": ["Klingonese"]}
