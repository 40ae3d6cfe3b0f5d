"""A proposal maps columns to fields by their headings, then by their values."""

from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.catalogue import catalogue_toml
from indexer.catalogue.catalogue_toml import format_toml
from indexer.catalogue.fields import Catalogue, FieldKind
from indexer.catalogue.records import Property, SourceLocation, SourceRecord
from indexer.mapping import proposal
from indexer.mapping.mapper import Mapper
from indexer.mapping.normalization import find_separator
from indexer.mapping.profile import ColumnProfile, Profile
from indexer.mapping.proposal import Proposal, make_catalogue
from indexer.mapping.sources import Source
from indexer.mapping.standard_fields import find_field, list_standard_fields
from indexer.readers.base import Reader

Columns = Mapping[str, Sequence[str]]
TITLES = ["Law of the Sea", "Salt roads of Europe", "A guide to treaties", "On maps and borders"]


def make_reader(**fields: tuple[str, ...]) -> Reader:
    return cast(Reader, SimpleNamespace(NAME="test", FIELDS=fields))


def profile(columns: Columns) -> Profile:
    table = Profile()
    for number in range(max(map(len, columns.values()))):
        cells = [(name, values[number]) for name, values in columns.items() if number < len(values)]
        properties = (Property(name, cell, cell) for name, cell in cells if cell)
        table.add(SourceRecord(SourceLocation("a", number + 1), tuple(properties)))
    return table


def propose(columns: Columns, **fields: tuple[str, ...]) -> Proposal:
    return proposal.propose("a", make_reader(**fields), profile(columns))


def propose_catalogue(columns: Columns) -> Catalogue:
    table = profile(columns)
    found = proposal.propose("a", make_reader(), table)
    catalogue = Catalogue("T", "", (*list_standard_fields(), *found.leftover_fields))
    mapper = Mapper(found.source, make_reader(), catalogue)
    return make_catalogue("T", catalogue.fields, [(mapper, each) for each in table.sample])


@pytest.mark.parametrize(
    "headings",
    [
        ["Title", "Author(s)", "Publication Year", "Abstract", "Keywords", "Language"],
        ["TITRE", "Auteur(s)", "Année (de publication)", "Résumé", "Mots-clés", "Langue"],
        ["Título", "Autores", "Año", "Resumen", "Palabras clave", "Idioma"],
        ["Название", "Авторы", "Год издания", "Аннотация", "Ключевые слова", "Язык"],
        ["العنوان", "المؤلف", "السنة", "الملخص", "الكلمات المفتاحية", "اللغة"],
        ["题名", "作者", "出版年", "摘要", "关键词", "语言"],
        ["dc.title", "dc.contributor.author", "dc.date.issued", "dc.description.abstract",
         "dc.subject", "dc.language.iso"],
        ["dc.title[fr]", "dc.contributor.author[]", "dc.date.issued[]", "dc:description:abstract",
         "dc.subject[en]", "dc.language.iso[en]"],
        ["documentTitle", "authorNames", "publicationYear", "abstractNote", "authorKeywords",
         "languageOfPublication"],
        ["Titel", "Verfasser", "Erscheinungsjahr", "Zusammenfassung", "Schlagwörter", "Sprache"],
    ],
    ids=["en", "fr", "es", "ru", "ar", "zh", "dotted", "with languages", "camel case", "de"],
)  # fmt: skip
def test_usual_headings_are_recognized(headings: list[str]) -> None:
    values = ["Law", "Okafor, Ada", "1999", "About law.", "law", "en"]
    found = propose({name: [value] for name, value in zip(headings, values, strict=True)})
    plain = [name.partition("[")[0] for name in headings]
    fields = ("title", "authors", "year", "summary", "subjects", "language")
    assert found.source.fields == dict(zip(fields, plain, strict=True)) | {
        field: found.source.fields[field] for field in found.source.fields if field not in fields
    }
    assert not found.comments


def test_columns_without_headings_are_mapped_by_their_values() -> None:
    found = propose(
        {
            "column 1": ["17", "18", "19", "20"],
            "column 2": TITLES,
            "column 3": ["10.1000/a", "https://doi.org/10.1000/b", "doi:10.1000/c", "10.1000/d"],
            "column 4": ["1999", "2001-02", "c1985", "2003"],
            "column 5": ["English", "fre", "es", "English"],
            "column 6": ["978-3-16-148410-0", "", "3-16-148410-X", ""],
            "Copies": [f"/home/eva/My files/{n}.pdf; /home/eva/{n}.html" for n in range(4)],
            "column 7": [
                "https://example.org/1",
                "http://example.org/2",
                "https://example.org/3",
                "",
            ],
            "column 8": ["Long text about the law. " * 20] * 4,
        }
    )
    assert found.source.fields == {
        "title": "column 2", "summary": "column 8", "year": "column 4", "language": "column 5",
        "doi": "column 3", "isbn": "column 6", "link": "column 7",
        **{field: found.source.fields[field] for field in found.source.fields if field == "date"},
        **{field.name: found.source.fields[field.name] for field in found.leftover_fields},
    }  # fmt: skip
    assert found.comments["doi"] == "guessed: its values are DOIs"
    assert {"title", "summary", "year", "language", "isbn", "link"} < found.comments.keys()


