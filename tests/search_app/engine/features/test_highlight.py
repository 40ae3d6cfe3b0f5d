"""Highlighting of matches in the title and in the densest passage of the summary."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from whoosh import query

from indexer.analysis import stemming, tokenizer
from search_app.engine.features.highlight import (
    MAX_CACHED_CHARS,
    MAX_PASSAGE_CHARS,
    best_passage,
    highlight,
    make_highlighter,
)
from search_app.engine.query.nodes import (
    Clause,
    Fuzzy,
    Part,
    Phrase,
    Prefix,
    Term,
    compile_wildcard,
)
from search_app.engine.results import TextRun

PIECES = (
    "organ", "Organs", "ORGAN’S", "l'organ", "organ_", "C++", "émigré", "器官", "・", "\n\n", " ",
    ". ", "_", "'", "\x1f", "İ",
)  # fmt: skip
"""Words, and characters that may occur between them."""
TITLE, SUMMARY = frozenset({"title"}), frozenset({"s"})
FILLER = "Nothing of note stands in this sentence at all. " * 12


def marked(runs: tuple[TextRun, ...]) -> list[str]:
    """Return the texts that are marked."""
    return [run.text for run in runs if run.marked]


def leaf(*parts: Part) -> Clause:
    """Return a leaf of parts."""
    return Clause(list(parts))


def test_words_are_marked_by_their_stems() -> None:
    """A word is marked in all its inflections, as it is written in the text."""
    found = make_highlighter(leaf(Term("traffick", TITLE)), "title", "en")
    text = "Trafficking, traffic and TRAFFICKED"
    assert marked(highlight(text, found)) == ["Trafficking", "TRAFFICKED"]


def test_a_text_is_stemmed_in_its_own_language() -> None:
    """The same text has other stems in another language, even if it is cached."""
    text = "Explotaciones"
    found = make_highlighter(leaf(Term(stemming.stem(text, "es"), TITLE)), "title", "en")
    for _ in range(2):
        assert marked(highlight(text, found, "es")) == [text]
        assert not marked(highlight(text, found, "en"))
        assert not marked(highlight(text, found))


@pytest.mark.parametrize("word", ["organs", "器官"])
def test_a_text_of_any_length_is_marked(word: str) -> None:
    """A text that is too long for the cache is marked like any other."""
    stem = "organ" if word.isascii() else "器官"
    found = make_highlighter(leaf(Term(stem, TITLE)), "title", "en")
    for beside in (MAX_CACHED_CHARS - len(word) - 1, MAX_CACHED_CHARS):
        text = f"{word} {'x' * beside}"
        assert marked(highlight(text, found)) == marked(highlight(text, found)) == [word]


def test_a_phrase_is_marked_only_where_it_is_complete() -> None:
    """The words of a phrase are marked next to each other, and not singly."""
    found = make_highlighter(leaf(Phrase(("model", "law"), TITLE)), "title", "en")
    assert marked(highlight("A law of the model: the Model Law", found)) == ["Model", "Law"]


def test_a_phrase_ends_with_its_paragraph() -> None:
    """Words on either side of an empty line are not a phrase, with or without word breaks."""
    for words, text in (
        (["organ", "remov"], "Organs\n\nRemoval"),
        (["官", "摘取"], "器官\n\n摘取"),
    ):
        found = make_highlighter(leaf(Phrase(tuple(words), TITLE)), "title", "en")
        assert not marked(highlight(text, found))
        assert marked(highlight(text.replace("\n\n", " "), found))


def test_a_word_as_written_is_marked_in_no_other_form() -> None:
    """A name from another language is marked as it is written, and not by its stem."""
    found = make_highlighter(leaf(Term("=trata", TITLE)), "title", "en")
    assert marked(highlight("Trata\n\nde tratas, a trata", found)) == ["Trata", "trata"]


def test_a_prefix_is_marked_by_the_word_as_written() -> None:
    """A prefix marks the words that are written with it."""
    found = make_highlighter(leaf(Prefix("organi", TITLE)), "title", "en")
    assert marked(highlight("Organized organ organisations", found)) == [
        "Organized",
        "organisations",
    ]


def test_a_fuzzy_match_is_marked_by_the_word_as_written() -> None:
    """A word within the maximum number of edits is marked, whatever its stem."""
    found = make_highlighter(leaf(Fuzzy("organ", TITLE)), "title", "en")
    assert marked(highlight("Organ, organs, argan and organist", found)) == [
        "Organ",
        "organs",
        "argan",
    ]


@pytest.mark.parametrize(
    ("pattern", "word", "expected"),
    [
        ("a*", "a", True), ("a*", "b", False), ("*a", "ba", True), ("a*a", "a", False),
        ("a*a", "aa", True), ("a*b*c", "axbxc", True), ("a*b*c", "acb", False),
        ("abc", "abc", True), ("a*bb*b", "abb", False), ("*", "", True),
    ],
)  # fmt: skip
def test_a_wildcard_matches_any_characters(pattern: str, word: str, expected: bool) -> None:
    """A star matches any characters, also none, and the pieces between stars never overlap."""
    assert (compile_wildcard(pattern).fullmatch(word) is not None) is expected


def test_excluded_words_are_not_marked() -> None:
    """Words after a minus sign and words of another field are not marked."""
    tree = query.And([query.Not(leaf(Term("law", TITLE))), leaf(Term("model", frozenset({"x"})))])
    assert not marked(highlight("Model law", make_highlighter(tree, "title", "en")))


def test_the_passage_has_the_most_different_words() -> None:
    """The passage is the part of the text with the most different words close together."""
    text = f"An organ. {FILLER} Then removal of an organ is described. {FILLER}"
    tree = query.And([leaf(Term("organ", SUMMARY)), leaf(Term("remov", SUMMARY))])
    runs = best_passage(text, make_highlighter(tree, "s", "en"))
    assert marked(runs) == ["removal", "organ"]
    assert runs[0].text == "… "
    assert runs[-1].text == " …"


def test_a_summary_without_a_match_is_shown_from_its_start() -> None:
    """A summary without a match is shown from its start."""
    runs = best_passage(FILLER, make_highlighter(None, "s", "en"))
    assert runs[0].text.startswith("Nothing of note")


@given(
    st.text(max_size=2000)
    | st.lists(st.sampled_from(["organ", "law. ", "é", " ", "\n\n"])).map("".join)
)
def test_a_passage_is_part_of_the_text(text: str) -> None:
    """A passage of any text is a part of it, and not longer than the limit."""
    tree = query.And([leaf(Term("organ", SUMMARY)), leaf(Term("law", SUMMARY))])
    runs = [
        run
        for run in best_passage(text, make_highlighter(tree, "s", "en"))
        if run.text not in ("… ", " …")
    ]
    together = "".join(run.text for run in runs)
    assert together in text
    assert len(together) <= MAX_PASSAGE_CHARS


@given(st.lists(st.sampled_from(PIECES)).map("".join) | st.text(max_size=200))
def test_the_marked_words_are_those_with_the_stem(text: str) -> None:
    """Marks are where the analysis has a word with the stem, whatever surrounds it."""
    found = make_highlighter(leaf(Term("organ", TITLE)), "title", "en")
    words = [each for each in tokenizer.tokenize(text, "en") if each.stem == "organ"]
    assert found.find_spans(text) == [(each.start, each.end) for each in words]
