"""The terms of one field, in the order and form in which Whoosh iterates over them.

The engine has terms over all fields, but Whoosh reads field by field. The postings of a term in one
field are computed on demand from the same arrays.
"""

from __future__ import annotations

from bisect import bisect_left
from typing import NamedTuple

import numpy as np

from indexer.analysis import tokenizer
from indexer.codec.segment.docstore import DocStore
from indexer.codec.segment.facet_columns import FacetColumn
from indexer.codec.segment.postings import expand_ranges
from indexer.codec.segment.reader import Segment
from indexer.codec.segment.term_dictionary import decode_surface


class Occurrences(NamedTuple):
    """The documents of a term in one field, ascending, and its positions in each."""

    documents: list[int]
    positions: list[list[int]]


class IdLexicon:
    """The ids: each one occurs in exactly one document."""

    def __init__(self, docstore: DocStore) -> None:
        self._order = docstore.by_id
        self.terms = [docstore.ids.get_text(number).encode() for number in self._order]

    def get_occurrences(self, number: int) -> Occurrences:
        """Return the occurrences of an id."""
        return Occurrences([int(self._order[number])], [[0]])


class ValueLexicon:
    """The values of a facet, each as one term. `none` (no value) is not a term."""

    def __init__(self, column: FacetColumn) -> None:
        self._column = column
        self.terms = [value.encode() for value in column.values[:-1]]

    def get_occurrences(self, number: int) -> Occurrences:
        """Return the occurrences of a value."""
        documents = self._column.documents[self._column.ordinals == number].tolist()
        return Occurrences(documents, [[0]] * len(documents))


class WordLexicon:
    """The stems of a text field, and its words as written."""

    def __init__(self, segment: Segment, field: str) -> None:
        self._segment, self._field = segment, segment.fields.index(field)
        stream, starts = segment.forward_index.stream, segment.forward_index.starts
        begins = starts[:-1, self._field]
        ends = starts.reshape(-1)[self._field + 1 :: starts.shape[1]][: len(begins)]
        words_of_field = stream[expand_ranges(begins.astype(np.int64), ends - begins)]
        words = np.unique(words_of_field[words_of_field >= 0])
        self._words: dict[bytes, list[int]] = {}
        for word in words.tolist():
            surface = tokenizer.SURFACE_PREFIX + decode_surface(segment.words.texts.get_text(word))
            self._words.setdefault(surface.encode(), []).append(word)
        stems = np.unique(segment.stem_of[words]).tolist()
        self._stems = {segment.stems.texts.get_text(stem).encode(): stem for stem in stems}
        self.terms = sorted([*self._stems, *self._words])

    def get_occurrences(self, number: int) -> Occurrences:
        """Return the occurrences of a word, or of all words of a stem."""
        term = self.terms[number]
        if term in self._stems:
            stream_positions = self._segment.find_positions(self._stems[term])
        else:
            stream_positions = self._segment.find_word_positions(np.array(self._words[term]))
        in_field = self._segment.get_fields(stream_positions) == self._field
        order = np.argsort(stream_positions.offsets[in_field])
        documents, offsets = (
            stream_positions.documents[in_field][order],
            stream_positions.offsets[in_field][order],
        )
        positions = offsets - self._segment.forward_index.starts[documents, self._field]
        distinct, counts = np.unique(documents, return_counts=True)
        split = np.split(positions, np.cumsum(counts)[:-1])
        return Occurrences(distinct.tolist(), [run.tolist() for run in split])


Lexicon = IdLexicon | ValueLexicon | WordLexicon
"""The terms of a field (bytes, ascending) and the occurrences of each, by its number."""


def find_number(lexicon: Lexicon, term: bytes) -> int | None:
    """Return the number of a term, or None if the field does not have it."""
    index = bisect_left(lexicon.terms, term)
    return index if index < len(lexicon.terms) and lexicon.terms[index] == term else None
