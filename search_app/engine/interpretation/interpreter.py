"""Query interpretation: choose how to read a query, from strict to relaxed.

The readings are all words with their synonyms, the same with corrected spelling, all words but one,
all but two, and so on, and any of the words. The first reading with enough hits is used. Filters do
not affect the choice, so selecting a facet value never changes how the words are read. A query with
operators is relaxed only if it has no hits. Then any of the words is enough, except where an
operator joins them.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from itertools import product
from typing import NamedTuple

import msgspec
from whoosh import query

from indexer.catalogue.thesaurus import Thesaurus
from search_app.engine.deadline import Deadline
from search_app.engine.interpretation.entities import ValueNames
from search_app.engine.interpretation.query_expansion import EntityLinker, find_typed
from search_app.engine.interpretation.readings import (
    Interpretation,
    ParsedReading,
    Reading,
    Strategy,
    adds_enough,
    is_enough,
    mark_relaxed,
)
from search_app.engine.interpretation.relaxing import list_facts, list_steps, require_facts
from search_app.engine.interpretation.spellcheck import SpellChecker
from search_app.engine.query.clause_builder import EntityRecognizer
from search_app.engine.query.nodes import Clause, Value, clauses
from search_app.engine.query.parser import Parsed, parse
from search_app.engine.query.typed_identifiers import name_identifier
from search_app.engine.query.vocabulary import Vocabulary
from search_app.engine.query.year_expressions import DatedQuery, extract_years
from search_app.engine.request import SearchRequest
from search_app.engine.rounds import Rounds, run
from search_app.engine.store import Reply, Store, StoreRequest

WARM_UP_WORDS = "aaaaa ааааа اااااا"
"""Meaningless words, one in each script that has word lists. `prepare` loads the lists with
them."""


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
        self.spellchecker.suggest(WARM_UP_WORDS, Deadline(), rare=False)  # loads the word lists

    def interpret(self, ask: StoreRequest, deadline: Deadline) -> Rounds[Interpretation]:
        """Return the first interpretation with enough hits; if none has any, the query as typed.

        `ask` has the request. Raise BudgetExceeded.
        """
        request = ask.request
        parsed_readings: list[ParsedReading] = []
        [replies] = yield [self._parse_each(ask, parsed_readings, deadline)]
        interpretations = (
            Interpretation(
                each.parsed, reply, corrected=each.reading.corrected, required=each.required,
                is_lenient=each.reading.is_lenient, is_step=each.is_step,
            )
            for number, reply in enumerate(replies) for each in [parsed_readings[number]]
        )  # fmt: skip
        typed = next(interpretations)
        strict = {typed.corrected: typed}
        if is_enough(typed, request):
            return typed
        for interpretation in interpretations:
            if interpretation.corrected and not typed.is_empty:
                continue  # a full text has the word that no field has, so it is only suggested
            if not interpretation.is_lenient:
                strict[interpretation.corrected] = interpretation
                if is_enough(interpretation, request):
                    return interpretation
            elif interpretation.parsed.words not in (None, typed.parsed.words) and (
                not interpretation.is_empty
            ):
                reading = strict[interpretation.corrected]
                if interpretation.is_step and not adds_enough(
                    interpretation, reading, self.vocabulary.size
                ):
                    continue
                is_open = request.match == "auto"
                return mark_relaxed(reading, interpretation) if is_open else interpretation
        return typed

    def _parse_each(
        self, ask: StoreRequest, parsed_readings: list[ParsedReading], deadline: Deadline
    ) -> Iterator[StoreRequest]:
        """Yield the search of each reading of a text, and append the reading to a list."""
        for reading in self._list_readings(ask.request, deadline):
            for parsed in self._parse(reading, ask):
                deadline.checkpoint("parse")
                parsed_readings.append(parsed)
                yield parsed.ask

    def _list_readings(self, request: SearchRequest, deadline: Deadline) -> Iterator[Reading]:
        """Yield the ways to read a text, in the order in which they are tried, as typed first."""
        # Without words there is nothing to recognize, and loading the entities would take time.
        recognizer: EntityRecognizer = (
            self._values if request.exact or not request.text else self.entity_linker
        )
        strategy = (
            Strategy(recognizer, query.Or, "apart")
            if request.match == "any"
            else Strategy(recognizer)
        )
        yield Reading(request.text, strategy)
        corrected = None if request.exact else self.spellchecker.correct(request.text, deadline)
        if corrected:
            yield Reading(corrected, strategy, corrected)
        if request.match == "all":
            return
        texts = [(corrected, corrected)] if corrected else []
        for (text, correction), lenient in product(
            [*texts, (request.text, None)], self._list_lenient(strategy)
        ):
            yield Reading(text, lenient, correction, is_lenient=True)

    def _list_lenient(self, strategy: Strategy) -> list[Strategy]:
        """Return the relaxed ways to read a query, in the order in which they are tried.

        The last ones treat the words of a name as separate words, in case no document has the name.
        """
        if strategy.joined is query.Or:
            return [strategy._replace(recognizer=self._values)]
        either: list[Strategy] = []
        for recognizer, requires_facts in product(
            (strategy.recognizer, self._values), (True, False)
        ):
            relaxed = Strategy(recognizer, query.Or, "both", requires_facts)
            if recognizer is strategy.recognizer:
                either.append(relaxed._replace(compounds="one", in_steps=True))
            either.append(relaxed)
        return either

    def interpret_typed(self, request: SearchRequest) -> Rounds[Interpretation]:
        """Return the interpretation of a text as typed: all words, with synonyms, uncorrected."""
        reading = Reading(request.text, Strategy(self.entity_linker))
        typed = next(self._parse(reading, StoreRequest(request)))
        [[reply]] = yield [[typed.ask]]
        return Interpretation(typed.parsed, reply)

    def _parse(self, reading: Reading, ask: StoreRequest) -> Iterator[ParsedReading]:
        """Yield the searches of a reading: several if words are left out in steps."""
        text, strategy = reading.text, reading.strategy
        parsed = parse(
            text, self.vocabulary, strategy.recognizer, strategy.joined, strategy.compounds
        )
        tree, required = parsed.words, tuple[str, ...]()
        if strategy.requires_facts and tree is not None:
            tree, required = require_facts(tree, self.vocabulary.catalogue)
        boosts = () if tree is None else tuple(self._make_boosts(tree, text, parsed))
        search = ask._replace(tree=tree, boosts=boosts, filters=parsed.filters, text=text)
        if not strategy.in_steps:
            yield ParsedReading(reading, parsed, search, required)
        elif not parsed.has_operators:
            for step in list_steps(tree, self._count_word):
                asked = search._replace(tree=step)
                yield ParsedReading(reading, parsed, asked, required, is_step=True)

    def _count_word(self, word: str) -> int:
        """Return the number of publications and searched texts with a word."""
        return self.vocabulary.count(word) + self.store.count_texts(word)

    def _make_boosts(self, tree: query.Query, text: str, parsed: Parsed) -> Iterator[Clause]:
        """Yield clauses whose hits rank first.

        Their hits are in a language in which the query names an entity, except the catalogue's own,
        or have a facet value whose name is the whole text, such as a series. If the query is a
        single word with synonyms, apart from places, languages and years, they have the word itself
        in their title.
        """
        if parsed.query_languages:
            other_languages = parsed.query_languages - set(self.vocabulary.languages[:1])
            values = [
                Value(row.name, language)
                for row in self.vocabulary.catalogue.facets
                if row.kind == "language"
                for language in sorted(other_languages)
                if self.vocabulary.has_value(row.name, language)
            ]
            if values:
                yield Clause(values)
        if named := self._values.find_values_named(text):
            yield Clause(named, text)
        catalogue = self.vocabulary.catalogue
        title = catalogue.find_by_role("title")
        words = [*clauses(tree)]
        facts = list_facts(words, catalogue)
        words = [word for word in words if word not in facts]
        if title and len({word.text for word in words}) == 1:
            yield from filter(None, (find_typed(word, title.name) for word in words))


class Retrieval(NamedTuple):
    """The reply to a search, and how the query was interpreted.

    `typed` is the request as it came. `request` has the text with year expressions, or the
    identifier that it is, replaced by filters, and `dated_query` lists them.
    """

    typed: SearchRequest
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
    """Return the publications that match a request: see `find`. Raise BudgetExceeded."""
    deadline = deadline or Deadline()
    return run(find(request, interpreter, deadline), interpreter.store, deadline)


def find(request: SearchRequest, interpreter: Interpreter, deadline: Deadline) -> Rounds[Retrieval]:
    """Return the publications that match a request. Raise BudgetExceeded.

    Year expressions are filters. If no publication passes them, they are searched for as words.
    Return the hits of that search if it has any.
    """
    dated_query, typed = _date(request, interpreter), DatedQuery(request.text)
    retrieved = yield from _find_as(request, dated_query, interpreter, deadline)
    if dated_query.expressions and not retrieved.reply.matched:
        literal = yield from _find_as(request, typed, interpreter, deadline)
        all_words = literal.interpretation.all_words_docs
        return literal if literal.as_typed or (all_words and all_words.by_words) else retrieved
    return retrieved


def _date(request: SearchRequest, interpreter: Interpreter) -> DatedQuery:
    """Return the text of a request with its identifier or its years named, unless it is exact."""
    if request.exact:
        return DatedQuery(request.text)
    return name_identifier(request.text, interpreter.vocabulary) or extract_years(
        request.text, interpreter.vocabulary.catalogue
    )


def _find_as(
    request: SearchRequest, dated_query: DatedQuery, interpreter: Interpreter, deadline: Deadline
) -> Rounds[Retrieval]:
    """Return the publications that match a request with its year expressions replaced."""
    dated = msgspec.structs.replace(request, text=dated_query.text)
    ask = StoreRequest(dated, newest_first=dated_query.wants_newest)
    interpretation = yield from interpreter.interpret(ask, deadline)
    return Retrieval(request, dated, dated_query, interpretation)
