"""Query interpretation: choose how to read a query, from strict to relaxed.

The readings are all words with their synonyms, the same with corrected spelling, and any of the
words. The first reading with enough hits is used. Filters do not affect the choice, so selecting
a facet value never changes how the words are read. A query with operators is relaxed only if it
has no hits. Then any of the words is enough, except where an operator joins them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from itertools import islice, product
from types import MappingProxyType
from typing import NamedTuple

import msgspec
from whoosh import query

from indexer.catalogue.schema import exact
from indexer.catalogue.thesaurus import Thesaurus
from search_app.engine.deadline import Stopwatch
from search_app.engine.interpretation.entities import ValueNames
from search_app.engine.interpretation.entity_linker import Concepts
from search_app.engine.interpretation.required_clauses import facts_kept
from search_app.engine.interpretation.spellcheck import Speller
from search_app.engine.query.clause_builder import Pieces, Things
from search_app.engine.query.nodes import Leaf, leaves
from search_app.engine.query.parser import Parsed, parse
from search_app.engine.query.vocabulary import Vocabulary
from search_app.engine.query.year_expressions import Dated, dated
from search_app.engine.request import SearchRequest
from search_app.engine.store import Ask, Reply, Store

ENOUGH = (0, 0, 3, 6, 10)
"""Minimum number of documents that match all clauses, by the number of clauses (at most 4).

