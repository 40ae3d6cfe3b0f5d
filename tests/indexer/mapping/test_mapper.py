"""The mapper turns the columns of a record into the fields of a catalogue."""

from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Any, cast

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
from indexer.mapping.standard_fields import list_standard_fields, list_translation_fields
from indexer.readers.base import Reader
from tests.memory import limit_memory

CATALOGUE = Catalogue("Test", "", list_standard_fields())


def make_mapper(catalogue: Catalogue = CATALOGUE, /, **decisions: object) -> Mapper:
    defaults = {"title": ("TI", "T1"), "authors": ("AU", "A1"), "publisher": ("PB",)}
    reader = cast(Reader, SimpleNamespace(NAME="test", FIELDS=defaults))
    source = Source(file="a", format="test", **decisions)  # type: ignore[arg-type]
    return Mapper(source, reader, catalogue)


def record(*columns: tuple[str, str] | Property) -> SourceRecord:
    properties = (
        each if isinstance(each, Property) else Property(each[0], each[1], each[1])
        for each in columns
    )  # fmt: skip
    return SourceRecord(SourceLocation("a", 1), tuple(properties))


def apply(mapper: Mapper, *columns: tuple[str, str] | Property) -> dict[str, list[str]]:
    fields: dict[str, list[str]] = {}
    for prop in mapper.map(record(*columns, ("T1", "untitled"))).properties:
        assert prop.value == prop.text
        if prop.value != "untitled":
            fields.setdefault(prop.name, []).append(prop.value)
    return fields


AUTHORS = {"authors": ["Okafor, Ada", "Wu, Li", "Marsh, Eva"]}


