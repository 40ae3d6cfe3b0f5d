"""The words of titles by prefix, for suggestions.

The index is derived once from a segment.
"""

from collections.abc import Sequence

import numpy as np

from indexer.codec.segment.array_file import Array, expand_ranges
from indexer.codec.segment.reader import Segment

Range = tuple[int, int]
"""A range of word numbers: the first, and the one after the last."""

MAX_TITLE_WORDS = (1 << 15) - 1
"""Titles of this many words or more count as equally long, so the length fits into 15 bits."""


class TitlePrefixIndex:
    """An inverted index of the words of titles.

    The documents (int32) with word `n` in their title are
    `documents[offsets[n]:offsets[n + 1]]`. `newest` gives the rank of each document by date.
    """

    def __init__(self, segment: Segment, newest: Array) -> None:
        self._newest, self._stream = newest, segment.forward_index.stream
        self._starts, self._lengths = segment.locate_titles()
        words = self._stream.take(expand_ranges(self._starts, self._lengths)).astype(np.int64)
        owners = np.arange(segment.size).repeat(self._lengths)
        is_word = words >= 0
        keys = words[is_word] << 32 | owners[is_word]
        keys.sort()
        self.documents = (keys & 0xFFFFFFFF).astype(np.int32)
        counts = np.bincount(keys >> 32, minlength=len(segment.words.texts))
        self.offsets = np.concatenate([np.zeros(1, np.int64), np.cumsum(counts)])

    def find_titles(self, words: Sequence[Range]) -> Array:
        """Return the documents (int64, ascending) whose title has a word of every range."""
        is_match = np.ones(len(self._starts), np.bool_)
        for first, last in words:
            has_word = np.zeros(len(is_match), np.bool_)
            has_word[self.documents[self.offsets[first] : self.offsets[last]]] = True
            is_match &= has_word
        return is_match.nonzero()[0]

    def select_best(self, documents: Array, words: Sequence[Range], limit: int) -> list[int]:
        """Return the best documents, at most `limit`, of those with these words in their title.

        Titles that start with the words come first, then shorter ones, then newer ones.
        """
        lengths, starts = self._lengths.take(documents), self._starts.take(documents)
        starts_with = lengths >= len(words)
        for index, (first, last) in enumerate(words):
            words_at_index = self._stream.take(starts + index, mode="clip")
            starts_with &= (words_at_index >= first) & (words_at_index < last)
        keys = np.minimum(lengths, MAX_TITLE_WORDS)
        keys += np.where(starts_with, 0, MAX_TITLE_WORDS + 1)
        keys = keys << 32 | self._newest.take(documents).astype(np.int64)
        candidates = np.arange(len(keys))
        if limit < len(keys):
            candidates = keys.argpartition(limit)[:limit]
        best: list[int] = documents[candidates[keys[candidates].argsort()]].tolist()
        return best