@pytest.mark.parametrize(
    "field", [field.name for field in list_standard_fields() if field.name != "date"]
)
def test_the_name_of_a_field_is_a_heading_of_it(field: str) -> None:
    match = find_field(field)
    assert match
    assert match.field == field


@pytest.mark.parametrize("name", ["labeled_at", "created_at", "modified", "dateModified", "updated",
                                  "dc.date.accessioned", "Date Added", "last_updated"])  # fmt: skip
def test_a_date_of_the_record_is_the_last_choice_for_the_year(name: str) -> None:
    """The date of an export or a change feeds the year only if no other column does."""
    days = ["2021-01-03", "2022-05-06", "2023-07-08", "2024-09-10"]
    alone = propose({"Title": TITLES, name: days})
    assert alone.source.fields["year"] == name
    assert alone.comments["year"].startswith("guessed: ")
    better = propose({name: days, "Title": TITLES, "When": ["1999", "2001", "1985", ""]})
    assert better.source.fields["year"] == "When"
    named = propose({name: days, "Title": TITLES, "Year": ["1999", "", "1985", ""]})
    assert named.source.fields["year"] == "Year"
    same_day = propose({"Title": TITLES, name: [f"2021-01-03T10:0{n}:00Z" for n in range(4)]})
    assert "year" not in same_day.source.fields


def profile_column(values: Sequence[str]) -> ColumnProfile:
    return profile({"A": values}).columns["A"] if values else ColumnProfile()


@pytest.mark.parametrize(
    ("values", "separator"),
    [
        (["Okafor, Ada; Wu, Li", "Marsh, Eva"], ";"),
        (["Okafor, Ada and Wu, Li", "Marsh, Eva"], " and "),
        (["Ada Okafor and Li Wu", "Eva Marsh"], " and "),
        (["Ada Okafor & Li Wu", "Eva Marsh"], " & "),
        (["Okafor, Ada y Wu, Li", "Marsh, Eva"], " y "),
        (["José Ortega y Gasset", "Eva Marsh"], None),
        (["Okafor, Ada and van Dijk, Bo and World Salt Office", "Marsh, Eva"], " and "),
        (["Ada Okafor, Li Wu", "Eva Marsh"], ", "),
        (["Okafor A.B., Wu L.", "Marsh E."], ", "),
        (["Okafor, Ada|Wu, Li", "Marsh, Eva"], "|"),
        (["Okafor, Ada||Wu, Li", "Marsh, Eva"], "||"),
        (["Okafor, Ada\nWu, Li", "Marsh, Eva"], "\n"),
        (["张三；李四", "王五"], "；"),
        (["أحمد علي؛ سعيد حسن", "علي حسن"], "؛"),
        (["Okafor, Ada|Wu, Li; Jr", *["Marsh, Eva|Lind, Per"] * 9], "|"),
        (["Okafor, Ada", "Wu, Li"], None),
        (["United Nations Office on Drugs and Crime", "Food and Agriculture Organization"], None),
        (["Johnson & Johnson", "Ernst & Young"], None),
        (["University of Lund, Sweden", "Ministry of Health, Norway"], None),
        (["Okafor, A., Wu, L.", "Marsh, E."], None),
        (["Ada Okafor, Li Wu and Eva Marsh", "Li Wu & Eva Marsh", "Eva Marsh"], ", "),
        (["Ada Okafor / Li Wu", "Eva Marsh"], " / "),
        (["Ada Okafor/Li Wu", "Eva Marsh"], "/"),
        (["Okafor, Ada^^Wu, Li", "Marsh, Eva"], "^^"),
        (["Ministry of Food, Water and Energy", "Eva Marsh"], None),
        ([], None),
    ],
)
def test_names_are_separated_only_if_all_parts_are_names(
    values: list[str], separator: str | None
) -> None:
    assert find_separator(profile_column(values), "name") == separator


@pytest.mark.parametrize("kind", ["keyword", "name", "text", "link", "isbn"])
def test_two_bars_separate_values_of_every_kind(kind: FieldKind) -> None:
    """Two bars separate values even if only one record has several, and others have semicolons."""
    column = profile_column(["tides||maps", *(f"a; {number}" for number in range(100))])
    assert find_separator(column, kind) == "||"


