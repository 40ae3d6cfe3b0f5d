"""Evaluation of a clause: the documents that match it, and where it matches in one of them.

A clause is compiled into parts. A part is evaluated over all documents (`postings`) or in one
publication (`held`); both give the same weights. Parts that differ only in their field are one part
here: their frequencies are added before BM25F saturates the sum.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Protocol

import numpy as np
from whoosh import query

from indexer.analysis import tokenizer
from indexer.catalogue.schema import row_of
from indexer.codec.segment.reader import Places, Postings
from search_app.engine.arrays import term_expansion
from search_app.engine.arrays.posting_sums import NOWHERE, gathered, in_fields, together
from search_app.engine.arrays.term_expansion import Expansion
from search_app.engine.arrays.term_matches import Evidence, Words
from search_app.engine.query.nodes import Labels, Leaf
from search_app.engine.results import How
from search_app.engine.snapshot.snapshot import Snapshot

Look = Callable[[], object]
"""Callback that checks the deadline between two steps. It ends the search by raising."""


class UnknownNode(TypeError):
    """A node of a query tree that the engine cannot evaluate."""

    def __init__(self, node: query.Query) -> None:
        super().__init__(f"no rule evaluates {type(node).__name__}: {node!r}")


def never() -> None:
    """Check no deadline."""


class Part(Protocol):
    """A part of a clause. `postings` does not multiply its weights by its boost."""

    def postings(self, look: Look) -> Postings:
        """Return the documents that match, ascending, with their weighted frequencies."""

    def held(self, words: Words, boost: float) -> list[Evidence]:
        """Return the matches in a publication, their weights multiplied by a boost."""


class AnyOf:
    """A part that any of several terms matches, in some fields.

    `how` says how a text matches.
    """

    def __init__(
        self, how: How, fields: set[str], expansions: list[Expansion], snapshot: Snapshot
    ) -> None:
        self._how, self._fields, self._expansions = how, fields, expansions
        self._snapshot = snapshot

    def postings(self, look: Look) -> Postings:
        """Return the documents that match, ascending, with their weighted frequencies."""
        found = [self._postings_of(expansion) for expansion in self._expansions]
        if len(found) == 1:
            return found[0]
        return together(found, self._snapshot) if found else NOWHERE

    def _postings_of(self, expansion: Expansion) -> Postings:
        are_words, numbers, is_range, _ = expansion
        segment, size = self._snapshot.segment, len(numbers)
        terms = segment.words if are_words else segment.stems
        if len(self._fields) < len(segment.fields):
            if size == 1 and not are_words:
                return in_fields(segment.places(int(numbers[0])), self._fields, self._snapshot)
            words = numbers if are_words else np.flatnonzero(np.isin(segment.stem_of, numbers))
            return in_fields(
                segment.places_of_words(np.asarray(words)), self._fields, self._snapshot
            )
        first = int(numbers[0])
        if size == 1:
            return terms.postings(first, first + 1)
        if is_range:
            several = terms.postings(first, int(numbers[-1]) + 1)
        else:
            several = terms.postings_of(np.asarray(numbers))
        return gathered(*several, self._snapshot)

    @cached_property
    def _numbers(self) -> list[tuple[bool, frozenset[int]]]:
        """The numbers of the terms of each kind: of words, if True, or of stems."""
        return [(kind, frozenset(map(int, numbers))) for kind, numbers, *_ in self._expansions]

    def held(self, words: Words, boost: float) -> list[Evidence]:
        """Return the matches in a publication, their weights multiplied by a boost."""
        matches = []
        for are_words, numbers in self._numbers:
            at = words.at[are_words]
            places = sorted(place for number in at.keys() & numbers for place in at[number])
            if places:
                matches.append(words.evidence(self._how, places, self._fields, 1).times(boost))
        return matches


class InARow:
    """A phrase, as stem numbers in their order."""

    def __init__(self, stems: list[int], fields: set[str], snapshot: Snapshot) -> None:
        self._stems, self._fields, self._snapshot = stems, fields, snapshot

    def postings(self, look: Look) -> Postings:
        """Return the documents that match, ascending, with their weighted frequencies.

        It starts from the positions of the rarest word and checks the other words next to them.
        """
        stems, segment = self._stems, self._snapshot.segment
        by_rarity = sorted(range(len(stems)), key=lambda at: segment.stems.frequency(stems[at]))
        rarest, *others = by_rarity
        documents, begins = segment.places(stems[rarest])
        begins = begins - rarest
        if len(begins) and begins[0] < 0:
            documents, begins = documents[begins >= 0], begins[begins >= 0]
        for at in others:
            if not len(begins):
                return NOWHERE
            look()
            follows = (segment.stems_at(begins + at) == stems[at]).nonzero()[0]
            documents, begins = documents.take(follows), begins.take(follows)
        return in_fields(Places(documents, begins), self._fields, self._snapshot)

    def held(self, words: Words, boost: float) -> list[Evidence]:
        """Return the matches in a publication, their weights multiplied by a boost."""
        length = len(self._stems)
        places = [
            place
            for place in words.at[False].get(self._stems[0], ())
            if words.stems[place : place + length] == self._stems
        ]
        return [words.evidence("word", places, self._fields, length).times(boost)] if places else []


class Value:
    """A facet value of a row. Each document that has it has the weight 1."""

    def __init__(self, row: str, value: str, snapshot: Snapshot) -> None:
        self._row, self._value = row, value
        ordinal = snapshot.columns[row].ordinal.get(value)
        self._mask = snapshot.holding(row, () if ordinal is None else (ordinal,))

    def postings(self, look: Look) -> Postings:
        """Return the documents that match, ascending, with their weights."""
        documents = np.flatnonzero(self._mask).astype(np.int32)
        return Postings(documents, np.ones(len(documents), np.float32))

    def held(self, words: Words, boost: float) -> list[Evidence]:
        """Return the matches in a publication, their weights multiplied by a boost."""
        if not self._mask[words.number]:
            return []
        return [Evidence("value", {self._row: boost}, value=(self._row, self._value))]


class Together:
    """A part that matches only if all of its clauses match.

    The weight of a document is the lowest weight of any clause in it.
    """

    def __init__(self, clauses: list[Leaf], snapshot: Snapshot) -> None:
        self._asked, self._snapshot = [Asked(each, snapshot) for each in clauses], snapshot

    def postings(self, look: Look) -> Postings:
        """Return the documents that match, ascending, with their weighted frequencies."""
        held = sorted((each.postings(look) for each in self._asked), key=lambda one: len(one[0]))
        documents, weights = held[0]
        for other in held[1:]:
            here, there = self._snapshot.common(documents, other.documents)
            documents = documents.take(here)
            weights = np.minimum(weights.take(here), other.weights.take(there))
        return Postings(documents, weights)

    def held(self, words: Words, boost: float) -> list[Evidence]:
        """Return the matches in a publication. Their weights add up to the lowest weight."""
        found = [each.held(words) for each in self._asked]
        weights = [sum(each.weight for each in one) for one in found]
        if not all(weights):
            return []
        share = boost * min(weights) / sum(weights)
        return [each.times(share) for one in found for each in one]


class Named:
    """A part that matches the labels of an entity, evaluated as one clause and cached."""

    def __init__(self, labels: Labels, snapshot: Snapshot) -> None:
        self._labels, self._snapshot = labels, snapshot

    @cached_property
    def _asked(self) -> Asked:
        return Asked(Leaf(self._labels.subqueries), self._snapshot)

    def postings(self, look: Look) -> Postings:
        """Return the documents that match, ascending, with their weighted frequencies."""
        key = (self._labels.of, self._labels.how)
        return self._snapshot.labelled(key, lambda: self._asked.postings(never))

    def held(self, words: Words, boost: float) -> list[Evidence]:
        """Return the matches in a publication, their weights multiplied by a boost."""
        found = self._asked.held(words)
        return [each._replace(how=self._labels.how).times(boost) for each in found]


class Asked:
    """A clause with its terms looked up. Raise UnknownNode if a part has an unknown type."""

    def __init__(self, leaf: Leaf, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self._parts: list[tuple[float, Part]] = []
        same: dict[object, tuple[query.Query, set[str]]] = {}
        for part in leaf.subqueries:
            if isinstance(part, query.And):
                self._parts.append((part.boost, Together(part.subqueries, snapshot)))
            elif isinstance(part, Labels):
                self._parts.append((part.boost, Named(part, snapshot)))
            elif row := row_of(part.fieldname):
                self._parts.append((part.boost, Value(row, part.text, snapshot)))
            else:
                same.setdefault(said(part), (part, set()))[1].add(part.fieldname)
        for part, fields in same.values():
            self._parts.append((part.boost, _part(part, fields, snapshot)))

    def postings(self, look: Look) -> Postings:
        """Return the documents that match, ascending, with their weighted frequencies.

        `look` is called before each part and before each further word of a phrase.
        """
        found = []
        for boost, part in self._parts:
            look()
            held = part.postings(look)
            if boost != 1:
                held = Postings(held.documents, held.weights * np.float32(boost))
            found.append(held)
        return found[0] if len(found) == 1 else together(found, self._snapshot)

    def held(self, words: Words) -> list[Evidence]:
        """Return the matches in a publication, none if the clause does not match it."""
        return [
            each for boost, part in self._parts for each in part.held(words, boost) if each.weights
        ]


def _part(part: query.Query, fields: set[str], snapshot: Snapshot) -> Part:
    """Return the part for a term, a phrase or an expansion in some fields. Raise UnknownNode."""
    vocabulary = snapshot.vocabulary
    if isinstance(part, query.Term):
        numbers = vocabulary.numbers_of(part.text)
        is_word = part.text.startswith(tokenizer.WRITTEN)
        terms = [Expansion(is_word, numbers, is_range=False)] if numbers else []
        return AnyOf("word", fields, terms, snapshot)
    if isinstance(part, query.Phrase):
        stems = [number for word in part.words if (number := vocabulary.term(word)) is not None]
        if len(stems) == len(part.words):
            return InARow(stems, fields, snapshot)
        return AnyOf("word", fields, [], snapshot)
    if type(part) in HOW:
        expansions = term_expansion.expansions(part, fields, snapshot)
        return AnyOf(HOW[type(part)], fields, expansions, snapshot)
    raise UnknownNode(part)


HOW: dict[type[query.Query], How] = {
    query.Prefix: "beginning",
    query.Wildcard: "pattern",
    query.FuzzyTerm: "likeness",
}


def postings(leaf: Leaf, snapshot: Snapshot, look: Look = never) -> Postings:
    """Return the documents that match a clause, ascending, with their weighted frequencies.

    Raise UnknownNode if a part has an unknown type.
    """
    return Asked(leaf, snapshot).postings(look)


def said(part: query.Query) -> object:
    """Return a key of a part without its field. Parts with equal keys are evaluated together."""
    if isinstance(part, query.Phrase):
        return (part.boost, *part.words)
    if isinstance(part, query.FuzzyTerm):
        return (part.text, part.maxdist, part.prefixlength)
    return (type(part), getattr(part, "text", None), part.boost)
