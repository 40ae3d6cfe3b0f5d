"""Suggestions while a user types: each one exists, fits, and has the right count."""

import tempfile
from collections.abc import Sequence
from pathlib import Path

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.analysis import stemming, tokenizer
from indexer.analysis.cleaning import fold, surface_form
from indexer.catalogue.records import Publication
from indexer.codec.segment.array_file import StringTable
from search_app.engine import Engine
from search_app.engine.features.autocomplete import MAX_CHARS, MAX_SUGGESTIONS, suggest
from search_app.engine.interpretation.interpreter import Retrieval, retrieve
from search_app.engine.request import Filters, SearchRequest
from search_app.engine.results import Suggestion
from search_app.engine.snapshot.label_index import LabelPrefixIndex
from tests.search_app.engine.catalogues import ALL_OF, FILTERS, WORDS, index, publications
from tests.tiers import examples

TOOLKIT = "assessment-toolkit-trafficking-in-persons-for-the-purpose-of-organ-removal-2015"


def suggested(
    engine: Engine, text: str, most: int = MAX_SUGGESTIONS, filters: Filters | None = None
) -> list[Suggestion]:
    within = SearchRequest(filters={name: tuple(each) for name, each in (filters or {}).items()})
    return suggest(text, engine.get_searcher().interpreter, most, within=within)


def search(engine: Engine, request: SearchRequest) -> Retrieval:
    return retrieve(request, engine.get_searcher().interpreter)


def of(suggestions: Sequence[Suggestion], kind: str) -> list[str]:
    return [each.text for each in suggestions if each.kind == kind]


def words(engine: Engine, text: str, filters: Filters | None = None) -> list[str]:
    return of(suggested(engine, text, 50, filters), "word")


def titles(engine: Engine, text: str) -> list[str]:
    return of(suggested(engine, text, 50), "title")


def values(engine: Engine, text: str, filters: Filters | None = None) -> list[tuple[str, str]]:
    found = suggested(engine, text, 50, filters)
    return [(each.field, each.value) for each in found if each.kind == "facet"]


def test_the_last_word_is_completed(engine: Engine) -> None:
    assert words(engine, "traffick")[0] == "trafficking"
    assert words(engine, "Organ rem") == ["Organ removal"]
    assert words(engine, "counter-traffi")[0] == "counter-trafficking"


def test_the_commonest_words_come_first(engine: Engine) -> None:
    terms = engine.get_searcher().interpreter.vocabulary.words
    frequencies = np.diff(terms.offsets)
    found = [terms.texts.find(word) for word in words(engine, "tra")]
    held = [int(frequencies[number]) for number in found if number is not None]
    assert len(held) > 3
    assert held == sorted(held, reverse=True)
    assert words(engine, "tra")[0] == "trafficking"


def test_inflections_of_a_word_are_suggested_once(engine: Engine) -> None:
    found = words(engine, "manua")
    assert len({stemming.stem(word, "en") for word in found}) == len(found)
    assert {"manual", "manuals"} & set(found)


@pytest.mark.parametrize(
    "text", ["trafficking", "TRAFFICKING", "organ removal", "removal", "t", "organ r", "traff "]
)
def test_a_complete_word_gets_no_completion(engine: Engine, text: str) -> None:
    assert words(engine, text) == []


def test_stop_words_are_not_suggested(engine: Engine) -> None:
    assert words(engine, "th")
    assert not set(words(engine, "th")) & stemming.get_stop_words("en")
    assert "organ with" not in words(engine, "organ wi")


def test_a_suggested_word_occurs_with_the_words_before_it(engine: Engine) -> None:
    """A word is suggested only if a publication has it together with the words before it."""
    assert "sea" in words(engine, "se")
    assert "organ sea" not in words(engine, "organ se")
    assert words(engine, "xyzzy tra") == []
    (first,) = suggested(engine, "organ re", 1)
    assert first.text == "organ removal"


