"""Document frequencies of clauses: from the vocabulary where possible, otherwise counted once.

The frequency of a single term in all fields is in the vocabulary. The cluster counts those of
phrases, expansions, entities, clauses of one field, and clauses that match full texts. A generation
never changes, so they are cached.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from indexer.cluster.mapping import Json
from search_app.engine.opensearch.combining import any_of
from search_app.engine.opensearch.counts import CountCache, Counts, make_count, make_key
from search_app.engine.opensearch.queries import QueryCompiler
from search_app.engine.query.nodes import Clause, Term
from search_app.engine.query.vocabulary import Vocabulary
from search_app.engine.ranking import compute_idf


class Frequency(NamedTuple):
    """The number of publications that match a clause: in fields, in full texts, and in any."""

    total: int
    in_fields: int
    inside: int

    @property
    def decisive(self) -> int:
        """The number that decides the idf: see `arrays.evaluation`."""
        return self.in_fields or self.inside

    @classmethod
    def read(cls, counts: Counts) -> Frequency:
        """Return a frequency from the counts of `_make_body`."""
        if len(counts) == 1:
            return cls(counts[0], counts[0], 0)
        total, in_fields, in_both = counts
        return cls(total, in_fields, total - in_fields + in_both)


class ClauseFrequencies:
    """The document frequencies of the clauses of one search.

    `unknown` has the searches that count those that are not known yet, by their key. `text_weight`
    is the weight of full texts.
    """

    def __init__(
        self,
        size: int,
        text_weight: float,
        keys: Mapping[Clause, bytes],
        known: dict[bytes, Frequency],
        unknown: Mapping[bytes, Json],
    ) -> None:
        self._size, self._text_weight, self._keys, self._known = size, text_weight, keys, known
        self.unknown = unknown

    @property
    def bodies(self) -> list[Json]:
        """The bodies of the searches that count."""
        return [*self.unknown.values()]

    def find(self, clause: Clause) -> Frequency | None:
        """Return the frequency of a clause, or None if it is not known yet."""
        return self._known.get(self._keys[clause])

    def get(self, clause: Clause) -> Frequency:
        """Return the frequency of a clause. It must be known."""
        return self._known[self._keys[clause]]

    def find_idf(self, clause: Clause) -> float:
        """Return the idf of a clause whose frequency is known: see `ranking.term_scores`."""
        return compute_idf(self.get(clause).decisive, self._size)

    def weigh_texts(self, clause: Clause) -> float:
        """Return the greatest weight that a full text adds to a clause: see `arrays.evaluation`."""
        ratio = compute_idf(self.get(clause).inside, self._size) / self.find_idf(clause)
        return self._text_weight * min(1.0, ratio)

    def complete(self, counts: Sequence[Counts]) -> None:
        """Add the counts of `bodies`."""
        self._known |= {
            key: Frequency.read(each) for key, each in zip(self.unknown, counts, strict=True)
        }
        self.unknown = {}


class DocumentFrequencies:
    """The document frequencies of clauses in one generation. Threads may share it."""

    def __init__(self, vocabulary: Vocabulary, compiler: QueryCompiler, counts: CountCache) -> None:
        self._vocabulary, self._compiler, self._counts = vocabulary, compiler, counts

    def look_up(self, all_clauses: Iterable[Clause]) -> ClauseFrequencies:
        """Return the frequencies of clauses, as far as they are known."""
        keys, known, unknown = (
            dict[Clause, bytes](),
            dict[bytes, Frequency](),
            dict[bytes, Json](),
        )
        for clause in all_clauses:
            body, inside = self._make_body(clause)
            key = keys[clause] = make_key(body)
            frequency = None if inside else self._find_in_vocabulary(clause)
            if frequency is not None:
                known[key] = Frequency(frequency, frequency, 0)
            elif counts := self._counts.find(key):
                known[key] = Frequency.read(counts)
            else:
                unknown[key] = body
        texts = self._compiler.texts
        weight = texts.weight if texts else 0.0
        return ClauseFrequencies(self._vocabulary.size, weight, keys, known, unknown)

    def _make_body(self, clause: Clause) -> tuple[Json, bool]:
        """Return the search that counts a clause, and whether it may match full texts.

        Then it counts the publications that match, those of them that match in fields, and those
        of these that match inside too.
        """
        compiler = self._compiler
        in_fields = compiler.fields.weigh(clause)
        inside = compiler.texts.weigh(clause, 1.0) if compiler.texts else None
        if inside is None:
            return make_count(in_fields), False
        return make_count(any_of([in_fields, inside]), in_fields, inside), True

    def _find_in_vocabulary(self, clause: Clause) -> int | None:
        """Return the frequency of a clause of a single term in all fields; None for any other."""
        vocabulary = self._vocabulary
        part = clause.parts[0]
        if len(clause.parts) > 1 or not isinstance(part, Term):
            return None
        numbers = vocabulary.find_numbers(part.text)
        if len(numbers) > 1 or not part.fields.issuperset(vocabulary.searchable):
            return None
        dictionary = vocabulary.get_dictionary(part.text)
        return dictionary.doc_frequency(numbers[0]) if numbers else 0
