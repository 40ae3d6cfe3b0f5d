"""The stream of words that is built in bulk has the words of texts, one by one."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from indexer import analysis
from indexer.columnar import Array
from indexer.columnar.words import (
    GAP,
    Vocabulary,
    stems_of,
)  # fmt: skip

FRAGMENTS = (
    "organ", "Organs", "A", "b9", "2009", "_", "'", "’", "\u0301", "\u0308", "é", "É", "ß", "ﬁ",
    "İ", "ſ", "ª", "²", "\n", "\n\n", "\r\n", "\u2028", "\x1e", "\x1f", "\x1c", "\x85",
    "\u200d", "\u00ad",
    " ", "-", "क़ानून", "\u093c", "قَانُون", "\u064e", "人口", "かﾞ", "\u0e31", "\u0e33", "한국",
    "\U0001f600", "\U00010428",
)  # fmt: skip
TEXTS = st.lists(st.sampled_from(FRAGMENTS), max_size=14).map("".join) | st.text(max_size=40)

_GAP, _END, _FIRST = 0, 1, 2
"""What stands in a provisional stream: a gap, a field's end, and words from there on."""


def words_of(stream: Iterable[int], words: list[str]) -> list[str]:
    """The words of a provisional stream."""
    return [words[number - _FIRST] for number in stream if number >= _FIRST]


def runs(stream: Array, words: list[str]) -> list[list[str]]:
    """The words of a field in runs that no gap parts."""
    found: list[list[str]] = [[]]
    for number in stream.tolist():
        if number == _GAP:
            found.append([])
        elif number >= _FIRST:
            found[-1].append(words[number - _FIRST])
    return [run for run in found if run]


def token_runs(text: str) -> list[list[str]]:
    """The words of a text in runs of positions that follow each other."""
    found: list[list[str]] = []
    last = -2
    for token in analysis.tokens(text):
        if token.position != last + 1:
            found.append([])
        found[-1].append(token.written)
        last = token.position
    return found


def new_words(words: list[str]) -> Vocabulary:
    """A vocabulary of words of which none was known."""
    every = np.arange(len(words), dtype=np.int32)
    return Vocabulary(words, every, every[:0])


@given(text=TEXTS, former=TEXTS)
def test_each_word_has_its_stem(text: str, former: str) -> None:
    """The stem of each word is that of its token, sorted, each there once, whatever was known."""
    tokens = {token.written: token.stem for token in analysis.tokens(text)}
    words = sorted(tokens)
    known = sorted({token.written for token in analysis.tokens(former)})
    stems, stem_of, none = stems_of(new_words(words), [], np.zeros(0, np.int32))
    assert stems == sorted(set(stems))
    assert {word: stems[stem] for word, stem in zip(words, stem_of.tolist(), strict=True)} == tokens
    assert not len(none)
    before = stems_of(new_words(known), [], np.zeros(0, np.int32))
    numbers = np.array([words.index(each) if each in tokens else GAP for each in known], np.int32)
    again = stems_of(Vocabulary(words, stem_of, numbers), before.texts, before.of_word)
    assert again.texts == stems
    assert again.of_word.tolist() == stem_of.tolist()
    assert again.former.tolist() == [
        stems.index(stem) if stem in {tokens[each] for each in known if each in tokens} else GAP
        for stem in before.texts
    ]
