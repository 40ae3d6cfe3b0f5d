"""The terms of one field, in the order and form in which Whoosh iterates over them.

The engine has terms over all fields, but Whoosh reads field by field. The postings of a term in one
field are computed on demand from the same arrays.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from typing import NamedTuple, Protocol

import numpy as np

from indexer.analysis import tokenizer
from indexer.codec.segment.docstore import Stored
from indexer.codec.segment.facet_columns import Column
from indexer.codec.segment.postings import ranges
from indexer.codec.segment.reader import Segment
from indexer.codec.segment.term_dictionary import written_of


class Occurrences(NamedTuple):
    """The documents of a term in one field, ascending, and its positions in each."""

    documents: list[int]
    positions: list[list[int]]


class Lexicon(Protocol):
    """The terms of a field (bytes, ascending) and the occurrences of each, by its number."""

    @property
    def terms(self) -> Sequence[bytes]:
        """All terms, by number."""

    def occurrences(self, number: int) -> Occurrences:
        """Return the occurrences of a term."""


def number_of(lexicon: Lexicon, term: bytes) -> int | None:
    """Return the number of a term, or None if the field does not have it."""
    at = bisect_left(lexicon.terms, term)
    return at if at < len(lexicon.terms) and lexicon.terms[at] == term else None


class IdLexicon:
    """The ids: each one occurs in exactly one document."""

    def __init__(self, stored: Stored) -> None:
        self._order = stored.by_id
        self.terms = [stored.ids.text(number).encode() for number in self._order]

    def occurrences(self, number: int) -> Occurrences:
        """Return the occurrences of an id."""
        return Occurrences([int(self._order[number])], [[0]])


class ValueLexicon:
    """The values of a facet, each as one term. `none` (no value) is not a term."""

    def __init__(self, column: Column) -> None:
        self._column = column
        self.terms = [value.encode() for value in column.values[:-1]]

    def occurrences(self, number: int) -> Occurrences:
        """Return the occurrences of a value."""
        held = self._column.documents[self._column.ordinals == number].tolist()
        return Occurrences(held, [[0]] * len(held))


class WordLexicon:
    """The stems of a text field, and its words as written."""

    def __init__(self, segment: Segment, field: str) -> None:
        self._segment, self._field = segment, segment.fields.index(field)
        stream, starts = segment.layout.stream, segment.layout.starts
        ends = np.append(starts.reshape(-1)[1:], starts[-1, 0])
        ends = ends[: starts.size].reshape(starts.shape)[:-1, self._field]
        begins = starts[:-1, self._field]
        held = stream[ranges(begins.astype(np.int64), ends - begins)]
        words = np.unique(held[held >= 0])
        self._words: dict[bytes, list[int]] = {}
        for word in words.tolist():
            written = tokenizer.WRITTEN + written_of(segment.words.texts.text(word))
            self._words.setdefault(written.encode(), []).append(word)
        stems = np.unique(segment.stem_of[words]).tolist()
        self._stems = {segment.stems.texts.text(stem).encode(): stem for stem in stems}
        self.terms = sorted([*self._stems, *self._words])

    def occurrences(self, number: int) -> Occurrences:
        """Return the occurrences of a word, or of all words of a stem."""
        term = self.terms[number]
        if term in self._stems:
            found = self._segment.places(self._stems[term])
        else:
            found = self._segment.places_of_words(np.array(self._words[term]))
        here = self._segment.fields_at(found) == self._field
        order = np.argsort(found.places[here])
        documents, places = found.documents[here][order], found.places[here][order]
        positions = places - self._segment.layout.starts[documents, self._field]
        held, counts = np.unique(documents, return_counts=True)
        split = np.split(positions, np.cumsum(counts)[:-1])
        return Occurrences(held.tolist(), [each.tolist() for each in split])