If fewer match, any of the words is enough.
"""
SCRIPTS = "aaaaa ааааа اااااا"
"""Meaningless words, one in each script that has word lists. `prepare` loads the lists with
them."""
FEW = ENOUGH[-1]
"""A query with fewer hits may be relaxed, and semantic search may add documents to it."""


class Understood(NamedTuple):
    """A query as it was interpreted, with its hits.

    `relaxed`: any of the words is enough. `strict` is the reply for all words, or None.
    `corrected`: the text that was searched for instead of the text as typed.
    `kept`: the texts of places, languages and years that stay mandatory in a relaxed query.
    """

    parsed: Parsed
    reply: Reply
    relaxed: bool = False
    corrected: str | None = None
    strict: Reply | None = None
    kept: tuple[str, ...] = ()

    @property
    def has_words(self) -> bool:
        """Whether the query has words."""
        return self.parsed.words is not None

    @property
    def is_narrow(self) -> bool:
        """Whether so few documents match that the query should be relaxed."""
        if not self.has_words or self.reply.by_words >= FEW:
            return False
        words = sum(1 for _ in islice(leaves(self.parsed.words), len(ENOUGH) - 1))
        return self.reply.by_words < ENOUGH[words]

    @property
    def is_strict(self) -> bool:
        """Whether the query was not relaxed because it has operators."""
        return self.parsed.has_operators and not self.relaxed

    @property
    def is_empty(self) -> bool:
        """Whether the query has words but no hits."""
        return self.has_words and not self.reply.by_words


class Way(NamedTuple):
    """A way to read a query.

    `things` recognizes names. `joined` is And or Or. If `keeps_facts`, places, languages and years
    stay mandatory.
    """

    things: Things
    joined: type[query.CompoundQuery] = query.And
    pieces: Pieces = "one"
    keeps_facts: bool = False


class Interpreter:
    """Interprets queries against one generation of an index. Threads may share it."""

    def __init__(self, vocabulary: Vocabulary, store: Store, thesaurus: Thesaurus) -> None:
        self.vocabulary, self.store = vocabulary, store
        self._thesaurus = thesaurus
        self._values = ValueNames(vocabulary)

    @cached_property
    def concepts(self) -> Concepts:
        """The entities that are recognized in queries."""
        return Concepts(self.vocabulary, self.store, self._thesaurus, self._values)

    @cached_property
    def speller(self) -> Speller:
        """The words that correct others."""
        return Speller(self.vocabulary, self.store, self.concepts.words)

    def prepare(self) -> None:
        """Compute all caches that searches share."""
        self._values.prepare()
        self.concepts.prepare()
        self.speller.suggested(SCRIPTS, rare=False)  # loads the word lists as well

    def understood(self, ask: Ask, watch: Stopwatch) -> Understood:
        """Return the first interpretation with enough hits; if none has any, the query as typed.

        `ask` has the request. Raise OverBudget.
        """
        request = ask.request
        # Without words there is nothing to recognize, and loading the entities would take time.
        things: Things = self._values if request.exact or not request.text else self.concepts
        way = Way(things, query.Or, "apart") if request.match == "any" else Way(things)

        def read(text: str, way: Way) -> Understood:
            return self._read(text, way, ask, watch)

        typed = read(request.text, way)
        if _is_enough(typed, request):
            return typed
        readings = [typed]
        corrected = None if request.exact else self.speller.corrected(request.text)
        if corrected:
            spelt = read(corrected, way)
            readings.insert(0, spelt._replace(corrected=corrected))
            if _is_enough(readings[0], request):
                return readings[0]
        if request.match == "all":
            return typed
        return self._first_with_hits(readings, way, ask, read)

    def _first_with_hits(
        self,
        readings: list[Understood],
        way: Way,
        ask: Ask,
        read: Callable[[str, Way], Understood],
    ) -> Understood:
        """Return the first relaxed interpretation with hits, or else the query as typed."""
        typed, request = readings[-1], ask.request
        for reading, lenient in product(readings, self._lenient(way)):
            again = read(reading.corrected or request.text, lenient)
            if again.parsed.words not in (None, typed.parsed.words) and not again.is_empty:
                return _relaxed(reading, again) if request.match == "auto" else again
        return typed

    def _lenient(self, way: Way) -> list[Way]:
        """Return the relaxed ways to read a query, in the order in which they are tried.

        The last ones treat the words of a name as separate words, in case no document has the name.
        """
        if way.joined is query.Or:
            return [way._replace(things=self._values)]
        return [
            Way(things, query.Or, "both", keeps_facts=keeps)
            for things, keeps in product((way.things, self._values), (True, False))
        ]

    def as_typed(
        self, text: str, filters: Mapping[str, tuple[str, ...]] = MappingProxyType({})
    ) -> Understood:
        """Return the interpretation of a text as typed: all words, with synonyms, uncorrected."""
        ask = Ask(SearchRequest(text, filters))
        return self._read(text, Way(self.concepts), ask, Stopwatch())

    def _read(self, text: str, way: Way, ask: Ask, watch: Stopwatch) -> Understood:
        """Return a text read in one way, with the reply of the store."""
        parsed = parse(text, self.vocabulary, way.things, way.joined, way.pieces)
        watch.lap("parse")
        tree, kept = parsed.words, tuple[str, ...]()
        if way.keeps_facts and tree is not None:
            tree, kept = facts_kept(tree, self.vocabulary.catalogue)
        boosts = () if tree is None else tuple(self._boosts(text, parsed.spoken))
        ask = Ask(ask.request, tree, boosts, parsed.filters, text, ask.newest_first)
        return Understood(parsed, self.store.ask(ask, watch), kept=kept)

    def _boosts(self, text: str, spoken: frozenset[str]) -> Iterator[Leaf]:
        """Yield clauses whose hits rank first.

        They have documents in a language in which the query names an entity, except the catalogue's
        own, and documents with a facet value whose name is the whole text, such as a series.
        """
        if spoken:
            others = spoken - set(self.vocabulary.languages[:1])
            terms = [
                query.Term(exact(row), language)
                for row in self.vocabulary.catalogue.facets
                if row.kind == "language"
                for language in sorted(others)
                if self.vocabulary.has_value(row.name, language)
            ]
            if terms:
                yield Leaf(terms)
        if called := self._values.terms_called(text):
            yield Leaf([*called], text)


def _relaxed(read: Understood, again: Understood) -> Understood:
    """Return the relaxed interpretation, unless it adds no hits to the strict one."""
    if not again.has_words or again.reply.by_words == read.reply.by_words:
        return read
    return again._replace(relaxed=True, corrected=read.corrected, strict=read.reply)


def _is_enough(read: Understood, request: SearchRequest) -> bool:
    """Return whether an interpretation has enough hits, so that no other one is tried."""
    is_open = request.match == "auto" and not request.exact and not read.parsed.has_operators
    return not read.is_empty and not (is_open and read.is_narrow)


class Finding(NamedTuple):
    """The reply to a search, and how the query was interpreted.

    `request` has the text with year expressions replaced by filters, and `dated` lists them.
    """

    request: SearchRequest
    dated: Dated
    understood: Understood

    @property
    def reply(self) -> Reply:
        """The hits."""
        return self.understood.reply

    @property
    def as_typed(self) -> int:
        """The number of hits if the query was neither relaxed nor corrected, otherwise 0."""
        read = self.understood
        return 0 if read.relaxed or read.corrected else self.reply.total


def found(
    request: SearchRequest, interpreter: Interpreter, watch: Stopwatch | None = None
) -> Finding:
    """Return the publications that match a request. Raise OverBudget.

    Year expressions are filters. If no publication passes them, they are searched for as words, and
    the result of that is returned if it has hits.
    """
    watch = watch or Stopwatch()
    typed = Dated(request.text)
    read = typed if request.exact else dated(request.text, interpreter.vocabulary.catalogue)
    finding = _retrieve(request, read, interpreter, watch)
    if read != typed and not finding.reply.matched:
        literal = _retrieve(request, typed, interpreter, watch)
        strict = literal.understood.strict
        return literal if literal.as_typed or (strict and strict.by_words) else finding
    return finding


def _retrieve(
    request: SearchRequest, read: Dated, interpreter: Interpreter, watch: Stopwatch
) -> Finding:
    """Return the publications that match a request with the given reading of its years."""
    request = msgspec.structs.replace(request, text=read.text)
    ask = Ask(request, newest_first=read.wants_newest)
    return Finding(request, read, interpreter.understood(ask, watch))
