"""Languages are recognized by the codes and names that occur in catalogues."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.values.languages import find_languages, find_named_languages, is_no_language


@pytest.mark.parametrize("text", [
    "en", "EN", "eng", "eng.", "[eng]", "English", "ENGLISH", "English.", "en-US", "en_GB", "en-us",
    "English (US)", "(English)", "engund", "eng und", "anglais", "inglés", "ingles", "английский",
    "英语", "英文", "英語", "الإنجليزية", "Englisch", "inglese", "lang:en", "Language: English",
    "In English", "Text in English", "English, with French summary", "English (abstract in French)",
    "http://id.loc.gov/vocabulary/iso639-2/eng", "http://id.loc.gov/vocabulary/languages/eng",
])  # fmt: skip
def test_english_is_recognized(text: str) -> None:
    """A language is recognized by any code or name, in any language, with remarks."""
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
    """Old and new codes, names, and lists with any separator or none are recognized."""
    assert find_languages(text) == tuple(codes.split())


@pytest.mark.parametrize(
    "text", ["", "E", "Klingonese", "English; Klingonese", "the", "engqqq", "1999", "x" * 10_000]
)
def test_a_text_with_an_unknown_part_has_no_languages(text: str) -> None:
    """A text has no languages if one of its parts is not a language."""
    assert find_languages(text) == ()


@pytest.mark.parametrize("text", ["und", "mul", "zxx", "N/A", "Unknown", "Multiple languages", "-"])
def test_texts_for_an_unknown_language_are_recognized(text: str) -> None:
    """Codes and words for no, several, or unknown languages are not languages."""
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
    """Languages of any text are codes of two or three letters."""
    assert all(len(code) in {2, 3} and code.isalpha() for code in find_languages(text))
    is_no_language(text)
