"""The term dictionary: words, their stems, and their final numbers.

A word is the pair of a surface form and its stem. For most words the stem is the one that the
catalogue's language gives, and the surface form alone identifies them. For other words, from texts
in other languages, the stem follows the surface form after a STEM_MARK.

Words have provisional numbers while publications are read (see `forward_index`). After the last
publication the words are sorted and get their final numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import NamedTuple

import numpy as np

from indexer.analysis import stemming
from indexer.analysis.cleaning import surface_form
from indexer.codec.segment.array_file import Array
from indexer.codec.segment.string_table import StringTable

FIELD_END, GAP = -1, -2
"""The marks in a stream: after each field, and between two texts of one field."""
FIRST_NUMBER = 2
"""The provisional number of the first word. 0 and 1 are those of GAP and FIELD_END."""

STEM_MARK = "\x1d"
"""Separates the surface form of a word from its stem. It sorts before any character of either."""


def encode_word(word: str, language: str, default_language: str) -> str:
    """Return the word for a token in a text of `language`.

    `default_language` is the language of the catalogue.
    """
    if word.isascii() and language == default_language:
        return word.lower()  # its surface form
    surface = surface_form(word)
    stem = stemming.stem(word, language)
    has_default_stem = stem == stemming.stem(surface, default_language)
    return surface if has_default_stem else f"{surface}{STEM_MARK}{stem}"


def decode_surface(word: str) -> str:
    """Return the surface form of a word."""
    return word.partition(STEM_MARK)[0]


def decode_stem(word: str, default_language: str) -> str:
    """Return the stem of a word."""
    surface, mark, stem = word.partition(STEM_MARK)
    return stem if mark else stemming.stem(surface, default_language)


class Dictionary:
    """The sorted words or stems of an index, by number, and their document frequencies.

    `offsets` contains the running totals of the document frequencies: that of term `n` is
    `offsets[n + 1] - offsets[n]`.
    """

    def __init__(self, texts: StringTable, offsets: Array) -> None:
        self.texts, self.offsets = texts, offsets

    def __len__(self) -> int:
        return len(self.texts)

    @cached_property
    def surfaces(self) -> list[str]:
        """The surface form of each word, or each stem, by number."""
        return [decode_surface(text) for text in self.texts.to_list()]

    def doc_frequency(self, number: int) -> int:
        """Return the number of documents that contain a term."""
        return int(self.offsets[number + 1]) - int(self.offsets[number])


class WordTable(NamedTuple):
    """The sorted words of an index, and the maps from other numbers to theirs.

    `numbers` gives the final number of each provisional number, `previous_numbers` that of each
    word of the previous segment. Both have GAP for words that no longer occur.
    """

    words: list[str]
    numbers: Array
    previous_numbers: Array


def number_words(words: Sequence[str], counts: Array, previous_count: int) -> WordTable:
    """Return the vocabulary of words with provisional numbers.

    The first `previous_count` words are those of the previous segment. `counts` gives the number of
    occurrences of each provisional number in the stream.
    """
    used = np.flatnonzero(counts[FIRST_NUMBER : FIRST_NUMBER + len(words)])
    order = sorted(used.tolist(), key=words.__getitem__)
    numbers = np.full(len(words) + FIRST_NUMBER, GAP, np.int32)
    numbers[:FIRST_NUMBER] = GAP, FIELD_END
    numbers[np.array(order, np.int64) + FIRST_NUMBER] = np.arange(len(order), dtype=np.int32)
    sorted_words = [words[number] for number in order]
    return WordTable(sorted_words, numbers, numbers[FIRST_NUMBER : FIRST_NUMBER + previous_count])


class StemTable(NamedTuple):
    """The distinct stems of a vocabulary, sorted. `of_word` gives the stem number of each word.

    `previous_numbers` gives the new number of each stem of the previous segment, GAP for those that
    are gone.
    """

    texts: list[str]
    of_word: Array
    previous_numbers: Array


def number_stems(
    word_table: WordTable,
    default_language: str,
    previous_stems: Sequence[str],
    previous_stem_of: Array,
) -> StemTable:
    """Return the stems of a vocabulary. `default_language` is the language of the catalogue.

    `previous_stems` are the stems of the previous segment, and `previous_stem_of` are the stem
    numbers of its words. No previous word is stemmed again.
    """
    words, _, previous_numbers = word_table
    is_kept = previous_numbers >= 0
    is_new = np.ones(len(words), np.bool_)
    is_new[previous_numbers[is_kept]] = False
    new = np.flatnonzero(is_new).tolist()
    stems = [decode_stem(words[number], default_language) for number in new]
    used = np.zeros(len(previous_stems), np.bool_)
    used[previous_stem_of[is_kept]] = True
    remaining = np.flatnonzero(used).tolist()
    texts = sorted({*(previous_stems[number] for number in remaining), *stems})
    number_of = {text: number for number, text in enumerate(texts)}
    previous_stem_numbers = np.full(len(previous_stems), GAP, np.int32)
    previous_stem_numbers[remaining] = [number_of[previous_stems[number]] for number in remaining]
    of_word = np.empty(len(words), np.int32)
    of_word[previous_numbers[is_kept]] = previous_stem_numbers[previous_stem_of[is_kept]]
    of_word[new] = [number_of[stem] for stem in stems]
    return StemTable(texts, of_word, previous_stem_numbers)
