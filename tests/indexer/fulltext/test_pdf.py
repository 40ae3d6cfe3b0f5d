"""The text of real PDFs: scripts, columns, scans, and files that are encrypted or hostile."""

import re
import zlib
from contextlib import suppress
from pathlib import Path

import msgspec
import pytest
from fpdf import FPDF
from hypothesis import given
from hypothesis import strategies as st

from indexer.catalogue.limits import LIMITS
from indexer.fulltext import pdf as pdf_module
from indexer.fulltext.pdf import (
    Description,
    Line,
    find_authors,
    find_doi,
    find_language,
    find_title,
    find_year,
)
from indexer.fulltext.text import ExtractionError
from tests.indexer.fulltext.pdfs import CHINESE, DEJAVU, add_scan, extract, make_pdf, new_pdf
from tests.tiers import examples

ARABIC = "السياسة الزراعية والاستقلال في البلاد"
HEBREW = "מדיניות חקלאית בארץ"


@pytest.mark.parametrize(
    ("font", "text"),
    [
        (None, "Zürich and Besançon: a plain text."),
        (DEJAVU, "Съешь ещё этих мягких французских булок"),
        (DEJAVU, "Η πολιτική για τη γεωργία"),
        (CHINESE, "農業政策的發展與現代化"),
    ],
)
def test_scripts_from_left_to_right(font: Path | None, text: str) -> None:
    assert extract(make_pdf([text], font)).pages == (text,)


@pytest.mark.parametrize("text", [ARABIC, HEBREW])
@pytest.mark.parametrize("is_marked", [False, True])
def test_scripts_from_right_to_left(text: str, is_marked: bool) -> None:
    """Words are in the order of reading, whether PDFium reverses their letters or not.

    It reverses those of a replacement text, which browsers write for ligatures.
    """
    pdf = new_pdf(DEJAVU)
    pdf.add_page()
    right = 180.0
    for word in text.split():
        right -= pdf.get_string_width(f"{word} ")
        if is_marked:
            pdf._out(f"/Span <</ActualText <FEFF{word.encode('utf-16-be').hex()}>>> BDC")
        pdf.text(right, 50, word[::-1])  # the first letter is on the right, as a reader sees it
        if is_marked:
            pdf._out("EMC")
    assert extract(bytes(pdf.output())).pages == (text,)


def test_pages_are_apart_and_paragraphs_are_joined() -> None:
    pdf = new_pdf()
    for first in ("One", "Two"):
        pdf.add_page()
        pdf.multi_cell(w=80, text=f"{first} paragraph that is longer than a line of the page.")
        pdf.ln(10)
        pdf.multi_cell(w=80, text="Another paragraph, which is long as well, so it has two lines.")
    text = extract(bytes(pdf.output()))
    assert text.pages == tuple(
        f"{first} paragraph that is longer than a line of the page.\n\n"
        "Another paragraph, which is long as well, so it has two lines."
        for first in ("One", "Two")
    )
    assert text.has_pages
    assert not text.faults


def test_columns_are_read_one_after_the_other() -> None:
    pdf = new_pdf()
    pdf.add_page()
    for left, word in ((10, "left"), (110, "right")):
        for row in range(20):
            pdf.text(left, 20 + 6 * row, f"{word} column line {row} of it")
    page = extract(bytes(pdf.output())).pages[0]
    assert "left column line 3 of it left column line 4" in page
    assert page.index("left column line 19") < page.index("right column line 0")


def test_scanned_pages_are_counted() -> None:
    pdf = new_pdf()
    pdf.add_page()
    pdf.cell(text="The only text")
    add_scan(pdf)
    add_scan(pdf)
    pdf.add_page()
    text = extract(bytes(pdf.output()))
    assert text.pages == ("The only text", "", "", "")
    assert [(fault.what, "OCR" in fault.hint) for fault in text.faults] == [
        ("2 of 4 pages have no text", True)
    ]


def test_a_pdf_with_a_password_is_named() -> None:
    pdf = new_pdf()
    pdf.set_encryption(owner_password="owner", user_password="user")
    pdf.add_page()
    pdf.cell(text="A secret")
    with pytest.raises(ExtractionError, match="protected by a password"):
        extract(bytes(pdf.output()))


def test_a_pdf_that_only_its_owner_may_change_is_read() -> None:
    pdf = new_pdf()
    pdf.set_encryption(owner_password="owner")
    pdf.add_page()
    pdf.cell(text="A public text")
    assert extract(bytes(pdf.output())).pages == ("A public text",)


