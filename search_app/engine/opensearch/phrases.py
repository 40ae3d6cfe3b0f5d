"""The fields in which phrases occur, counted once for the labels of entities.

An entity has labels in many languages, each of which is a phrase in every field. Few of them occur,
and Lucene limits the clauses of a query. So the phrases of labels are counted when a generation is
opened, and queries leave out those that match nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from indexer.cluster.mapping import Json
from search_app.engine.compiled_clauses import (
    AllPart,
    CompiledClause,
    LabelsPart,
    PhrasePart,
)
from search_app.engine.opensearch.client import Send
from search_app.engine.opensearch.combining import match_phrase
from search_app.engine.query.vocabulary import Vocabulary

PHRASES_AT_A_TIME = 200
"""Number of phrases that one search counts."""

MAX_PHRASES = 1 << 18
"""Limit on the phrases whose fields are known, about 80 MB. Help for a query without hits counts
typed phrases too."""

Stems = tuple[int, ...]
"""A phrase, as stem numbers in their order."""


class PhraseFields:
    """The fields in which some phrases occur. Other phrases may occur in any field.

    Threads may share it.
    """

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        self._fields: dict[Stems, frozenset[str]] = {}

    def list_fields(self, part: PhrasePart) -> list[str]:
        """Return the fields of a part in which its phrase may occur."""
        known = self._fields.get(tuple(part.stems))
        return sorted(part.fields if known is None else part.fields & known)

    def learn(self, clauses: Iterable[CompiledClause], send: Send) -> None:
        """Count the phrases of some clauses, in two requests for PHRASES_AT_A_TIME phrases each."""
        distinct = dict.fromkeys(stems for each in clauses for stems in _list_phrases(each))
        unknown = [stems for stems in distinct if stems not in self._fields]
        del unknown[max(0, MAX_PHRASES - len(self._fields)) :]
        for start in range(0, len(unknown), PHRASES_AT_A_TIME):
            self._learn(unknown[start : start + PHRASES_AT_A_TIME], send)

    def _learn(self, phrases: Sequence[Stems], send: Send) -> None:
        fields = self._vocabulary.searchable
        anywhere: dict[str, Json] = {
            str(number): {"bool": {"should": [self.match(stems, field) for field in fields]}}
            for number, stems in enumerate(phrases)
        }
        occurring = [phrases[int(number)] for number in _find_matching(anywhere, send)]
        by_field: dict[str, Json] = {
            f"{number}.{field}": self.match(stems, field)
            for number, stems in enumerate(occurring)
            for field in fields
        }
        found = dict.fromkeys(phrases, frozenset[str]())
        for name in _find_matching(by_field, send):
            number, _, field = name.partition(".")
            found[occurring[int(number)]] |= {field}
        self._fields |= found

    def match(self, stems: Sequence[int], field: str, boost: float = 1.0) -> Json:
        """Return the query of a phrase in a field.

        Its score is the number of occurrences, multiplied by the boost.
        """
        texts = [self._vocabulary.stems.texts.get_text(number) for number in stems]
        return match_phrase(f"pos_{field}", texts, boost)


def _list_phrases(clause: CompiledClause) -> Iterator[Stems]:
    for _, part in clause.parts:
        match part:
            case PhrasePart():
                yield tuple(part.stems)
            case LabelsPart():
                yield from _list_phrases(part.clause)
            case AllPart():
                for child in part.clauses:
                    yield from _list_phrases(child)


def _find_matching(queries: Mapping[str, Json], send: Send) -> Iterator[str]:
    """Yield the names of the queries that match a document."""
    if queries:
        body: Json = {"size": 0, "aggs": {"found": {"filters": {"filters": queries}}}}
        [response] = send([body])
        for name, bucket in response["aggregations"]["found"]["buckets"].items():
            if bucket["doc_count"]:
                yield name
