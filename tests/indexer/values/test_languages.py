"""Languages are read from codes and names."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.values import languages


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("en", ("en",)), ("eng", ("en",)), ("fre", ("fr",)), ("fra", ("fr",)), ("en-US", ("en",)),
        ("pt_BR", ("pt",)), ("English", ("en",)), ("français", ("fr",)), ("Francais", ("fr",)),
        ("inglés", ("en",)), ("английский", ("en",)), ("英语", ("en",)), ("deutsch", ("de",)),
        ("araeng", ("ar", "en")), ("English; French", ("en", "fr")), ("en|fr|en", ("en", "fr")),
        ("engund", ("en",)), ("und", ()), ("Klingonese", ()), ("", ()),
    ],
)  # fmt: skip
def test_a_language_is_read_from_codes_and_names(text: str, codes: tuple[str, ...]) -> None:
    """Codes of any length, run together or not, and names give the same short codes."""
    assert languages.find_languages(text) == codes


def test_a_code_for_no_language_is_not_an_error() -> None:
    """An undetermined language differs from an unknown one."""
    assert languages.is_no_language("und")
    assert languages.is_no_language("zxx; mul")
    assert not languages.is_no_language("Klingonese")


@given(st.text(max_size=30))
def test_codes_are_read_again(text: str) -> None:
    """Each code that is found stands for itself."""
    for code in languages.find_languages(text):
        assert languages.find_languages(code) == (code,)
