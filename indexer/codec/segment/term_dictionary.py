"""Words and their stems, and the numbers that they have in the end.

A word is what is written, and its stem. Most have the stem that the catalogue's language gives
them, and are told by what is written alone; behind others, those of texts in other languages,
the stem follows after a STEM_MARK.

While publications are read, words have provisional numbers (`stream`). Once all is read, they are
sorted, and get the final ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from indexer.analysis import stemming
from indexer.analysis.folding import as_written
from indexer.codec.segment.array_file import Array

FIELD_END, GAP = -1, -2
"""What stands in a stream behind each field, and where texts of one field are parted."""
FIRST = 2
"""The provisional number of the first word; 0 and 1 stand for GAP and FIELD_END."""

STEM_MARK = "\x1d"
"""What stands between what is written and its stem: it sorts before all that words hold."""


def word_of(raw: str, language: str, usual: str) -> str:
    """The word that stands in a text of one language, in a catalogue of another as a rule."""
    written = as_written(raw)
    if raw.isascii() and language == usual:
        return written
    stem = stemming.stem(raw, language)
    is_usual = stem == stemming.stem(written, usual)
    return written if is_usual else f"{written}{STEM_MARK}{stem}"


def written_of(word: str) -> str:
    """What is written where a word stands."""
    return word.partition(STEM_MARK)[0]


def stem_of_word(word: str, usual: str) -> str:
    """The stem of a word."""
    written, mark, stem = word.partition(STEM_MARK)
    return stem if mark else stemming.stem(written, usual)


class Vocabulary(NamedTuple):
    """The words that are there, sorted, and what became of the provisional numbers.

    `numbers` has the final number of each provisional one, `former` that of each word of the
    former segment; both have GAP for words that are gone.
    """

    words: list[str]
    numbers: Array
    former: Array


def vocabulary(words: Sequence[str], counts: Array, former: int) -> Vocabulary:
    """The vocabulary of words that have provisional numbers, the first `former` known before.

    `counts` tells how often each provisional number stands in the stream.
    """
    used = np.flatnonzero(counts[FIRST : FIRST + len(words)])
    order = sorted(used.tolist(), key=words.__getitem__)
    numbers = np.full(len(words) + FIRST, GAP, np.int32)
    numbers[:FIRST] = GAP, FIELD_END
    numbers[np.array(order, np.int64) + FIRST] = np.arange(len(order), dtype=np.int32)
    sorted_words = [words[number] for number in order]
    return Vocabulary(sorted_words, numbers, numbers[FIRST : FIRST + former])


class Stems(NamedTuple):
    """The distinct stems of some words, sorted; `of_word` has the number of each word's stem.

    `former` has the number of each stem of the former segment, GAP for those that are gone.
    """

    texts: list[str]
    of_word: Array
    former: Array


def stems_of(
    vocabulary: Vocabulary, usual: str, known: Sequence[str], known_of_word: Array
) -> Stems:
    """The stems of a vocabulary, in a catalogue of which this is the usual language.

    `known` are the stems of the former segment, and `known_of_word` those of its words: what
    has been stemmed before is not stemmed again.
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
