"""Columns are guessed by their headings, and by their values."""

from __future__ import annotations

import pytest

from indexer.mapping import headings
from indexer.mapping.changes import MAX_CHANGES
from indexer.mapping.mapper import Mapper
from tests.indexer.mapping.test_proposal import TITLES, make_reader, profile, propose
from tests.indexer.readers.reading import CATALOGUE


def test_tags_of_web_of_science_are_headings() -> None:
    """A table whose headings are tags of Web of Science is mapped by these tags."""
    columns = {
        "PT": ["J", "J"],
        "AU": ["Moss, A; Reed, B", "Fern, C"],
        "AF": ["Moss, Ann; Reed, Ben", "Fern, Cleo"],
        "TI": ["Salt roads", "Maps and borders"],
        "SO": ["Roads", "Maps"],
        "LA": ["English", "French"],
        "PY": ["2011", "2012"],
        "DE": ["A long list of keywords", "Another long list"],
        "AR": ["e12", "e13"],
    }

    fields = propose(columns).source.fields

    assert fields["title"] == "TI"
    assert fields["authors"] == "AF"
    assert fields["year"] == "PY"
    assert fields["container"] == "SO"
    assert fields["language"] == "LA"


@pytest.mark.parametrize("style", ["{}__{}", "{}${}", "{}{}", "{}10{}", "{} 1# {}"])
def test_tags_of_marc_are_headings(style: str) -> None:
    """A table whose headings are fields and subfields of MARC has the standard mapping of MARC."""
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
    assert not found.leftover_rows


