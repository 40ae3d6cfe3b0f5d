"""Columns are guessed by their headings, and by their values."""

import pytest

from indexer.mapping.mapper import Mapper
from indexer.mapping.profile import MAX_VALUES
from indexer.mapping.sources import MAX_CHANGES
from indexer.mapping.standard_fields import find_field
from tests.indexer.mapping.test_proposal import TITLES, Columns, make_reader, profile, propose
from tests.indexer.readers.reading import CATALOGUE

LONG = ["Long text. " * 30] * 4
SYMBOLS = ["E/ESCWA/SDD/2017/2", "E/ESCWA/SDD/2018/1", "A/72/1", "A/72/2"]
NUMBERS = ["3", "1", "4", "3"]
IMPRINTS = ["London : Fjord Press, c2004", "Oslo : Salt, 2005.", "Paris : Sel, [2006]", ""]
LINKS = ["https://doi.org/10.1000/a", "https://example.org/b", "", ""]


@pytest.mark.parametrize(
    ("columns", "fields"),
    [
        # Tags of Web of Science are headings, if most headings are tags.
        ({"PT": "JJ", "AU": ["Moss, A; Reed, B", "Fern, C"], "AF": ["Moss, Ann; Reed, Ben", "Fern"],
          "TI": TITLES[:2], "Title": [], "SO": ["Roads", "Maps"], "LA": ["English", "French"],
          "PY": ["2011", "2012"], "DE": ["A list of keywords", "Another"], "AR": ["e12", "e13"]},
         {"title": "TI", "authors": "AF", "year": "PY", "container": "SO", "language": "LA"}),
        ({"Year": ["2001", "2002"], "SO": "ab"}, {"container": None}),
        # If two columns name the same people, one feeds the authors, and the other has no field.
        ({"Authors": ["Moss A.; Reed B.", "Fern C."],
          "Author full names": ["Moss, Ann (1); Reed, Ben (2)", "Fern, Cleo (3)"]},
         {"authors": "Author full names", "authors_2": None}),
        ({"Personal author": ["Moss, Ann", "Fern, Cleo"],
          "Corporate author": ["Board of Roads", "Board of Maps"]},
         {"authors": ("Personal author", "{{{Corporate author}}}")}),
        # A heading feeds no field if most values of its column are of another kind.
        ({"Full text": ["Long text"] * 4, "DOI": ["yes", "no"] * 2}, {"link": None, "doi": None}),
        ({"Year": ["shelf", "box", "shelf 2", "1999"], "AR": ["x"] * 4,
          "Language": ["E-1", "E-2", "E-3", "English"], "title_ru": ["Salt", "Sea", "A", "B"]},
         {"year": None, "language": None}),
        ({"No.": list("1234"), "Label": list("ABCD"), "Object": TITLES, "Title": []},
         {"title": "Object", "issue": None}),
        ({"No.": ["4", "2", "2", "9"], "Label": TITLES, "Title": []},
         {"title": "Label", "issue": "No."}),
        # A field without a column uses one of a related field.
        ({"Link": LINKS}, {"doi": "Link", "link": "Link"}),
        ({"Title": [], "Publication Title": TITLES, "Publication Author": ["Moss, Ann"]},
         {"title": "Publication Title", "authors": "Publication Author", "container": None}),
        ({"Comments": LONG, "contributors": ["Moss, Ann"]},
         {"summary": "Comments", "authors": "contributors"}),
        ({"Publication": IMPRINTS}, {"year": "Publication", "container": "Publication"}),
        ({"Publication": IMPRINTS, "Year": ["1999"] * 4}, {"year": "Year"}),
        # Without a known heading, nearly all values are identifiers as a whole, and the only DOI.
        *(({"Seen": values}, {"doi": None, "isbn": None, "issn": None}) for values in (
            ["https://openalex.org/W0306406152;https://openalex.org/W2741809807"] * 4,
            ["0-306-40615-2 in Oslo", "9783161484100 in Rome"], ["0306406152"] * 8 + ["1", "2"],
            ["10.1000/a;10.1000/b", "10.1000/c 10.1000/d"],
        )),
        ({"Seen": ["0-306-40615-2", "ISBN 9783161484100; 0306406152"]}, {"isbn": "Seen"}),
        ({"Seen": ["2041-1723", "1742-1950"]}, {"issn": "Seen"}),
        ({"Seen": ["https://doi.org/10.1000/a", "10.1000/b"]}, {"doi": "Seen", "link": None}),
        # Without a known heading, a column has languages only if one of them is common.
        ({"Shelf": ["to-read"] * 4}, {"language": None}),
        ({"Code": ["eng", "fre"] * 2}, {"language": "Code"}),
        # A column without a known heading has years, first if its heading has a word for dates.
        ({"stamp": [f"20{n}-01-02T03:04:05Z" for n in range(10, 14)]}, {"year": "stamp"}),
        ({"Refer": ["1234", "1999"] * 2, "Dated": ["2001", "2002"] * 2}, {"year": "Dated"}),
        # Another column fills the gaps of the first. A date is that of the column with months.
        ({"Journal": ["Law", "Salt", "", ""], "Source": ["Base"] * 4,
          "Book title": ["", "", "Maps", "Roads"]}, {"container": ("Journal", "Book title")}),
        ({"Date": ["3 May 1999"], "Publication Year": ["", "2001"]},
         {"year": ("Publication Year", "Date")}),
        ({"year": ["1999", "2000"], "date": ["1999-05", "2000"]},
         {"year": ("year", "date"), "date": ("date", "year")}),
        # The first of January of each year is no date. That of a single year among dates is.
        ({"Issued": ["1993-01-01 00:00:00", "1957-01-01 00:00:00", ""]}, {"date": None}),
        # A value of another thing than the publication feeds no field either.
        ({"links.parent.web": ["https://example.org/a"], "links.self.web": ["https://example.org/b"],
          "reference.first": ["10.1000/a"]}, {"link": "links.self.web", "doi": None}),
        ({"Issued": ["1993-01-01", "1957-03-01"]}, {"date": "Issued"}),
        # Without a known heading, symbols of documents are recognized by their slashes.
        ({"DS1": SYMBOLS}, {"id": "DS1", "number": "DS1"}),
        *(({"DS1": values}, {"number": None}) for values in (
            ["AND/OR/NOT"] * 4, ["A/1"] * 4, ["1/2/2004", "3/4/2004"],
        )),
        # Distinct symbols are the ids too, if no other column has ids.
        ({"Symbol": SYMBOLS}, {"id": "Symbol", "number": "Symbol"}),
        ({"Symbol": SYMBOLS, "Key": list("abcd")}, {"id": "Key", "number": "Symbol"}),
        ({"Report number": ["TR-1"] * 4}, {"id": None}),
        # A number beside a volume is the issue of a journal, and else that of a report.
        ({"Number": NUMBERS}, {"number": "Number"}),
        ({"Number": NUMBERS, "Volume": ["2", "2", "5", "9"]}, {"issue": "Number", "number": None}),
        # The number of a collection in DSpace is no series, and " ; " precedes the number in one.
        ({"collection": ["1/2", "1/3"], "Series": ["Salt ; 6", "Sea"]}, {"series": "Series"}),
        # The first and the last page are combined, unless all are zero.
        ({"Page start": ["1", "12"], "Page end": ["9", ""]}, {"pages": "{Page start}-{Page end}"}),
        ({"Page start": ["0", "0"], "Page end": ["9", ""]}, {"pages": None}),
        # The family name and the given name of an author are combined.
        *(({given: ["Ada", "Li"], family: ["Okafor", "Wu"]},
           {"authors": f"{{{family}}}, {{{given}}}"})
          for family, given in (
              ("Last Name", "First Name"), ("Nom", "Prénom"), ("Nachname", "Vorname"), ("姓", "名"),
          )),
        ({"First name": ["Ada"], "Last name": ["Wu"], "Authors": ["Ada Wu"]},
         {"authors": "Authors", "first_name": "First name"}),
    ],
)  # fmt: skip
def test_columns_feed_the_fields_that_they_fit(columns: Columns, fields: dict[str, object]) -> None:
    """A column feeds fields by its heading and its values. The table has titles too."""
    columns = {"Title": TITLES, **columns}
    found = propose({name: values for name, values in columns.items() if values})
    assert {field: found.source.fields.get(field) for field in fields} == fields
    assert "series" not in found.source.split


