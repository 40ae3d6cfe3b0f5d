"""Query interpretation: choose how to read a query, from strict to relaxed.

The readings are all words with their synonyms, the same with corrected spelling, and any of the
words. The first reading with enough hits is used. Filters do not affect the choice, so selecting
a facet value never changes how the words are read. A query with operators is relaxed only if it
has no hits. Then any of the words is enough, except where an operator joins them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from itertools import islice, product
from types import MappingProxyType
from typing import NamedTuple

import msgspec
from whoosh import query

from indexer.catalogue.schema import make_exact_name
from indexer.catalogue.thesaurus import Thesaurus
from search_app.engine.deadline import Deadline
from search_app.engine.interpretation.entities import ValueNames
from search_app.engine.interpretation.query_expansion import EntityLinker
from search_app.engine.interpretation.required_clauses import require_facts
from search_app.engine.interpretation.spellcheck import SpellChecker
from search_app.engine.query.clause_builder import CompoundMode, EntityRecognizer
from search_app.engine.query.nodes import Clause, clauses
from search_app.engine.query.parser import Parsed, parse
from search_app.engine.query.vocabulary import Vocabulary
from search_app.engine.query.year_expressions import DatedQuery, extract_years
from search_app.engine.request import SearchRequest
from search_app.engine.store import Reply, Store, StoreRequest

ENOUGH_BY_CLAUSES = (0, 0, 3, 6, 100)
"""Minimum number of documents that match all clauses, by the number of clauses (at most 4).

