"""Queries of OpenSearch for the fields that a clause matches, scored by its weighted frequency.

The index has frequencies only (`indexer.cluster.mapping`). Scripts compute the formula of
`arrays.evaluation`, and all statistics are parameters of the query. So the score of a publication
depends neither on its shard nor on the other publications of the index.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import product

from indexer.analysis import tokenizer
from indexer.cluster.mapping import Json
from search_app.engine.cache import Cache
from search_app.engine.opensearch.bm25f import list_norms, normalize
from search_app.engine.opensearch.client import Send
from search_app.engine.opensearch.combining import (
    all_of,
    any_of,
    match_boosted_terms,
    match_phrase,
)
from search_app.engine.opensearch.phrases import PhraseFields
from search_app.engine.opensearch.selections import match_values
from search_app.engine.query import term_expansion
from search_app.engine.query.nodes import Clause, Fields, Names, Part, Phrase, Term, Together, Value
from search_app.engine.query.vocabulary import Vocabulary

MAX_CACHED = 512
"""Limit on cached queries of clauses. Those of a prefix have about 20 kB."""


class FieldQueries:
    """Translates the clauses of one generation. Threads may share it."""

    def __init__(self, vocabulary: Vocabulary, mean_lengths: Sequence[float]) -> None:
        self._vocabulary = vocabulary
        self._phrase_fields = PhraseFields(vocabulary)
        self._norms = list_norms(vocabulary.catalogue, mean_lengths)
        # Up to five readings of a query have the same clauses, and each is needed several times.
        self._weighed: Cache[Clause, Json] = Cache(MAX_CACHED)

    def learn_phrases(self, clauses: Iterable[Clause], send: Send) -> None:
        """Find the fields in which the phrases of some clauses occur, so that queries are short."""
        self._phrase_fields.learn(clauses, send)

    def weigh(self, clause: Clause) -> Json:
        """Return the query of a clause. Its score is the weighted frequency."""
        if not clause.text:  # it was not typed, and no other is equal
            return self._weigh(clause)
        return self._weighed.get(clause, lambda: self._weigh(clause))

    def _weigh(self, clause: Clause) -> Json:
        parts = _Parts(self._vocabulary, self._phrase_fields)
        parts.add(clause.parts, 1.0)
        queries = [
            normalize(any_of(field_queries), field, self._norms[field])
            for field, field_queries in parts.list_by_field()
        ]
        queries += parts.values
        for part, factor in parts.compounds:
            queries.append(all_of([self._weigh(child) for child in part.clauses], factor))
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
        self.compounds: list[tuple[Together, float]] = []

    def add(self, parts: Iterable[Part], factor: float) -> None:
        """Add the parts of a clause, their boosts multiplied by a factor."""
        for part in parts:
            boost = part.boost * factor
            match part:
                case Value():
                    self.values.append(match_values(part.row, [part.value], boost))
                case Together():
                    self.compounds.append((part, boost))
                case Names():
                    self.add(part.parts, boost)
                case Phrase():
                    for field in self._phrase_fields.list_fields(part):
                        phrase = match_phrase(f"pos_{field}", part.stems, boost)
                        self._phrase_queries[field].append(phrase)
                case Term():
                    if self._vocabulary.has_term(part.text):
                        surface = part.text.removeprefix(tokenizer.SURFACE_PREFIX)
                        prefix = "pos" if surface == part.text else "word"
                        self._add_terms(prefix, part.fields, [surface], boost)
                case _:
                    numbers = term_expansion.expand(part, self._vocabulary).number_set
                    surfaces = self._vocabulary.words.surfaces
                    texts = {surfaces[number] for number in numbers}
                    self._add_terms("word", part.fields, sorted(texts), boost)

    def _add_terms(self, prefix: str, fields: Fields, texts: Iterable[str], boost: float) -> None:
        for field, text in product(fields.intersection(self._vocabulary.searchable), texts):
            self._boosts[f"{prefix}_{field}"][text] += boost

    def list_by_field(self) -> list[tuple[str, list[Json]]]:
        """Return the queries of each field, whose scores are frequencies."""
        queries: dict[str, list[Json]] = defaultdict(list)
        for name, boosts in self._boosts.items():
            queries[name.partition("_")[2]] += match_boosted_terms(name, boosts)
        for field, phrases in self._phrase_queries.items():
            queries[field] += phrases
        return [(field, queries[field]) for field in sorted(queries)]