def test_texts_are_not_split_if_records_have_several() -> None:
    values = ["air; land", "sea; sky"]
    assert find_separator(profile_column(values)) == ";"
    table = Profile()
    properties = tuple(Property("A", value, value) for value in values)
    table.add(SourceRecord(SourceLocation("a", 1), properties))
    assert find_separator(table.columns["A"]) is None
    for number in range(100):
        table.add(SourceRecord(SourceLocation("a", number), (Property("A", "ice; fire", "x"),)))
    assert find_separator(table.columns["A"]) == ";"


@pytest.mark.parametrize(
    ("values", "separator"),
    [
        (["law, sea", "treaties, maps, borders", "salt"], ","),
        (["law; sea", "salt"], ";"),
        (['law.";"sea', "salt"], '";"'),
        (["law\nsea", "salt"], "\n"),
        (["Law -- History", "Sea -- Maps -- Italy", "Salt"], None),
        (["Law -- History; Sea -- Maps", "Salt"], ";"),
        (["A sentence with a comma, that is no list of subjects and that has long parts"], None),
        (["law|sea", "salt|pepper"], "|"),
        ([f"Tide Books. {'12 Salt Road in Port Harbour ' * 4}Tel: 1; Fax: 2; Web: 3"], None),
        (["海洋、法律", "盐"], "、"),
    ],
)
def test_subjects_are_separated(values: list[str], separator: str | None) -> None:
    found = propose({"Title": TITLES[: len(values)], "Subjects": values})
    assert found.source.split.get("subjects") == separator


@pytest.mark.parametrize(
    ("column", "cell", "separator"),
    [
        ("Shelf", "low; high", ";"), ("Author", "Moss, Ada; Wu, Li", ";"),
        ("Shelf", "low|high", None), ("Notes", "See Rome; Oslo", None),
        ("Series", "Salt roads ; 6", None),
        ("Shelf", "A sentence; " + "with long parts " * 9, None),
    ],
)  # fmt: skip
def test_a_separator_of_one_column_separates_the_others(
    column: str, cell: str, separator: str | None
) -> None:
    """A single cell of 50 is a list if the cells of another column have its separator."""
    numbers = range(50)
    cells = [*(f"low {number}" for number in numbers[1:]), cell]
    columns = {"Title": [f"{TITLES[0]} {number}" for number in numbers], column: cells}
    assert column.lower() not in propose(columns).source.split
    found = propose({**columns, "Subjects": ["law; sea"] * 50}).source
    assert found.split.get("authors" if column == "Author" else column.lower()) == separator


@pytest.mark.parametrize("heading", ["Publisher", "Place", "Notes", "Shelf"])
def test_commas_separate_subjects_only(heading: str) -> None:
    found = propose({"Title": TITLES, heading: ["Paris, France", "Lund, Sweden", "Rome, Italy"]})
    assert found.source.split == {}


def test_the_order_of_day_and_month_is_detected() -> None:
    """A column has the day first if a first number exceeds 12 and no second number does."""
    found = propose({"Title": TITLES, "Date": ["5/9/2017", "25/9/2017", "1/2/2018"]})
    assert found.source.day_first == ("Date",)
    assert found.source.fields["date"] == "Date"
    found = propose({"Title": TITLES, "Date": ["5/9/2017", "9/25/2017", "1/2/2018"]})
    assert found.source.day_first == ()


def test_leftover_columns_become_fields() -> None:
    found = propose({
        "Title": TITLES,
        "Shelf_mark.local": ["ABC-DE-12", "FGH-IJ-3", "2001-02-03", "2001-02-04"],
        "Rare": ["x"] + [""] * 10,
        "语境": ["a", "b", "c", "d"],
        "\ufeffroom\u200b": ["a", "b", "c", "d"],
    })  # fmt: skip
    assert [(field.name, field.label) for field in found.leftover_fields] == [
        ("shelf_mark_local", "Shelf mark local"), ("column", "语境"), ("room", "Room"),
    ]  # fmt: skip


def test_an_invisible_mark_hides_no_heading() -> None:
    assert propose({"\ufeffTitle": TITLES}).source.fields == {"title": "\ufeffTitle"}
    found = propose({"\ufeff245__a": TITLES, "650__a": ["Salt"]}).source
    assert found.fields == {"title": "\ufeff245__a", "subjects": "650__a"}


def test_constant_and_technical_columns_stay_unused() -> None:
    found = propose({
        "Title": TITLES,
        "Year": ["1999", "2001", "1985", "2003"],
        "Database": ["Library"] * 4,
        "row_uuid": [f"0b1c9e4{n}-1111-4222-8333-123456789abc" for n in range(4)],
        "checksum": [f"{n:032x}" for n in range(10**30, 10**30 + 4)],
        "modified_at": [f"2021-01-0{n}T10:00:00Z" for n in range(1, 5)],
        "file_path": [f"/data/files/{n}.pdf" for n in range(4)],
        "column 7": ["1", "2", "3", "4"],
        "slug": ["law-of-the-sea", "salt-roads-1999", "guide-to-treaties", "maps-and-borders"],
        "cover": ["sea.png", "salt-2.jpg", "tea.jpeg", "https://example.org/maps.webp"],
    })  # fmt: skip
    assert [field.name for field in found.leftover_fields] == []


