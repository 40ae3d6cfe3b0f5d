"""Prefix lookup for suggestions: titles by their words, and labels of facet values.

Both indexes are derived once from a snapshot. They are sorted, so a prefix is one range.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from indexer.analysis import tokenizer
from indexer.analysis.folding import as_written
from indexer.catalogue.fields import Catalogue
from indexer.codec.segment.array_file import Array
from indexer.codec.segment.facet_columns import Column
from indexer.codec.segment.postings import ranges
from indexer.codec.segment.reader import Segment
from search_app.engine.snapshot.facet_table import Counts

Range = tuple[int, int]
"""A range of word numbers: the first, and the one after the last."""

MOST_VALUES = 10_000
"""Limit on the values of a field that are indexed by label: the most frequent ones."""
LONGEST = 128
"""Limit on the characters of a label that are compared."""
LONG = (1 << 15) - 1
"""Titles of this many words or more count as equally long, so the length fits into 15 bits."""
_LAST = "\U0010ffff"


class Titles:
    """An inverted index of the words of titles.

    The documents (int32) with word `n` in their title are
    `documents[offsets[n]:offsets[n + 1]]`. `newest` has the rank of each document by date.
    """

    def __init__(self, segment: Segment, newest: Array) -> None:
        self._newest, self._stream = newest, segment.layout.stream
        self._starts, self._lengths = _titles_of(segment)
        words = self._stream.take(ranges(self._starts, self._lengths)).astype(np.int64)
        owners = np.arange(segment.size).repeat(self._lengths)
        is_word = words >= 0
        keys = words[is_word] << 32 | owners[is_word]
        keys.sort()
        self.documents = (keys & 0xFFFFFFFF).astype(np.int32)
        counts = np.bincount(keys >> 32, minlength=len(segment.words.texts))
        self.offsets = np.concatenate([np.zeros(1, np.int64), np.cumsum(counts)])

    def holding(self, words: Sequence[Range]) -> Array:
        """Return the documents (int64, ascending) whose title has a word of every range."""
        held = np.ones(len(self._starts), np.bool_)
        for first, last in words:
            here = np.zeros(len(held), np.bool_)
            here[self.documents[self.offsets[first] : self.offsets[last]]] = True
            held &= here
        return held.nonzero()[0]

    def best(self, documents: Array, words: Sequence[Range], most: int) -> list[int]:
        """Return the best documents, at most `most`, of those with these words in their title.

        Titles that start with the words come first, then shorter ones, then newer ones.
        """
        keys = np.minimum(self._lengths.take(documents), LONG)
        keys += np.where(self._is_begun(documents, words), 0, LONG + 1)
        keys = keys << 32 | self._newest.take(documents).astype(np.int64)
        among = np.arange(len(keys))
        if most < len(keys):
            among = keys.argpartition(most)[:most]
        best: list[int] = documents[among[keys[among].argsort()]].tolist()
        return best

    def _is_begun(self, documents: Array, words: Sequence[Range]) -> NDArray[np.bool_]:
        """Return for each document whether its title starts with words of these ranges."""
        begun = self._lengths.take(documents) >= len(words)
        starts = self._starts.take(documents)
        for at, (first, last) in enumerate(words):
            stands = self._stream.take(starts + at, mode="clip")
            begun &= (stands >= first) & (stands < last)
        return begun


def _titles_of(segment: Segment) -> tuple[Array, Array]:
    """Return the start of each title in the stream, and its length in words (both int64)."""
    title = segment.catalogue.role("title")
    if title is None or title.name not in segment.fields:
        nothing = np.zeros(segment.size, np.int64)
        return nothing, nothing
    at = segment.fields.index(title.name)
    starts, lengths = segment.layout.starts[:-1, at], segment.layout.lengths[:, at]
    return starts.astype(np.int64), lengths.astype(np.int64)


class Labels:
    """The labels of facet values, searchable by a prefix of any of their words.

    By number, `values` has the field and the value, `labels` the label, and `counts` the number of
    documents with the value.
    """

    def __init__(self, columns: Mapping[str, Column], catalogue: Catalogue, held: Counts) -> None:
        self.values: list[tuple[str, str]] = []
        self.labels: list[str] = []
        self.counts: list[int] = []
        pieces: list[tuple[str, int, bool]] = []
        for name in columns:
            field = catalogue.by_name[name]
            for value, count in held.largest(name, MOST_VALUES):
                label = field.display(value, catalogue.language)
                pieces += [(piece, len(self.values), not at) for at, piece in _pieces(label)]
                self.values.append((name, value))
                self.labels.append(label)
                self.counts.append(count)
        pieces.sort()
        self._pieces = [piece for piece, _, _ in pieces]
        self._numbers = [number for _, number, _ in pieces]
        is_inside = np.array([not is_first for _, _, is_first in pieces], np.bool_)
        counts = np.array([self.counts[number] for number in self._numbers], np.int64)
        order = np.lexsort((np.array(self._numbers, np.int64), -counts, is_inside))
        self._ranks = np.empty(len(pieces), np.int64)
        self._ranks[order] = np.arange(len(pieces))

    def beginning(self, text: str, most: int) -> list[int]:
        """Return the numbers of values with a folded text as prefix of their label or a word in it.

        There are at most `most`. Values whose whole label has the prefix come first, and more
        frequent values come before others.
        """
        wanted = text[:LONGEST]
        first = bisect_left(self._pieces, wanted)
        last = bisect_left(self._pieces, wanted + _LAST, first)
        ranks = self._ranks[first:last]
        among = np.arange(len(ranks))
        # A label may have two words with this prefix.
        if 2 * most < len(ranks):
            among = ranks.argpartition(2 * most)[: 2 * most]
        order = among[ranks[among].argsort()] + first
        return list(dict.fromkeys([self._numbers[at] for at in order.tolist()]))[:most]


def folded(text: str) -> str:
    """Return a text as labels are compared: folded, with single spaces. One at the end is kept."""
    end = " " if text[-1:].isspace() else ""
    return " ".join(as_written(text).split()) + end


def _pieces(label: str) -> list[tuple[int, str]]:
    """Return each suffix of a label that starts at a word, with the number of words before it."""
    whole = folded(label)
    starts = [start for start, _ in tokenizer.spans(whole)]
    return list(enumerate(whole[start : start + LONGEST] for start in starts))
