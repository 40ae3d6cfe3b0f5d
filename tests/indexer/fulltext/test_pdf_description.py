"""Descriptions of PDFs: they have only what is certain, or a title marked as a guess."""

from __future__ import annotations

import pytest

from indexer.fulltext.pdf import (
    Description,
    Line,
    find_authors,
    find_doi,
    find_language,
    find_title,
    find_year,
)


def make_lines(*lines: tuple[float, str]) -> list[Line]:
    """Return lines of these sizes and texts."""
    return [Line(text, 50, 700 - 20 * n, size) for n, (size, text) in enumerate(lines)]


@pytest.mark.parametrize(
    ("title", "is_title"),
    [
        ("A Report on Water", True),
        ("農業政策的發展與現代化", True),
        ("Untitled", False),
        ("An untitled draft document", False),
        ("Microsoft Word - A Report on Water.doc", False),
        ("final report v2.indd", False),
        ("Geometry", False),
        ("12 34 56", False),
        ("word " * 100, False),
        ("", False),
    ],
)
def test_a_title_in_the_metadata_has_three_words_and_is_no_file_name(
    title: str, is_title: bool
) -> None:
    """Other titles of the metadata are not used."""
    found = find_title(Description(metadata={"Title": title}), [])
    assert found == ((title, False) if is_title else ("", True))


@pytest.mark.parametrize(
    ("lines", "title"),
    [
        ([(10, "By A"), (20, "Water and"), (20, "Climate"), (10, "Text")], "Water and Climate"),
        ([(20, "Wild water-"), (20.4, "fall plans"), (10, "Text")], "Wild waterfall plans"),
        ([(20, "arXiv:2001.01234v1 [cs.CL]"), (15, "On Bees"), (9, "Text")], "On Bees"),
        ([(30, "NATURE"), (20, "On Bees"), (9, "Text")], "On Bees"),
        ([(30, "Libtool"), (9, "Text"), (14, "Ada Lovelace"), (9, "Text")], ""),
        ([(30, "W"), (9, "ater is a drop cap"), (9, "Text")], ""),
        ([(10, "Only one"), (10, "size of text")], ""),
        ([(20, "word " * 100), (10, "Text")], ""),
        ([(20, "農業政策"), (20, "的發展"), (10, "文字")], "農業政策的發展"),
        ([(30, "UNITED NATIONS"), (18, "Water in dry years"), (9, "Text")], "Water in dry years"),
        (
            [(30, "United Nations"), (20, "General Assembly"), (14, "Report on bees"), (9, "Text")],
            "Report on bees",
        ),
        ([(30, "The Security Council"), (14, "Ada Lovelace"), (9, "Text")], "The Security Council"),
        ([(30, "The World Bank"), (9, "Text"), (9, "of one size")], "The World Bank"),
        ([], ""),
    ],
)
def test_the_largest_letters_are_the_title(lines: list[tuple[float, str]], title: str) -> None:
    """The first block of lines of the largest size is a guess, if it can be a title.

    The name of a body above a headline is a letterhead.
    """
    assert find_title(Description(), make_lines(*lines)) == (title, True)


@pytest.mark.parametrize(
    ("author", "names"),
    [
        ("Ada Lovelace", ("Lovelace, Ada",)),
        ("Lovelace, Ada", ("Lovelace, Ada",)),
        ("Ada Lovelace; Grace Hopper", ("Lovelace, Ada", "Hopper, Grace")),
        ("Ada Lovelace and Grace Hopper", ("Lovelace, Ada", "Hopper, Grace")),
        ("Ada Lovelace, Grace Hopper", ("Lovelace, Ada", "Hopper, Grace")),
        ("admin", ()),
        ("United Nations", ()),
        ("Ada Lovelace; admin", ()),
        ("", ()),
    ],
)
def test_authors_are_persons(author: str, names: tuple[str, ...]) -> None:
    """Names of users and of organizations are not taken for authors."""
    assert find_authors(Description(metadata={"Author": author})) == names


@pytest.mark.parametrize(
    ("metadata", "xmp", "page", "doi"),
    [
        ({}, "", "See https://doi.org/10.1234/ABC.1 here", "10.1234/abc.1"),
        ({}, "", "10.1234/a and 10.1234/a", "10.1234/a"),
        ({}, "", "10.1234/a and 10.1234/b", ""),
        ({"doi": "10.1234/x"}, "", "10.1234/a and 10.1234/b", "10.1234/x"),
        ({"Subject": "J. 3, 2019. doi:10.1234/x"}, "", "", "10.1234/x"),
        ({}, "<prism:doi>10.1234/y</prism:doi>", "10.1234/a", "10.1234/y"),
        ({"doi": "10.1234/x"}, "<prism:doi>10.1234/y</prism:doi>", "", ""),
    ],
)
def test_a_doi_is_certain_if_it_is_the_only_one(
    metadata: dict[str, str], xmp: str, page: str, doi: str
) -> None:
    """The metadata decides, or else the first page with text."""
    assert find_doi(Description(metadata=metadata, xmp=xmp), ["", page, "10.1234/z"]) == doi


@pytest.mark.parametrize(
    ("xmp", "page", "year"),
    [
        ("", "© 2019 The Agency", 2019),
        ("", "Copyright (c) 2019 by us. © 2019", 2019),
        ("", "© 2018 A. © 2019 B.", None),
        ("", "© 2001–2019 The Agency", None),
        ("", "In 2019, the Agency", None),
        ("<prism:publicationDate>2017-05-01</prism:publicationDate>", "© 2019 A", 2017),
        ('prism:coverDate="2017-05"', "", 2017),
        ("", "United Nations\nVienna, 2015\nSales No. E.15", 2015),
        ("", "June 2015", 2015),
        ("", "12 juin 2015", 2015),
        ("", "New York and Geneva, 2010.", 2010),
        ("", "Oxford, 2009\nVienna, 2015", None),
        ("", "Vienna, 2015\n© 2014 The Agency", 2014),
        ("", "Table 2015", None),
        ("", "as many as in 2015", None),
        ("", "2010-2015", None),
    ],
)
def test_a_year_is_certain_if_it_is_stated(xmp: str, page: str, year: int | None) -> None:
    """The date of creation and other years in the text are not the year of publication."""
    description = Description(metadata={"CreationDate": "D:20200101"}, xmp=xmp)
    assert find_year(description, [make_lines(*((10, line) for line in page.split("\n")))]) == year


def test_a_year_on_a_later_page_is_that_of_a_reference() -> None:
    """Only the first pages have an imprint."""
    assert find_year(Description(), [[]] * 10 + [make_lines((10, "Oxford, 2009"))]) is None


@pytest.mark.parametrize(
    ("tag", "code"), [("de-AT", "de"), ("en", "en"), ("x-none", None), ("", None)]
)
def test_the_language_is_that_of_the_document(tag: str, code: str | None) -> None:
    """A tag of BCP 47 gives its language, without the region."""
    assert find_language(Description(language=tag)) == code
