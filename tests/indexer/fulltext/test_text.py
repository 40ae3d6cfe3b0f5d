"""Cleaning of pages: paragraphs, hyphens, presentation forms, and running lines."""

import unicodedata
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.fulltext.text import clean_pages

LINES = st.lists(
    st.text(st.sampled_from("aàb-\u2010\u00ad\ufb01\u0301 1\ufefb字한\ue000\0")) | st.text(),
    max_size=12,
)
"""Lines of a page, many of them with characters that are treated specially."""


def clean_page(*lines: str) -> str:
    return clean_pages([lines])[0]


def count_letters(text: str) -> Counter[str]:
    text = unicodedata.normalize("NFKD", text)
    return Counter(char for char in text if char.isalnum())


@given(LINES)
def test_no_letter_of_a_page_is_lost(lines: list[str]) -> None:
    assert count_letters("".join(lines)) == count_letters(clean_page(*lines))


@given(LINES)
def test_a_clean_text_stays_as_it_is(lines: list[str]) -> None:
    text = clean_page(*lines)
    assert clean_page(*text.split("\n")) == text


@given(LINES)
def test_a_text_has_only_spaces_and_paragraphs(lines: list[str]) -> None:
    for paragraph in filter(None, clean_page(*lines).split("\n\n")):
        assert paragraph == " ".join(paragraph.split())
        assert not any(unicodedata.category(char) == "Cc" for char in paragraph)


@given(st.lists(st.lists(st.sampled_from(["Head", "Page 1", "2", "text", ""]), max_size=8)))
def test_a_page_with_text_keeps_some(pages: list[list[str]]) -> None:
    texts = clean_pages(pages)
    assert [bool(text) for text in texts] == [any(page) for page in pages]
    words = {line for page in pages for line in page if line.isalpha()}
    assert words <= set(" ".join(texts).split())


@pytest.mark.parametrize(
    ("lines", "text"),
    [
        (("one", "two", "", "three"), "one two\n\nthree"),
        (("water-", "fall"), "waterfall"),
        (("water\u2010", "fall"), "waterfall"),
        (("water\u00ad", "fall is in\u00adside"), "waterfall is inside"),
        (("Schwarz-", "Weiß"), "Schwarz-Weiß"),
        (("WATER-", "FALL"), "WATERFALL"),
        (("COVID-", "19"), "COVID-19"),
        (("2019-", "2020"), "2019-2020"),
        (("a long-", "term plan; long-term"), "a long-term plan; long-term"),
        (("long roads, any term; long-", "term"), "long roads, any term; long-term"),
        (("longterm, long, term; long-", "term"), "longterm, long, term; longterm"),
        (("long roads; long-", "term"), "long roads; longterm"),
        (("a dash -", "here"), "a dash - here"),
        (("農業政策", "的發展"), "農業政策的發展"),
        (("한국 농업", "정책"), "한국 농업 정책"),
        (("ﬁnal ofﬁce", "x²"), "final office x²"),
        (("\ufee3\ufeae\ufea3\ufe92\ufe8e \ufefb", ""), "مرحبا لا"),
        (("a\0b\ufffe\ufeff \uf0b7 c",), "ab c"),
    ],
)
def test_lines_are_joined(lines: tuple[str, ...], text: str) -> None:
    assert clean_page(*lines) == text


def test_a_compound_is_known_from_another_page() -> None:
    assert clean_pages([["long-", "term"], ["long-term"]]) == ("long-term", "long-term")
    assert clean_pages([["Co-", "op"], ["THE CO‐OP"]])[0] == "Co-op"
    assert clean_pages([["Co-", "op"], ["a coop"]])[0] == "Coop"


def test_heads_of_even_and_odd_pages_are_removed() -> None:
    heads = ["Methods 2019", "A Report"]
    pages = [[heads[n % 2], f"text {n * n}", f"- {n + 5} -"] for n in range(8)]
    texts = clean_pages(pages)
    assert texts[:2] == ("Methods 2019 text 0", "A Report text 1")
    assert texts[2:] == tuple(f"text {n * n}" for n in range(2, 8))


def test_numbers_that_do_not_count_pages_stay() -> None:
    pages = [["text", str(number)] for number in (17, 4, 99, 23, 51)]
    assert [text.split()[-1] for text in clean_pages(pages)] == ["17", "4", "99", "23", "51"]


def test_a_line_inside_pages_is_not_running() -> None:
    inner = ["a{n}", "b{n}", "c{n}", "same", "d{n}", "e{n}", "f{n}"]
    pages = [[line.format(n=number * number) for line in inner] for number in range(9)]
    assert all("same" in text for text in clean_pages(pages))


def test_the_first_page_number_with_letters_stays() -> None:
    """Lines such as Page 3 of 9 are removed from all pages but the first."""
    texts = clean_pages([[f"text {n * n}", f"Page {n + 1} of 9"] for n in range(9)])
    assert ["Page" in text for text in texts] == [True, *[False] * 8]


@pytest.mark.parametrize(
    "line",
    ["a" * 1_000_000, "a-" * 500_000, "a\u0301" * 500_000, "\u00ad " * 500_000, "1 " * 500_000],
    ids=["letters", "hyphens", "marks", "soft hyphens", "numbers"],
)
def test_odd_lines_are_cleaned(line: str) -> None:
    """A very long line is cleaned as any other, and so are many short ones."""
    assert len(clean_page(line)) <= len(line)
    many = clean_page(*[line[:2]] * 100_000)
    assert len(many) <= 300_000
