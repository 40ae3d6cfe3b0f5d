"""Queries of OpenSearch for the full texts that a clause matches: see `arrays.fulltext`.

A full text is a nested document of its publication, and a page is one of its text. A page has the
positions and the frequencies of its words, and a text has its length. So the frequency in a text
is the sum over its pages, and a phrase is on one page.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from typing import NamedTuple

from indexer.analysis import tokenizer
from indexer.analysis.folding import surface_form
from indexer.catalogue.fields import Catalogue
from indexer.cluster.fulltext_file import FullTextFile
from indexer.cluster.mapping import PAGES, TEXTS, Json
from indexer.codec.segment.postings import B_FULLTEXT
from indexer.codec.segment.term_dictionary import decode_surface
from search_app.engine.cache import Cache
from search_app.engine.opensearch.bm25f import FieldNorm, strengthen
from search_app.engine.opensearch.combining import (
    MAX_SYNONYMS,
    all_of,
    any_of,
    match_boosted_terms,
    match_phrase,
)
from search_app.engine.query.nodes import (
    Clause,
    Expansion,
    Names,
    Part,
    Phrase,
    Term,
    Together,
    Value,
    WordPart,
    is_in_texts,
    split_page_parts,
    without_field,
)
from search_app.engine.query.term_expansion import expand_in_texts

MAX_CACHED = 512
"""Limit on cached queries of clauses."""
MAX_CACHED_EXPANSIONS = 64
"""Limit on cached expansions."""
STEMS, WORDS = f"{PAGES}.pos", f"{PAGES}.word"
"""The fields of a page."""
LENGTH = f"{TEXTS}.length"
"""The field of a text with the number of its words."""


class ExpandedWords(NamedTuple):
    """Words of full texts as written, and how many others are above the limits."""

    surfaces: list[str]
    dropped: int


class FullTextQueries:
    """Translates the parts of clauses that apply to full texts. Threads may share it.

    `words` has those of the texts. If `only_named`, the texts match only where the query names
    their field.
    """

    def __init__(
        self, words: FullTextFile, catalogue: Catalogue, *, only_named: bool = False
    ) -> None:
        self._words, self._catalogue, self.only_named = words, catalogue, only_named
        self.dictionary, self._mean = words
        row = catalogue.fulltext
        self.weight = row.weight if row else 0.0
        self._counted: Cache[Clause, Json | None] = Cache(MAX_CACHED)
        self._expansions: Cache[object, ExpandedWords] = Cache(MAX_CACHED_EXPANSIONS)

    def match_only_named(self) -> FullTextQueries:
        """Return the queries of texts that match only where the query names their field."""
        return FullTextQueries(self._words, self._catalogue, only_named=True)

    def weigh(self, clause: Clause, weight: float) -> Json | None:
        """Return the query of the publications whose full text matches a clause.

        Its score is the strength of the best text, multiplied by a weight. None means that no text
        matches.
        """
        if clause.text:
            counted = self._counted.get(clause, lambda: self.count(clause.parts))
        else:  # it was not typed, and no other is equal
            counted = self.count(clause.parts)
        norm = FieldNorm(weight, B_FULLTEXT, self._mean)
        return counted and nest(TEXTS, strengthen(counted, LENGTH, norm), "max")

    def count(self, all_parts: Iterable[Part]) -> Json | None:
        """Return the query of the texts that match parts of a clause, or None.

        Its score is the number of occurrences, multiplied by their boosts.
        """
        on_pages, compounds = _OnPages(self), list[tuple[Together, float]]()
        for part, boost in self._list_parts(all_parts, 1.0):
            if isinstance(part, Together):
                compounds.append((part, boost))
            else:
                on_pages.add(part, boost)
        queries = [nest(PAGES, any_of(found), "sum")] if (found := on_pages.list_queries()) else []
        for part, boost in compounds:
            counts = [counted for each in part.clauses if (counted := self.count(each.parts))]
            if len(counts) == len(part.clauses):
                queries.append(all_of(counts, boost))
        return any_of(queries) if queries else None

    def _list_parts(
        self, parts: Iterable[Part], factor: float
    ) -> Iterator[tuple[WordPart | Together, float]]:
        """Yield the parts of a clause with their boosts, and for synonyms those of their names."""
        for part in parts:
            boost = factor * part.boost
            match part:
                case Names():
                    yield from self._list_parts(part.parts, boost)
                case Together():
                    yield part, boost
                case Value():
                    pass
                case _ if self._is_searched(part):
                    yield part, boost

    def list_compounds(self, clauses: Iterable[Clause]) -> Iterator[tuple[Together, Json]]:
        """Yield the compounds of clauses, with the query of the texts whose pages have its words.

        Such a text has all of the words, and no other part of the clause.
        """
        for clause in clauses:
            parts, compounds = split_page_parts(clause, self._is_searched)
            others = self.count(parts)
            for compound in compounds:
                if counted := self.count([compound]):
                    without = {"must_not": [others]} if others else {}
                    yield compound, {"bool": {"filter": [counted], **without}}

    def _is_searched(self, part: WordPart) -> bool:
        return is_in_texts(part, self._catalogue, only_named=self.only_named)

    def match_pages(self, clause: Clause, compounds: Iterable[Together]) -> Json | None:
        """Return the query of the pages with words of a clause, or None if no page has any.

        Its score is the number of occurrences. Of compounds, only the words of `compounds` count.
        """
        on_pages, counting = _OnPages(self), {id(part) for part in compounds}

        def add(clause: Clause) -> None:
            parts, its_compounds = split_page_parts(clause, self._is_searched)
            for part in parts:
                on_pages.add(part, 1.0)
            for compound in its_compounds:
                for word in compound.clauses if id(compound) in counting else ():
                    add(word)

        add(clause)
        return any_of(found) if (found := on_pages.list_queries()) else None

    def count_texts(self, word: str) -> int:
        """Return the approximate number of texts with a word as written; 0 if `only_named`."""
        if self.only_named:
            return 0
        numbers = self.dictionary.find_surface(surface_form(word)).tolist()
        return sum(map(self.dictionary.words.doc_frequency, numbers))

    def expand(self, part: Expansion) -> ExpandedWords:
        """Return the words that a prefix, wildcard or fuzzy term matches."""
        return self._expansions.get(without_field(part), lambda: self._expand(part))

    def _expand(self, part: Expansion) -> ExpandedWords:
        words = self.dictionary.words
        # More of them would overload the nodes.
        found = expand_in_texts(part, words, MAX_SYNONYMS)
        texts = map(words.texts.get_text, found.numbers.tolist())
        return ExpandedWords(sorted({*map(decode_surface, texts)}), found.dropped)

    def count_dropped(self, clause: Clause) -> int:
        """Return how many words that a clause matches are above the limits of an expansion."""
        parts = [part for part, _ in self._list_parts(clause.parts, 1.0)]
        return sum(self.expand(part).dropped for part in parts if isinstance(part, Expansion))

    def list_words(self, prefix: str, least: int) -> Mapping[str, int]:
        """Return the words with a prefix that at least `least` texts have: see `count_texts`."""
        return {} if self.only_named else self.dictionary.count_words(prefix, least)


class _OnPages:
    """The parts of a clause on a page. The boosts of a term that several parts have are added."""

    def __init__(self, texts: FullTextQueries) -> None:
        self._texts = texts
        self._boosts: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
        self._phrases: list[Json] = []

    def add(self, part: WordPart, boost: float) -> None:
        """Add a part, unless no text has its words."""
        dictionary = self._texts.dictionary
        match part:
            case Phrase():
                if all(len(dictionary.find_stem(stem)) for stem in part.stems):
                    self._phrases.append(match_phrase(STEMS, part.stems, boost))
            case Term():
                surface = part.text.removeprefix(tokenizer.SURFACE_PREFIX)
                is_stem = surface == part.text
                find = dictionary.find_stem if is_stem else dictionary.find_surface
                if len(find(surface)):
                    self._boosts[STEMS if is_stem else WORDS][surface] += boost
            case _:
                for surface in self._texts.expand(part).surfaces:
                    self._boosts[WORDS][surface] += boost

    def list_queries(self) -> list[Json]:
        """Return the queries of the parts, whose scores are numbers of occurrences."""
        terms = (match_boosted_terms(field, boosts) for field, boosts in self._boosts.items())
        return [*chain.from_iterable(terms), *self._phrases]


def nest(path: str, matching: Json, mode: str = "none", **others: object) -> Json:
    """Return the query of the documents with a nested document that matches a query.

    `mode` says how their scores become one: `max`, `sum`, or `none`.
    """
    return {"nested": {"path": path, "query": matching, "score_mode": mode, **others}}
