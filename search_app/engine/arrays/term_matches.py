"""Matches in one publication: their positions, and their weights by field."""

from __future__ import annotations

from bisect import bisect
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence, Set
from typing import NamedTuple

import numpy as np

from indexer.codec.segment.term_dictionary import written_of
from search_app.engine.results import How
from search_app.engine.snapshot.snapshot import Snapshot


class Span(NamedTuple):
    """A run of adjacent words.

    `place` is the position of the first word, counted from the start of the publication.
    """

    place: int
    length: int

    @property
    def end(self) -> int:
        """The position after the last word."""
        return self.place + self.length

    def is_within(self, other: Span) -> bool:
        """Return whether another span covers this one."""
        return other.place <= self.place and self.end <= other.end


class Evidence(NamedTuple):
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

    def times(self, factor: float) -> Evidence:
        """Return the same match with its weights multiplied by a factor."""
        return self._replace(weights={name: each * factor for name, each in self.weights.items()})


class Words:
    """The words of one publication, from the forward index.

    `words` has the word number at each position. `stems` has the stem number, negative if there is
    none. Field number i covers the positions from `begins[i]` to `begins[i + 1]`. `at` has the
    positions of each number, under True for words and under False for stems.
    """

    def __init__(self, number: int, snapshot: Snapshot) -> None:
        self.number, self._snapshot = number, snapshot
        self._segment = segment = snapshot.segment
        starts = segment.layout.starts
        begin, end = int(starts[number, 0]), int(starts[number + 1, 0])
        self.begins = [int(each) - begin for each in [*starts[number], end]]
        self.words: list[int] = segment.layout.stream[begin:end].tolist()
        self.stems: list[int] = segment.stems_at(np.arange(begin, end)).tolist()
        self.scales: list[float] = segment.scale[number].tolist()
        self.at = {True: _places(self.words), False: _places(self.stems)}

    def field(self, place: int) -> str:
        """Return the field of a position."""
        return self._segment.fields[self._number(place)]

    def _number(self, place: int) -> int:
        return bisect(self.begins, place) - 1

    def written(self, place: int) -> str:
        """Return the unstemmed, folded word at a position."""
        return written_of(self._segment.words.texts.text(self.words[place]))

    def evidence(self, how: How, places: Iterable[int], fields: Set[str], length: int) -> Evidence:
        """Return the match of words at some positions, each `length` words long, in some fields."""
        spans, weights = [], dict[str, float]()
        for place in places:
            number = self._number(place)
            name = self._segment.fields[number]
            if name in fields:
                spans.append(Span(place, length))
                weights[name] = weights.get(name, 0.0) + self.scales[number]
        return Evidence(how, weights, tuple(spans))


def _places(numbers: Sequence[int]) -> Mapping[int, list[int]]:
    found: dict[int, list[int]] = defaultdict(list)
    for place, number in enumerate(numbers):
        if number >= 0:
            found[number].append(place)
    return dict(found)
