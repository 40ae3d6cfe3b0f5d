"""A guess of columns goes by their headings, and by what their values share."""

from __future__ import annotations

import pytest

from indexer.mapping import headings
from tests.indexer.mapping.test_proposal import TITLES, propose


def test_tags_of_web_of_science_are_headings() -> None:
    """A table whose headings are tags of two characters is mapped by what the tags mean."""
    columns = {
        "PT": ["J", "J"],
        "AU": ["Moss, A; Reed, B", "Fern, C"],
        "AF": ["Moss, Ann; Reed, Ben", "Fern, Cleo"],
        "TI": ["Salt roads", "Maps and borders"],
        "SO": ["Roads", "Maps"],
        "LA": ["English", "French"],
        "PY": ["2011", "2012"],
    }

    fields = propose(columns).source.fields

    assert fields["title"] == "TI"
    assert fields["authors"] == "AF"
    assert fields["year"] == "PY"
    assert fields["container"] == "SO"
    assert fields["language"] == "LA"


def test_tags_of_marc_are_headings() -> None:
    """A table whose headings are fields and subfields of MARC is mapped by what they mean."""
    columns = {
        "001": ["1", "2"], "100$a": ["Moss, Ann", "Fern, Cleo"], "245$a": TITLES[:2],
        "260$c": ["c2011.", "[2012]"], "700$a": ["Reed, Ben", "Okafor, Ada"],
    }  # fmt: skip
    assert propose(columns).source.fields == {
        "title": "245$a", "authors": ("100$a", "700$a"), "year": "260$c", "id": "001",
    }  # fmt: skip


def test_a_tag_among_words_is_no_heading() -> None:
    """A heading of two characters means nothing if the other headings are words."""
    fields = propose({"Title": TITLES, "Year": ["2001", "2002"], "SO": ["a", "b"]}).source.fields

    assert "container" not in fields


def test_full_names_do_not_repeat_the_authors() -> None:
    """Of two columns that name the same people, the first feeds the authors."""
    columns = {
        "Title": TITLES[:2],
        "Authors": ["Moss A.; Reed B.", "Fern C."],
        "Author full names": ["Moss, Ann (1); Reed, Ben (2)", "Fern, Cleo (3)"],
    }

    assert propose(columns).source.fields["authors"] == "Authors"


def test_personal_and_corporate_authors_are_both_authors() -> None:
    """Two columns of different names both feed the authors."""
    columns = {
        "Title": TITLES[:2],
        "Personal author": ["Moss, Ann", "Fern, Cleo"],
        "Corporate author": ["Board of Roads", "Board of Maps"],
    }

    stated = propose(columns).source.fields["authors"]

    assert stated == ("Personal author", "Corporate author")


def test_headings_in_many_forms_are_known() -> None:
    """Remarks, endings, numbers and general words of a heading do not count."""
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
    }.items():  # fmt: skip
        match = headings.find_row(heading)
        assert match, heading
        assert match.row == row, heading


def test_columns_of_other_things_in_a_record_feed_no_row() -> None:
    """The authors of a reference are not those of the record."""
    for heading in (
        "references.authors", "organization.description", "creators.person.type", "resources.url",
        "updated_at", "provider.name",
    ):  # fmt: skip
        assert headings.find_row(heading) is None, heading


def test_links_and_dois_need_a_value_that_is_one() -> None:
    """A heading of links without any URL, or of DOIs without any DOI, is not used for them."""
    columns = {"Title": TITLES, "Full text": ["Long text"] * 4, "DOI": ["yes", "no", "yes", "no"]}
    assert {"link", "doi"}.isdisjoint(propose(columns).source.fields)


def test_dois_may_be_among_links_or_identifiers() -> None:
    """Without a column of DOIs, a column of identifiers or links that has some is used."""
    links = ["https://doi.org/10.1000/a", "https://example.org/b", "", ""]
    fields = propose({"Title": TITLES, "Link": links}).source.fields
    assert fields["doi"] == fields["link"] == "Link"


def test_title_of_a_publication_is_a_title_without_another_one() -> None:
    """A "Publication title" is that of a journal only if a column has the titles of articles."""
    fields = propose(
        {"Publication Title": TITLES, "Publication Author": ["Moss, Ann"]}
    ).source.fields
    assert (fields["title"], fields["authors"]) == ("Publication Title", "Publication Author")
    assert "container" not in fields


def test_long_notes_are_a_summary_and_contributors_authors_if_nothing_better_is() -> None:
    """A row without a column of its own takes one of a related row."""
    columns = {"Title": TITLES, "Comments": ["Long text. " * 30] * 4, "contributors": ["Moss, Ann"]}
    fields = propose(columns).source.fields
    assert fields["summary"] == "Comments"
    assert fields["authors"] == "contributors"


def test_words_are_no_codes_of_rare_languages() -> None:
    """A column without a heading has languages only if one of them is common."""
    assert "language" not in propose({"Title": TITLES, "Shelf": ["to-read"] * 4}).source.fields
    assert (
        propose({"Title": TITLES, "Code": ["eng", "fre"] * 2}).source.fields["language"] == "Code"
    )


def test_moments_with_a_time_zone_have_years() -> None:
    """A column without a heading has years if it has moments in time."""
    columns = {"Title": TITLES, "stamp": [f"20{n}-01-02T03:04:05Z" for n in range(10, 14)]}
    assert propose(columns).source.fields["year"] == "stamp"


def test_years_are_in_a_column_for_dates_if_there_is_one() -> None:
    """Numbers of four digits are years, but a heading with a word for dates is better evidence."""
    columns = {"Title": TITLES, "Refer": ["1234", "1999"] * 2, "Dated": ["2001", "2002"] * 2}
    assert propose(columns).source.fields["year"] == "Dated"


@pytest.mark.parametrize("heading", ["title_fr", "TitleF", "Title (French)", "Title French"])
def test_a_title_in_another_language_fills_the_gaps(heading: str) -> None:
    """A record without a title has that of a column for another language."""
    table = {"Title": [*TITLES[:2], ""], heading: ["Le sel", "Les routes", "Les cartes"]}

    fields = propose({**table, "Title id": ["1", "2", "3"]}).source.fields

    assert fields["title"] == ("Title", heading)


def test_another_column_of_journals_or_books_fills_the_gaps() -> None:
    """A book has another column than a journal. The name of a database is no container."""
    columns = {"Title": TITLES, "Journal": ["Law", "Salt", "", ""], "Source": ["Base"] * 4,
               "Book title": ["", "", "Maps", "Roads"]}  # fmt: skip
    assert propose(columns).source.fields["container"] == ("Journal", "Book title")


def test_an_imprint_has_the_year() -> None:
    """Without a column for the year, it is that of an imprint: "London : Fjord Press, c2004"."""
    imprints = ["London : Fjord Press, c2004", "Oslo : Salt, 2005.", "Paris : Sel, [2006]"]
    stated = propose({"Title": TITLES[:3], "Publication": imprints}).source.fields
    assert (stated["year"], stated["container"]) == ("Publication", "Publication")
    with_year = propose({"Title": TITLES[:3], "Publication": imprints, "Year": ["1999"] * 3})
    assert with_year.source.fields["year"] == "Year"
