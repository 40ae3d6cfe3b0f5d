"""The entities that an inflection, or a part of a Chinese label, names."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.catalogue import thesaurus
from indexer.catalogue.fields import Field
from indexer.values import iso_codes
from search_app.engine.interpretation.entities import (
    JOINING_CHARACTERS,
    MAX_ALIKE,
    Entity,
    NameIndex,
    list_names,
)
from search_app.engine.search import Searcher
from tests.catalogue import CORPUS
from tests.search_app.engine.named import answer, ids

LAW = ["legislation", "legislators", "organs", "organizations", "trafficking", "traffickers"]
WORDS = NameIndex([Entity(each, {"en": [each]}, ()) for each in LAW], ["en"])
CONCEPTS = thesaurus.load(CORPUS).concept
CHINESE = [(label, each.id) for each in CONCEPTS for label in each.get_labels("zh")]
NAMES = NameIndex([Entity(each.id, {"zh": each.get_labels("zh")}, ()) for each in CONCEPTS], ["en"])


def named(piece: str) -> list[str]:
    return [
        CONCEPTS[number].id
        for name in NAMES.find_names([piece], shouted=False)
        for number in name.numbers
    ]


@pytest.mark.parametrize(
    ("typed", "thing"),
    [
        ("legislation", "legislation"), ("legislators", "legislators"),
        ("legislator", "legislators"), ("legislator's", "legislators"), ("organ", "organs"),
        ("organisation", "organizations"), ("organizations", "organizations"),
        ("trafficking", "trafficking"), ("trafficked", "trafficking"),
        ("trafficker", "traffickers"),
        ("legislative", None), ("organized", None),
    ],
)  # fmt: skip
def test_inflection_decides_between_things_whose_labels_share_a_stem(
    typed: str, thing: str | None
) -> None:
    found = [
        LAW[number] for each in WORDS.find_names([typed], shouted=False) for number in each.numbers
    ]
    assert found == ([thing] if thing else [])


@pytest.mark.parametrize("piece", ["器官", "器官摘除", "摘取器官", "器官的摘除", "摘除"])
def test_part_of_a_chinese_label_names_its_concept(piece: str) -> None:
    assert "organ-removal" in named(piece)


@pytest.mark.parametrize("piece", ["摘", "量子力学", "银河", "问题", "器官器官器官"])
def test_a_single_character_or_a_common_part_names_nothing(piece: str) -> None:
    assert named(piece) == []


@given(st.sampled_from(CHINESE), st.data())
def test_half_of_a_chinese_label_names_its_concept_unless_many_have_it(
    label: tuple[str, str], data: st.DataObject
) -> None:
    """Half of a label names its concept, unless it is a label or too many concepts have it.

    Characters that only join words do not count.
    """
    text, of = label[0].translate(JOINING_CHARACTERS), label[1]
    length = data.draw(st.integers(max(2, -(-len(text) // 2)), max(2, len(text))))
    at = data.draw(st.integers(0, max(0, len(text) - length)))
    part = text[at : at + length]
    found = named(part)
    assert of in found or not found or part in dict(CHINESE)
    assert len(found) <= MAX_ALIKE


def test_legislators_are_not_legislation(searcher: Searcher) -> None:
    found = answer("legislators", searcher)
    assert ids(found)[0] == "combating-trafficking-in-persons-a-handbook-for-parliamentarians-2009"
    assert found.total < answer("legislation", searcher).total
    assert "legislation" not in found.entities[0].synonyms


def test_drafting_national_legislation_ranks_both_model_laws_first(searcher: Searcher) -> None:
    found = ids(answer("drafting national legislation", searcher))
    assert set(found[:2]) == {
        "unodc-model-law-against-the-smuggling-of-migrants-2010",
        "unodc-model-law-against-trafficking-in-persons-2009",
    }


@pytest.mark.parametrize("text", ["器官", "器官摘除", "摘取器官"])
def test_part_of_a_chinese_name_has_the_hits_of_its_concept(text: str, searcher: Searcher) -> None:
    assert set(ids(answer(text, searcher))) == set(ids(answer("organ removal", searcher)))


def test_a_label_of_one_word_matches_only_its_inflections(searcher: Searcher) -> None:
    assert answer("traffickers", searcher).total < answer("trafficking", searcher).total / 2


@pytest.mark.parametrize("own", ["en", "fr", "es", "ru", "ar", "zh", "de", "pt-BR"])
def test_a_region_has_names_in_any_language_of_a_catalogue(own: str) -> None:
    """A region whose name in the catalogue's language is also English has other names too."""
    europe, africa = (iso_codes.get_country_name(code, own) for code in ("150", "002"))
    for label in (europe, africa):
        names = list_names(Field("region", "Region", values=(label,)), label, own)
        assert {"en", "fr", "ru"} | {own} <= names.keys()
    assert list_names(Field("region", "Region"), f"{europe} / {africa}", own)
