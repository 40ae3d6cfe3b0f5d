"""Place and language names are recognized as users type them, and correct words are known."""

from collections.abc import Sequence

import pytest
from spellchecker import SpellChecker

from indexer.analysis.cleaning import fold
from indexer.values import iso_codes
from search_app.engine.interpretation import spellcheck, world_places
from search_app.engine.interpretation.entities import UNITED_NATIONS
from search_app.engine.interpretation.world_places import WorldName

PLACES = sorted({
    label
    for language in UNITED_NATIONS
    for code in (*iso_codes.list_countries(), *iso_codes.list_regions())
    for label in iso_codes.list_country_names(code, language)
})  # fmt: skip
LANGUAGES = sorted({
    iso_codes.get_language_name(code, language)
    for language in UNITED_NATIONS
    for code in iso_codes.list_languages()
    if iso_codes.get_language_name(code, language) != code
})  # fmt: skip
CAPITALS = ("Nairobi", "Ouagadougou", "Москва", "نيروبي", "北京", "Washington, D.C.", "Chisinau")


def whole(text: str) -> WorldName | None:
    found = world_places.find_mentions(text)
    is_whole = len(found) == 1 and (found[0].start, found[0].end) == (0, len(text))
    return found[0].name if is_whole else None


@pytest.mark.parametrize("labels", [PLACES, LANGUAGES, CAPITALS])
@pytest.mark.slow
def test_a_name_is_recognized_in_six_languages(labels: Sequence[str]) -> None:
    for label in labels:
        alone = label.rstrip(".)）’")
        for typed in (alone, alone.lower(), alone.upper(), fold(alone), alone.replace("-", " ")):
            assert [each.end for each in world_places.find_mentions(typed)] == [len(typed)], typed


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("Kenyas", WorldName("place", "KE")), ("кении", WorldName("place", "KE")),
        ("Кенией", WorldName("place", "KE")), ("肯尼亚", WorldName("place", "KE")),
        ("cote divoire", WorldName("place", "CI")), ("COTE D'IVOIRE", WorldName("place", "CI")),
        ("côte d’ivoire", WorldName("place", "CI")), ("Ivory Coast", WorldName("place", "CI")),
        ("guinea bissau", WorldName("place", "GW")), ("Burkinafaso", WorldName("place", "BF")),
        ("Western Africa", WorldName("place", "011")), ("Nairobi", WorldName("capital", "KE")),
        ("Найроби", WorldName("capital", "KE")), ("Swahili", WorldName("language", "sw")),
        ("Nigera", None), ("Keniya", None), ("Burkina", None), ("sport", None), ("", None),
    ],
)  # fmt: skip
def test_variants_of_a_name_are_recognized(typed: str, name: WorldName | None) -> None:
    assert whole(typed) == name


def test_the_longest_of_overlapping_names_is_recognized() -> None:
    text = "From Guinea-Bissau, via Niger: Equatorial Guinea"
    found = [
        (text[each.start : each.end], each.name.code) for each in world_places.find_mentions(text)
    ]
    assert found == [("Guinea-Bissau", "GW"), ("Niger", "NE"), ("Equatorial Guinea", "GQ")]


@pytest.mark.parametrize("language", ["en", "fr", "es", "ru", "ar"])
@pytest.mark.slow
def test_a_listed_word_is_correct_in_its_language(language: str) -> None:
    listed = sorted(SpellChecker(language=language).word_frequency.words())
    for word in listed[:: len(listed) // 200]:
        assert spellcheck.is_correct(word, language, ())
        assert spellcheck.is_correct(fold(word).upper(), language, UNITED_NATIONS)


@pytest.mark.parametrize(
    ("word", "is_correct"),
    [
        ("kitchen", True), ("neighbour", True), ("colour", True), ("forêt", True), ("foret", True),
        ("cocinas", True), ("погода", True), ("погодами", True), ("trafficing", False),
        ("prosecuters", False), ("goverment", False), ("assistence", False), ("migrent", False),
        ("погада", False), ("", False),
    ],
)  # fmt: skip
def test_misspelled_words_are_not_correct(word: str, *, is_correct: bool) -> None:
    """Common words of other languages and British spellings are correct.

    Misspelled words are not.
    """
    assert spellcheck.is_correct(word, "en", UNITED_NATIONS) == is_correct
    assert not spellcheck.is_correct(word, "zh", ("zh",))