@pytest.mark.parametrize(
    ("columns", "title", "container"),
    [
        # A publication is its own container only if other columns have its title.
        ({"PublicationName": ["Salt", "Sea", "Tea"], "Office": ["12 Long Main Street"] * 3},
         "PublicationName", None),
        ({"PublicationName": ["Sea", "Tea", "Sea"], "Year": ["2001"] * 3}, "PublicationName", None),
        ({"Publication": ["Sea", "Sea", "Sea"], "Object": TITLES}, "Object", "Publication"),
        ({"Journal": TITLES, "Object": TITLES[::-1]}, "Object", "Journal"),
        # The best text names a record, unless a number does.
        ({"Journal": ["Sea", "Sea"], "Language": ["en", "fr"]}, "Journal", None),
        ({"Journal": ["Sea", "Sea"], "Symbol": ["A/1", "A/2"]}, None, "Journal"),
        ({"Status": ["Read", "Read"], "DOI": ["10.1000/a", "10.1000/b"]}, None, None),
        ({"Subject": ["Salt", "Sea"], "Author": ["Ada Moss", ""]}, "Subject", None),
        ({"Abstract": LONG}, "Abstract", None),
        ({"Object": [f"A long title {number}" for number in range(2 * MAX_VALUES + 2)],
          "Shelf": ["A"] * (2 * MAX_VALUES + 2)}, "Object", None),
    ],
)  # fmt: skip
def test_any_table_with_texts_has_titles(
    columns: Columns, title: str | None, container: str | None
) -> None:
    fields = propose(columns).source.fields
    assert (fields.get("title"), fields.get("container")) == (title, container)


