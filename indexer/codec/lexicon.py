"""The terms of one field in the order and the form in which Whoosh has them.

The engine knows terms over all fields; Whoosh asks field by field. What it asks for is
worked out here from the same arrays, term by term, when it is asked.
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
    """Where a term stands in a field: documents, ascending, and the positions in each."""

    documents: list[int]
    positions: list[list[int]]


class Lexicon(Protocol):
    """The terms of a field (bytes, ascending), and where each stands, by its number."""

    @property
    def terms(self) -> Sequence[bytes]:
        """All of them, by number."""

    def occurrences(self, number: int) -> Occurrences:
        """Where a term stands."""


def number_of(lexicon: Lexicon, term: bytes) -> int | None:
    """The number of a term; None if the field has no such term."""
    at = bisect_left(lexicon.terms, term)
    return at if at < len(lexicon.terms) and lexicon.terms[at] == term else None


class IdLexicon:
    """Ids: each stands in the one document that it is the id of."""

    def __init__(self, stored: Stored) -> None:
        self._order = stored.by_id
        self.terms = [stored.ids.text(number).encode() for number in self._order]

    def occurrences(self, number: int) -> Occurrences:
        """Where an id stands."""
        return Occurrences([int(self._order[number])], [[0]])


class ValueLexicon:
    """The values of a facet, whole as they are; having none is no value here."""

    def __init__(self, column: Column) -> None:
        self._column = column
        self.terms = [value.encode() for value in column.values[:-1]]

    def occurrences(self, number: int) -> Occurrences:
        """Where a value stands."""
        held = self._column.documents[self._column.ordinals == number].tolist()
        return Occurrences(held, [[0]] * len(held))


class WordLexicon:
    """The words of a field: their stems, and themselves as written."""

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
        """Where a word stands, or any word of a stem."""
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
