"""What matched is marked, in the title and in the densest part of the summary."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from whoosh import query

from indexer.analysis import stemming, tokenizer
from search_app.engine.features.highlight import LENGTH, REMEMBERED, marker, passage, whole
from search_app.engine.query.nodes import Leaf, fits
from search_app.engine.results import Run

PIECES = (
    "organ", "Organs", "ORGAN’S", "l'organ", "organ_", "C++", "émigré", "器官", "・", "\n\n", " ",
    ". ", "_", "'", "\x1f", "İ",
)  # fmt: skip
"""Words and what may be between them."""
FILLER = "Nothing of note stands in this sentence at all. " * 12


def marked(runs: tuple[Run, ...]) -> list[str]:
    """The texts that are marked."""
    return [run.text for run in runs if run.marked]


def leaf(*parts: query.Query) -> Leaf:
    """A leaf of parts."""
    return Leaf(list(parts))


def test_words_are_marked_by_their_stems() -> None:
    """A word is marked in all its inflections, and as it stands in the text."""
    found = marker(leaf(query.Term("title", "traffick")), "title", "en")
    text = "Trafficking, traffic and TRAFFICKED"
    assert marked(whole(text, found)) == ["Trafficking", "TRAFFICKED"]


def test_a_text_is_read_in_the_language_that_it_has() -> None:
    """The same text in another language has other stems, also where it was read before."""
    text = "Explotaciones"
    found = marker(leaf(query.Term("title", stemming.stem(text, "es"))), "title", "en")
    for _ in range(2):
        assert marked(whole(text, found, "es")) == [text]
        assert not marked(whole(text, found, "en"))
        assert not marked(whole(text, found))


@pytest.mark.parametrize("word", ["organs", "器官"])
def test_a_text_of_any_length_is_marked(word: str) -> None:
    """What is too long to be remembered is marked like the rest."""
    stem = "organ" if word.isascii() else "器官"
    found = marker(leaf(query.Term("title", stem)), "title", "en")
    for beside in (REMEMBERED - len(word) - 1, REMEMBERED):
        text = f"{word} {'x' * beside}"
        assert marked(whole(text, found)) == marked(whole(text, found)) == [word]


def test_a_phrase_is_marked_only_where_it_stands_whole() -> None:
    """The words of a phrase are marked side by side, and not one by one."""
    found = marker(leaf(query.Phrase("title", ["model", "law"])), "title", "en")
    assert marked(whole("A law of the model: the Model Law", found)) == ["Model", "Law"]


def test_a_phrase_ends_with_its_paragraph() -> None:
    """What stands on either side of an empty line is no phrase, parted into words or not."""
    for words, text in (
        (["organ", "remov"], "Organs\n\nRemoval"),
        (["官", "摘取"], "器官\n\n摘取"),
    ):
        found = marker(leaf(query.Phrase("title", words)), "title", "en")
        assert not marked(whole(text, found))
        assert marked(whole(text.replace("\n\n", " "), found))


def test_a_word_as_written_is_marked_in_no_other_form() -> None:
    """A name from another language is marked where it is written so, and not by its stem."""
    found = marker(leaf(query.Term("title", "=trata")), "title", "en")
    assert marked(whole("Trata\n\nde tratas, a trata", found)) == ["Trata", "trata"]


def test_a_beginning_is_marked_by_the_word_as_written() -> None:
    """A beginning marks the words that are written so."""
    found = marker(leaf(query.Prefix("title", "=organi")), "title", "en")
    assert marked(whole("Organized organ organisations", found)) == ["Organized", "organisations"]


def test_a_likeness_is_marked_by_the_word_as_written() -> None:
    """A word of no more edits than were asked for is marked, whatever its stem."""
    found = marker(leaf(query.FuzzyTerm("title", "=organ", 1.0, 1, 1)), "title", "en")
    assert marked(whole("Organ, organs, argan and organist", found)) == ["Organ", "organs", "argan"]


@pytest.mark.parametrize(
    ("pattern", "word", "expected"),
    [
        ("a*", "a", True), ("a*", "b", False), ("*a", "ba", True), ("a*a", "a", False),
        ("a*a", "aa", True), ("a*b*c", "axbxc", True), ("a*b*c", "acb", False),
        ("abc", "abc", True), ("a*bb*b", "abb", False), ("*", "", True),
    ],
)  # fmt: skip
def test_a_pattern_fits_words_of_its_shape(pattern: str, word: str, expected: bool) -> None:
    """A star stands for anything, also for nothing, and pieces never overlap."""
    assert fits(pattern, word) is expected


def test_what_is_excluded_is_not_marked() -> None:
    """Words behind a minus are not marked, nor those of another field."""
    tree = query.And([query.Not(leaf(query.Term("title", "law"))), leaf(query.Term("x", "model"))])
    assert not marked(whole("Model law", marker(tree, "title", "en")))


def test_the_passage_is_where_most_words_stand() -> None:
    """A passage is cut from where the most different words stand together."""
    text = f"An organ. {FILLER} Then removal of an organ is told. {FILLER}"
    tree = query.And([leaf(query.Term("s", "organ")), leaf(query.Term("s", "remov"))])
    runs = passage(text, marker(tree, "s", "en"))
    assert marked(runs) == ["removal", "organ"]
    assert runs[0].text == "… "
    assert runs[-1].text == " …"


def test_without_a_match_it_is_the_beginning() -> None:
    """A summary without a match is shown from its beginning."""
    runs = passage(FILLER, marker(None, "s", "en"))
    assert runs[0].text.startswith("Nothing of note")


@given(
    st.text(max_size=2000)
    | st.lists(st.sampled_from(["organ", "law. ", "é", " ", "\n\n"])).map("".join)
)
def test_a_passage_is_part_of_the_text(text: str) -> None:
    """Whatever the text, a passage is a part of it, and not much longer than two lines."""
    tree = query.And([leaf(query.Term("s", "organ")), leaf(query.Term("s", "law"))])
    runs = [run for run in passage(text, marker(tree, "s", "en")) if run.text not in ("… ", " …")]
    together = "".join(run.text for run in runs)
    assert together in text
    assert len(together) <= LENGTH


@given(st.lists(st.sampled_from(PIECES)).map("".join) | st.text(max_size=200))
def test_the_marked_words_are_those_with_the_stem(text: str) -> None:
    """Marks are where the analysis finds a word with the stem, whatever is around it."""
    found = marker(leaf(query.Term("title", "organ")), "title", "en")
    words = [each for each in tokenizer.tokens(text, "en") if each.stem == "organ"]
    assert found.spans(text) == [(each.start, each.end) for each in words]