@pytest.mark.parametrize(
    ("decisions", "columns", "fields"),
    [
        # A field with several values has those of all columns, in the order of the mapping.
        ({}, [("A1", "Ada Okafor"), ("AU", "Wu, Li"), ("AU", "Plato")],
         {"authors": ["Wu, Li", "Plato", "Okafor, Ada"]}),
        # Values with a group, in templates or not, keep the order of the source.
        ({"authors": ("{family}, {given}", "{{{body}}}")},
         [("body", "Board", 1), ("given", "Li", 2), ("family", "Wu", 2)],
         {"authors": ["Board", "Wu, Li"]}),
        ({"subjects": ("term", "place")}, [("place", "Mali", 1), ("term", "Salt", 2)],
         {"subjects": ["Mali", "Salt"]}),
        # A field with one value uses the first column with a value of its kind.
        ({"container": ("JF", "JO")}, [("JO", "J. Law"), ("JF", "Journal of Law")],
         {"container": ["Journal of Law"]}),
        ({"container": ("JF", "JO")}, [("JO", "J. Law"), ("JF", " ")], {"container": ["J. Law"]}),
        ({"year": ("Y", "D")}, [("Y", "soon"), ("D", "1999")], {"year": ["1999"]}),
        ({"year": ("Y", "D")}, [("Y", "soon")], {"year": ["soon"]}),
        ({"doi": "ID"}, [("ID", "289"), ("ID", "10.1000/a")], {"doi": ["10.1000/a"]}),
        # A publisher loses the place before it if this is the place of publication.
        *(({"place": "CY"}, [("PB", stated), ("CY", "Oslo")],
           {"publisher": [name], "place": ["Oslo"]})
          for stated, name in (
              ("Oslo: Fjord: Press", "Fjord: Press"), ("Oslo : Fjord", "Fjord"), ("Oslo:", "Oslo"),
              ("Lund: Sea", "Lund: Sea"), ("Oslo Press", "Oslo Press"),
          )),
        # A field of a source replaces that of the default mapping. An empty list turns it off.
        ({"authors": "XX", "publisher": ()}, [("AU", "A B"), ("XX", "C D"), ("PB", "Press")],
         {"authors": ["D, C"]}),
        # A summary has a paragraph for each of its columns, without repeated ones.
        ({"summary": ("AB", "N2")}, [("N2", "Second."), ("AB", "First."), ("AB", "first. ")],
         {"summary": ["First.", "Second."]}),
        # Of several fields with one column, a value belongs to those of its kind, or is reported.
        ({"doi": "ID", "identifier": "ID"}, [("ID", "A/12")], {"identifier": ["A/12"]}),
        ({"doi": "ID"}, [("ID", "A/12")], {"doi": ["A/12"]}),
        ({"isbn": "SN", "issn": "SN"}, [("SN", "0378-5955")], {"issn": ["0378-5955"]}),
        ({"isbn": "SN", "issn": "SN"}, [("SN", "3-16-148410-X")], {"isbn": ["9783161484100"]}),
        ({"isbn": "SN", "issn": "SN"}, [("SN", "no")], {"isbn": ["no"], "issn": ["no"]}),
        # The codes of types are named. CSL and Zotero have the type "document" for anything.
        ({"type": "TY"}, [("TY", "document"), ("TY", "JOUR")], {"type": ["Journal article"]}),
        # Links lose the marks around them, but not a bracket that they open. One gets its scheme.
        ({"link": "U"}, [("U", "(at https://example.org/a_(b)).")],
         {"link": ["https://example.org/a_(b)"]}),
        ({"link": "U"}, [("U", "www.example.org/a, https://example.org/b."), ("U", "see shelf")],
         {"link": ["http://www.example.org/a", "https://example.org/b", "see shelf"]}),
        # Names of languages in a sentence become codes, and the letters of the United Nations.
        ({"language": "LA"}, [("LA", "E"), ("LA", "E, F")], {"language": ["en", "en", "fr"]}),
        ({"language": "LA"}, [("LA", "The papers are in English.")], {"language": ["en"]}),
        ({"language": "LA"}, [("LA", "Klingonese")], {"language": ["Klingonese"]}),
        ({"link": "U"}, [("U", "doi:10.5555/Salt"), ("U", "http://doi.org/10.5555/b")],
         {"link": ["https://doi.org/10.5555/salt", "http://doi.org/10.5555/b"]}),
        ({"link": "U"}, [("U", "http://a.org/1;http://b.org/2")],
         {"link": ["http://a.org/1", "http://b.org/2"]}),
        # What introduces the next part of a description, or marks a major subject, is no value.
        ({"title": "T"}, [("T", "Salt roads /"), ("PB", "Salt Press,")],
         {"title": ["Salt roads"], "publisher": ["Salt Press"]}),
        ({"subjects": "KW"}, [("KW", "*Salt/*trade")], {"subjects": ["Salt/trade"]}),
        # A publisher or a place loses brackets, and is no year or note of a cataloguer.
        *(({"publisher": "PB"}, [("PB", text)], {"publisher": [name]} if name else {})
          for text, name in (
            ("[Salt Press", "Salt Press"), ("Salt Press] :", "Salt Press"), ("[Salt]", "Salt"),
            ("Salt [and Sea]", "Salt [and Sea]"), ("1984 Press", "1984 Press"), ("2005", ""),
            ("[c2005]", ""), ("[s.n.],", ""), ("S. l.", ""), ("[publisher not identified],", ""),
            ("SN", "SN"),
        )),
        # A value is plain text on one line.
        ({"publisher": "PB"}, [("PB", " <b>Salt</b>\n &amp;  Sons\x07 ")],
         {"publisher": ["Salt & Sons"]}),
        # Texts that programs write into empty columns are no values, except of the title.
        *(({"summary": "AB"}, [("AB", text)], {}) for text in (
            "[No abstract available]", "No abstract.", "Abstract not available", "nan", "<p></p>",
        )),
        ({"summary": "AB"}, [("AB", "No abstract can say it.")],
         {"summary": ["No abstract can say it."]}),
        ({"isbn": "BN"}, [("PB", "N/A"), ("BN", "[]"), ("AU", "NULL"), ("TI", "None")],
         {"title": ["None"]}),
        ({"isbn": "BN"}, [("BN", "NA"), ("AU", "Na Li")], {"authors": ["Li, Na"]}),
        *(({"year": "PY"}, [("PY", text)], {}) for text in (
            "undated", "[n.d.]", "S. d.", "б. г.", "in press", "0000-00-00",
        )),
    ],
)  # fmt: skip
def test_columns_become_fields(
    decisions: Mapping[str, object], columns: Sequence[Any], fields: dict[str, list[str]]
) -> None:
    properties = [Property(name, value, value, None, *group) for name, value, *group in columns]
    assert apply(make_mapper(fields=decisions), *properties) == fields


@pytest.mark.parametrize(
    ("separator", "value", "fields"),
    [
        (";", "Okafor, Ada; Wu, Li; Marsh, Eva;", AUTHORS),
        # If commas separate names, "and" separates persons, but not words of an organization.
        (", ", "Ada Okafor, Li Wu and Eva Marsh", AUTHORS),
        (", ", "Ada Okafor, Li Wu, & Eva Marsh", AUTHORS),
        (", ", "Ministry of Food and Water", {"authors": ["Ministry of Food and Water"]}),
        # A part that is no name shows that "and" belongs to the name of a body.
        (" and ", "Food and Salt Office", {"authors": ["Food and Salt Office"]}),
        (" and ", "Ada Wu and Hypatia", {"authors": ["Wu, Ada", "Hypatia"]}),
    ],
)
def test_values_are_split_by_the_separator_of_the_field(
    separator: str, value: str, fields: dict[str, list[str]]
) -> None:
    mapper = make_mapper(split={"authors": separator})
    assert apply(mapper, ("AU", value), ("PB", "X; Y, Z")) == {**fields, "publisher": ["X; Y, Z"]}


