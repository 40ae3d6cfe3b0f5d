"""Languages and countries are recognized by code or English name and become ISO codes."""

from __future__ import annotations

import tomllib
from importlib.resources import files

import pytest
from babel import Locale
from hypothesis import given
from hypothesis import strategies as st

from indexer.values import iso_codes

UN_NAMES = files(iso_codes.__package__) / "un_names.toml"

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
def test_a_language_is_recognized_by_code_or_name(text: str, code: str) -> None:
    """A language is recognized by its short, long or old code and by its name, in any case."""
    assert iso_codes.find_language_code(text) == code


@pytest.mark.parametrize("text", ["", "Klingonese", "qq", "en-", "en-\x00x", "en x", "-en", "1"])
def test_an_unknown_language_has_no_code(text: str) -> None:
    """An unknown name, or a code with invalid characters, has no language code."""
    assert iso_codes.find_language_code(text) is None


def test_every_language_name_has_a_stable_code() -> None:
    """Every English name of a language has a code, which is the code of itself."""
    for name in ENGLISH.languages.values():
        code = iso_codes.find_language_code(name)
        assert code is not None, name
        assert iso_codes.find_language_code(code) == code, name


@given(st.text())
def test_any_text_has_a_valid_language_code_or_none(text: str) -> None:
    """The code of any text is None, or letters, digits and hyphens."""
    code = iso_codes.find_language_code(text)
    assert code is None or (code.isascii() and code.replace("-", "").isalnum())


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("IN", "IN"), (" md ", "MD"), ("India", "IN"), ("kenya", "KE"), ("Moldova", "MD"),
        ("Viet Nam", "VN"), ("republic of moldova", "MD"), ("UK", "GB"), ("USA", "US"),
    ],
)  # fmt: skip
def test_a_country_is_recognized_by_code_or_name(text: str, code: str) -> None:
    """A country is recognized by its code and by its name, in any case."""
    assert iso_codes.find_country_code(text) == code


@pytest.mark.parametrize("text", ["", "Atlantis", "QQ", "IND", "150", "Europe"])
def test_an_unknown_country_has_no_code(text: str) -> None:
    """An unknown name, a continent, or the number of a continent has no country code."""
    assert iso_codes.find_country_code(text) is None


def test_names_are_in_the_requested_language() -> None:
    """Languages and countries are named in the requested language, with subtags in brackets."""
    assert iso_codes.get_language_name("fr") == "French"
    assert iso_codes.get_language_name("fr", "fr") == "français"
    assert iso_codes.get_language_name("pt-BR") == "Portuguese (BR)"
    assert iso_codes.get_country_name("IN") == "India"
    assert iso_codes.get_country_name("IN", "pt-BR") == "Índia"


def test_the_displayed_name_of_a_country_comes_first() -> None:
    """The displayed name of a country comes first, then the CLDR name and other English names."""
    assert iso_codes.list_country_names("VN", "en") == ["Viet Nam", "Vietnam"]
    assert iso_codes.list_country_names("MM", "en") == ["Myanmar", "Myanmar (Burma)", "Burma"]
    assert iso_codes.list_country_names("VN", "fr") == ["Viet Nam", "Viêt Nam"]
    assert iso_codes.list_country_names("IN", "en") == ["India"]


@pytest.mark.parametrize(
    ("language", "name"),
    [
        ("en", "State of Palestine"), ("en-GB", "State of Palestine"), ("zh", "巴勒斯坦国"),
        ("ar", "دولة فلسطين"), ("fr-CA", "État de Palestine"), ("zh-Hant", "巴勒斯坦自治區"),
        ("de", "Palästinensische Autonomiegebiete"),
    ],
)  # fmt: skip
def test_a_country_has_the_name_of_the_united_nations(language: str, name: str) -> None:
    """A country has the name of the United Nations in their languages, else the CLDR name."""
    assert iso_codes.get_country_name("PS", language) == name


def test_names_of_the_united_nations_differ_from_the_cldr() -> None:
    """The file of names has the six languages, known countries, and no name that CLDR has."""
    tables = tomllib.loads(UN_NAMES.read_text(encoding="utf-8"))
    assert sorted(tables) == ["ar", "en", "es", "fr", "ru", "zh"]
    for language, names in tables.items():
        assert set(names) <= {*iso_codes.list_countries()}
        for code, name in names.items():
            assert name != iso_codes.get_common_name(code, language), (language, code)


@pytest.mark.parametrize("language", ["ar", "en", "es", "fr", "ru", "zh"])
def test_no_two_countries_have_the_same_name(language: str) -> None:
    """No two countries are displayed by the same name in a language of the United Nations."""
    names = [iso_codes.get_country_name(code, language) for code in iso_codes.list_countries()]
    assert len({*names}) == len(names)


def test_other_names_are_unique() -> None:
    """Each other name or abbreviation of a country belongs to it only."""
    for code in {*iso_codes.ALTERNATIVE_NAMES, *iso_codes.ACRONYMS}:
        assert iso_codes.get_country_name(code) != code
        for name in (*iso_codes.ALTERNATIVE_NAMES.get(code, ()), *iso_codes.ACRONYMS.get(code, ())):
            assert iso_codes.find_country_code(name) == code, name


def test_an_unknown_code_is_its_own_name() -> None:
    """The name of an unknown code is the code itself."""
    assert iso_codes.get_language_name("qqq") == "qqq"
    assert iso_codes.get_country_name("QQ") == "QQ"


@pytest.mark.parametrize(
    ("language", "known"),
    [
        ("en", True),
        ("pt-BR", True),
        ("", False),
        ("klingon", False),
        ("en_US", False),
        ("fr.old", False),
        ("fr@euro", False),
    ],
)
def test_names_exist_in_the_languages_of_the_cldr(language: str, *, known: bool) -> None:
    """Names exist in the languages of the CLDR, whose codes have hyphens."""
    assert iso_codes.has_names(language) is known
