"""The word stream that is built in bulk equals tokenizing the texts one by one."""

from collections.abc import Iterable
from unittest import mock

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from indexer.analysis import stemming, tokenizer
from indexer.codec.segment import term_dictionary
from indexer.codec.segment.array_file import Array
from indexer.codec.segment.term_dictionary import (
    FIELD_END,
    FIRST_NUMBER,
    GAP,
    WordNumbers,
    WordTable,
    decode_stem,
    decode_surface,
    encode_word,
    number_stems,
    number_words,
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
"""Numbers of a provisional stream: a gap, the end of a field, and the first word."""


def words_of(stream: Iterable[int], words: list[str]) -> list[str]:
    return [decode_surface(words[number - _FIRST]) for number in stream if number >= _FIRST]


def runs(stream: Array, words: list[str]) -> list[list[str]]:
    found: list[list[str]] = [[]]
    for number in stream.tolist():
        if number == _GAP:
            found.append([])
        elif number >= _FIRST:
            found[-1].append(decode_surface(words[number - _FIRST]))
    return [run for run in found if run]


def token_runs(text: str) -> list[list[str]]:
    found: list[list[str]] = []
    last = -2
    for token in tokenizer.tokenize(text, "en"):
        if token.position != last + 1:
            found.append([])
        found[-1].append(token.surface)
        last = token.position
    return found


@given(text=TEXTS)
@example(text="\n\n\n\na\n\n\n\nb\n\n")
@example(text="a\n\x1f\nb\n_\nc\x1ed")
@example(text="l’État d'é_t\u0301é ’s")
def test_the_stream_equals_the_tokens_of_the_text(text: str) -> None:
    """The stream of any text has its words in order, its gaps, and one end."""
    numbers = WordNumbers("en")
    stream = numbers.encode([("en", tokenizer.add_marks(text))])
    assert stream.dtype == np.int32
    assert words_of(stream, numbers.words) == [
        token.surface for token in tokenizer.tokenize(text, "en")
    ]
    assert runs(stream, numbers.words) == token_runs(text)
    assert np.flatnonzero(stream == _END).tolist() == [len(stream) - 1]


@given(texts=st.lists(TEXTS, max_size=6), known=st.lists(TEXTS, max_size=2))
def test_fields_in_one_call_are_independent(texts: list[str], known: list[str]) -> None:
    before = WordNumbers("en")
    before.encode([("en", "".join(map(tokenizer.add_marks, known)))])
    numbers = WordNumbers("en", before.words)
    stream = numbers.encode([("en", "".join(map(tokenizer.add_marks, texts)))])
    ends = (np.flatnonzero(stream == _END) + 1).tolist()
    fields = [stream[first:last] for first, last in zip([0, *ends], ends, strict=False)]
    assert [words_of(each.tolist(), numbers.words) for each in fields] == [
        [token.surface for token in tokenizer.tokenize(text, "en")] for text in texts
    ]
    assert len(set(numbers.words)) == len(numbers.words)
    assert numbers.words[: len(before.words)] == before.words


@given(texts=st.lists(TEXTS, max_size=6), most=st.integers(0, 4))
def test_words_that_are_not_cached_have_the_same_numbers(texts: list[str], most: int) -> None:
    marked = [("en", tokenizer.add_marks(text)) for text in texts]
    cached, limited = WordNumbers("en"), WordNumbers("en")
    stream = cached.encode(marked)
    with mock.patch.object(term_dictionary, "MAX_CACHED_WORDS", most):
        assert limited.encode(marked).tolist() == stream.tolist()
    assert limited.take_new_words() == cached.words
    assert limited.take_new_words() == []


@given(texts=st.lists(TEXTS, max_size=6), known=st.lists(TEXTS, max_size=2))
def test_final_numbers_follow_the_sorted_words(texts: list[str], known: list[str]) -> None:
    numbers = WordNumbers("en")
    numbers.encode([("en", "".join(map(tokenizer.add_marks, known)))])
    stream = numbers.encode([("en", "".join(map(tokenizer.add_marks, texts)))])
    first = len(numbers.words) // 2
    words, final, former = number_words(numbers.words, np.bincount(stream), first)
    assert former.tolist() == [
        words.index(word) if word in words else GAP for word in numbers.words[:first]
    ]
    assert words == sorted({numbers.words[n - _FIRST] for n in stream.tolist() if n >= _FIRST})
    ended = final[stream]
    assert [decode_surface(words[n]) for n in ended.tolist() if n >= 0] == words_of(
        stream.tolist(), numbers.words
    )
    assert ((ended == FIELD_END) == (stream == _END)).all()
    assert ((ended == GAP) == (stream == _GAP)).all()
    again = WordNumbers("en", words)
    assert (
        again.encode([("en", "".join(map(tokenizer.add_marks, texts)))]).tolist()
        == (ended + FIRST_NUMBER).tolist()
    )


def new_words(words: list[str]) -> WordTable:
    every = np.arange(len(words), dtype=np.int32)
    return WordTable(words, every, every[:0])


def words_in(text: str, language: str = "en") -> list[tuple[str, tokenizer.Token]]:
    return [
        (encode_word(text[token.start : token.end], language, "en"), token)
        for token in tokenizer.tokenize(text, language)
    ]


@given(text=TEXTS, former=TEXTS)
def test_each_word_has_its_stem(text: str, former: str) -> None:
    tokens = {word: token.stem for word, token in words_in(text)}
    words = sorted(tokens)
    known = sorted({word for word, _ in words_in(former)})
    stems, stem_of, none = number_stems(new_words(words), "en", [], np.zeros(0, np.int32))
    assert stems == sorted(set(stems))
    assert {word: stems[stem] for word, stem in zip(words, stem_of.tolist(), strict=True)} == tokens
    assert not len(none)
    before = number_stems(new_words(known), "en", [], np.zeros(0, np.int32))
    numbers = np.array([words.index(each) if each in tokens else GAP for each in known], np.int32)
    again = number_stems(WordTable(words, stem_of, numbers), "en", before.texts, before.of_word)
    assert again.texts == stems
    assert again.of_word.tolist() == stem_of.tolist()
    assert again.previous_numbers.tolist() == [
        stems.index(stem) if stem in {tokens[each] for each in known if each in tokens} else GAP
        for stem in before.texts
    ]


@pytest.mark.parametrize(
    ("raw", "language", "word"),
    [
        ("Trata", "es", "trata\x1dtrat"),
        ("personas", "es", "personas\x1dperson"),
        ("personas", "en", "personas"),
        ("UNODC", "es", "unodc"),
        ("explotación", "es", "explotacion\x1dexplot"),
        ("l’exploitation", "fr", "l'exploitation\x1dexploit"),
        ("人口", "zh", "人口"),
    ],
)
def test_a_foreign_word_carries_its_stem(raw: str, language: str, word: str) -> None:
    assert encode_word(raw, language, "en") == word
    assert decode_stem(word, "en") == stemming.stem(raw, language)
