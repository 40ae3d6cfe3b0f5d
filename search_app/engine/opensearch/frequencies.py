"""Document frequencies of clauses: from the vocabulary where possible, otherwise counted once.

The frequency of a single term in all fields is in the vocabulary. The cluster counts those of
phrases, expansions, entities, and clauses of one field. A generation never changes, so they are
cached.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from hashlib import blake2b
from math import log

import msgspec

from indexer.cluster.mapping import Json
from search_app.engine.compiled_clauses import TermsPart, compile_clause
from search_app.engine.opensearch.client import Response
from search_app.engine.opensearch.queries import QueryCompiler
from search_app.engine.query.nodes import Clause
from search_app.engine.query.vocabulary import Vocabulary
from search_app.engine.snapshot.cache import Cache

MAX_CACHED = 4096
"""Limit on cached frequencies, each with the digest of its query. A query may have 100 kB."""


def make_count(matching: Json) -> Json:
    """Return the body of a search that only counts its hits."""
    return {"size": 0, "track_total_hits": True, "query": {"bool": {"filter": [matching]}}}


def read_count(response: Response) -> int:
    """Return the number of hits of a search."""
    total: int = response["hits"]["total"]["value"]
    return total


class ClauseFrequencies:
    """The document frequencies of the clauses of one search.

    `bodies` are the searches that count those that are not known yet.
    """

    def __init__(self, size: int, keys: Mapping[int, bytes], known: dict[bytes, int]) -> None:
        self._size, self._keys, self._known = size, keys, known
        self._unknown = [key for key in dict.fromkeys(keys.values()) if key not in known]

    @property
    def bodies(self) -> list[Json]:
        """The bodies of the searches that count."""
        return [make_count(msgspec.json.decode(key)) for key in self._unknown]

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

    def complete(self, counts: Sequence[int]) -> dict[bytes, int]:
        """Add the counts of `bodies`, and return them by the key of their clause."""
        counted = dict(zip(self._unknown, counts, strict=True))
        self._known |= counted
        self._unknown = []
        return counted


class DocumentFrequencies:
    """The document frequencies of clauses in one generation. Threads may share it."""

    def __init__(self, vocabulary: Vocabulary, compiler: QueryCompiler) -> None:
        self._vocabulary, self._compiler = vocabulary, compiler
        self._counted: Cache[bytes, int] = Cache(MAX_CACHED)

    def look_up(self, all_clauses: Iterable[Clause]) -> ClauseFrequencies:
        """Return the frequencies of clauses, as far as they are known."""
        keys, known = dict[int, bytes](), dict[bytes, int]()
        for clause in all_clauses:
            key = keys[id(clause)] = msgspec.json.encode(self._compiler.weigh(clause))
            frequency = self._find_in_vocabulary(clause)
            if frequency is None:
                frequency = self._counted.find(_digest(key))
            if frequency is not None:
                known[key] = frequency
        return ClauseFrequencies(self._vocabulary.size, keys, known)

    def add(self, counted: Mapping[bytes, int]) -> None:
        """Cache counted frequencies by the key of their clause."""
        for key, count in counted.items():
            self._counted.get(_digest(key), partial(int, count))

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


def _digest(key: bytes) -> bytes:
    return blake2b(key, digest_size=16).digest()
