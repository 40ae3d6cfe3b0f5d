"""Text becomes terms: words folded and stemmed, with their positions and places."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.analysis import stemming, tokenizer
from indexer.analysis.folding import fold
from indexer.analysis.stemming import stop_words


def written(text: str) -> list[str]:
    """The folded words of a text."""
    return [token.written for token in tokenizer.tokens(text, "en")]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Organ Removal", ["organ", "removal"]),
        ("post-conflict", ["post", "conflict"]),
        ("Côte d’Ivoire", ["cote", "d'ivoire"]),
        ("victim's", ["victim's"]),
        ("the 'victim'", ["the", "victim"]),
        ("UN.GIFT_2008", ["un", "gift", "2008"]),
        ("ﬁnal Straße", ["final", "strasse"]),
        ("e\u0301tude étude", ["etude", "etude"]),
        ("क़ानून", ["क़ानून"]),
        ("قَانُون", ["قانون"]),
        ("人口贩运", ["人口", "口贩", "贩运", "运"]),
        ("AIDS人口 인신", ["aids", "人口", "口", "인신", "신"]),
        ("الأشخاص", ["الاشخاص"]),
        ("Ёлка йод", ["елка", "йод"]),
        ("C++, C# and C+", ["c++", "c#", "and", "c"]),
        ("A/RES/55/25", ["a", "res", "55", "25"]),
        ("…!?_", []),
        ("", []),
    ],
)
def test_words(text: str, words: list[str]) -> None:
    """Words are runs of letters, marks and digits, without differences of case and accent."""
    assert written(text) == [fold(word) for word in words]


@pytest.mark.parametrize(
    "forms",
    [
        "traffick trafficking trafficked",
        "victim victims",
        "smuggle smuggling smuggled SMUGGLES",
        "labour labours labor",
        "organise organised organizing organization organisations",
        "child children",
        "women woman",
        "centre centers",
        "defence defense",
        "programme programs",
    ],
)
def test_inflections_have_one_stem(forms: str) -> None:
    """The inflections of a word have the same stem and stay apart as written."""
    found = list(tokenizer.tokens(forms, "en"))
    assert len({token.stem for token in found}) == 1
    assert len({token.written for token in found}) == len(found)


def test_stop_words_are_indexed() -> None:
    """Stop words are terms as others are; it is the reading of a query that leaves them out."""
    assert written("to be or not to be") == "to be or not to be".split()
    assert {"the", "of"} <= stop_words("en")


def test_positions_count_words_and_jump_at_empty_lines() -> None:
    """Positions go up by one a word, and by a hundred more where an empty line parts texts."""
    text = "One two\nthree.\n\nFour\n\n\n\nfive"
    positions = [token.position for token in tokenizer.tokens(text, "en")]
    assert positions == [0, 1, 2, 103, 204]


def test_offsets_point_at_the_words() -> None:
    """A token's start and end cut its word out of the text as it was."""
    text = "Étude – the Victim’s"
    assert [text[token.start : token.end] for token in tokenizer.tokens(text, "en")] == [
        "Étude", "the", "Victim’s",
    ]  # fmt: skip


@given(st.text(st.characters()))
def test_any_text_gives_ordered_words(text: str) -> None:
    """Any text gives words in order, none empty, few overlapping, none marked as written."""
    start, end, position = -1, 0, -1
    for token in tokenizer.tokens(text, "en"):
        assert start < token.start < token.end
        assert end <= token.start or tokenizer.is_unparted(text[start:end])
        assert position < token.position
        assert token.written
        assert not token.stem.startswith(tokenizer.WRITTEN)
        start, end, position = token.start, token.end, token.position


@given(st.text())
def test_folding_twice_changes_nothing(text: str) -> None:
    """Folded text stays as it is when it is folded, so that a query's terms meet the index's."""
    folded = fold(text)
    assert fold(folded) == folded


@pytest.mark.parametrize(
    ("language", "forms"),
    [
        ("fr", "exploitée exploités l’exploitation"),
        ("es", "explotación explotaciones"),
        ("ru", "торговля торговли торговлю"),
        ("ar", "الاتجار اتجار"),
        ("de", "Verbrechen verbrechen"),
    ],
)
def test_each_language_has_its_stems(language: str, forms: str) -> None:
    """The inflections of a word have one stem in their own language."""
    assert len({token.stem for token in tokenizer.tokens(forms, language)}) == 1


@pytest.mark.parametrize("apart", ["hour four", "tour tor", "wise size", "course coarse"])
def test_one_spelling_leaves_other_words_apart(apart: str) -> None:
    """Words that only look like two spellings of one keep stems of their own."""
    one, other = (token.stem for token in tokenizer.tokens(apart, "en"))
    assert one != other


def test_the_cache_of_stems_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many words are stemmed, the cache has no more than its limit, and no long word."""
    monkeypatch.setattr(stemming, "MOST_KEPT", 3)
    long = "x" * (stemming.LONGEST_KEPT + 1)
    words = ["organs", "Laws", long, "police", "films", "sea", "organs"]
    kept = stemming._kept("en")
    kept.clear()
    expected = ["organ", "law", long, "polic", "film", "sea", "organ"]
    for size in range(len(words)):
        assert stemming.stems(words[: size + 1], "en") == expected[: size + 1]
        assert len(kept) <= 3
        assert long not in kept