def test_a_marker_in_the_term_list_is_not_part_of_a_word(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = StringTable.get_text
    monkeypatch.setattr(
        StringTable, "get_text", lambda self, number: text(self, number) + "\x1dstem"
    )
    assert words(engine, "traffick") == ["trafficking"]
    monkeypatch.setattr(
        StringTable, "get_text", lambda self, number: "trafficking\x1d" + text(self, number)
    )
    assert words(engine, "traffick") == ["trafficking"]


def test_a_suggested_title_has_all_typed_words(engine: Engine) -> None:
    found = [each for each in suggested(engine, "removal org") if each.kind == "title"]
    assert {each.value for each in found} == {
        TOOLKIT, "human-trafficking-for-the-removal-of-organs-and-body-parts",
    }  # fmt: skip
    assert titles(engine, "remov orga") == titles(engine, "mode ") == []
    assert titles(engine, "model") == titles(engine, "model ")


def test_titles_in_other_languages_are_suggested(engine: Engine) -> None:
    for text in ("Guía del docente - Capac", "GUIA del docente capac"):
        assert titles(engine, text)[0].startswith("Guía del docente - Capacitación")


def test_what_starts_with_the_text_comes_first(engine: Engine) -> None:
    for text, kind in (("toolk", "title"), ("in", "facet")):
        found = of(suggested(engine, text, 50), kind)
        begin = [each.lower().startswith(text) for each in found]
        assert begin == sorted(begin, reverse=True)
        assert any(begin)
        assert not all(begin)
    assert titles(engine, "human trafficking fo")[0].startswith("Human Trafficking for the Removal")


def test_every_kind_has_a_share_of_the_suggestions(engine: Engine) -> None:
    found = suggested(engine, "tra")
    assert len(found) == MAX_SUGGESTIONS
    kinds = [each.kind for each in found]
    assert kinds == sorted(kinds, key=("word", "facet", "title").index)
    assert [kinds.count(kind) for kind in ("word", "facet", "title")] == [3, 3, 2]
    assert len(suggested(engine, "tra", 1)) == 1
    assert {each.kind for each in suggested(engine, "assessment toolkit tr")} >= {"title"}


@pytest.mark.parametrize(
    "text",
    ['"model l', '"model law" tra', "title:tra", "tra:", "(tra", "sea OR tra", "-tra", "sea -tra",
     "traf*", "traf~", "NOT tra", "", " ", "\0", "?!",
     "trafficking " * (MAX_CHARS // 10) + "traff"],
)  # fmt: skip
def test_only_plain_words_get_suggestions(engine: Engine, text: str) -> None:
    assert suggested(engine, text) == []


@pytest.mark.parametrize(
    "text", ["tra", "smuggling of mi", "lab", "chil", "orga", "UNOD", "guide model law organ re"]
)
@pytest.mark.parametrize(
    "within",
    [
        SearchRequest(), SearchRequest(filters={"region": ("South Asia",)}),
        SearchRequest(excluded={"section": ("Multimedia",), "region": ("Africa",)}),
    ],
    ids=["everything", "filtered", "excluded"],
)  # fmt: skip
def test_a_suggestion_has_the_count_of_its_search(
    engine: Engine, text: str, within: SearchRequest
) -> None:
    """The count of a suggestion is the total of its search, which has the filters and synonyms."""
    for each in suggest(text, engine.get_searcher().interpreter, 50, within=within):
        assert_true(engine, each, text, within)


def test_no_selected_value_and_no_word_without_hits_is_suggested(engine: Engine) -> None:
    ticked = {"region": ("South Asia",)}
    assert ("region", "South Asia") not in values(engine, "south", ticked)
    assert words(engine, "refug", {"section": ("Multimedia",)}) == []
    assert words(engine, "refug") != []


def written(text: str) -> list[str]:
    return [surface_form(text[start:end]) for start, end in tokenizer.find_spans(text)]


def assert_true(engine: Engine, each: Suggestion, typed: str, within: SearchRequest) -> None:
    assert each.total > 0
    if each.kind == "word":
        finding = search(engine, msgspec.structs.replace(within, text=each.text))
        read = finding.interpretation
        assert (finding.reply.total, read.corrected) == (each.total, None)
        assert not read.relaxed or (read.all_words_reply and read.all_words_reply.by_words)
        assert fold(each.text).startswith(fold(typed.lstrip()))
    elif each.kind == "facet":
        values = (*within.filters.get(each.field, ()), each.value)
        request = msgspec.structs.replace(within, filters={**within.filters, each.field: values})
        assert search(engine, request).reply.total == each.total
        assert typed.split()[0].lower() in each.text.lower()
    else:
        searcher = engine.get_searcher()
        publication = searcher.get_publication(each.value)
        assert publication
        assert publication.title == each.text
        assert each.value in searcher.list_ids(msgspec.structs.replace(within, size=searcher.size))
        held = written(each.text)
        *whole, last = written(typed)
        assert set(whole) <= set(held)
        assert any(word.startswith(last) for word in held)


BEGINNINGS = st.builds(lambda word, end: word[:end], st.sampled_from(WORDS), st.integers(1, 9))
TYPED = st.builds(
    lambda before, last, end: " ".join([*before, last]) + end,
    st.lists(st.sampled_from((*WORDS, "the", "OR", "-law", "crime")), max_size=2),
    BEGINNINGS | st.sampled_from(("no", "so", "20", "200", "fil", "dat", "AA", "Tools", "ZZ")),
    st.sampled_from(("", "", " ")),
)


WITHIN = st.builds(
    SearchRequest, filters=FILTERS, excluded=st.just({}) | FILTERS, all_of=st.just({}) | ALL_OF
)


@given(made=publications(most=120), asked=st.lists(st.tuples(TYPED, WITHIN), max_size=8))
@examples(60)
@pytest.mark.slow
def test_every_suggestion_leads_to_its_count(
    made: list[Publication], asked: list[tuple[str, SearchRequest]]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        engine = Engine.open(index(Path(folder), made))
        for text, within in asked:
            found = suggest(text, engine.get_searcher().interpreter, within=within)
            assert len(found) <= MAX_SUGGESTIONS
            assert len(set(found)) == len(found)
            for each in found:
                assert_true(engine, each, text, within)


@given(text=st.text(max_size=40), most=st.integers(1, 9))
@examples(200)
@pytest.mark.slow
def test_any_text_is_accepted(engine: Engine, text: str, most: int) -> None:
    for typed in (text, f"organ {text}", f"{text}tra"):
        assert len(suggested(engine, typed, most)) <= most


def test_only_the_commonest_values_of_a_large_field_are_suggested(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("search_app.engine.snapshot.label_index.MAX_VALUES", 2)
    values, counts = ["a", "b", "c", "d", "none"], np.array([1, 3, 2, 3, 9])
    catalogue = engine.get_searcher().catalogue
    labels = LabelPrefixIndex({"section": values}, {"section": counts}, catalogue)
    assert labels.values == [("section", "b"), ("section", "d")]
    assert labels.counts == [3, 3]


@pytest.mark.parametrize(
    ("text", "language", "value"),
    [
        # Any word of a label, in any case, with or without accents.
        *((text, "", "South Asia") for text in ("south a", "SOUTH  A", "asi", "Söuth Äsia")),
        ("south ", "", "South Asia"),
        # Names in the language of the page and in that of the catalogue.
        ("الهند", "ar", "IN"), ("印度", "zh", "IN"), ("inde", "fr", "IN"), ("inde", "", None),
        ("india", "fr", "IN"), ("indi", "", "IN"), ("ost-ind", "de", None),
        ("west africa", "ru", None), ("spani", "", "es"),
        # Short and long names.
        *((text, "", "MD") for text in ("republic of mold", "moldova", "moldav")),
    ],
)  # fmt: skip
def test_a_value_is_suggested_by_its_names(
    engine: Engine, text: str, language: str, value: str | None
) -> None:
    found = engine.get_searcher().suggest(text, language=language)
    if value:
        assert value in {each.value for each in found if each.kind == "facet"}
    else:
        assert not [each for each in found if each.field == "country"]


def test_a_value_is_not_suggested_by_its_code(engine: Engine) -> None:
    assert ("language", "es") not in values(engine, "es")
