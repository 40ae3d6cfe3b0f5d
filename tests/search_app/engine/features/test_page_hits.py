"""Highlighting of matches in the title and in the densest passage of the summary."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.analysis import stemming, tokenizer
from search_app.engine.features.page_hits import MAX_PASSAGE_CHARS, Marks, best_passage, highlight
from search_app.engine.matching import read_words
from search_app.engine.query import nodes
from search_app.engine.results import TextRun

PIECES = (
    "organ", "Organs", "ORGAN’S", "l'organ", "organ_", "C++", "émigré", "器官", "・", "\n\n", " ",
    ". ", "_", "'", "\x1f", "İ",
)  # fmt: skip
"""Words, and characters that may occur between them."""
TITLE = frozenset({"title"})
MODEL_LAW = nodes.Phrase(("model", "law"), TITLE)
FILLER = "Nothing of note stands in this sentence at all. " * 12


def marked(runs: tuple[TextRun, ...]) -> list[str]:
    return [run.text for run in runs if run.marked]


def find_spans(text: str, tree: nodes.Tree | None, language: str = "en") -> list[tuple[int, int]]:
    return Marks(tree, read_words(text, language, "title")).find(0, "title", text)


def show(text: str, tree: nodes.Tree | None, language: str = "en") -> list[str]:
    return marked(highlight(text, find_spans(text, tree, language)))


def leaf(*parts: nodes.Part) -> nodes.Clause:
    return nodes.Clause(list(parts))


@pytest.mark.parametrize(
    ("part", "text", "expected"),
    [
        # a word by its stem, in all its inflections
        (
            nodes.Term("traffick", TITLE),
            "Trafficking, traffic and TRAFFICKED",
            "Trafficking TRAFFICKED",
        ),
        (nodes.Term("器官", TITLE), f"器官 {'x' * 2000}", "器官"),
        # a phrase only where it is complete, within its paragraph
        (MODEL_LAW, "A law of the model: the Model Law", "Model Law"),
        (MODEL_LAW, "Model\n\nLaw", ""),
        (nodes.Phrase(("官", "摘取"), TITLE), "器官 摘取", "官 摘取"),
        (nodes.Phrase(("官", "摘取"), TITLE), "器官\n\n摘取", ""),
        # a word as written in no other form, such as a name from another language
        (nodes.Term("=trata", TITLE), "Trata\n\nde tratas, a trata", "Trata trata"),
        (nodes.Prefix("organi", TITLE), "Organized organ organisations", "Organized organisations"),
        (nodes.Fuzzy("organ", TITLE), "Organ, organs, argan and organist", "Organ organs argan"),
        (nodes.Wildcard("o*n", TITLE), "Organ, organs, oxen", "Organ oxen"),
        # no word of another field
        (nodes.Term("model", frozenset({"x"})), "Model law", ""),
    ],
)
def test_words_are_marked_where_a_part_matches(part: nodes.Part, text: str, expected: str) -> None:
    assert " ".join(show(text, leaf(part))) == expected


def test_a_text_is_stemmed_in_its_own_language() -> None:
    text = "Explotaciones"
    tree = leaf(nodes.Term(stemming.stem(text, "es"), TITLE))
    assert show(text, tree, "es") == [text]
    assert not show(text, tree, "en")


@pytest.mark.parametrize(
    ("pattern", "word", "expected"),
    [
        ("a*", "a", True), ("a*", "b", False), ("*a", "ba", True), ("a*a", "a", False),
        ("a*a", "aa", True), ("a*b*c", "axbxc", True), ("a*b*c", "acb", False),
        ("abc", "abc", True), ("a*bb*b", "abb", False), ("*", "", True),
    ],
)  # fmt: skip
def test_a_wildcard_matches_any_characters(pattern: str, word: str, expected: bool) -> None:
    assert (nodes.compile_wildcard(pattern).fullmatch(word) is not None) is expected


def test_excluded_words_are_not_marked() -> None:
    tree = nodes.And([nodes.Not(leaf(nodes.Term("law", TITLE))), leaf(nodes.Term("model", TITLE))])
    assert show("Model law", tree) == ["Model"]


def test_the_passage_has_the_most_different_words() -> None:
    text = f"An organ. {FILLER} Then removal of an organ is described. {FILLER}"
    tree = nodes.And([leaf(nodes.Term("organ", TITLE)), leaf(nodes.Term("remov", TITLE))])
    runs = best_passage(text, find_spans(text, tree))
    assert marked(runs) == ["removal", "organ"]
    assert runs[0].text == "… "
    assert runs[-1].text == " …"


def test_a_summary_without_a_match_is_shown_from_its_start() -> None:
    runs = best_passage(FILLER, find_spans(FILLER, None))
    assert runs[0].text.startswith("Nothing of note")


@given(
    st.text(max_size=2000)
    | st.lists(st.sampled_from(["organ", "law. ", "é", " ", "\n\n"])).map("".join)
)
def test_a_passage_is_part_of_the_text(text: str) -> None:
    tree = nodes.And([leaf(nodes.Term("organ", TITLE)), leaf(nodes.Term("law", TITLE))])
    runs = [
        run for run in best_passage(text, find_spans(text, tree)) if run.text not in ("… ", " …")
    ]
    together = "".join(run.text for run in runs)
    assert together in text
    assert len(together) <= MAX_PASSAGE_CHARS


@given(st.lists(st.sampled_from(PIECES)).map("".join) | st.text(max_size=200))
def test_the_marked_words_are_those_with_the_stem(text: str) -> None:
    tree = leaf(nodes.Term("organ", TITLE))
    words = [each for each in tokenizer.tokenize(text, "en") if each.stem == "organ"]
    assert find_spans(text, tree) == [(each.start, each.end) for each in words]