If fewer match, any of the words is enough. Up to 3 clauses are a short query, whose list stays
short. Few relevant documents have every word of a longer one.
"""
WARM_UP_WORDS = "aaaaa ааааа اااااا"
"""Meaningless words, one in each script that has word lists. `prepare` loads the lists with
them."""


class Interpretation(NamedTuple):
    """A query as it was interpreted, with its hits.

    `relaxed`: any of the words is enough. `all_words_docs` is the reply for all words, or None.
    `corrected`: the text that was searched for instead of the text as typed.
    `required`: the texts of places, languages and years that stay mandatory in a relaxed query.
    """

    parsed: Parsed
    reply: Reply
    relaxed: bool = False
    corrected: str | None = None
    all_words_docs: Reply | None = None
    required: tuple[str, ...] = ()

    @property
    def has_words(self) -> bool:
        """Whether the query has words."""
        return self.parsed.words is not None

    @property
    def is_narrow(self) -> bool:
        """Whether so few documents match that the query should be relaxed."""
        if not self.has_words or self.reply.by_words >= ENOUGH_BY_CLAUSES[-1]:
            return False
        words = sum(1 for _ in islice(clauses(self.parsed.words), len(ENOUGH_BY_CLAUSES) - 1))
        return self.reply.by_words < ENOUGH_BY_CLAUSES[words]

    @property
    def is_strict(self) -> bool:
        """Whether the query was not relaxed because it has operators."""
        return self.parsed.has_operators and not self.relaxed

    @property
    def is_empty(self) -> bool:
        """Whether the query has words but no hits."""
        return self.has_words and not self.reply.by_words


class Strategy(NamedTuple):
    """A way to read a query.

    `recognizer` recognizes names. `joined` is And or Or. If `requires_facts`, places, languages and
    years stay mandatory.
    """

    recognizer: EntityRecognizer
    joined: type[query.CompoundQuery] = query.And
    compounds: CompoundMode = "one"
    requires_facts: bool = False


class Interpreter:
    """Interprets queries against one generation of an index. Threads may share it."""

    def __init__(self, vocabulary: Vocabulary, store: Store, thesaurus: Thesaurus) -> None:
        self.vocabulary, self.store = vocabulary, store
        self._thesaurus = thesaurus
        self._values = ValueNames(vocabulary)

    @cached_property
    def entity_linker(self) -> EntityLinker:
        """The entities that are recognized in queries."""
        return EntityLinker(self.vocabulary, self.store, self._thesaurus, self._values)

    @cached_property
    def spellchecker(self) -> SpellChecker:
        """The words that may replace misspelled ones."""
        return SpellChecker(self.vocabulary, self.store, self.entity_linker.words)

    def prepare(self) -> None:
        """Compute all caches that searches share."""
        self._values.prepare()
        self.entity_linker.prepare()
        self.spellchecker.suggest(WARM_UP_WORDS, rare=False)  # loads the word lists as well

    def interpret(self, ask: StoreRequest, deadline: Deadline) -> Interpretation:
        """Return the first interpretation with enough hits; if none has any, the query as typed.

        `ask` has the request. Raise BudgetExceeded.
        """
        request = ask.request
        # Without words there is nothing to recognize, and loading the entities would take time.
        recognizer: EntityRecognizer = (
            self._values if request.exact or not request.text else self.entity_linker
        )
        strategy = (
            Strategy(recognizer, query.Or, "apart")
            if request.match == "any"
            else Strategy(recognizer)
        )
        typed = self._read(request.text, strategy, ask, deadline)
        if _is_enough(typed, request):
            return typed
        readings = [typed]
        corrected = None if request.exact else self.spellchecker.correct(request.text)
        if corrected:
            corrected_reading = self._read(corrected, strategy, ask, deadline)
            readings.insert(0, corrected_reading._replace(corrected=corrected))
            if _is_enough(readings[0], request):
                return readings[0]
        if request.match == "all":
            return typed
        return self._find_with_hits(readings, strategy, ask, deadline)

    def _find_with_hits(
        self,
        readings: list[Interpretation],
        strategy: Strategy,
        ask: StoreRequest,
        deadline: Deadline,
    ) -> Interpretation:
        """Return the first relaxed interpretation with hits, or the query as typed without one."""
        typed, request = readings[-1], ask.request
        for reading, lenient_strategy in product(readings, self._list_lenient(strategy)):
            text = reading.corrected or request.text
            relaxed = self._read(text, lenient_strategy, ask, deadline)
            if relaxed.parsed.words not in (None, typed.parsed.words) and not relaxed.is_empty:
                return _mark_relaxed(reading, relaxed) if request.match == "auto" else relaxed
        return typed

    def _list_lenient(self, strategy: Strategy) -> list[Strategy]:
        """Return the relaxed ways to read a query, in the order in which they are tried.

        The last ones treat the words of a name as separate words, in case no document has the name.
        """
        if strategy.joined is query.Or:
            return [strategy._replace(recognizer=self._values)]
        return [
            Strategy(recognizer, query.Or, "both", requires_facts=requires_facts)
            for recognizer, requires_facts in product(
                (strategy.recognizer, self._values), (True, False)
            )
        ]

    def interpret_typed(
        self, text: str, filters: Mapping[str, tuple[str, ...]] = MappingProxyType({})
    ) -> Interpretation:
        """Return the interpretation of a text as typed: all words, with synonyms, uncorrected."""
        ask = StoreRequest(SearchRequest(text, filters))
        return self._read(text, Strategy(self.entity_linker), ask, Deadline())

    def _read(
        self, text: str, strategy: Strategy, ask: StoreRequest, deadline: Deadline
    ) -> Interpretation:
        """Return a text read in one way, with the reply of the store."""
        parsed = parse(
            text, self.vocabulary, strategy.recognizer, strategy.joined, strategy.compounds
        )
        deadline.checkpoint("parse")
        tree, required = parsed.words, tuple[str, ...]()
        if strategy.requires_facts and tree is not None:
            tree, required = require_facts(tree, self.vocabulary.catalogue)
        boosts = () if tree is None else tuple(self._make_boosts(text, parsed.query_languages))
        ask = StoreRequest(ask.request, tree, boosts, parsed.filters, text, ask.newest_first)
        return Interpretation(parsed, self.store.ask(ask, deadline), required=required)

    def _make_boosts(self, text: str, query_languages: frozenset[str]) -> Iterator[Clause]:
        """Yield clauses whose hits rank first.

        They have documents in a language in which the query names an entity, except the catalogue's
        own, and documents with a facet value whose name is the whole text, such as a series.
        """
        if query_languages:
            other_languages = query_languages - set(self.vocabulary.languages[:1])
            terms = [
                query.Term(make_exact_name(row), language)
                for row in self.vocabulary.catalogue.facets
                if row.kind == "language"
                for language in sorted(other_languages)
                if self.vocabulary.has_value(row.name, language)
            ]
            if terms:
                yield Clause(terms)
        if value_terms := self._values.find_terms_named(text):
            yield Clause([*value_terms], text)


def _mark_relaxed(interpretation: Interpretation, relaxed: Interpretation) -> Interpretation:
    """Return the relaxed interpretation, unless it adds no hits to the strict one."""
    if not relaxed.has_words or relaxed.reply.by_words == interpretation.reply.by_words:
        return interpretation
    return relaxed._replace(
        relaxed=True, corrected=interpretation.corrected, all_words_docs=interpretation.reply
    )


def _is_enough(interpretation: Interpretation, request: SearchRequest) -> bool:
    """Return whether an interpretation has enough hits, so that no other one is tried."""
    is_open = (
        request.match == "auto" and not request.exact and not interpretation.parsed.has_operators
    )
    return not interpretation.is_empty and not (is_open and interpretation.is_narrow)


class Retrieval(NamedTuple):
    """The reply to a search, and how the query was interpreted.

    `request` has the text with year expressions replaced by filters, and `dated_query` lists them.
    """

    request: SearchRequest
    dated_query: DatedQuery
    interpretation: Interpretation

    @property
    def reply(self) -> Reply:
        """The hits."""
        return self.interpretation.reply

    @property
    def as_typed(self) -> int:
        """The number of hits if the query was neither relaxed nor corrected, otherwise 0."""
        interpretation = self.interpretation
        return 0 if interpretation.relaxed or interpretation.corrected else self.reply.total


def retrieve(
    request: SearchRequest, interpreter: Interpreter, deadline: Deadline | None = None
) -> Retrieval:
    """Return the publications that match a request. Raise BudgetExceeded.

    Year expressions are filters. If no publication passes them, they are searched for as words.
    Return the hits of that search if it has any.
    """
    deadline = deadline or Deadline()
    typed = DatedQuery(request.text)
    dated_query = (
        typed if request.exact else extract_years(request.text, interpreter.vocabulary.catalogue)
    )
    retrieved = _retrieve_as(request, dated_query, interpreter, deadline)
    if dated_query != typed and not retrieved.reply.matched:
        literal = _retrieve_as(request, typed, interpreter, deadline)
        all_words = literal.interpretation.all_words_docs
        return literal if literal.as_typed or (all_words and all_words.by_words) else retrieved
    return retrieved


def _retrieve_as(
    request: SearchRequest, dated_query: DatedQuery, interpreter: Interpreter, deadline: Deadline
) -> Retrieval:
    """Return the publications that match a request with its year expressions replaced."""
    request = msgspec.structs.replace(request, text=dated_query.text)
    ask = StoreRequest(request, newest_first=dated_query.wants_newest)
    return Retrieval(request, dated_query, interpreter.interpret(ask, deadline))
