"""Compiled clauses: clauses of a query with their terms looked up in a vocabulary.

A compiled clause is data, and needs no postings and no publications. `arrays.clause` evaluates it
on all documents of a local index, and `clause_matches` on the words of one publication. Both give
the same weights. Parts of a clause that differ only in their field become one part, because their
frequencies are added before BM25F saturates the sum.
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass
from functools import cached_property

from whoosh import query

from indexer.analysis import tokenizer
from indexer.catalogue.schema import parse_exact_name
from search_app.engine.query import term_expansion
from search_app.engine.query.nodes import Clause, Synonyms, make_part_key
from search_app.engine.query.vocabulary import TermExpansion, Vocabulary
from search_app.engine.results import How


class UnknownNode(TypeError):
    """A node of a query tree that the engine cannot evaluate."""

    def __init__(self, node: query.Query) -> None:
        super().__init__(f"the engine cannot evaluate a {type(node).__name__} node: {node!r}")


@dataclass(frozen=True, eq=False)
class TermsPart:
    """A part that any of several terms matches in some fields. `how` says how a text matches.

    It has no expansions if no document has one of its terms.
    """

    how: How
    fields: Set[str]
    expansions: Sequence[TermExpansion]

    @cached_property
    def numbers(self) -> list[tuple[bool, frozenset[int]]]:
        """The numbers of the terms of each kind: of words, if True, or of stems."""
        return [(kind, frozenset(map(int, numbers))) for kind, numbers, *_ in self.expansions]


@dataclass(frozen=True, eq=False)
class PhrasePart:
    """A phrase in some fields, as stem numbers in their order."""

    stems: Sequence[int]
    fields: Set[str]


@dataclass(frozen=True, eq=False)
class ValuePart:
    """A facet value of a row. Each publication that has it has the weight 1."""

    row: str
    value: str


@dataclass(frozen=True, eq=False)
class AllPart:
    """A part that matches only if all of its clauses match.

    The weight of a publication is the lowest weight of any clause in it.
    """

    clauses: Sequence[CompiledClause]


@dataclass(frozen=True, eq=False)
class LabelsPart:
    """The labels of an entity, or its narrower concepts.

    The publications that match depend on `key` alone, so they can be cached by it.
    """

    synonyms: Synonyms
    vocabulary: Vocabulary

    @property
    def key(self) -> tuple[str, How]:
        """The id of the entity, and how a text matches."""
        return self.synonyms.entity_id, self.synonyms.how

    @cached_property
    def clause(self) -> CompiledClause:
        """The labels. They are compiled when they are first needed."""
        return compile_clause(Clause(self.synonyms.subqueries), self.vocabulary)


ClausePart = TermsPart | PhrasePart | ValuePart | AllPart | LabelsPart


@dataclass(frozen=True, eq=False)
class CompiledClause:
    """A clause as parts, each with a factor of its weights. The weights of the parts are added."""

    parts: Sequence[tuple[float, ClausePart]]


def compile_clause(clause: Clause, vocabulary: Vocabulary) -> CompiledClause:
    """Return a clause with its terms looked up. Raise UnknownNode if a part has an unknown type.

    Raise it later for a label of an entity, when `LabelsPart.clause` is first used. Parts for the
    full text are left out, because it has a vocabulary of its own.
    """
    fulltext = vocabulary.catalogue.fulltext
    parts: list[tuple[float, ClausePart]] = []
    fields_by_part: dict[object, tuple[query.Query, set[str]]] = {}
    for part in clause.subqueries:
        if isinstance(part, query.And):
            clauses = [compile_clause(child, vocabulary) for child in part.subqueries]
            parts.append((part.boost, AllPart(clauses)))
        elif isinstance(part, Synonyms):
            parts.append((part.boost, LabelsPart(part, vocabulary)))
        elif row := parse_exact_name(part.fieldname):
            parts.append((part.boost, ValuePart(row, part.text)))
        elif fulltext is None or part.fieldname != fulltext.name:
            fields_by_part.setdefault(make_part_key(part), (part, set()))[1].add(part.fieldname)
    for part, fields in fields_by_part.values():
        parts.append((part.boost, _compile_part(part, fields, vocabulary)))
    return CompiledClause(parts)


def _compile_part(part: query.Query, fields: set[str], vocabulary: Vocabulary) -> ClausePart:
    """Return the part for a term, a phrase or an expansion in some fields. Raise UnknownNode."""
    if isinstance(part, query.Term):
        numbers = vocabulary.find_numbers(part.text)
        is_surface = part.text.startswith(tokenizer.SURFACE_PREFIX)
        terms = [TermExpansion(is_surface, numbers, is_range=False)] if numbers else []
        return TermsPart("word", fields, terms)
    if isinstance(part, query.Phrase):
        stems = [number for word in part.words for number in vocabulary.find_numbers(word)]
        if len(stems) == len(part.words):
            return PhrasePart(stems, fields)
        return TermsPart("word", fields, [])
    if type(part) in HOW:
        return TermsPart(HOW[type(part)], fields, term_expansion.expand(part, fields, vocabulary))
    raise UnknownNode(part)


HOW: dict[type[query.Query], How] = {
    query.Prefix: "beginning",
    query.Wildcard: "pattern",
    query.FuzzyTerm: "likeness",
}
