"""Evaluation of a clause: the documents that match it, and where it matches in one of them.

A clause is compiled into parts with the vocabulary. `evaluate` runs a part over all documents of a
snapshot, and `match` over the words of one publication. Both give the same weights. Parts that
differ only in their field are compiled into one part. Their frequencies are added before BM25F
saturates the sum.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

import numpy as np
from whoosh import query

from indexer.analysis import tokenizer
from indexer.catalogue.schema import parse_exact_name
from indexer.codec.segment.reader import Positions, Postings
from search_app.engine.arrays.posting_sums import NO_POSTINGS, sum_all, sum_in_fields, sum_postings
from search_app.engine.document_words import ClauseMatch, DocumentWords
from search_app.engine.query import term_expansion
from search_app.engine.query.nodes import Clause, Synonyms, make_part_key
from search_app.engine.query.vocabulary import TermExpansion, Vocabulary
from search_app.engine.results import How
from search_app.engine.snapshot.snapshot import Snapshot

Checkpoint = Callable[[], object]
"""Callback that checks the deadline between two steps. It ends the search by raising."""


class UnknownNode(TypeError):
    """A node of a query tree that the engine cannot evaluate."""

    def __init__(self, node: query.Query) -> None:
        super().__init__(f"the engine cannot evaluate a {type(node).__name__} node: {node!r}")


def ignore() -> None:
    """Check no deadline."""


class AnyOf:
    """A part that any of several terms matches in some fields. `how` says how a text matches."""

    def __init__(self, how: How, fields: set[str], expansions: list[TermExpansion]) -> None:
        self._how, self._fields, self._expansions = how, fields, expansions

    def evaluate(self, snapshot: Snapshot, check: Checkpoint) -> Postings:
        """Return the documents that match, ascending, with their weighted frequencies."""
        parts = [self._find_postings_of(expansion, snapshot) for expansion in self._expansions]
        if len(parts) == 1:
            return parts[0]
        return sum_all(parts, snapshot) if parts else NO_POSTINGS

    def _find_postings_of(self, expansion: TermExpansion, snapshot: Snapshot) -> Postings:
        are_words, numbers, is_range, _ = expansion
        segment, size = snapshot.segment, len(numbers)
        terms = segment.words if are_words else segment.stems
        if len(self._fields) < len(segment.fields):
            if size == 1 and not are_words:
                return sum_in_fields(
                    segment.find_positions(int(numbers[0])), self._fields, snapshot
                )
            words = numbers if are_words else np.flatnonzero(np.isin(segment.stem_of, numbers))
            return sum_in_fields(
                segment.find_word_positions(np.asarray(words)), self._fields, snapshot
            )
        first = int(numbers[0])
        if size == 1:
            return terms.get_postings(first, first + 1)
        if is_range:
            all_postings = terms.get_postings(first, int(numbers[-1]) + 1)
        else:
            all_postings = terms.get_postings_of(np.asarray(numbers))
        return sum_postings(*all_postings, snapshot)

    @cached_property
    def _numbers(self) -> list[tuple[bool, frozenset[int]]]:
        """The numbers of the terms of each kind: of words, if True, or of stems."""
        return [(kind, frozenset(map(int, numbers))) for kind, numbers, *_ in self._expansions]

    def match(self, words: DocumentWords, boost: float) -> list[ClauseMatch]:
        """Return the matches in a publication, their weights multiplied by a boost."""
        matches = []
        for are_words, numbers in self._numbers:
            index = words.positions[are_words]
            starts = sorted(start for number in index.keys() & numbers for start in index[number])
            if starts:
                matches.append(words.collect(self._how, starts, self._fields, 1).scale(boost))
        return matches


class PhraseMatcher:
    """A phrase, as stem numbers in their order."""

    def __init__(self, stems: list[int], fields: set[str]) -> None:
        self._stems, self._fields = stems, fields

    def evaluate(self, snapshot: Snapshot, check: Checkpoint) -> Postings:
        """Return the documents that match, ascending, with their weighted frequencies.

        It starts from the positions of the rarest word and checks the other words next to them.
        """
        stems, segment = self._stems, snapshot.segment
        by_rarity = sorted(
            range(len(stems)), key=lambda index: segment.stems.doc_frequency(stems[index])
        )
        rarest, *other_indexes = by_rarity
        documents, starts = segment.find_positions(stems[rarest])
        starts = starts - rarest
        if len(starts) and starts[0] < 0:
            documents, starts = documents[starts >= 0], starts[starts >= 0]
        for index in other_indexes:
            if not len(starts):
                return NO_POSTINGS
            check()
            follows = (segment.get_stems(starts + index) == stems[index]).nonzero()[0]
            documents, starts = documents.take(follows), starts.take(follows)
        return sum_in_fields(Positions(documents, starts), self._fields, snapshot)

    def match(self, words: DocumentWords, boost: float) -> list[ClauseMatch]:
        """Return the matches in a publication, their weights multiplied by a boost."""
        length = len(self._stems)
        starts = [
            start
            for start in words.positions[False].get(self._stems[0], ())
            if words.stems[start : start + length] == self._stems
        ]
        return [words.collect("word", starts, self._fields, length).scale(boost)] if starts else []


class ValueMatcher:
    """A facet value of a row. Each document that has it has the weight 1."""

    def __init__(self, row: str, value: str) -> None:
        self._row, self._value = row, value

    def evaluate(self, snapshot: Snapshot, check: Checkpoint) -> Postings:
        """Return the documents that match, ascending, with their weights."""
        ordinal = snapshot.columns[self._row].ordinal_by_value.get(self._value)
        ordinals = () if ordinal is None else (ordinal,)
        mask = snapshot.docs_with_values(self._row, ordinals)
        documents = np.flatnonzero(mask).astype(np.int32)
        return Postings(documents, np.ones(len(documents), np.float32))

    def match(self, words: DocumentWords, boost: float) -> list[ClauseMatch]:
        """Return the matches in a publication, their weights multiplied by a boost."""
        if not words.has_value(self._row, self._value):
            return []
        return [ClauseMatch("value", {self._row: boost}, value=(self._row, self._value))]


class AllOf:
    """A part that matches only if all of its clauses match.

    The weight of a document is the lowest weight of any clause in it.
    """

    def __init__(self, clauses: list[Clause], vocabulary: Vocabulary) -> None:
        self._parts = [ClauseMatcher(clause, vocabulary) for clause in clauses]

    def evaluate(self, snapshot: Snapshot, check: Checkpoint) -> Postings:
        """Return the documents that match, ascending, with their weighted frequencies."""
        hits = sorted(
            (part.evaluate(snapshot, check) for part in self._parts), key=lambda docs: len(docs[0])
        )
        documents, weights = hits[0]
        for postings in hits[1:]:
            indexes_a, indexes_b = snapshot.find_common(documents, postings.documents)
            documents = documents.take(indexes_a)
            weights = np.minimum(weights.take(indexes_a), postings.weights.take(indexes_b))
        return Postings(documents, weights)

    def match(self, words: DocumentWords, boost: float) -> list[ClauseMatch]:
        """Return the matches in a publication. Their weights add up to the lowest weight."""
        matches_by_matcher = [part.match(words) for part in self._parts]
        weights = [sum(match.weight for match in matches) for matches in matches_by_matcher]
        if not all(weights):
            return []
        share = boost * min(weights) / sum(weights)
        return [match.scale(share) for matches in matches_by_matcher for match in matches]


class SynonymMatcher:
    """A part that matches the labels of an entity, evaluated as one clause and cached."""

    def __init__(self, synonyms: Synonyms, vocabulary: Vocabulary) -> None:
        self._synonyms, self._vocabulary = synonyms, vocabulary

    @cached_property
    def _clause(self) -> ClauseMatcher:
        return ClauseMatcher(Clause(self._synonyms.subqueries), self._vocabulary)

    def evaluate(self, snapshot: Snapshot, check: Checkpoint) -> Postings:
        """Return the documents that match, ascending, with their weighted frequencies."""
        key = (self._synonyms.entity_id, self._synonyms.how)
        return snapshot.synonyms.get(key, lambda: self._clause.evaluate(snapshot, ignore))

    def match(self, words: DocumentWords, boost: float) -> list[ClauseMatch]:
        """Return the matches in a publication, their weights multiplied by a boost."""
        matches = self._clause.match(words)
        return [match._replace(how=self._synonyms.how).scale(boost) for match in matches]


ClausePart = AnyOf | PhraseMatcher | ValueMatcher | AllOf | SynonymMatcher
"""A part of a clause. `evaluate` does not multiply its weights by its boost, and `match` does."""


class ClauseMatcher:
    """A clause with its terms looked up. Raise UnknownNode if a part has an unknown type."""

    def __init__(self, clause: Clause, vocabulary: Vocabulary) -> None:
        self._parts: list[tuple[float, ClausePart]] = []
        fields_by_part: dict[object, tuple[query.Query, set[str]]] = {}
        for part in clause.subqueries:
            if isinstance(part, query.And):
                self._parts.append((part.boost, AllOf(part.subqueries, vocabulary)))
            elif isinstance(part, Synonyms):
                self._parts.append((part.boost, SynonymMatcher(part, vocabulary)))
            elif row := parse_exact_name(part.fieldname):
                self._parts.append((part.boost, ValueMatcher(row, part.text)))
            else:
                fields_by_part.setdefault(make_part_key(part), (part, set()))[1].add(part.fieldname)
        for part, fields in fields_by_part.values():
            self._parts.append((part.boost, _compile_part(part, fields, vocabulary)))

    def evaluate(self, snapshot: Snapshot, check: Checkpoint) -> Postings:
        """Return the documents that match, ascending, with their weighted frequencies.

        `check` is called before each part and before each further word of a phrase.
        """
        parts = []
        for boost, part in self._parts:
            check()
            postings = part.evaluate(snapshot, check)
            if boost != 1:
                postings = Postings(postings.documents, postings.weights * np.float32(boost))
            parts.append(postings)
        return parts[0] if len(parts) == 1 else sum_all(parts, snapshot)

    def match(self, words: DocumentWords) -> list[ClauseMatch]:
        """Return the matches in a publication, none if the clause does not match it."""
        return [
            hit for boost, part in self._parts for hit in part.match(words, boost) if hit.weights
        ]


def _compile_part(part: query.Query, fields: set[str], vocabulary: Vocabulary) -> ClausePart:
    """Return the part for a term, a phrase or an expansion in some fields. Raise UnknownNode."""
    if isinstance(part, query.Term):
        numbers = vocabulary.find_numbers(part.text)
        is_surface = part.text.startswith(tokenizer.SURFACE_PREFIX)
        terms = [TermExpansion(is_surface, numbers, is_range=False)] if numbers else []
        return AnyOf("word", fields, terms)
    if isinstance(part, query.Phrase):
        stems = [number for word in part.words for number in vocabulary.find_numbers(word)]
        if len(stems) == len(part.words):
            return PhraseMatcher(stems, fields)
        return AnyOf("word", fields, [])
    if type(part) in HOW:
        expansions = term_expansion.expand(part, fields, vocabulary)
        return AnyOf(HOW[type(part)], fields, expansions)
    raise UnknownNode(part)


HOW: dict[type[query.Query], How] = {
    query.Prefix: "beginning",
    query.Wildcard: "pattern",
    query.FuzzyTerm: "likeness",
}


def clause_postings(clause: Clause, snapshot: Snapshot, check: Checkpoint = ignore) -> Postings:
    """Return the documents that match a clause, ascending, with their weighted frequencies.

    Raise UnknownNode if a part has an unknown type.
    """
    return ClauseMatcher(clause, snapshot.vocabulary).evaluate(snapshot, check)
