"""The term dictionary: words, their stems, and their final numbers.

A word is the pair of a written form and its stem. For most words the stem is the one that the
catalogue's language gives, and the written form alone identifies them. For other words, from texts
in other languages, the stem follows the written form after a STEM_MARK.

Words have provisional numbers while publications are read (see `forward_index`). After the last
publication the words are sorted and get their final numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from indexer.analysis import stemming
from indexer.analysis.folding import as_written
from indexer.codec.segment.array_file import Array

FIELD_END, GAP = -1, -2
"""The marks in a stream: after each field, and between two texts of one field."""
FIRST = 2
"""The provisional number of the first word. 0 and 1 are those of GAP and FIELD_END."""

STEM_MARK = "\x1d"
"""Separates the written form of a word from its stem. It sorts before any character of either."""


def word_of(raw: str, language: str, usual: str) -> str:
    """Return the word for a raw token in a text of `language`.

    `usual` is the language of the catalogue.
    """
    written = as_written(raw)
    if raw.isascii() and language == usual:
        return written
    stem = stemming.stem(raw, language)
    is_usual = stem == stemming.stem(written, usual)
    return written if is_usual else f"{written}{STEM_MARK}{stem}"


def written_of(word: str) -> str:
    """Return the written form of a word."""
    return word.partition(STEM_MARK)[0]


def stem_of_word(word: str, usual: str) -> str:
    """Return the stem of a word."""
    written, mark, stem = word.partition(STEM_MARK)
    return stem if mark else stemming.stem(written, usual)


class Vocabulary(NamedTuple):
    """The sorted words of an index, and the maps from other numbers to theirs.

    `numbers` has the final number of each provisional number, `former` that of each word of the
    previous segment. Both have GAP for words that no longer occur.
    """

    words: list[str]
    numbers: Array
    former: Array


def vocabulary(words: Sequence[str], counts: Array, former: int) -> Vocabulary:
    """Return the vocabulary of words with provisional numbers.

    The first `former` words are those of the previous segment. `counts` has the number of
    occurrences of each provisional number in the stream.
    """
    used = np.flatnonzero(counts[FIRST : FIRST + len(words)])
    order = sorted(used.tolist(), key=words.__getitem__)
    numbers = np.full(len(words) + FIRST, GAP, np.int32)
    numbers[:FIRST] = GAP, FIELD_END
    numbers[np.array(order, np.int64) + FIRST] = np.arange(len(order), dtype=np.int32)
    sorted_words = [words[number] for number in order]
    return Vocabulary(sorted_words, numbers, numbers[FIRST : FIRST + former])


class Stems(NamedTuple):
    """The distinct stems of a vocabulary, sorted. `of_word` has the stem number of each word.

    `former` has the new number of each stem of the previous segment, GAP for those that are gone.
    """

    texts: list[str]
    of_word: Array
    former: Array


def stems_of(
    vocabulary: Vocabulary, usual: str, known: Sequence[str], known_of_word: Array
) -> Stems:
    """Return the stems of a vocabulary. `usual` is the language of the catalogue.

    `known` are the stems of the previous segment, and `known_of_word` are the stem numbers of its
    words. No known word is stemmed again.
    """
    words, _, former = vocabulary
    stays = former >= 0
    is_new = np.ones(len(words), np.bool_)
    is_new[former[stays]] = False
    new = np.flatnonzero(is_new).tolist()
    stems = [stem_of_word(words[number], usual) for number in new]
    used = np.zeros(len(known), np.bool_)
    used[known_of_word[stays]] = True
    left = np.flatnonzero(used).tolist()
    texts = sorted({*(known[number] for number in left), *stems})
    number_of = {text: number for number, text in enumerate(texts)}
    former_stems = np.full(len(known), GAP, np.int32)
    former_stems[left] = [number_of[known[number]] for number in left]
    of_word = np.empty(len(words), np.int32)
    of_word[former[stays]] = former_stems[known_of_word[stays]]
    of_word[new] = [number_of[stem] for stem in stems]
    return Stems(texts, of_word, former_stems)
