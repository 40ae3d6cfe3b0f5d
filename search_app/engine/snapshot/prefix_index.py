"""Prefix lookup for suggestions: titles by their words, and labels of facet values.

Both indexes are derived once from a snapshot. They are sorted, so a prefix is one range.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from indexer.analysis import tokenizer
from indexer.analysis.folding import surface_form
from indexer.catalogue.fields import Catalogue
from indexer.codec.segment.array_file import Array
from indexer.codec.segment.facet_columns import FacetColumn
from indexer.codec.segment.postings import expand_ranges
from indexer.codec.segment.reader import Segment
from search_app.engine.snapshot.facet_counts import FacetCounts

Range = tuple[int, int]
"""A range of word numbers: the first, and the one after the last."""

MAX_VALUES = 30_000
"""Limit on the values of a field that are indexed by label: the most frequent ones."""
MAX_CHARS = 128
"""Limit on the characters of a label that are compared."""
MAX_TITLE_WORDS = (1 << 15) - 1
"""Titles of this many words or more count as equally long, so the length fits into 15 bits."""
_LAST = "\U0010ffff"


class TitlePrefixIndex:
    """An inverted index of the words of titles.

    The documents (int32) with word `n` in their title are
    `documents[offsets[n]:offsets[n + 1]]`. `newest` has the rank of each document by date.
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
        keys = np.minimum(self._lengths.take(documents), MAX_TITLE_WORDS)
        keys += np.where(self._starts_with(documents, words), 0, MAX_TITLE_WORDS + 1)
        keys = keys << 32 | self._newest.take(documents).astype(np.int64)
        candidates = np.arange(len(keys))
        if limit < len(keys):
            candidates = keys.argpartition(limit)[:limit]
        best: list[int] = documents[candidates[keys[candidates].argsort()]].tolist()
        return best

    def _starts_with(self, documents: Array, words: Sequence[Range]) -> NDArray[np.bool_]:
        """Return for each document whether its title starts with words of these ranges."""
        is_match = self._lengths.take(documents) >= len(words)
        starts = self._starts.take(documents)
        for index, (first, last) in enumerate(words):
            words_at_index = self._stream.take(starts + index, mode="clip")
            is_match &= (words_at_index >= first) & (words_at_index < last)
        return is_match


class LabelPrefixIndex:
    """The labels of facet values, searchable by a prefix of any of their words.

    By number, `values` has the field and the value, `labels` the label, and `counts` the number of
    documents with the value.
    """

    def __init__(
        self, columns: Mapping[str, FacetColumn], catalogue: Catalogue, counts: FacetCounts
    ) -> None:
        self.values: list[tuple[str, str]] = []
        self.labels: list[str] = []
        self.counts: list[int] = []
        pieces: list[tuple[str, int, bool]] = []
        for name in columns:
            field = catalogue.by_name[name]
            for value, count in counts.list_largest(name, MAX_VALUES):
                label = field.display(value, catalogue.language)
                text = field.search_text(value, catalogue.language)
                pieces += [
                    (piece, len(self.values), not index) for index, piece in _list_suffixes(text)
                ]
                self.values.append((name, value))
                self.labels.append(label)
                self.counts.append(count)
        pieces.sort()
        self._pieces = [piece for piece, _, _ in pieces]
        self._numbers = [number for _, number, _ in pieces]
        is_inside = np.array([not is_first for _, _, is_first in pieces], np.bool_)
        counts_of_pieces = np.array([self.counts[number] for number in self._numbers], np.int64)
        order = np.lexsort((np.array(self._numbers, np.int64), -counts_of_pieces, is_inside))
        self._ranks = np.empty(len(pieces), np.int64)
        self._ranks[order] = np.arange(len(pieces))

    def find_prefix(self, text: str, limit: int) -> list[int]:
        """Return the numbers of values with a folded text as prefix of their label or a word in it.

        There are at most `limit`. Values whose whole label has the prefix come first, and more
        frequent values come before others.
        """
        prefix = text[:MAX_CHARS]
        first = bisect_left(self._pieces, prefix)
        last = bisect_left(self._pieces, prefix + _LAST, first)
        ranks = self._ranks[first:last]
        candidates = np.arange(len(ranks))
        # A label may have two words with this prefix.
        if 2 * limit < len(ranks):
            candidates = ranks.argpartition(2 * limit)[: 2 * limit]
        order = candidates[ranks[candidates].argsort()] + first
        return list(dict.fromkeys([self._numbers[index] for index in order.tolist()]))[:limit]


def fold_typed(text: str) -> str:
    """Return a text as labels are compared: folded, with single spaces. A final space is kept."""
    end = " " if text[-1:].isspace() else ""
    return " ".join(surface_form(text).split()) + end


def _list_suffixes(label: str) -> list[tuple[int, str]]:
    """Return each suffix of a label that starts at a word, with the number of words before it."""
    folded = fold_typed(label)
    starts = [start for start, _ in tokenizer.find_spans(folded)]
    return list(enumerate(folded[start : start + MAX_CHARS] for start in starts))
