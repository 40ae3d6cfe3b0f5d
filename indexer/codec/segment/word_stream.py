"""Turn the texts of publications into a stream of provisional word numbers.

A word gets its provisional number when it first occurs. `term_dictionary` assigns the final, sorted
numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from operator import itemgetter

import numpy as np

from indexer.analysis import tokenizer
from indexer.catalogue import schema
from indexer.catalogue.fields import Catalogue
from indexer.catalogue.records import Publication
from indexer.codec.segment.array_file import Array
from indexer.codec.segment.term_dictionary import FIRST_NUMBER, encode_word

MAX_CACHED_WORDS = 1 << 18
"""Words of one language that are cached as written. Most of the later ones occur only once."""

TextRuns = list[tuple[str, str]]
"""Pairs of language and text, in the order of the stream."""


class WordNumbers:
    """Provisional word numbers, assigned at the first occurrence of a word.

    The `words` passed in have numbers from the start.
    """

    def __init__(self, default_language: str, words: Sequence[str] = ()) -> None:
        self.default_language = default_language
        self._new: list[str] = []
        self._numbers = {word: number for number, word in enumerate(words, start=FIRST_NUMBER)}
        self._by_language: dict[str, _LanguageNumbers] = {}

    def number_word(self, word: str, language: str) -> int:
        """Return the number of a word as written in a text of this language."""
        encoded = encode_word(word, language, self.default_language)
        next_number = len(self._numbers) + FIRST_NUMBER
        number = self._numbers.setdefault(encoded, next_number)
        if number == next_number:
            self._new.append(encoded)
        return number

    @property
    def words(self) -> list[str]:
        """All words in the order of their numbers."""
        return list(self._numbers)

    def take_new_words(self) -> list[str]:
        """Return the words that got a number since the last call, in the order of the numbers."""
        new, self._new = self._new, []
        return new

    def encode(self, texts: TextRuns) -> Array:
        """Return the provisional stream (int32) of marked texts."""
        return np.concatenate([np.zeros(0, np.int32), *map(self._encode_run, texts)])

    def _encode_run(self, run: tuple[str, str]) -> Array:
        language, text = run
        numbers_of = self._by_language.get(language)
        if numbers_of is None:
            numbers_of = self._by_language[language] = _LanguageNumbers(self, language)
        words = tokenizer.words_and_marks(text)
        numbers = np.fromiter(map(numbers_of.__getitem__, words), np.int32, len(words))
        unsegmented = np.flatnonzero(numbers < 0)
        if not len(unsegmented):
            return numbers
        slices = np.split(numbers, np.sort(np.concatenate([unsegmented, unsegmented + 1])))
        return np.concatenate(
            [
                numbers_of.bigrams[-1 - part[0]] if len(part) and part[0] < 0 else part
                for part in slices
            ]
        )


class _LanguageNumbers(dict[str, int]):
    """Cache from words of one language, as written, to their numbers. Frequent words come first.

    A run of text without spaces gets a negative number. `bigrams[-1 - number]` contains the word
    numbers of its bigrams.
    """

    def __init__(self, numbers: WordNumbers, language: str) -> None:
        super().__init__({tokenizer.GAP_MARK: 0, tokenizer.FIELD_MARK: 1})
        self._numbers, self._language = numbers, language
        self.bigrams: list[Array] = []

    def __missing__(self, word: str) -> int:
        if not word.isascii() and tokenizer.is_unsegmented(word):
            words = tokenizer.bigrams(word)
            numbers = [self._numbers.number_word(bigram, self._language) for bigram in words]
            self.bigrams.append(np.array(numbers, np.int32))
            self[word] = number = -len(self.bigrams)
            return number
        number = self._numbers.number_word(word, self._language)
        if len(self) < MAX_CACHED_WORDS:
            self[word] = number
        return number


def to_provisional(stream: Array) -> Array:
    """Convert a stream of final numbers to provisional ones.

    The words of that stream must be the initial words of `WordNumbers`, in the same order.
    """
    return stream + np.int32(FIRST_NUMBER)


def collect_texts(publications: Sequence[Publication], catalogue: Catalogue) -> TextRuns:
    """Return the searchable text of publications. Join adjacent texts in one language."""
    runs = (
        (
            schema.get_language(publication, field, catalogue),
            tokenizer.add_marks(schema.get_text(publication, field, catalogue)),
        )
        for publication in publications
        for field in catalogue.searchable
    )
    return [
        (language, "".join([text for _, text in texts]))
        for language, texts in groupby(runs, key=itemgetter(0))
    ]
