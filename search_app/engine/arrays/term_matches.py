"""What of one publication a leaf matches: where it stands there, and what it weighs.

`match` finds all publications that hold a leaf; this looks at the words of a single one, and
comes to the same weights, split by field. It is done only where it was asked why something was
found. What a leaf asks is looked up once, and then held against one publication after another.
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
    """Words side by side: the place of the first, counted from where the publication begins."""

    place: int
    length: int

    @property
    def end(self) -> int:
        """The place behind the last word."""
        return self.place + self.length

    def is_within(self, other: Span) -> bool:
        """Whether it is a part of another."""
        return other.place <= self.place and self.end <= other.end


class Evidence(NamedTuple):
    """What one part of a leaf has in a publication.

    `weights` has the weighed frequency by field, or by row for a value; `spans` where it
    stands. `value` is the row and the value that the publication has, where that was asked.
    """

    how: How
    weights: Mapping[str, float]
    spans: tuple[Span, ...] = ()
    value: tuple[str, str] | None = None

    @property
    def weight(self) -> float:
        """The weighed frequency in all fields together."""
        return sum(self.weights.values())

    def times(self, factor: float) -> Evidence:
        """The same, weighing so many times as much."""
        return self._replace(weights={name: each * factor for name, each in self.weights.items()})


class Words:
    """The words of one publication, as the index has them.

    `words` has the number of the word at each place, `stems` that of its stem, negative where
    none stands. Each field stands between one of the `begins` and the next.
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
        """The field that a place lies in."""
        return self._segment.fields[self._number(place)]

    def _number(self, place: int) -> int:
        return bisect(self.begins, place) - 1

    def written(self, place: int) -> str:
        """The word at a place as it is written, folded."""
        return written_of(self._segment.words.texts.text(self.words[place]))

    def evidence(self, how: How, places: Iterable[int], fields: Fields, length: int) -> Evidence:
        """Evidence of words, so many side by side, that begin at places in some fields."""
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
    """One of some terms, by their numbers among words as written, or among stems."""

    how: How
    boost: float
    fields: Fields
    numbers: frozenset[int]
    are_words: bool

    def held(self, words: Words) -> list[Evidence]:
        """What a publication has of it."""
        at = words.at[self.are_words]
        places = sorted(place for number in at.keys() & self.numbers for place in at[number])
        if not places:
            return []
        return [words.evidence(self.how, places, self.fields, 1).times(self.boost)]


class InARow(NamedTuple):
    """Stems side by side."""

    boost: float
    fields: Fields
    numbers: list[int]

    def held(self, words: Words) -> list[Evidence]:
        """What a publication has of it."""
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
    """A value of a row."""

    boost: float
    row: str
    value: str
    mask: Mask

    def held(self, words: Words) -> list[Evidence]:
        """What a publication has of it."""
        if not self.mask[words.number]:
            return []
        return [Evidence("value", {self.row: self.boost}, value=(self.row, self.value))]


class Together(NamedTuple):
    """All of some leaves, which weigh together what the lightest of them weighs."""

    boost: float
    asked: list[Asked]

    def held(self, words: Words) -> list[Evidence]:
        """What a publication has of it."""
        found = [each.held(words) for each in self.asked]
        weights = [sum(each.weight for each in one) for one in found]
        if not all(weights):
            return []
        share = self.boost * min(weights) / sum(weights)
        return [each.times(share) for one in found for each in one]


class Named(NamedTuple):
    """Names of a thing."""

    how: How
    boost: float
    asked: Asked

    def held(self, words: Words) -> list[Evidence]:
        """What a publication has of it."""
        found = self.asked.held(words)
        return [each._replace(how=self.how).times(self.boost) for each in found]


class Asked:
    """What a leaf asks, its terms looked up. Raises UnknownNode."""

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
            numbers = [snapshot.term(word) for word in part.words]
            stems = [number for number in numbers if number is not None]
            if len(stems) == len(numbers):
                self._parts.append(InARow(part.boost, fields, stems))
        elif isinstance(part, query.Term):
            are_words = part.text.startswith(tokenizer.WRITTEN)
            terms = frozenset(snapshot.numbers_of(part.text))
            self._parts.append(AnyOf("word", part.boost, fields, terms, are_words))
        elif type(part) in _HOW:
            for are_words, found, _, _ in term_expansion.expansions(part, set(fields), snapshot):
                expanded = frozenset(found.tolist())
                how = _HOW[type(part)]
                self._parts.append(AnyOf(how, part.boost, fields, expanded, are_words))
        else:
            raise UnknownNode(part)

    def held(self, words: Words) -> list[Evidence]:
        """What a publication has of it; nothing, if the leaf does not match it.

        The weights together are those of `match.postings`.
        """
        return [one for part in self._parts for one in part.held(words) if one.weights]


_HOW: dict[type[query.Query], How] = {
    query.Prefix: "beginning",
    query.Wildcard: "pattern",
    query.FuzzyTerm: "likeness",
}
