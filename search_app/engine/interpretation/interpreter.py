"""Query interpretation: choose how to read a query, from strict to relaxed.

The readings are all words with their synonyms, the same with corrected spelling, all words but one,
all but two, and so on, and any of the words. The first reading with enough hits is used. Filters do
not affect the choice, so selecting a facet value never changes how the words are read. A query with
operators is relaxed only if it has no hits. Then any of the words is enough, except where an
operator joins them.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache, cached_property, partial
from itertools import islice, product
from typing import NamedTuple

import msgspec

from indexer.analysis import tokenizer
from indexer.analysis.cleaning import surface_form
from indexer.catalogue.fields import Catalogue
from indexer.catalogue.thesaurus import Thesaurus
from search_app.engine.deadline import Deadline
from search_app.engine.interpretation.entities import ValueNames
from search_app.engine.interpretation.people import PeopleFinder
from search_app.engine.interpretation.query_expansion import EntityLinker, find_typed
from search_app.engine.interpretation.spellcheck import SpellChecker
from search_app.engine.query import nodes
from search_app.engine.query.clause_builder import CompoundMode, EntityRecognizer
from search_app.engine.query.parser import Parsed, parse
from search_app.engine.query.rewriting import RewrittenQuery, extract_years, name_identifier
from search_app.engine.query.vocabulary import Vocabulary
from search_app.engine.request import SearchRequest
from search_app.engine.store import Reply, Store, StoreRequest

MAX_STEPS_WORDS = 5
"""Words are left out in steps of a query of at most 5 words. In a longer one, any is enough: few
relevant publications contain most words of a question."""
RARE_UP_TO = 10
"""A publication with a word that at most 10 publications contain is a hit in each step."""
EVERYWHERE_SHARE = 0.5
"""A word that more than half of all publications contain is left out first: see `free_common`."""
LEAST_ENOUGH, MOST_ENOUGH, ENOUGH_SHARE = 10, 100, 0.1
"""A step has enough hits with a tenth of the catalogue, at least 10 publications, at most 100."""


def list_steps(tree: nodes.Tree | None, count: Callable[[str], int]) -> Iterator[nodes.Tree]:
    """Yield a relaxed tree that all words but one must match, then all but two, and so on.

    `count` returns the number of publications and searched texts with a word.
    The last of these trees still needs more than the given tree, in which any word is enough.
    """
    if tree is None:
        return
    parts = tree.children if isinstance(tree, nodes.And) else [tree]
    place = next((place for place, part in enumerate(parts) if isinstance(part, nodes.Or)), 0)
    part = parts[place]
    if not isinstance(part, nodes.Or):
        return
    either = part.children
    words = [word for word in either if not isinstance(word, nodes.Every)]
    if len(words) > MAX_STEPS_WORDS:
        return
    rare = frozenset(
        word.text for word in words if isinstance(word, nodes.Clause) and _is_rare(word, count)
    )
    fewest = 0 if len(words) < len(either) else 1
    for least in range(len(words) - 1, fewest, -1):
        some = nodes.Or(words, least, rare)
        yield nodes.And([*parts[:place], some, *parts[place + 1 :]]) if len(parts) > 1 else some


def _is_rare(clause: nodes.Clause, count: Callable[[str], int]) -> bool:
    """Return whether a clause is of a plain word that few publications and texts contain."""
    words = tokenizer.split_words(clause.text)
    is_plain = all(isinstance(part, nodes.Term) for part in clause.parts)
    return is_plain and len(words) == 1 and count(words[0]) <= RARE_UP_TO


def count_enough(size: int) -> int:
    """Return how many hits a step must have in a catalogue of some size."""
    return min(MOST_ENOUGH, max(LEAST_ENOUGH, int(size * ENOUGH_SHARE)))


def free_common(tree: nodes.Tree, measure: Callable[[nodes.Clause], float]) -> nodes.Tree:
    """Return an OR tree in which words that most publications contain only affect the order.

    `measure` returns the share of the publications with a word. Return the tree unchanged if it is
    not an OR, or if no publication has any of the other words.
    """
    words = tree.children if isinstance(tree, nodes.Or) else []
    shares = [measure(word) if isinstance(word, nodes.Clause) else 0 for word in words]
    common = [word for word, share in zip(words, shares, strict=True) if share > EVERYWHERE_SHARE]
    others = [word for word in words if word not in common]
    if not common or not any(0 < share <= EVERYWHERE_SHARE for share in shares):
        return tree
    needed = nodes.Or(others) if len(others) > 1 else others[0]
    return nodes.And([needed, nodes.Or([*common, nodes.Every()])])


def require_facts(tree: nodes.Tree, catalogue: Catalogue) -> tuple[nodes.Tree, tuple[str, ...]]:
    """Return an OR tree with its facts made mandatory, and the typed texts of these facts.

    The other clauses only affect the ranking. Return the tree unchanged if it is not an OR, has no
    facts, or has nothing but facts.
    """
    words = tree.children if isinstance(tree, nodes.Or) else []
    required = list_facts((word for word in words if isinstance(word, nodes.Clause)), catalogue)
    optional = [clause for clause in words if clause not in required]
    if not required or not optional:
        return tree, ()
    texts = tuple(clause.text for clause in required)
    return nodes.And([*required, nodes.Or([*optional, nodes.Every()])]), texts


def list_facts(clauses: Iterable[nodes.Clause], catalogue: Catalogue) -> list[nodes.Clause]:
    """Return the clauses that name a place, a language or a year."""
    fields = {
        field.name for field in catalogue.fields if field.kind in ("country", "language", "year")
    }
    # A field of regions has a child field of countries.
    fields |= {name for name, child in catalogue.children.items() if child.kind == "country"}
    return [
        clause
        for clause in clauses
        if any(isinstance(part, nodes.Values) and part.field in fields for part in clause.parts)
    ]


ENOUGH_BY_CLAUSES = (0, 0, 3, 6, 100)
"""Minimum number of documents that match all clauses, by the number of clauses (at most 4).

