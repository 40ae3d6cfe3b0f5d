"""Matches of a clause in one publication: their positions and their weights by field.

`matcher` evaluates a clause over all documents. This module looks at the words of a single
publication and computes the same weights, split by field. It runs only if a request asks for
explanations. The terms of a clause are looked up once and reused for each publication.
"""

from __future__ import annotations

from bisect import bisect
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from whoosh import query

from indexer.analysis import tokenizer
from indexer.catalogue.schema import row_of
from indexer.codec.segment.term_dictionary import written_of
from search_app.engine.arrays import term_expansion
from search_app.engine.arrays.matcher import UnknownNode, matches, said
from search_app.engine.query.nodes import Labels, Leaf
from search_app.engine.results import How
from search_app.engine.snapshot.snapshot import Mask, Snapshot

Fields = frozenset[str]


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

    def evidence(self, how: How, places: Iterable[int], fields: Fields, length: int) -> Evidence:
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


class AnyOf(NamedTuple):
    """A part that any of several terms matches. `numbers` are word numbers or stem numbers."""

    how: How
    boost: float
    fields: Fields
    numbers: frozenset[int]
    are_words: bool

    def held(self, words: Words) -> list[Evidence]:
        """Return the matches in a publication."""
        at = words.at[self.are_words]
        places = sorted(place for number in at.keys() & self.numbers for place in at[number])
        if not places:
            return []
        return [words.evidence(self.how, places, self.fields, 1).times(self.boost)]


class InARow(NamedTuple):
    """A phrase, as stem numbers in their order."""

    boost: float
    fields: Fields
    numbers: list[int]

    def held(self, words: Words) -> list[Evidence]:
        """Return the matches in a publication."""
        wanted, length = self.numbers, len(self.numbers)
        places = [
            place
            for place in words.at[False].get(wanted[0], ())
            if words.stems[place : place + length] == wanted
        ]
        if not places:
            return []
        return [words.evidence("word", places, self.fields, length).times(self.boost)]


class Value(NamedTuple):
    """A facet value of a row. `mask` has the documents with it."""

    boost: float
    row: str
    value: str
    mask: Mask

    def held(self, words: Words) -> list[Evidence]:
        """Return the matches in a publication."""
        if not self.mask[words.number]:
            return []
        return [Evidence("value", {self.row: self.boost}, value=(self.row, self.value))]


class Together(NamedTuple):
    """A part that matches only if all of its clauses match.

    The weights of all matches add up to the weight of the lightest clause, times `boost`.
    """

    boost: float
    asked: list[Asked]

    def held(self, words: Words) -> list[Evidence]:
        """Return the matches in a publication."""
        found = [each.held(words) for each in self.asked]
        weights = [sum(each.weight for each in one) for one in found]
        if not all(weights):
            return []
        share = self.boost * min(weights) / sum(weights)
        return [each.times(share) for one in found for each in one]


class Named(NamedTuple):
    """A part that matches the labels of a concept."""

    how: How
    boost: float
    asked: Asked

    def held(self, words: Words) -> list[Evidence]:
        """Return the matches in a publication."""
        found = self.asked.held(words)
        return [each._replace(how=self.how).times(self.boost) for each in found]


class Asked:
    """A clause with its terms looked up. Raise UnknownNode if a part has an unknown type."""

    def __init__(self, leaf: Leaf, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self._parts: list[AnyOf | InARow | Value | Together | Named] = []
        same: dict[object, tuple[query.Query, set[str]]] = {}
        for part in leaf.subqueries:
            if isinstance(part, query.And):
                inner = [Asked(each, snapshot) for each in part.subqueries]
                self._parts.append(Together(part.boost, inner))
            elif isinstance(part, Labels):
                names = Asked(Leaf(part.subqueries), snapshot)
                self._parts.append(Named(part.how, part.boost, names))
            elif row := row_of(part.fieldname):
                mask = matches(part, snapshot)
                self._parts.append(Value(part.boost, row, part.text, mask))
            else:
                same.setdefault(said(part), (part, set()))[1].add(part.fieldname)
        for part, fields in same.values():
            self._look_up(part, frozenset(fields))

    def _look_up(self, part: query.Query, fields: Fields) -> None:
        snapshot = self._snapshot
        if isinstance(part, query.Phrase):
            numbers = [snapshot.vocabulary.term(word) for word in part.words]
            stems = [number for number in numbers if number is not None]
            if len(stems) == len(numbers):
                self._parts.append(InARow(part.boost, fields, stems))
        elif isinstance(part, query.Term):
            are_words = part.text.startswith(tokenizer.WRITTEN)
            terms = frozenset(snapshot.vocabulary.numbers_of(part.text))
            self._parts.append(AnyOf("word", part.boost, fields, terms, are_words))
        elif type(part) in _HOW:
            for are_words, found, _, _ in term_expansion.expansions(part, set(fields), snapshot):
                expanded = frozenset(found.tolist())
                how = _HOW[type(part)]
                self._parts.append(AnyOf(how, part.boost, fields, expanded, are_words))
        else:
            raise UnknownNode(part)

    def held(self, words: Words) -> list[Evidence]:
        """Return the matches in a publication, none if the clause does not match it.

        Their weights add up to the weight that `matcher.postings` computes.
        """
        return [one for part in self._parts for one in part.held(words) if one.weights]


_HOW: dict[type[query.Query], How] = {
    query.Prefix: "beginning",
    query.Wildcard: "pattern",
    query.FuzzyTerm: "likeness",
}