@pytest.mark.parametrize("style", ["{}__{}", "{}${}", "{}{}", "{}10{}", "{} 1# {}"])
def test_tags_of_marc_are_headings(style: str) -> None:
    tags = ("191a", "245a", "245b", "710a", "710b", "650a", "999x")
    symbol, title, subtitle, body, part, subject, other = (
        style.format(tag[:3], tag[3:]) for tag in tags
    )
    found = propose({
        "001": ["1", "2"], symbol: ["A/1", "A/2"], title: TITLES[:2], subtitle: ["a guide", "maps"],
        body: ["UN. ECWA", "UN. ECE; WHO"], part: ["", "Secretary"], other: ["x", "y"],
        subject: ["Art, 1500-1700, etc.", "Elmhurst (New York, N.Y.)"],
    })  # fmt: skip
    assert found.source.fields == {
        "id": ("001", symbol), "title": (f"{{{title}}} : {{{subtitle}}}", symbol), "number": symbol,
        "authors": f"{{{{{{{body}}}. {{{part}}}}}}}", "subjects": subject,
    }  # fmt: skip
    assert found.source.split == {"authors": ";"}
    assert not found.leftover_fields


@pytest.mark.parametrize(
    ("others", "fields", "leftovers"),
    [
        ({"en_id": ["11", "12"], "fr_id": ["21", "22"], "dl": ["en", "fr"]},
         {"title": ("245__", "191__a"), "language": "dl"}, ["en_id", "fr_id"]),
        # Other columns add to the fields that MARC fills, by their headings only.
        ({"Title": ["Roads", "Maps"], "Subjects": ["a", "b"], "x": TITLES[:2]},
         {"title": ("245__", "191__a", "Title"), "subjects": ("650__a", "Subjects")}, ["x"]),
        # A wide sheet has few columns of MARC.
        ({f"Shelf {letter}": ["x", "y"] for letter in "ABCDEFGH"},
         {"title": ("245__", "191__a")}, [f"shelf_{letter}" for letter in "abcdefgh"]),
    ],
)  # fmt: skip
def test_tags_of_marc_count_column_by_column(
    others: Columns, fields: dict[str, object], leftovers: list[str]
) -> None:
    columns = {"191__a": ["A/1", "A/2"], "245__": TITLES[:2], "650__a": ["Salt", "Sea"], **others}
    found = propose(columns)
    assert {field: found.source.fields.get(field) for field in fields} == fields
    assert [field.name for field in found.leftover_fields] == leftovers


def test_whole_fields_of_marc_are_taken_apart() -> None:
    """In a column without a code, the subfields of a field are kept, without their codes.

    For a person, the codes of the parts of a body have dates and roles, which no field has.
    """
    columns = {
        "191__": ["$aA/1$bA/"], "245__": ["$aSalt roads :$ba guide /$cAda Moss.$n2,$pSeas"],
        "700__": ["$aMoss, Ada,$d1950-$4aut"], "710__": ["$aUN. ECWA.$bSecretary$4aut"],
        "650__": ["$aArt, 1500-1700$xLaw$2unbist"], "500__": ["$aMaps$5X$aIndex"],
    }  # fmt: skip
    source = propose(columns).source
    [record] = profile(columns).sample
    mapped = Mapper(source, make_reader(), CATALOGUE).map(record)
    assert [(prop.name, prop.value) for prop in mapped.properties] == [
        ("title", "Salt roads : a guide. 2, Seas"), ("authors", "Moss, Ada"),
        ("authors", "UN. ECWA. Secretary"), ("subjects", "Art, 1500-1700 -- Law"),
        ("number", "A/1"), ("notes", "Maps Index"),
    ]  # fmt: skip