If fewer match, words are left out. Up to 3 clauses are a short query, whose list stays
short. Few relevant documents have every word of a longer one. Full texts do not count: a long text
has all words of many queries, wherever they are in it.
"""


class Reading(NamedTuple):
    """A way to read a query: its text, or the text with `corrected` spelling.

    `recognizer` recognizes names. `joined` is And or Or. If `requires_facts`, places, languages and
    years stay mandatory. If `in_steps`, words are left out one by one, but any is never enough. A
    lenient reading does not need all words.
    """

    text: str
    recognizer: EntityRecognizer
    joined: type[nodes.And | nodes.Or] = nodes.And
    compounds: CompoundMode = "one"
    requires_facts: bool = False
    in_steps: bool = False
    corrected: str | None = None
    is_lenient: bool = False


class Interpretation(NamedTuple):
    """A query as it was read, with its search and its hits.

    `required`: the texts of places, languages and years that stay mandatory in a relaxed query.
    `relaxed`: some or any of the words are enough. `all_words_reply` is the reply for all words, or
    None.
    """

    reading: Reading
    parsed: Parsed
    required: tuple[str, ...]
    reply: Reply
    relaxed: bool = False
    all_words_reply: Reply | None = None

    @property
    def corrected(self) -> str | None:
        """The text that was searched for instead of the text as typed."""
        return self.reading.corrected

    @property
    def has_words(self) -> bool:
        return self.parsed.tree is not None

    @property
    def is_step(self) -> bool:
        """Whether some of the words are needed."""
        return self.reading.in_steps

    @property
    def needs_some(self) -> bool:
        """Whether a number of the words is needed, or those that are not everywhere."""
        is_freed = isinstance(nodes.drop_boosts(self.reply.tree), nodes.And)
        return self.is_step or (self.relaxed and is_freed and not self.required)

    @property
    def is_narrow(self) -> bool:
        """Whether so few documents match that the query should be relaxed."""
        if not self.has_words or self.reply.by_fields >= ENOUGH_BY_CLAUSES[-1]:
            return False
        words = sum(1 for _ in islice(nodes.clauses(self.parsed.tree), len(ENOUGH_BY_CLAUSES) - 1))
        return self.reply.by_fields < ENOUGH_BY_CLAUSES[words]

    @property
    def is_strict(self) -> bool:
        """Whether the query was not relaxed because it has operators."""
        return self.parsed.has_operators and not self.relaxed

    @property
    def is_empty(self) -> bool:
        """Whether the query has words but no hits."""
        return self.has_words and not self.reply.by_words


WARM_UP_WORDS = "aaaaa ааааа اااااا"
"""Meaningless words, one in each script that has word lists. `prepare` loads the lists with
them."""


class Interpreter:
    """Interprets queries against one generation of an index. Threads may share it.

    If `inside`, words without a field are searched for in full texts too. `names` are those of
    the values, which several interpreters share.
    """

    def __init__(
        self, vocabulary: Vocabulary, store: Store, thesaurus: Thesaurus, names: ValueNames,
        *, inside: bool,
    ) -> None:  # fmt: skip
        self.vocabulary, self.store, self.inside = vocabulary, store, inside
        self._thesaurus = thesaurus
        self.scope = vocabulary.get_scope(inside=inside)
        self._values = names.within(self.scope)
        self._people = PeopleFinder(vocabulary, self._values)

    @cached_property
    def entity_linker(self) -> EntityLinker:
        """The entities that are recognized in queries."""
        return EntityLinker(self.vocabulary, self.store, self._thesaurus, self._values)

    @cached_property
    def spellchecker(self) -> SpellChecker:
        """The words that may replace misspelled ones."""
        return SpellChecker(self.vocabulary, self.store, self.entity_linker.words, self.scope)

    def prepare(self) -> None:
        """Compute all caches that searches share."""
        self._values.prepare()
        self.entity_linker.prepare()
        self.spellchecker.suggest(WARM_UP_WORDS, Deadline(), rare=False)  # loads the word lists

    def interpret(
        self, store_request: StoreRequest, deadline: Deadline
    ) -> Callable[[], Interpretation]:
        """Ask for the interpretations of a query, and return a function that chooses one.

        It is the first with enough hits; if none has any, the query as typed. Both may raise
        BudgetExceeded.
        """
        request, read = store_request.request, list[Callable[[Reply], Interpretation]]()

        def list_searches() -> Iterator[StoreRequest]:
            for reading in self._list_readings(request, deadline):
                for search, interpret in self._parse(reading, store_request):
                    deadline.checkpoint("parse")
                    read.append(interpret)
                    yield search

        replies = self.store.ask_each(list_searches(), deadline)
        # The next search is read when its reply is taken.
        found = (read[number](reply) for number, reply in enumerate(replies))
        return partial(self._choose, request, found)

    def _choose(self, request: SearchRequest, asked: Iterator[Interpretation]) -> Interpretation:
        strict: dict[str | None, Interpretation] = {}
        for found in asked:
            typed = strict.setdefault(None, found)
            if found.corrected and not typed.is_empty:
                continue  # a full text has the word that no field has, so it is only suggested
            if not found.reading.is_lenient:
                strict[found.corrected] = found
                is_open = request.match == "auto" and not request.exact
                may_relax = is_open and not found.parsed.has_operators
                if not found.is_empty and not (may_relax and found.is_narrow):
                    return found
            elif found.parsed.tree not in (None, typed.parsed.tree) and not found.is_empty:
                all_words = strict[found.corrected]
                adds_hits = found.reply.by_words != all_words.reply.by_words
                if found.is_step and not (
                    found.reply.by_words > all_words.reply.by_words
                    and found.reply.by_fields >= count_enough(self.vocabulary.size)
                ):
                    continue
                if request.match != "auto":
                    return found
                marked = found._replace(relaxed=True, all_words_reply=all_words.reply)
                return marked if adds_hits else all_words
        return strict[None]

    def _list_readings(self, request: SearchRequest, deadline: Deadline) -> Iterator[Reading]:
        """Yield the ways to read a text, in the order in which they are tried, as typed first."""
        # Without words there is nothing to recognize, and loading the entities would take time.
        recognizer: EntityRecognizer = (
            self._values if request.exact or not request.text else self.entity_linker
        )
        typed = Reading(request.text, recognizer)
        if request.match == "any":
            typed = typed._replace(joined=nodes.Or, compounds="apart")
        yield typed
        readings = [typed]
        if not request.exact and (text := self.spellchecker.correct(request.text, deadline)):
            corrected = typed._replace(text=text, corrected=text)
            yield corrected
            readings.insert(0, corrected)
        if request.match == "all":
            return
        for reading in readings:
            yield from self._list_lenient(reading._replace(is_lenient=True))

    def _list_lenient(self, reading: Reading) -> Iterator[Reading]:
        """Yield the relaxed ways to read a text, in the order in which they are tried.

        The last ones treat the words of a name as separate words, in case no document has the name.
        """
        if reading.joined is nodes.Or:
            yield reading._replace(recognizer=self._values)
            return
        for recognizer, requires_facts in product(
            (reading.recognizer, self._values), (True, False)
        ):
            either = reading._replace(
                recognizer=recognizer, joined=nodes.Or, requires_facts=requires_facts
            )
            if recognizer is reading.recognizer:
                yield either._replace(in_steps=True)
            yield either._replace(compounds="both")

    def interpret_typed(self, request: SearchRequest, deadline: Deadline) -> Interpretation:
        """Return the interpretation of a text as typed: all words, with synonyms, uncorrected.

        Raise BudgetExceeded.
        """
        reading = Reading(request.text, self.entity_linker)
        search, interpret = next(self._parse(reading, StoreRequest(request)))
        return interpret(self.store.ask(search, deadline))

    def _parse(
        self, reading: Reading, store_request: StoreRequest
    ) -> Iterator[tuple[StoreRequest, Callable[[Reply], Interpretation]]]:
        """Yield the searches of a reading, each with what makes an interpretation of its reply.

        There are several searches if words are left out in steps.
        """
        text = reading.text
        parsed = parse(text, self.vocabulary, reading.recognizer, reading.joined, reading.compounds)
        tree, required = parsed.tree, tuple[str, ...]()
        if reading.is_lenient and tree is not None and store_request.request.match == "auto":
            tree = free_common(tree, self._measure)
        if reading.requires_facts and tree is not None:
            tree, required = require_facts(tree, self.vocabulary.catalogue)
        boosts = list[nodes.Clause]()
        if tree is not None:
            boosts += self._make_boosts(tree, text, parsed)
            if not store_request.request.exact:
                with_spellings, of_people = self._people.read(tree, text)
                boosts += of_people
                if not store_request.is_literal:
                    tree = with_spellings
        words = [*nodes.clauses(tree)]
        added = None if store_request.request.exact else self._find_added(text, words)
        # It has the weight of all words, so what only few publications have comes first. Words
        # that are all names of entities, such as places, have publications of their own.
        if added and not all(word.entity_id for word in words):
            boosts += [added] * (1 + len(words))
        search = store_request._replace(
            tree=tree, boosts=tuple(boosts), filters=parsed.filters, text=text, added=added
        )
        interpret = partial(Interpretation, reading, parsed, required)
        if not reading.in_steps:
            yield search, interpret
        elif not parsed.has_operators:
            for step in list_steps(tree, self._count_word):
                yield search._replace(tree=step), interpret

    def _measure(self, clause: nodes.Clause) -> float:
        """Return the share of the publications with a clause, as if a phrase were in a few."""
        words = tokenizer.split_words(clause.text)
        if len(words) != 1:
            return EVERYWHERE_SHARE / 2
        return self.vocabulary.count(words[0]) / max(self.vocabulary.size, 1)

    def _count_word(self, word: str) -> int:
        """Return the number of publications and searched texts with a word."""
        count = self.vocabulary.count(word)
        written = tokenizer.SURFACE_PREFIX + surface_form(word)
        return count + self.inside * self.vocabulary.get_frequency(written, in_texts=True)

    def _find_added(self, text: str, words: Sequence[nodes.Clause]) -> nodes.Clause | None:
        """Return the clause of what a text is, although its words do not find it, or None.

        It may be the id of a publication, in any case, or what `ValueNames.find_shown` finds.
        """
        if "*" in text or "~" in text:
            return None
        ids = [] if text.isalpha() or " " in text else [text, text.lower(), text.upper()]
        kept = tuple(self.store.keep_ids(dict.fromkeys(ids)))
        shown = [nodes.Values(nodes.ID, kept)] if kept else []
        matched = [part for word in words for part in word.parts if isinstance(part, nodes.Values)]
        known = {(part.field, value) for part in matched for value in part.values}
        parts = [*shown, *self._values.find_shown(text, known)]
        return nodes.Clause(parts, text) if parts else None

    def _make_boosts(self, tree: nodes.Tree, text: str, parsed: Parsed) -> Iterator[nodes.Clause]:
        """Yield clauses whose hits rank first.

        Their hits are in a language in which the query names an entity, except the catalogue's own,
        or have a facet value whose name is the whole text, such as a series. If the query is a
        single word with synonyms, apart from places, languages and years, they have the word itself
        in their title.
        """
        if parsed.query_languages:
            other_languages = parsed.query_languages - set(self.vocabulary.languages[:1])
            values = [
                nodes.Values(field.name, (language,))
                for field in self.vocabulary.catalogue.facets
                if field.kind == "language"
                for language in sorted(other_languages)
                if self.vocabulary.has_value(field.name, language)
            ]
            if values:
                yield nodes.Clause(values)
        if named := self._values.find_values_named(text):
            yield nodes.Clause(named, text)
        catalogue = self.vocabulary.catalogue
        title = catalogue.find_by_role("title")
        words = [*nodes.clauses(tree)]
        facts = list_facts(words, catalogue)
        words = [word for word in words if word not in facts]
        if title and len({word.text for word in words}) == 1:
            yield from filter(None, (find_typed(word, title.name) for word in words))


class Retrieval(NamedTuple):
    """The reply to a search, and how the query was interpreted.

    `typed` is the request as it came. `request` contains the text with year expressions, or the
    identifier that it is, replaced by filters, and `rewritten` lists them.
    """

    typed: SearchRequest
    request: SearchRequest
    rewritten: RewrittenQuery
    interpretation: Interpretation

    @property
    def reply(self) -> Reply:
        return self.interpretation.reply

    @property
    def as_typed(self) -> int:
        """The number of hits if the query was neither relaxed nor corrected, otherwise 0."""
        interpretation = self.interpretation
        return 0 if interpretation.relaxed or interpretation.corrected else self.reply.total


def retrieve(
    request: SearchRequest, interpreter: Interpreter, deadline: Deadline | None = None
) -> Retrieval:
    """Return the publications that match a request: see `ask`. Raise BudgetExceeded."""
    return ask(request, interpreter, deadline or Deadline())()


def ask(
    request: SearchRequest, interpreter: Interpreter, deadline: Deadline
) -> Callable[[], Retrieval]:
    """Ask for the publications that match a request, and return a function that returns them.

    Year expressions are filters. If no publication passes them, they are searched for as words.
    The result is that search if it has any hits. Both functions may raise BudgetExceeded.
    """

    def read(rewritten: RewrittenQuery) -> Callable[[], Retrieval]:
        changed = msgspec.structs.replace(request, text=rewritten.text)
        store_request = StoreRequest(changed, newest_first=rewritten.wants_newest)
        choose = interpreter.interpret(store_request, deadline)
        return lambda: Retrieval(request, changed, rewritten, choose())

    rewritten, vocabulary = RewrittenQuery(request.text), interpreter.vocabulary
    if not request.exact:
        identified = name_identifier(request.text, vocabulary)
        rewritten = identified or extract_years(request.text, vocabulary.catalogue)
    read_rewritten = read(rewritten)

    @cache
    def choose() -> Retrieval:
        retrieved = read_rewritten()
        if rewritten.expressions and not retrieved.reply.matched:
            literal = read(RewrittenQuery(request.text))()
            all_words = literal.interpretation.all_words_reply
            return literal if literal.as_typed or (all_words and all_words.by_words) else retrieved
        return retrieved

    return choose
