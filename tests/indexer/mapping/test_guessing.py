"""A guess of columns goes by their headings, and by what their values share."""

from __future__ import annotations

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
