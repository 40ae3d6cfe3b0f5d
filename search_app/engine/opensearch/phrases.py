"""The fields in which phrases occur, counted once for the labels of entities.

An entity has labels in many languages, each of which is a phrase in every field. Few of them occur,
and Lucene limits the clauses of a query. So the phrases of labels are counted when a generation is
opened, and queries leave out those that match nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from indexer.cluster.mapping import Json
from search_app.engine.opensearch.client import Send
from search_app.engine.opensearch.combining import match_phrase
from search_app.engine.query.nodes import Clause, Phrase, list_words
from search_app.engine.query.vocabulary import Vocabulary

PHRASES_AT_A_TIME = 200
"""Number of phrases that one search counts."""

MAX_PHRASES = 1 << 18
"""Limit on the phrases whose fields are known, about 80 MB. Help for a query without hits counts
typed phrases too."""

Stems = tuple[str, ...]
"""The stems of a phrase, in their order."""


class PhraseFields:
    """The fields in which some phrases occur. Other phrases may occur in any field.

    Threads may share it.
    """

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        self._fields: dict[Stems, frozenset[str]] = {}

    def list_fields(self, phrase: Phrase) -> list[str]:
        """Return the fields of a phrase in which it may occur."""
        if not all(map(self._vocabulary.has_term, phrase.stems)):
            return []
        known = self._fields.get(phrase.stems)
        fields = phrase.fields.intersection(self._vocabulary.searchable)
        return sorted(fields if known is None else fields & known)

    def learn(self, clauses: Iterable[Clause], send: Send) -> None:
        """Count the phrases of some clauses, in two requests for PHRASES_AT_A_TIME phrases each."""
        words = (part for clause in clauses for part in list_words(clause.parts))
        distinct = dict.fromkeys(
            part.stems
            for part in words
            if isinstance(part, Phrase) and all(map(self._vocabulary.has_term, part.stems))
        )
        unknown = [stems for stems in distinct if stems not in self._fields]
        del unknown[max(0, MAX_PHRASES - len(self._fields)) :]
        for start in range(0, len(unknown), PHRASES_AT_A_TIME):
            self._learn(unknown[start : start + PHRASES_AT_A_TIME], send)

    def _learn(self, phrases: Sequence[Stems], send: Send) -> None:
        fields = self._vocabulary.searchable
        anywhere: dict[str, Json] = {
            str(number): {"bool": {"should": [_match(stems, field) for field in fields]}}
            for number, stems in enumerate(phrases)
        }
        occurring = [phrases[int(number)] for number in _find_matching(anywhere, send)]
        by_field: dict[str, Json] = {
            f"{number}.{field}": _match(stems, field)
            for number, stems in enumerate(occurring)
            for field in fields
        }
        found = dict.fromkeys(phrases, frozenset[str]())
        for name in _find_matching(by_field, send):
            number, _, field = name.partition(".")
            found[occurring[int(number)]] |= {field}
        self._fields |= found


def _match(stems: Stems, field: str) -> Json:
    return match_phrase(f"pos_{field}", stems)


def _find_matching(queries: Mapping[str, Json], send: Send) -> Iterator[str]:
    """Yield the names of the queries that match a document."""
    if queries:
        body: Json = {"size": 0, "aggs": {"found": {"filters": {"filters": queries}}}}
        [response] = send([body])
        for name, bucket in response["aggregations"]["found"]["buckets"].items():
            if bucket["doc_count"]:
                yield name