def test_columns_of_other_parts_of_a_record_stay_unused() -> None:
    columns = ("funder.shelf", "files.0.room", "author.mood", "links.self.shade")
    named = ("room.shade", "Organization/unit")
    found = propose({"Title": TITLES, **dict.fromkeys((*columns, *named), "abca")})
    assert [field.name for field in found.leftover_fields] == ["room_shade", "organization_unit"]


@given(st.lists(st.sampled_from([
    "q", "Page", "sort", "id 2", "Year from", "year_to", "Title!", "Summary.2", "Facet", "Q ",
    "year from", "Score", "json", "1st", "???", "_", "URL source",
]) | st.text(min_size=1, max_size=9), min_size=1, max_size=12, unique=True))  # fmt: skip
def test_leftover_fields_have_unique_names(headings: list[str]) -> None:
    values = {name: [f"{name} {number}" for number in range(4)] for name in headings}
    found = propose({"Title": TITLES} | values)
    catalogue = Catalogue("T", "", (*list_standard_fields(), *found.leftover_fields))
    names = [field.name for field in catalogue.fields]
    assert len(set(names)) == len(names)
    assert not catalogue_faults(catalogue)
    assert all(field.label.strip() for field in found.leftover_fields)
    assert format_toml(catalogue)


def catalogue_faults(catalogue: Catalogue) -> list[tuple[str, str]]:
    """Return the faults of a catalogue that a build would refuse."""
    return catalogue_toml.find_faults(catalogue)


def test_nothing_is_guessed_about_a_format_with_a_default_mapping() -> None:
    """A default mapping is all that an import knows of its format: no column, no separator."""
    columns = {"TI": TITLES, "KW": ["Art, 1500-1700; etc."] * 4, "Author": ["Ada Okafor"] * 4}
    found = propose(columns, title=("TI",), subjects=("KW",))
    assert found == Proposal(Source(file="a", format="test"), (), {})


def test_facets_are_fields_whose_values_repeat() -> None:
    catalogue = propose_catalogue({
        "Title": [f"{title} {number}" for number in range(5) for title in TITLES],
        "Author": [f"Ada Okafor{chr(97 + number)}" for number in range(20)],
        "Publisher": [f"Press {number}" for number in range(20)],
        "Type": ["book", "map"] * 10,
        "Shelf": ["low", "high", "top", "low"] * 5,
        "Code": [f"K{number}" for number in range(20)],
        "Year": [str(1990 + number) for number in range(20)],
    })  # fmt: skip
    assert [field.name for field in catalogue.facets] == ["type", "year", "authors", "shelf"]
    assert [field.name for field in catalogue.facts] == ["authors", "year"]


def test_short_facets_come_first() -> None:
    numbers = range(60)
    catalogue = propose_catalogue({
        "Title": [f"{TITLES[0]} {number}" for number in numbers],
        "Place": [f"Town {number % 30}" for number in numbers],
        "Author": [f"Ada Okafor{chr(97 + number % 26)}" for number in numbers],
        "Year": [str(1950 + number) for number in numbers],
        "Language": ["English", "French", "German"] * 20, "Type": ["book", "map"] * 30,
        "Cited by": ["0", "2", "4"] * 20, "Room": ["A 1", "A 2", "B 1"] * 20,
        "Subject": ["T0005547", "I18", "T0007920"] * 20,
        **{f"Shelf {number}": [f"S{number % 5}" for number in numbers] for number in range(5)},
    })  # fmt: skip
    assert [field.name for field in catalogue.facets] == [
        "type", "year", "language", "authors", "place", "room", "shelf_0", "shelf_1", "shelf_2",
    ]  # fmt: skip


def test_examples_have_frequent_words_of_the_titles() -> None:
    """Example queries have frequent words of the titles, so that they find something.

    Of words that are equally frequent, the first ones are taken, whatever their hashes.
    """
    catalogue = propose_catalogue({
        "Title": ["Salt roads", "Salt roads of Rome", "Salt mines"], "Year": ["1", "1999", "2001"],
    })  # fmt: skip
    assert [query for query, _ in catalogue.examples] == [
        "salt roads", '"salt roads"', "salt*", "title:rome", "year:1999..",
    ]  # fmt: skip
    names = ("Maple", "Birch", "Alder", "Cedar", "Rowan", "Hazel", "Beech", "Larch")
    catalogue = propose_catalogue({"Title": [" ".join(names)], "Year": ["1999"]})
    assert next(query for query, _ in catalogue.examples) == "maple birch"
