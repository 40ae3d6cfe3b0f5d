"""Languages and countries are known by code and by English name, and given as ISO codes."""

from __future__ import annotations

import pytest
from babel import Locale
from hypothesis import given
from hypothesis import strategies as st

from indexer.catalogue import iso_codes

ENGLISH = Locale.parse("en")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("en", "en"),
        (" FR ", "fr"),
        ("fra", "fr"),
        ("zho", "zh"),
        ("deu", "de"),
        ("Spanish", "es"),
        ("hindi", "hi"),
        ("Romanian", "ro"),
        ("pt-BR", "pt-BR"),
        ("pt_BR", "pt-BR"),
        ("Brazilian Portuguese", "pt-BR"),
        ("Moldavian", "ro-MD"),
        ("sh", "sr-Latn"),
        ("haw", "haw"),
    ],
)
def test_language_code(text: str, code: str) -> None:
    """A language is known by its short, long or old code and by its name, in any case."""
    assert iso_codes.language_code(text) == code


@pytest.mark.parametrize("text", ["", "Klingonese", "qq", "en-", "en-\x00x", "en x", "-en", "1"])
def test_unknown_language(text: str) -> None:
    """What names no language, or holds what no code holds, has no code."""
    assert iso_codes.language_code(text) is None


def test_language_code_of_a_name_is_final() -> None:
    """Every English name of a language has a code, and the code's code is the same."""
    for name in ENGLISH.languages.values():
        code = iso_codes.language_code(name)
        assert code is not None, name
        assert iso_codes.language_code(code) == code, name


@given(st.text())
def test_any_text_for_a_language(text: str) -> None:
    """Any text has no code, or one of letters, digits and hyphens."""
    code = iso_codes.language_code(text)
    assert code is None or (code.isascii() and code.replace("-", "").isalnum())


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("IN", "IN"), (" md ", "MD"), ("India", "IN"), ("kenya", "KE"), ("Moldova", "MD"),
        ("Viet Nam", "VN"), ("republic of moldova", "MD"), ("UK", "GB"), ("USA", "US"),
    ],
)  # fmt: skip
def test_country_code(text: str, code: str) -> None:
    """A country is known by its code and by its name, in any case."""
    assert iso_codes.country_code(text) == code


@pytest.mark.parametrize("text", ["", "Atlantis", "QQ", "IND", "150", "Europe"])
def test_unknown_country(text: str) -> None:
    """What names no country has no code, continents and their numbers neither."""
    assert iso_codes.country_code(text) is None


def test_names_in_a_language() -> None:
    """Languages and countries are named in the language asked for, subtags in brackets."""
    assert iso_codes.language_name("fr") == "French"
    assert iso_codes.language_name("fr", "fr") == "français"
    assert iso_codes.language_name("pt-BR") == "Portuguese (BR)"
    assert iso_codes.country_name("IN") == "India"
    assert iso_codes.country_name("IN", "pt-BR") == "Índia"


def test_all_names_of_a_country() -> None:
    """The usual name of a country comes first; other names are known in English only."""
    assert iso_codes.country_names("VN", "en") == ["Vietnam", "Viet Nam"]
    assert iso_codes.country_names("VN", "fr") == ["Viêt Nam"]
    assert iso_codes.country_names("IN", "en") == ["India"]


def test_no_other_name_is_that_of_another_country() -> None:
    """What a country is called besides, or abbreviated by, leads to it and to no other."""
    for code in {*iso_codes.ALSO_CALLED, *iso_codes.ACRONYMS}:
        assert iso_codes.country_name(code) != code
        for name in (*iso_codes.ALSO_CALLED.get(code, ()), *iso_codes.ACRONYMS.get(code, ())):
            assert iso_codes.country_code(name) == code, name


def test_names_of_unknown_codes() -> None:
    """A code without a name is its own name."""
    assert iso_codes.language_name("qqq") == "qqq"
    assert iso_codes.country_name("QQ") == "QQ"


@pytest.mark.parametrize(
    ("language", "known"),
    [("en", True), ("pt-BR", True), ("", False), ("klingon", False), ("en_US", False)],
)
def test_has_names(language: str, *, known: bool) -> None:
    """Names are known in the languages of the CLDR, written with hyphens."""
    assert iso_codes.has_names(language) is known
