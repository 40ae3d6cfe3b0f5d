"""Languages and countries are recognized by codes and names, and named in other languages."""

import tomllib
from importlib.resources import files

import pytest
from babel import Locale
from hypothesis import given
from hypothesis import strategies as st

from indexer.values import iso_codes
from indexer.values.iso_codes import find_languages, find_named_languages, is_no_language

UN_NAMES = files(iso_codes.__package__) / "un_names.toml"

ENGLISH = Locale.parse("en")


@pytest.mark.parametrize(("text", "code"), [
    ("en", "en"), (" FR ", "fr"), ("fra", "fr"), ("zho", "zh"), ("deu", "de"), ("Spanish", "es"),
    ("hindi", "hi"), ("Romanian", "ro"), ("pt-BR", "pt-BR"), ("pt_BR", "pt-BR"),
    ("Brazilian Portuguese", "pt-BR"), ("Moldavian", "ro-MD"), ("sh", "sr-Latn"), ("haw", "haw"),
    *dict.fromkeys(["", "Klingonese", "qq", "en-", "en-\x00x", "en x", "-en", "1"]).items(),
])  # fmt: skip
def test_a_language_is_recognized_by_code_or_name(text: str, code: str | None) -> None:
    assert iso_codes.find_language_code(text) == code


def test_every_language_name_has_a_stable_code() -> None:
    """Every English name of a language has a code, which is the code of itself."""
    for name in ENGLISH.languages.values():
        code = iso_codes.find_language_code(name)
        assert code is not None, name
        assert iso_codes.find_language_code(code) == code, name


@given(st.text())
def test_any_text_has_a_valid_language_code_or_none(text: str) -> None:
    code = iso_codes.find_language_code(text)
    assert code is None or (code.isascii() and code.replace("-", "").isalnum())


@pytest.mark.parametrize(("text", "code"), [
    ("IN", "IN"), (" md ", "MD"), ("India", "IN"), ("kenya", "KE"), ("Moldova", "MD"),
    ("Viet Nam", "VN"), ("republic of moldova", "MD"), ("UK", "GB"), ("USA", "US"),
    *dict.fromkeys(["", "Atlantis", "QQ", "IND", "150", "Europe"]).items(),
])  # fmt: skip
def test_a_country_is_recognized_by_code_or_name(text: str, code: str | None) -> None:
    assert iso_codes.find_country_code(text) == code


def test_names_are_in_the_requested_language() -> None:
    """Names are in the requested language, with subtags in brackets. A code may be its own name."""
    codes = [("fr", "en"), ("fr", "fr"), ("pt-BR", "en"), ("qqq", "en")]
    assert [iso_codes.get_language_name(*each) for each in codes] == [
        "French", "français", "Portuguese (BR)", "qqq",
    ]  # fmt: skip
    codes = [("IN", "en"), ("IN", "pt-BR"), ("QQ", "en")]
    assert [iso_codes.get_country_name(*each) for each in codes] == ["India", "Índia", "QQ"]


def test_the_displayed_name_of_a_country_comes_first() -> None:
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
    tables = tomllib.loads(UN_NAMES.read_text(encoding="utf-8"))
    assert sorted(tables) == ["ar", "en", "es", "fr", "ru", "zh"]
    for language, names in tables.items():
        assert set(names) <= {*iso_codes.list_countries()}
        for code, name in names.items():
            assert name != iso_codes.get_common_name(code, language), (language, code)


@pytest.mark.parametrize("language", ["ar", "en", "es", "fr", "ru", "zh"])
def test_no_two_countries_have_the_same_name(language: str) -> None:
    names = [iso_codes.get_country_name(code, language) for code in iso_codes.list_countries()]
    assert len({*names}) == len(names)


def test_other_names_are_unique() -> None:
    other = iso_codes.load_other_names()
    for code, names in (*other["countries"].items(), *other["acronyms"].items()):
        assert iso_codes.get_country_name(code) != code
        assert [*map(iso_codes.find_country_code, names)] == [code] * len(names)


