"""Text becomes terms: words folded and stemmed, with their positions and places."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer import analysis


def written(text: str) -> list[str]:
    """The folded words of a text."""
    return [token.written for token in analysis.tokens(text)]


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
        ("قَانُون", ["قَانُون"]),
        ("人口贩运", ["人口贩运"]),
        ("…!?_", []),
        ("", []),
    ],
)
def test_words(text: str, words: list[str]) -> None:
    """Words are runs of letters, marks and digits, without differences of case and accent."""
    assert written(text) == [analysis.fold(word) for word in words]


@pytest.mark.parametrize(
    "forms",
    [
        "traffick trafficking trafficked",
        "victim victims",
        "smuggle smuggling smuggled SMUGGLES",
    ],
)
def test_inflections_have_one_stem(forms: str) -> None:
    """The inflections of a word have the same stem and stay apart as written."""
    found = list(analysis.tokens(forms))
    assert len({token.stem for token in found}) == 1
    assert len({token.written for token in found}) == len(found)


def test_stop_words_are_indexed() -> None:
    """Stop words are terms as others are, and names such as WHO and IT are no stop words."""
    assert written("to be or not to be") == "to be or not to be".split()
    assert not {"who", "it"} & analysis.STOP_WORDS
    assert {"the", "of"} <= analysis.STOP_WORDS


def test_positions_count_words_and_jump_at_empty_lines() -> None:
    """Positions go up by one a word, and by a hundred more where an empty line parts texts."""
    text = "One two\nthree.\n\nFour\n\n\n\nfive"
    positions = [token.position for token in analysis.tokens(text)]
    assert positions == [0, 1, 2, 103, 204]


def test_offsets_point_at_the_words() -> None:
    """A token's start and end cut its word out of the text as it was."""
    text = "Étude – the Victim’s"
    assert [text[token.start : token.end] for token in analysis.tokens(text)] == [
        "Étude", "the", "Victim’s",
    ]  # fmt: skip


@given(st.text(st.characters()))
def test_any_text_gives_ordered_words(text: str) -> None:
    """Any text gives words in order, none empty, none overlapping, none marked as written."""
    end, position = 0, -1
    for token in analysis.tokens(text):
        assert end <= token.start < token.end
        assert position < token.position
        assert token.written
        assert not token.stem.startswith(analysis.WRITTEN)
        end, position = token.end, token.position


@given(st.text())
def test_folding_twice_changes_nothing(text: str) -> None:
    """Folded text stays as it is when it is folded, so that a query's terms meet the index's."""
    folded = analysis.fold(text)
    assert analysis.fold(folded) == folded