def test_a_table_of_marc_has_few_changes() -> None:
    columns = {f"{tag:03}__": [f"$a{tag}$bX"] for tag in range(10, 900)}
    changes = propose(columns).source.change
    assert changes["title"]
    assert sum(map(len, changes.values())) <= MAX_CHANGES


@pytest.mark.parametrize("names", [("2015", "2016", "2017"), ("245", "Title", "Year")])
def test_other_numbers_are_no_tags(names: tuple[str, ...]) -> None:
    assert propose(dict.fromkeys(names, TITLES)).leftover_fields


def test_headings_in_many_forms_are_recognized() -> None:
    for heading, field in {
        "Auteur(s)": "authors", "Autor/es": "authors", "Автор(ы)": "authors",
        "Authors (from People)": "authors", "authorships.author.display_name": "authors",
        "authorLabels": "authors", "creators_name": "authors", "Author 2": "authors",
        "Abstract (English)": "summary", "PaperAbstract": "summary",
        "Publication Title": "container",
        "paper_title": "title", "Document Language": "language", "first_published_at": "year",
        "Journal / Outlet": "container", "keywords.value": "subjects",
        "pids.doi.identifier": "doi", "Publication / Date issued": "year",
        "publicationdate": "year",
        "authors.data.attributes.name": "authors",
        "Name of the author/s": "authors", "author_display": "authors",
        "dc.identifier.govdoc": "number", "dc.contributor.corporatename": "authors",
        "links.self_html": "link", "languages.id": "language", "resource_type.title": "type",
        "Item Type": "type", "Descriptores": "subjects", "Titre parallèle": "other_titles",
    }.items():  # fmt: skip
        match = find_field(heading)
        assert match, heading
        assert match.field == field, heading


def test_columns_of_other_parts_of_a_record_feed_no_field() -> None:
    """Columns of parts that are not the publication, such as references, feed no field."""
    for heading in (
        "references.authors", "organization.description", "creators.person.type", "resources.url",
        "updated_at", "provider.name", "parent_organisation.logo.url", "lead-author.url",
        "links.part_of_guides.steps.url",
    ):  # fmt: skip
        assert find_field(heading) is None, heading
    assert find_field("links.self.href")


@pytest.mark.parametrize(
    "headings",
    [
        ["Title", "title_ar", "title_fr"], ["TitleE", "TitleA", "TitleF"], ["EN", "AR", "FR"],
        ["English", "Arabic", "French"], ["titre_en", "Titulo (Arabe)", "Titre (français)"],
        ["ENG", "ARA", "FRE"], ["English title", "Arabic title", "French title"],
    ],
)  # fmt: skip
def test_titles_in_several_languages_are_one_title(headings: list[str]) -> None:
    english, arabic, french = headings
    found = propose({
        "Title id": ["1", "2", "3"], english: [*TITLES[:2], ""],
        arabic: ["قانون البحار في عام 2018", "", "طرق الملح في أوروبا في عام 2018"],
        french: ["Le droit de la mer", "Les routes du sel", ""], "Checked": ["x", "", "x"],
    })  # fmt: skip
    assert found.source.fields["title"] == tuple(headings)
    assert "year" not in found.source.fields
    languages = {english: "en", arabic: "ar", french: "fr"}
    languages = {name: code for name, code in languages.items() if name != "Title"}
    assert found.source.languages == languages
    assert ("title" in found.comments) == (english.lower() in ("en", "eng", "english"))


def test_a_title_without_a_language_comes_before_later_titles_with_one() -> None:
    """The order of the table decides which title is the main one, not how usual a heading is."""
    columns = {"Titre": TITLES[:2], "Title (English)": ["Salt", "Roads"]}
    assert propose(columns).source.fields["title"] == ("Titre", "Title (English)")


@pytest.mark.parametrize(
    ("values", "field"),
    [
        (["https://example.org/1", "https://example.org/2"], "link"),
        (["A long text about salt. " * 20, "A long text about roads. " * 20], "summary"),
        (["x", "yes"], None),
    ],
)
def test_columns_of_languages_have_what_fits_their_values(
    values: list[str], field: str | None
) -> None:
    """Columns with languages as headings may have links or abstracts, or only marks."""
    found = propose({"Title": TITLES[:2], "EN": values, "FR": values})
    fields, languages = found.source.fields, found.source.languages
    assert fields.get(field or "language") == (("EN", "FR") if field else None)
    assert languages == ({"EN": "en", "FR": "fr"} if field else {})
