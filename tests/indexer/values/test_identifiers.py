"""Identifiers are found in a text, checked, and normalized."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.values import identifiers


@pytest.mark.parametrize(
    ("text", "dois"),
    [
        ("10.1000/ABC.1", ("10.1000/abc.1",)),
        ("https://doi.org/10.1000/182", ("10.1000/182",)),
        ("doi:10.1000/182.", ("10.1000/182",)),
        ("10.1111/cla.12583 LK - https://example.org/x", ("10.1111/cla.12583",)),
        ("(see 10.1000/a(b)c)", ("10.1000/a(b)c",)),
        ("10.1000/1; 10.1000/2", ("10.1000/1", "10.1000/2")),
        ("110.1000/1", ()), ("10.1/x", ()), ("none", ()),
    ],
)  # fmt: skip
def test_dois_are_found_in_a_text(text: str, dois: tuple[str, ...]) -> None:
    """A DOI is found inside other text and in a URL, in lower case."""
    assert identifiers.find_dois(text) == dois


@pytest.mark.parametrize(
    ("text", "isbns"),
    [
        ("978-3-16-148410-0", ("9783161484100",)),
        ("3-16-148410-X (pbk.) ; 9783161484100", ("9783161484100",)),
        ("0-306-40615-2", ("9780306406157",)),
        ("0-306-40615-3", ()), ("9783161484101", ()), ("12345", ()),
    ],
)  # fmt: skip
def test_isbns_are_checked_and_have_13_digits(text: str, isbns: tuple[str, ...]) -> None:
    """An ISBN with a right check digit becomes 13 digits; a wrong one is left out."""
    assert identifiers.find_isbns(text) == isbns


@pytest.mark.parametrize(
    ("text", "issns"),
    [("0378-5955", ("0378-5955",)), ("03785955", ("0378-5955",)), ("2434-561x", ("2434-561X",)),
     ("0378-5956", ()), ("1998-2003", ())],
)  # fmt: skip
def test_issns_are_checked(text: str, issns: tuple[str, ...]) -> None:
    """An ISSN has a hyphen and a right check digit. A range of years has not."""
    assert identifiers.find_issns(text) == issns


@given(st.text(max_size=60))
def test_an_identifier_is_found_in_itself(text: str) -> None:
    """Each identifier that is found is found again in its normalized form."""
    for find in (identifiers.find_dois, identifiers.find_isbns, identifiers.find_issns):
        for identifier in find(text):
            assert find(identifier) == (identifier,)