@pytest.mark.parametrize("language", ["", "klingon", "en_US", "fr.old", "fr@euro", "en", "pt-BR"])
def test_names_exist_in_the_languages_of_the_cldr(language: str) -> None:
    assert iso_codes.has_names(language) is (language in {"en", "pt-BR"})


@pytest.mark.parametrize("text", [
    "en", "EN", "eng", "eng.", "[eng]", "English", "ENGLISH", "English.", "en-US", "en_GB", "en-us",
    "English (US)", "(English)", "engund", "eng und", "anglais", "inglés", "ingles", "английский",
    "英语", "英文", "英語", "الإنجليزية", "Englisch", "inglese", "lang:en", "Language: English",
    "In English", "Text in English", "English, with French summary", "English (abstract in French)",
    "http://id.loc.gov/vocabulary/iso639-2/eng", "http://id.loc.gov/vocabulary/languages/eng",
])  # fmt: skip
def test_english_is_recognized(text: str) -> None:
    assert find_languages(text) == ("en",)


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("fre", "fr"), ("fra", "fr"), ("ger", "de"), ("deu", "de"), ("chi", "zh"), ("cze", "cs"),
        ("iw", "he"), ("scr", "hr"), ("Castilian", "es"), ("Spanish; Castilian", "es"),
        ("Greek, Modern (1453-)", "el"), ("Farsi", "fa"), ("zh-Hans", "zh"), ("zh-CN", "zh"),
        ("Chinese (Simplified)", "zh"), ("Portuguese (Brazil)", "pt"), ("haw", "haw"),
        ("araeng", "ar en"), ("engfrespa", "en fr es"), ("eng fre", "en fr"), ("engeng", "en"),
        ("English; French", "en fr"), ("en|fr", "en fr"), ("eng/fre", "en fr"), ("en\nfr", "en fr"),
        ("English, French and Spanish", "en fr es"), ("French-English", "fr en"),
        ("español, inglés e italiano", "es en it"), ("中文；英文", "zh en"), ("日本語", "ja"),
        ("A/C/E/F/R/S", "ar zh en fr ru es"), ("en, fr, und", "en fr"), ("日文", "ja"),
        ("عربي", "ar"), ("العربية والإنجليزية", "ar en"),
        ("рус.", "ru"), ("англ., рус.", "en ru"), ("dt.", "de"), ("engl.", "en"),
    ],
)  # fmt: skip
def test_codes_names_and_lists_are_recognized(text: str, codes: str) -> None:
    assert find_languages(text) == tuple(codes.split())


@pytest.mark.parametrize(
    "text", ["", "E", "Klingonese", "English; Klingonese", "the", "engqqq", "1999", "x" * 10_000]
)
def test_a_text_with_an_unknown_part_has_no_languages(text: str) -> None:
    assert find_languages(text) == ()


@pytest.mark.parametrize("text", ["und", "mul", "zxx", "N/A", "Unknown", "Multiple languages", "-"])
def test_texts_for_an_unknown_language_are_recognized(text: str) -> None:
    assert is_no_language(text)
    assert find_languages(text) == ()
    assert not is_no_language("English")
    assert not is_no_language("E")


@pytest.mark.parametrize(("text", "codes"), [
    ("The letters are in English, and a few in French.", "en fr"), ("Documents en français", "fr"),
    ("Die Akten sind überwiegend deutsch", "de"), ("Papers of the even Board", ""),
])  # fmt: skip
def test_names_in_a_sentence_are_recognized(text: str, codes: str) -> None:
    """Names of common languages are found in a sentence. Names of rare ones may be words."""
    assert find_named_languages(text) == tuple(codes.split())


@given(st.text() | st.text("eng fr;,-()[]", max_size=40))
def test_any_text_is_read(text: str) -> None:
    assert all(len(code) in {2, 3} and code.isalpha() for code in find_languages(text))
    is_no_language(text)
