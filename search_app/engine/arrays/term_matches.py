"""Matches in one publication: their positions, and their weights by field."""

from __future__ import annotations

from bisect import bisect
from collections import defaultdict
from collections.abc import Iterable, Mapping, Set
from typing import NamedTuple

import numpy as np

from indexer.codec.segment.array_file import Array
from indexer.codec.segment.term_dictionary import decode_surface
from search_app.engine.results import How
from search_app.engine.snapshot.snapshot import Snapshot


class Span(NamedTuple):
    """A run of adjacent words.

    `position` is the position of the first word, counted from the start of the publication.
    """

    position: int
    length: int

    @property
    def end(self) -> int:
        """The position after the last word."""
        return self.position + self.length

    def is_within(self, other: Span) -> bool:
        """Return whether another span covers this one."""
        return other.position <= self.position and self.end <= other.end


class ClauseMatch(NamedTuple):
    """The match of one part of a clause in a publication.

    `weights` has the weighted frequency by field, or by row for a facet value. `spans` has the
    positions of the match. `value` is the row and the facet value, if the part matches one.
    """

    how: How
    weights: Mapping[str, float]
    spans: tuple[Span, ...] = ()
    value: tuple[str, str] | None = None

    @property
    def weight(self) -> float:
        """The weighted frequency, summed over all fields."""
        return sum(self.weights.values())

    def scale(self, factor: float) -> ClauseMatch:
        """Return the same match with its weights multiplied by a factor."""
        return self._replace(
            weights={name: weight * factor for name, weight in self.weights.items()}
        )


class DocumentWords:
    """The words of one publication, from the forward index.

    `words` has the word number at each position. `stems` has the stem number, negative if there is
    none. Field number i covers the positions from `begins[i]` to `begins[i + 1]`. `positions` has
    the positions of each number, under True for words and under False for stems. The words of the
    field `without` are left out.
    """

    def __init__(self, doc_number: int, snapshot: Snapshot, *, without: str | None = None) -> None:
        self.doc_number, self._snapshot = doc_number, snapshot
        self._segment = segment = snapshot.segment
        starts = segment.forward_index.starts
        begin, end = int(starts[doc_number, 0]), int(starts[doc_number + 1, 0])
        self.begins = [int(start) - begin for start in [*starts[doc_number], end]]
        words = segment.forward_index.stream[begin:end]
        stems = segment.get_stems(np.arange(begin, end))
        if without is not None:
            number = segment.fields.index(without)
            left_out = slice(self.begins[number], self.begins[number + 1])
            words = words.copy()
            words[left_out] = stems[left_out] = -1
        self.words: list[int] = words.tolist()
        self.stems: list[int] = stems.tolist()
        self.norms: list[float] = segment.norms[doc_number].tolist()
        self.positions = {True: _group_positions(words), False: _group_positions(stems)}

    def get_field(self, position: int) -> str:
        """Return the field of a position."""
        return self._segment.fields[self._get_field_number(position)]

    def _get_field_number(self, position: int) -> int:
        return bisect(self.begins, position) - 1

    def get_surface(self, position: int) -> str:
        """Return the unstemmed, folded word at a position."""
        return decode_surface(self._segment.words.texts.get_text(self.words[position]))

    def collect(
        self, how: How, positions: Iterable[int], fields: Set[str], length: int
    ) -> ClauseMatch:
        """Return the match of words at some positions, each `length` words long, in some fields."""
        spans, weights = [], dict[str, float]()
        for position in positions:
            number = self._get_field_number(position)
            name = self._segment.fields[number]
            if name in fields:
                spans.append(Span(position, length))
                weights[name] = weights.get(name, 0.0) + self.norms[number]
        return ClauseMatch(how, weights, tuple(spans))


def _group_positions(numbers: Array) -> Mapping[int, list[int]]:
    positions_by_number: dict[int, list[int]] = defaultdict(list)
    positions = (numbers >= 0).nonzero()[0]
    for position, number in zip(positions.tolist(), numbers.take(positions).tolist(), strict=True):
        positions_by_number[number].append(position)
    return dict(positions_by_number)