@pytest.mark.parametrize("column", ["When", "When[en]"])
def test_day_first_applies_to_a_column_in_any_language(column: str) -> None:
    """In the columns of `day_first`, an ambiguous date has the day first."""
    mapper = make_mapper(fields={"date": ("When", "Seen")}, day_first=("When",))
    assert apply(mapper, (column, "5/9/2017")) == {"date": ["2017-09-05"]}
    assert apply(mapper, ("Seen", "5/9/2017")) == {"date": ["2017-05-09"]}


def test_titles_after_the_first_are_other_titles() -> None:
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
    mapper = make_mapper(fields={"title": "t"})
    [prop] = mapper.map(record(Property("t[fr]", "Ley", "Ley", "es"))).properties
    assert prop.language == "es"


def test_unknown_columns_are_counted() -> None:
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
        "the column 'PY' of the field year is missing",
        "the column 'Y2' of the field year is missing",
        "the column 'key' of the field id is missing",
    ]


def test_fields_that_the_catalogue_lacks_are_left_out() -> None:
    mapper = make_mapper(Catalogue("Test", "", (Field("title", "Title", role="title"),)))
    assert apply(mapper, ("TI", "Law"), ("AU", "A B")) == {"title": ["Law"]}
    assert mapper.unknown == {"AU": 1}


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
    mapper = make_mapper(
        fields={"link": "L", "date": "D", "year": "D", "language": "L", "isbn": "D", "doi": "D"},
        split={"authors": ";"},
    )
    mapped = mapper.map(record(*columns))
    assert {each.name for each in mapped.properties} <= CATALOGUE.by_name.keys()
    assert all(each.value for each in mapped.properties)


@pytest.mark.parametrize("templates", [("{a}" * 400,), ("{a}x{a}",) * 400, ("{a}" + "x" * 9_000,)])
def test_templates_join_a_bounded_text(templates: tuple[str, ...]) -> None:
    fields = [Field(f"field{number}", "Field", several=True) for number in range(50)]
    title = Field("title", "Title", role="title")
    catalogue = Catalogue("Test", "", (title, *fields))
    mapper = make_mapper(
        catalogue, fields=dict.fromkeys((field.name for field in fields), templates)
    )
    values = [("TI", "T"), *[("a", "é" * 60_000)] * 15]
    with limit_memory(100):
        mapped = mapper.map(record(*values))
    assert mapper.cut_fields
    assert sum(len(prop.value) for prop in mapped.properties) <= 10 * LIMITS.longest_field
    assert apply(mapper, ("TI", "T"), ("a", "b"))["title"] == ["T"]
    assert not mapper.cut_fields


TRANSLATED = Catalogue(
    "Test", "", (*list_standard_fields(), *list_translation_fields(["ar", "en", "fr"]))
)


def test_titles_in_other_languages_need_no_field_for_other_titles() -> None:
    fields = [field for field in TRANSLATED.fields if field.name != "other_titles"]
    mapper = make_mapper(
        Catalogue("Test", "", tuple(fields)),
        fields={"title": ("EN", "FR", "DE")}, languages={"FR": "fr", "DE": "de"},
    )  # fmt: skip
    mapped = mapper.map(record(("EN", "Salt"), ("FR", "Sel"), ("DE", "Salz")))
    assert [(prop.name, prop.value) for prop in mapped.properties] == [
        ("title", "Salt"), ("title_fr", "Sel"),
    ]  # fmt: skip


def test_titles_and_abstracts_in_other_languages_have_fields_of_their_own() -> None:
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


@pytest.mark.parametrize(("titles", "fields"), [
    (["Salt", "درب الملح", "Salz"], ["title", "title_ar", "other_titles"]),
    (["Salt", "درب الملح", "طرق الملح"], ["title", "title_ar", "other_titles"]),
    (["درب الملح", "طرق الملح", "Salt"], ["title", "other_titles", "other_titles"]),
    (["Salt", "راه نمک پارسی", "Соль"], ["title", "other_titles", "other_titles"]),
])  # fmt: skip
def test_the_script_of_a_title_tells_its_language(titles: list[str], fields: list[str]) -> None:
    mapper = make_mapper(TRANSLATED, fields={"title": ("T",), "other_titles": ("O",)})
    mapped = mapper.map(record(("T", titles[0]), *(("O", title) for title in titles[1:])))
    assert [prop.name for prop in mapped.properties] == fields
    assert [prop.value for prop in mapped.properties] == titles


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
