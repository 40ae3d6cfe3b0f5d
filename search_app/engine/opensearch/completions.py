"""Completions while typing: the words with a prefix in the hits, and the titles with some words."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from indexer.analysis import tokenizer
from indexer.analysis.folding import surface_form
from indexer.cluster.mapping import Json, make_term
from search_app.engine.opensearch import hits
from search_app.engine.opensearch.client import Response, Send
from search_app.engine.opensearch.combining import any_of, filter_by, match_terms
from search_app.engine.query.vocabulary import Vocabulary

MAX_CANDIDATES = 100
"""Number of words with a prefix, the most frequent in the index, that are counted in the hits."""
MAX_TITLES = 20
"""Number of titles in a response for each title that is needed: some do not start with the
words."""


def list_candidates(prefix: str, vocabulary: Vocabulary, limit: int) -> list[str]:
    """Return up to `limit` words with a prefix, as written, most frequent in the index first."""
    words = vocabulary.words
    first, last = words.texts.find_prefix(prefix)
    frequencies = np.diff(words.offsets[first : last + 1].astype(np.int64))
    candidates = np.arange(len(frequencies))
    if limit < len(candidates):
        candidates = frequencies.argpartition(len(candidates) - limit)[-limit:]
    order = candidates[np.lexsort((candidates, -frequencies[candidates]))] + first
    return list(dict.fromkeys(words.surfaces[number] for number in order.tolist()))


def complete(
    prefix: str, within: Json, limit: int, vocabulary: Vocabulary, send: Send
) -> list[str]:
    """Return up to `limit` words with a prefix, as written, most frequent in some documents first.

    `within` is their query. Only the MAX_CANDIDATES most frequent words of the index are counted.
    """
    candidates = list_candidates(prefix, vocabulary, max(MAX_CANDIDATES, limit))
    fields = vocabulary.searchable
    filters = {
        word: any_of([part for field in fields for part in match_terms(f"word_{field}", [word])])
        for word in candidates
    }
    if not filters:
        return []
    counting = {"words": {"filters": {"filters": filters}}}
    body: Json = {"size": 0, "query": filter_by([within]), "aggs": counting}
    [response] = send([body])
    buckets = response["aggregations"]["words"]["buckets"]
    counts = {word: buckets[word]["doc_count"] for word in candidates}
    found = [word for word in candidates if counts[word]]
    return sorted(found, key=lambda word: (-counts[word], word))[:limit]


class TitleSearch:
    """A search for the titles with some words, of which the last may be a prefix (`is_open`).

    `title` is the name of the field with the titles.
    """

    def __init__(
        self, words: Sequence[str], vocabulary: Vocabulary, title: str, *, is_open: bool
    ) -> None:
        self._words, self._vocabulary, self._title = words, vocabulary, title
        self._is_open = is_open

    def make_bodies(self, within: Json, limit: int) -> list[Json]:
        """Return a search for titles that start with the words, and one for all others.

        `within` is the query of the documents that count. There is none if no word has the prefix.
        """
        if self._is_open and not list_candidates(self._words[-1], self._vocabulary, 1):
            return []
        has_words = [self._match_word(index) for index in range(len(self._words))]
        starts: Json = {"span_first": {"match": self._span_first(), "end": 1}}
        page = slice(0, limit * MAX_TITLES)
        order = [f"len_{self._title}", *hits.ORDERS["newest"]]
        return [
            hits.make_page(filter_by([within, *has_words, *extra]), order, page)
            for extra in (([starts]), ([]))
        ]

    def _match_word(self, index: int) -> Json:
        field, word = f"word_{self._title}", make_term(self._words[index])
        if self._is_open and index == len(self._words) - 1:
            return {"prefix": {field: {"value": word}}}
        return {"term": {field: {"value": word}}}

    def _span_first(self) -> Json:
        """Return the spans of the stems that the first word may have."""
        field = f"pos_{self._title}"
        if self._is_open and len(self._words) == 1:
            words = list_candidates(self._words[0], self._vocabulary, MAX_CANDIDATES)
        else:
            words = [self._words[0]]
        stems = {stem for word in words for stem in self._vocabulary.list_stems(word)}
        spans = [{"span_term": {field: make_term(stem)}} for stem in sorted(stems)]
        return {"span_or": {"clauses": spans}}

    def read(self, responses: Sequence[Response], limit: int) -> list[tuple[str, str]]:
        """Return the ids and titles of the best documents.

        Titles that start with the words come first, then shorter ones, then newer ones.
        """
        starting, others = (
            [(hit.id, hit.record.title) for hit in hits.read_page(response) if hit.record]
            for response in responses
        )
        # The first word of a title may be followed by others than those typed.
        first = [hit for hit in (*starting, *others) if self._starts(hit[1])]
        return [*dict.fromkeys([*first, *others])][:limit]

    def _starts(self, title: str) -> bool:
        """Return whether a title starts with the words."""
        typed = [surface_form(word) for word in tokenizer.split_words(title)]
        start = typed[: len(self._words)]
        if self._is_open and start and len(start) == len(self._words):
            start[-1] = start[-1][: len(self._words[-1])]
        return start == list(self._words)
