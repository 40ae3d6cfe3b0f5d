"""Texts are normalized in linear time."""

import sys
import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from indexer.analysis.cleaning import clean, compose, unescape
from tests.cpu_time import limit_cpu_time

BELOW, ABOVE = "\u0316", "\u0301"
SECONDS = 5
"""A quadratic time would be minutes."""


@given(st.text(max_size=40))
def test_usual_texts_are_composed_as_unicode_says(text: str) -> None:
    for usual in (text, f"{text} " * 60):
        assert compose(usual) == unicodedata.normalize("NFC", usual)


def test_a_long_run_of_marks_is_cut() -> None:
    """Many marks on one letter, in the order that takes longest to sort, are cut to 30."""
    text = f"xy{f'{ABOVE}{BELOW}' * 200_000}z"
    with limit_cpu_time(SECONDS):
        assert compose(text) == unicodedata.normalize("NFC", f"xy{f'{ABOVE}{BELOW}' * 15}z")
        assert clean(text) == compose(text)


def test_no_mark_is_beyond_the_planes_that_are_searched() -> None:
    """Every combining mark of Unicode can be cut."""
    marks = [code for code in range(sys.maxunicode) if unicodedata.combining(chr(code))]
    assert max(marks) < 0x20000


def test_a_reference_with_too_many_digits_stays() -> None:
    long = f"&#{'9' * 5000};"
    assert unescape(f"&eacute; {long}") == f"&eacute; {long}"
    assert unescape("&eacute;&#233;&#xD800;") == "éé\ufffd"


@given(st.text("a ب\u202a\u202e\u2066\u2069\u200b\u00ad\ufeff\u2060", max_size=20))
def test_invisible_characters_that_no_language_needs_are_removed(text: str) -> None:
    assert clean(text) == " ".join("".join(char for char in text if char in "a ب").split())


def test_invisible_characters_of_a_language_are_kept() -> None:
    for text in ("می\u200cخواهم", "क्\u200dष", "👩\u200d🔬", "C++\u200f", "ភាសា\u200bខ្មែរ"):
        assert clean(text) == text
