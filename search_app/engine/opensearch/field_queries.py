"""Queries of OpenSearch for the fields that a clause matches, scored by its weighted frequency.

The index has frequencies only (`indexer.cluster.mapping`). Scripts compute the formula of
`arrays.bm25f`, and all statistics are parameters of the query. So the score of a publication
depends neither on its shard nor on the other publications of the index.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import product

from indexer.cluster.mapping import Json
from search_app.engine.compiled_clauses import (
    AllPart,
    CompiledClause,
    LabelsPart,
    PhrasePart,
    TermsPart,
    ValuePart,
    compile_clause,
)
from search_app.engine.opensearch.bm25f import list_norms, normalize
from search_app.engine.opensearch.client import Send
from search_app.engine.opensearch.combining import all_of, any_of, match_boosted_terms
from search_app.engine.opensearch.phrases import PhraseFields
from search_app.engine.opensearch.selections import match_values
from search_app.engine.query.nodes import Clause
from search_app.engine.query.vocabulary import Vocabulary
from search_app.engine.snapshot.cache import Cache

MAX_CACHED = 512
"""Limit on cached queries of clauses. Those of a prefix have about 20 kB."""


class FieldQueries:
    """Translates the clauses of one generation. Threads may share it."""

    def __init__(self, vocabulary: Vocabulary, mean_lengths: Sequence[float]) -> None:
        self._vocabulary = vocabulary
        self._phrase_fields = PhraseFields(vocabulary)
        self._norms = list_norms(vocabulary.catalogue, mean_lengths)
        # Up to five readings of a query have the same clauses, and each is needed several times.
        self._weighed: Cache[tuple[str, Clause], Json] = Cache(MAX_CACHED)

    def learn_phrases(self, clauses: Iterable[Clause], send: Send) -> None:
        """Find the fields in which the phrases of some clauses occur, so that queries are short."""
        compiled = [compile_clause(clause, self._vocabulary) for clause in clauses]
        self._phrase_fields.learn(compiled, send)

    def weigh(self, clause: Clause) -> Json:
        """Return the query of a clause. Its score is the weighted frequency.

        Raise UnknownNode if a part of the clause has an unknown type.
        """
        if not clause.text:  # it was not typed, and no other is equal
            return self._weigh(compile_clause(clause, self._vocabulary), 1.0)
        return self._weighed.get(
            (clause.text, clause),
            lambda: self._weigh(compile_clause(clause, self._vocabulary), 1.0),
        )

    def _weigh(self, clause: CompiledClause, boost: float) -> Json:
        parts = _Parts(self._vocabulary, self._phrase_fields)
        parts.add(clause, boost)
        queries = [
            normalize(any_of(field_queries), field, self._norms[field])
            for field, field_queries in parts.list_by_field()
        ]
        queries += parts.values
        for part, factor in parts.compounds:
            queries.append(all_of([self._weigh(child, 1.0) for child in part.clauses], factor))
        return any_of(queries)


class _Parts:
    """The parts of a clause: the queries of each field, facet values, and compounds.

    Terms of equal boost in one field are one query, which adds their frequencies. The boosts of a
    term that several parts have are added.
    """

    def __init__(self, vocabulary: Vocabulary, phrase_fields: PhraseFields) -> None:
        self._vocabulary, self._phrase_fields = vocabulary, phrase_fields
        self._boosts: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
        self._phrase_queries: dict[str, list[Json]] = defaultdict(list)
        self.values: list[Json] = []
        self.compounds: list[tuple[AllPart, float]] = []

    def add(self, clause: CompiledClause, factor: float) -> None:
        """Add the parts of a clause, their boosts multiplied by a factor."""
        for own_boost, part in clause.parts:
            boost = own_boost * factor
            match part:
                case TermsPart():
                    self._add_terms(part, boost)
                case PhrasePart():
                    self._add_phrase(part, boost)
                case ValuePart():
                    self.values.append(match_values(part.row, [part.value], boost))
                case AllPart():
                    self.compounds.append((part, boost))
                case LabelsPart():
                    self.add(part.clause, boost)

    def _add_terms(self, part: TermsPart, boost: float) -> None:
        for expansion in part.expansions:
            dictionary = self._vocabulary.words if expansion.are_words else self._vocabulary.stems
            texts = [dictionary.surfaces[int(number)] for number in expansion.numbers]
            prefix = "word" if expansion.are_words else "pos"
            for field, text in product(part.fields, dict.fromkeys(texts)):
                self._boosts[f"{prefix}_{field}"][text] += boost

    def _add_phrase(self, part: PhrasePart, boost: float) -> None:
        for field in self._phrase_fields.list_fields(part):
            phrase = self._phrase_fields.match(part.stems, field, boost)
            self._phrase_queries[field].append(phrase)

    def list_by_field(self) -> list[tuple[str, list[Json]]]:
        """Return the queries of each field, whose scores are frequencies."""
        queries: dict[str, list[Json]] = defaultdict(list)
        for name, boosts in self._boosts.items():
            queries[name.partition("_")[2]] += match_boosted_terms(name, boosts)
        for field, phrases in self._phrase_queries.items():
            queries[field] += phrases
        return [(field, queries[field]) for field in sorted(queries)]
