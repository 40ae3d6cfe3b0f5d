"""Document frequencies of clauses: from the vocabulary where possible, otherwise counted once.

The frequency of a single term in all fields is in the vocabulary. The cluster counts those of
phrases, expansions, entities, and clauses of one field. A generation never changes, so they are
cached.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import log

from indexer.cluster.mapping import Json
from search_app.engine.compiled_clauses import TermsPart, compile_clause
from search_app.engine.opensearch.counts import CountCache, Counts, make_count, make_key
from search_app.engine.opensearch.queries import QueryCompiler
from search_app.engine.query.nodes import Clause
from search_app.engine.query.vocabulary import Vocabulary


class ClauseFrequencies:
    """The document frequencies of the clauses of one search.

    `unknown` has the searches that count those that are not known yet, by their key.
    """

    def __init__(
        self,
        size: int,
        keys: Mapping[int, bytes],
        known: dict[bytes, int],
        unknown: Mapping[bytes, Json],
    ) -> None:
        self._size, self._keys, self._known = size, keys, known
        self.unknown = unknown

    @property
    def bodies(self) -> list[Json]:
        """The bodies of the searches that count."""
        return [*self.unknown.values()]

    def find(self, clause: Clause) -> int | None:
        """Return the document frequency of a clause, or None if it is not known yet."""
        return self._known.get(self._keys[id(clause)])

    def get(self, clause: Clause) -> int:
        """Return the document frequency of a clause. It must be known."""
        return self._known[self._keys[id(clause)]]

    def find_idf(self, clause: Clause) -> float:
        """Return the idf of a clause whose frequency is known: see `ranking.term_scores`."""
        frequency = self.get(clause)
        return log(1 + (self._size - frequency + 0.5) / (frequency + 0.5))

    def complete(self, counts: Sequence[Counts]) -> None:
        """Add the counts of `bodies`."""
        self._known |= {
            key: frequency for key, (frequency,) in zip(self.unknown, counts, strict=True)
        }
        self.unknown = {}


class DocumentFrequencies:
    """The document frequencies of clauses in one generation. Threads may share it."""

    def __init__(self, vocabulary: Vocabulary, compiler: QueryCompiler, counts: CountCache) -> None:
        self._vocabulary, self._compiler, self._counts = vocabulary, compiler, counts

    def look_up(self, all_clauses: Iterable[Clause]) -> ClauseFrequencies:
        """Return the frequencies of clauses, as far as they are known."""
        keys, known, unknown = dict[int, bytes](), dict[bytes, int](), dict[bytes, Json]()
        for clause in all_clauses:
            body = make_count(self._compiler.weigh(clause))
            key = keys[id(clause)] = make_key(body)
            frequency = self._find_in_vocabulary(clause)
            if frequency is not None:
                known[key] = frequency
            elif counts := self._counts.find(key):
                [known[key]] = counts
            else:
                unknown[key] = body
        return ClauseFrequencies(self._vocabulary.size, keys, known, unknown)

    def _find_in_vocabulary(self, clause: Clause) -> int | None:
        """Return the frequency of a clause of a single term in all fields; None for any other."""
        parts = compile_clause(clause, self._vocabulary).parts
        if len(parts) != 1 or not isinstance(part := parts[0][1], TermsPart):
            return None
        if not part.expansions:
            return 0
        numbers = part.expansions[0].numbers
        is_single = len(part.expansions) == 1 and len(numbers) == 1
        if not is_single or len(part.fields) < len(self._vocabulary.searchable):
            return None
        are_words = part.expansions[0].are_words
        dictionary = self._vocabulary.words if are_words else self._vocabulary.stems
        return dictionary.doc_frequency(int(numbers[0]))