WHOLE = make_pdf([f"Page {number} has a text" for number in range(5)])


@examples(25)
@given(cut=st.integers(0, len(WHOLE)), flips=st.lists(st.integers(0, len(WHOLE) - 1), max_size=5))
def test_damage_is_an_error_or_costs_pages(cut: int, flips: list[int]) -> None:
    """A PDF with damage at any byte raises nothing but ExtractionError."""
    data = bytearray(WHOLE)
    for position in flips:
        data[position] ^= 0x55
    with suppress(ExtractionError):
        assert any(extract(bytes(data[:cut])).pages)


def make_bomb(pages: list[bytes]) -> bytes:
    objects = [b"<</Type/Catalog/Pages 2 0 R>>"]
    kids = b" ".join(b"%d 0 R" % (4 + 2 * index) for index in range(len(pages)))
    objects.append(b"<</Type/Pages/Count %d/Kids[%s]>>" % (len(pages), kids))
    objects.append(b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>")
    for index, page in enumerate(pages):
        data = zlib.compress(b"BT /F 9 Tf 50 500 Td " + page + b" ET", 1)
        objects.append(
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Resources<</Font<</F 3 0 R>>>>"
            b"/Contents %d 0 R>>" % (5 + 2 * index)
        )
        head = b"<</Length %d/Filter/FlateDecode>>stream\n" % len(data)
        objects.append(head + data + b"\nendstream")
    body = b"".join(b"%d 0 obj%s endobj\n" % item for item in enumerate(objects, 1))
    return b"%PDF-1.7\n" + body + b"trailer<</Root 1 0 R>>\n%%EOF"


BOMB = b"(a) Tj 0 1 Td " * 10_000_000


def test_a_page_that_needs_too_much_memory_costs_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf_module, "MAX_MEMORY_BYTES", 300_000_000)
    text = extract(make_bomb([b"(The first page) Tj", BOMB, b"(The last page) Tj"]))
    assert text.pages[0] == "The first page"
    assert [re.sub(r"\d", "#", fault.what) for fault in text.faults]


def test_a_page_that_takes_too_much_time_costs_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf_module, "MAX_SECONDS", 1)
    monkeypatch.setattr(pdf_module, "MAX_MEMORY_BYTES", 60_000_000_000)
    text = extract(make_bomb([b"(The first page) Tj", BOMB]))
    assert text.pages == ("The first page",)
    assert [fault.what for fault in text.faults] == [
        "only 1 of 2 pages were read: it takes too much time: more than 1 s"
    ]


def test_text_over_the_limits_is_left_out() -> None:
    text = extract(WHOLE, msgspec.structs.replace(LIMITS, most_pages=3, longest_document=25))
    assert text.pages == ("Page 0 has a text", "Page 1 h")
    pages, characters = text.faults
    assert "5 pages, more than 3" in pages.what
    assert "PUBSEARCH_MOST_PAGES" in pages.hint
    assert "PUBSEARCH_LONGEST_DOCUMENT" in characters.hint


def test_without_the_extra_the_error_says_how_to_install_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pdf_module, "PACKAGE", "no_such_package")
    with pytest.raises(ExtractionError, match=r"make environment-pdf"):
        extract(WHOLE)


def test_the_largest_text_of_the_first_page_is_the_title() -> None:
    pdf = FPDF()
    pdf.set_title("Microsoft Word - draft_final.doc")
    pdf.add_page()
    for size, line in ((10, "The Agency"), (24, "Water and"), (24, "Climate"), (10, "A body text")):
        pdf.set_font("helvetica", size=size)
        pdf.cell(text=line, new_x="LMARGIN", new_y="NEXT")
    text = extract(bytes(pdf.output()))
    assert (text.title, text.is_title_guessed) == ("Water and Climate", True)


def make_lines(*lines: tuple[float, str]) -> list[Line]:
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
    description = Description(metadata={"CreationDate": "D:20200101"}, xmp=xmp)
    assert find_year(description, [make_lines(*((10, line) for line in page.split("\n")))]) == year


def test_a_year_on_a_later_page_is_that_of_a_reference() -> None:
    assert find_year(Description(), [[]] * 10 + [make_lines((10, "Oxford, 2009"))]) is None


@pytest.mark.parametrize(
    ("tag", "code"), [("de-AT", "de"), ("en", "en"), ("x-none", None), ("", None)]
)
def test_the_language_is_that_of_the_document(tag: str, code: str | None) -> None:
    """A tag of BCP 47 gives its language, without the region."""
    assert find_language(Description(language=tag)) == code