def test_whole_fields_of_marc_are_taken_apart() -> None:
    """In a column without a code, the subfields of a row are kept, without their codes.

    For a person, the codes of the parts of a body have dates and roles, which no row has.
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
    """A table of all fields of MARC, each as a whole, has no more changes than are allowed."""
    columns = {f"{tag:03}__": [f"$a{tag}$bX"] for tag in range(10, 900)}
    changes = propose(columns).source.change
    assert changes["title"]
    assert sum(map(len, changes.values())) <= MAX_CHANGES


@pytest.mark.parametrize("names", [("2015", "2016", "2017"), ("245", "Title", "Year")])
def test_other_numbers_are_no_tags(names: tuple[str, ...]) -> None:
    """Years, and a number among words, are no tags of MARC."""
    assert propose(dict.fromkeys(names, TITLES)).leftover_rows


def test_a_tag_among_words_is_ignored() -> None:
    """A heading of two letters is not a tag if the other headings are words."""
    fields = propose({"Title": TITLES, "Year": ["2001", "2002"], "SO": ["a", "b"]}).source.fields

    assert "container" not in fields


def test_full_names_do_not_repeat_the_authors() -> None:
    """If two columns name the same people, one feeds the authors, and the other has no row."""
    columns = {
        "Title": TITLES[:2],
        "Authors": ["Moss A.; Reed B.", "Fern C."],
        "Author full names": ["Moss, Ann (1); Reed, Ben (2)", "Fern, Cleo (3)"],
    }

    found = propose(columns)
    assert found.source.fields["authors"] == "Author full names"
    assert not found.leftover_rows


def test_personal_and_corporate_authors_are_both_authors() -> None:
    """If two columns have different names, both feed the authors. A heading may state bodies."""
    columns = {
        "Title": TITLES[:2],
        "Personal author": ["Moss, Ann", "Fern, Cleo"],
        "Corporate author": ["Board of Roads", "Board of Maps"],
    }

    stated = propose(columns).source.fields["authors"]

    assert stated == ("Personal author", "{{{Corporate author}}}")


def test_headings_in_many_forms_are_recognized() -> None:
    """A heading is recognized without its remarks, endings, numbers, and general words."""
    for heading, row in {
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
        "Item Type": "type", "Descriptores": "subjects", "Titre parallèle": "other_titles",
    }.items():  # fmt: skip
        match = headings.find_row(heading)
        assert match, heading
        assert match.row == row, heading


def test_columns_of_other_parts_of_a_record_feed_no_row() -> None:
    """Columns of parts that are not the publication, such as references, feed no row."""
    for heading in (
        "references.authors", "organization.description", "creators.person.type", "resources.url",
        "updated_at", "provider.name",
    ):  # fmt: skip
        assert headings.find_row(heading) is None, heading


def test_links_and_dois_need_a_valid_value() -> None:
    """A column with a heading for links or DOIs is used only if a value is a URL or a DOI."""
    columns = {"Title": TITLES, "Full text": ["Long text"] * 4, "DOI": ["yes", "no", "yes", "no"]}
    assert {"link", "doi"}.isdisjoint(propose(columns).source.fields)


def test_dois_may_be_among_links_or_identifiers() -> None:
    """Without a column of DOIs, the DOIs come from a column of identifiers or links."""
    links = ["https://doi.org/10.1000/a", "https://example.org/b", "", ""]
    fields = propose({"Title": TITLES, "Link": links}).source.fields
    assert fields["doi"] == fields["link"] == "Link"


def test_a_publication_title_is_the_title_if_there_is_no_other() -> None:
    """A "Publication title" is that of a journal only if another column has titles."""
    fields = propose(
        {"Publication Title": TITLES, "Publication Author": ["Moss, Ann"]}
    ).source.fields
    assert (fields["title"], fields["authors"]) == ("Publication Title", "Publication Author")
    assert "container" not in fields


def test_a_row_without_a_column_uses_one_of_a_related_row() -> None:
    """Without better columns, long notes feed the summary, and contributors the authors."""
    columns = {"Title": TITLES, "Comments": ["Long text. " * 30] * 4, "contributors": ["Moss, Ann"]}
    fields = propose(columns).source.fields
    assert fields["summary"] == "Comments"
    assert fields["authors"] == "contributors"


def test_words_are_not_codes_of_rare_languages() -> None:
    """A column without a known heading has languages only if one of them is common."""
    assert "language" not in propose({"Title": TITLES, "Shelf": ["to-read"] * 4}).source.fields
    assert (
        propose({"Title": TITLES, "Code": ["eng", "fre"] * 2}).source.fields["language"] == "Code"
    )


def test_times_with_a_time_zone_have_years() -> None:
    """A column without a known heading feeds the year if it has dates with times."""
    columns = {"Title": TITLES, "stamp": [f"20{n}-01-02T03:04:05Z" for n in range(10, 14)]}
    assert propose(columns).source.fields["year"] == "stamp"


def test_a_heading_for_dates_is_preferred_for_the_year() -> None:
    """A column with years feeds the year first if its heading has a word for dates."""
    columns = {"Title": TITLES, "Refer": ["1234", "1999"] * 2, "Dated": ["2001", "2002"] * 2}
    assert propose(columns).source.fields["year"] == "Dated"


@pytest.mark.parametrize(
    "headings",
    [
        ["Title", "title_ar", "title_fr"], ["TitleE", "TitleA", "TitleF"], ["EN", "AR", "FR"],
        ["English", "Arabic", "French"], ["titre_en", "Titulo (Arabe)", "Titre (français)"],
        ["ENG", "ARA", "FRE"], ["English title", "Arabic title", "French title"],
    ],
)  # fmt: skip
def test_titles_in_several_languages_are_one_title(headings: list[str]) -> None:
    """A column of titles for each language feeds the title, with its language."""
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


@pytest.mark.parametrize(
    ("values", "row"),
    [
        (["https://example.org/1", "https://example.org/2"], "link"),
        (["A long text about salt. " * 20, "A long text about roads. " * 20], "summary"),
        (["x", "yes"], None),
    ],
)
def test_columns_of_languages_have_what_fits_their_values(
    values: list[str], row: str | None
) -> None:
    """Columns with languages as headings may have links or abstracts, or only marks."""
    found = propose({"Title": TITLES[:2], "EN": values, "FR": values})
    fields, languages = found.source.fields, found.source.languages
    assert fields.get(row or "language") == (("EN", "FR") if row else None)
    assert languages == ({"EN": "en", "FR": "fr"} if row else {})


def test_a_guess_fits_the_values() -> None:
    """A heading feeds no row if most values of its column are of another kind."""
    columns = {"Title": TITLES, "Year": ["shelf", "box", "shelf 2", "1999"],
               "AR": ["x"] * 4, "Language": ["E-1", "E-2", "E-3", "English"],
               "title_ru": ["Salt", "Roads", "Maps", "Sea"]}  # fmt: skip
    source = propose(columns).source
    assert {"year", "language"}.isdisjoint(source.fields)
    assert source.languages == {}


def test_another_column_of_journals_or_books_fills_the_gaps() -> None:
    """A record without a journal uses the title of its book. A constant column is not used."""
    columns = {"Title": TITLES, "Journal": ["Law", "Salt", "", ""], "Source": ["Base"] * 4,
               "Book title": ["", "", "Maps", "Roads"]}  # fmt: skip
    assert propose(columns).source.fields["container"] == ("Journal", "Book title")


def test_an_imprint_feeds_the_year() -> None:
    """Without a column for years, imprints such as "London : Fjord Press, c2004" feed the year."""
    imprints = ["London : Fjord Press, c2004", "Oslo : Salt, 2005.", "Paris : Sel, [2006]"]
    stated = propose({"Title": TITLES[:3], "Publication": imprints}).source.fields
    assert (stated["year"], stated["container"]) == ("Publication", "Publication")
    with_year = propose({"Title": TITLES[:3], "Publication": imprints, "Year": ["1999"] * 3})
    assert with_year.source.fields["year"] == "Year"
