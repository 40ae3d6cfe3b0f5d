"""`Searcher`: what pages, the API and the command line see of one generation of an index.

A search interprets the query, gets a reply from the store, and adds passages, facet buckets,
explanations and suggestions.
"""

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Iterator, Sequence, Set
from functools import cached_property, partial
from operator import itemgetter

import msgspec

from indexer.catalogue import translations
from indexer.catalogue.fields import Catalogue, get_primary
from indexer.catalogue.records import Link, Publication
from indexer.catalogue.retired import Retired
from indexer.catalogue.tested_links import LinkResult
from indexer.codec.segment.fulltext import File
from indexer.generations.manifest import Generation
from search_app.engine.deadline import Deadline
from search_app.engine.features import autocomplete
from search_app.engine.features.diagnosis import diagnose, retype
from search_app.engine.features.page_hits import find_file_matches, make_hits
from search_app.engine.interpretation import spellcheck
from search_app.engine.interpretation.entities import ValueNames
from search_app.engine.interpretation.interpreter import (
    Interpretation,
    Interpreter,
    Retrieval,
    ask,
    retrieve,
)
from search_app.engine.query import nodes
from search_app.engine.query.cost import estimate_cost
from search_app.engine.query.rewriting import index_names, replace_names
from search_app.engine.query.vocabulary import Vocabulary, count_dropped
from search_app.engine.request import EVERYTHING, SearchRequest, check
from search_app.engine.results import (
    ExpandedEntity,
    FileMatch,
    Results,
    Suggestion,
    Truncation,
    UnmatchedWord,
)
from search_app.engine.store import ChangePeriod, Related, Store, StoredFile, StoreRequest

MAX_PASSAGES = 50
"""Limit on the passages that a search in the files of one publication returns for a file."""


class Searcher:
    """One generation of an index, open for searching. Threads may share it.

    `store` and `vocabulary` are those of the generation. `has_texts` says whether full texts can be
    searched.
    """

    def __init__(self, generation: Generation, store: Store, vocabulary: Vocabulary) -> None:
        self.generation = generation
        self.name = generation.name
        self.catalogue = vocabulary.catalogue
        self.store = store
        self.has_texts = bool(vocabulary.texts)
        self._thesaurus = generation.read_thesaurus()
        names = ValueNames(vocabulary, vocabulary.word_fields)
        make = partial(Interpreter, vocabulary, store, self._thesaurus, names)
        self.interpreter = make(inside=True)
        self._outside = make(inside=False) if self.has_texts else self.interpreter
        self._translated: dict[str, Catalogue] = {}
        self._retired = generation.read_retired()
        self._dead_links = {link.url: link for link in generation.read_dead_links()}

    @property
    def size(self) -> int:
        """The number of publications."""
        return self.interpreter.vocabulary.size

    def translate(self, language: str) -> Catalogue:
        """Return the catalogue with its texts in a language, for display only."""
        if language not in self._translated:
            own = get_primary(self.catalogue.language)
            names = self._thesaurus.translate_names(own, get_primary(language))
            self._translated[language] = translations.translate(self.catalogue, language, names)
        return self._translated[language]

    @cached_property
    def _field_names(self) -> dict[str, str]:
        return index_names(self.catalogue)

    @cached_property
    def _filters(self) -> Set[str]:
        """The names of the fields whose values are filters."""
        return {field.name for field in self.catalogue.filterable}

    def _resolve(self, request: SearchRequest | str) -> SearchRequest:
        """Return a checked request whose text has the own names of fields. Raise InvalidRequest.

        A text is a request without filters.
        """
        request = SearchRequest(request) if isinstance(request, str) else request
        request = check(request, self._filters)
        years = self.catalogue.year_facet
        text = replace_names(request.text, self._field_names, years.name if years else None)
        return msgspec.structs.replace(request, text=text)

    def search(self, request: SearchRequest | str, deadline: Deadline | None = None) -> Results:
        """Return the results of a search. Raise InvalidRequest or BudgetExceeded."""
        request, deadline = self._resolve(request), deadline or Deadline()
        interpreter = self._pick(request)
        results = _search(request, interpreter, self.name, deadline)
        if results.total or results.diagnosis is None or interpreter is self.interpreter:
            return results
        inside = msgspec.structs.replace(request, inside=True, page=1, sort=None)
        total = retrieve(inside, self.interpreter, deadline).reply.total
        switched = {**results.diagnosis.switched, "inside": total}
        diagnosis = msgspec.structs.replace(results.diagnosis, switched=switched)
        return msgspec.structs.replace(results, diagnosis=diagnosis)

    def _pick(self, request: SearchRequest) -> Interpreter:
        """Return the interpreter for a request: with full texts, or without them."""
        return self.interpreter if request.inside else self._outside

    def list_files(self, identity: str) -> Sequence[File]:
        """Return the files of a publication, also those that can't be read."""
        return self.store.list_files(identity)

    def find_file(self, digest: str) -> StoredFile | None:
        """Return the file with a digest (SHA-256, hexadecimal), or None."""
        return self.store.find_file(digest)

    def find_in_files(
        self, identity: str, request: SearchRequest, deadline: Deadline | None = None
    ) -> Sequence[FileMatch]:
        """Return the pages with words of a text in the files of a publication, with passages.

        Raise BudgetExceeded.
        """
        deadline = deadline or Deadline()
        typed = self.interpreter.interpret_typed(self._resolve(request), deadline)
        return find_file_matches(typed.reply, identity, self.catalogue, MAX_PASSAGES, deadline)

    def estimate_cost(self, request: SearchRequest | str) -> int:
        """Return the approximate cost of a search, in postings."""
        return estimate_cost(self._resolve(request), self.interpreter.vocabulary)

    def list_ids(self, request: SearchRequest, deadline: Deadline | None = None) -> Sequence[str]:
        """Return the ids of the hits of a page, in order, without texts and facets.

        Raise InvalidRequest or BudgetExceeded.
        """
        request = self._resolve(request)
        return retrieve(request, self._pick(request), deadline).reply.list_ids()

    def list_dated_ids(
        self, request: SearchRequest, deadline: Deadline | None = None
    ) -> Sequence[tuple[str, int]]:
        """Return the ids of the hits of a page, and when their records last changed: `list_ids`."""
        request = self._resolve(request)
        return retrieve(request, self._pick(request), deadline).reply.list_dated_ids()

    def list_changes(self, period: ChangePeriod, most: int) -> list[Publication | Retired]:
        """Return the first publications that changed or were removed in a period, `most` at most.

        They are in the order of the changes, and those of one second in that of their ids. It is
        not known which values removed ones had, so they count for any value.
        """
        start = bisect_right(self._removed, (period.since, period.after))
        end = bisect_left(self._removed, (period.until + 1, ""))
        changes: list[tuple[tuple[int, str], Publication | Retired]] = [
            ((each.changed, each.id), each) for each in self.store.list_changed(period, most)
        ]
        changes += [
            (key, self._retired[key[1]]) for key in self._removed[start : min(end, start + most)]
        ]
        return [change for _, change in sorted(changes, key=itemgetter(0))[:most]]

    @cached_property
    def _removed(self) -> list[tuple[int, str]]:
        """When ids were retired, and the ids, in this order; those without a time are left out."""
        return sorted(
            (int(entry.time.timestamp()), entry.id)
            for entry in self._retired.values()
            if entry.time
        )

    def scan(
        self, request: SearchRequest | str, deadline: Deadline | None = None
    ) -> Iterator[Publication]:
        """Return all hits of a search in order, whatever the page of the request.

        The deadline applies to the search. The hits are read later, when they are taken. Raise
        InvalidRequest or BudgetExceeded.
        """
        request = self._resolve(request)
        return retrieve(request, self._pick(request), deadline).reply.scan()

    def suggest(
        self,
        text: str,
        within: SearchRequest = EVERYTHING,
        language: str = "",
        deadline: Deadline | None = None,
    ) -> list[Suggestion]:
        """Return suggestions for a text that is being typed, within the filters of a request.

        Values have labels in the catalogue's own language and in `language`. Raise BudgetExceeded.
        """
        text = replace_names(text, self._field_names)
        return autocomplete.suggest(
            text, self._pick(within), within=within, language=language, deadline=deadline
        )

    def get_publication(self, identity: str) -> Publication | None:
        """Return the publication with an id, or None."""
        return self.store.get_publication(identity)

    def find_retired(self, identity: str) -> Retired | None:
        """Return the entry of an id that was retired, or None."""
        return self._retired.get(identity)

    def find_dead_links(self, publication: Publication) -> Sequence[LinkResult]:
        """Return the results of the links of a publication that are dead."""
        values = (value for values in publication.values.values() for value in values)
        urls = (value.url for value in values if isinstance(value, Link))
        return [self._dead_links[url] for url in urls if url in self._dead_links]

    def find_related(self, identity: str) -> Related:
        """Return the publications related to one. Raise KeyError if there is none with this id."""
        return self.store.find_related(identity)

    def prepare(self) -> None:
        """Compute all caches that searches share.

        No request waits for them, and processes that are forked later share them.
        """
        self.store.prepare()
        retrieve(SearchRequest(fold=True), self.interpreter).reply.list_ids()
        for inside in (True, False) if self.has_texts else (True,):
            self._pick(SearchRequest(inside=inside)).prepare()
            self.suggest("aa", SearchRequest(inside=inside))
            self.search(SearchRequest("aa bb", inside=inside))


def _search(
    request: SearchRequest, interpreter: Interpreter, generation: str, deadline: Deadline
) -> Results:
    """Interpret a query, and return the hits with their passages, and what else a page shows.

    `generation` is its name. Raise BudgetExceeded.
    """
    retrieved = retrieve(request, interpreter, deadline)
    reply, interpretation = retrieved.reply, retrieved.interpretation
    parsed = interpretation.parsed
    all_words = (
        reply.count_overlap(interpretation.all_words_reply) if interpretation.all_words_reply else 0
    )
    buckets, hidden_values = reply.count_facets()
    hits = tuple(make_hits(retrieved, interpreter.vocabulary.catalogue, deadline))
    deadline.checkpoint("passages")
    has_match = all_words or (reply.total > reply.semantic_total and not interpretation.relaxed)
    wider = _ask_any_word(retrieved, interpreter, deadline)
    corrected = _ask_corrected(retrieved, interpreter, deadline)
    any_word = wider().reply.total if wider else 0
    suggested = corrected().typed.text if corrected and corrected().reply.total else None
    diagnosis = None
    if not has_match:
        with deadline.count_as("diagnosis"):
            diagnosis = diagnose(retrieved, interpreter, deadline)
    return Results(
        total=reply.total, title_count=reply.title_count, is_folded=retrieved.request.fold,
        hits=hits, facets=buckets, hidden_values=hidden_values,
        relaxed=interpretation.relaxed, all_words_total=all_words,
        unmatched=tuple(_list_unmatched(retrieved, interpreter.scope)),
        required=interpretation.required, semantic_total=reply.semantic_total,
        any_word_total=any_word if any_word > reply.total else None,
        corrected=interpretation.corrected, years=retrieved.rewritten.expressions,
        identifier_fields=retrieved.rewritten.identifier_fields,
        suggestion=suggested,
        entities=tuple(_list_expanded(interpretation)), scored=interpretation.has_words,
        sort=StoreRequest(retrieved.request, parsed.tree).sort,
        ignored_word_count=parsed.ignored_word_count + retrieved.request.cut_word_count,
        dropped_clauses=reply.dropped,
        truncated=tuple(_list_truncated(retrieved, interpreter, deadline)),
        unknown_values=parsed.unknown, unknown_fields=parsed.unknown_fields,
        has_query=not retrieved.request.text or parsed.tree is not None or bool(parsed.filters),
        diagnosis=diagnosis, is_zero_result=diagnosis is not None and not reply.has_words,
        generation=generation, took_ms=round(deadline.total, 3), stages=deadline.stages,
    )  # fmt: skip


def _list_expanded(interpretation: Interpretation) -> Iterator[ExpandedEntity]:
    """Yield the entities in the query that match by synonyms or narrower entities."""
    for clause in nodes.clauses(interpretation.parsed.tree):
        if clause.synonyms or clause.narrower:
            yield ExpandedEntity(clause.text, clause.synonyms, clause.narrower)


def _list_unmatched(retrieved: Retrieval, scope: nodes.Fields) -> Iterator[UnmatchedWord]:
    """Yield the words that some hits do not match, if some were left out, with their number."""
    reply = retrieved.reply
    if retrieved.interpretation.needs_some:
        typed = nodes.clauses(nodes.drop_boosts(reply.tree))
        words = {retype(clause, scope): clause for clause in typed}
        counts = reply.count_with([*words.values()])
        for text, count in zip(words, counts, strict=True):
            if count < reply.total:
                yield UnmatchedWord(text, reply.total - count)


def _ask_any_word(
    retrieved: Retrieval, interpreter: Interpreter, deadline: Deadline
) -> Callable[[], Retrieval] | None:
    """Ask for the publications with any word, if a query with operators has few hits."""
    request, interpretation = retrieved.request, retrieved.interpretation
    is_narrow = interpretation.is_strict and interpretation.is_narrow
    if request.match != "auto" or not is_narrow or not retrieved.reply.total:
        return None
    wider = msgspec.structs.replace(request, match="any", page=1, sort=None)
    return ask(wider, interpreter, deadline)


def _ask_corrected(
    retrieved: Retrieval, interpreter: Interpreter, deadline: Deadline
) -> Callable[[], Retrieval] | None:
    """Ask for a corrected text, which is suggested if a word is rare, or wrong in its place."""
    request, interpretation = retrieved.request, retrieved.interpretation
    if request.exact or interpretation.corrected or not interpretation.has_words:
        return None  # the words are as typed, or corrected
    text = interpreter.spellchecker.suggest(request.text, deadline, rare=_is_rare(retrieved))
    all_words = interpretation.all_words_reply
    if text is None and all_words and not all_words.by_words:
        text = interpreter.spellchecker.find_misplaced(request.text, deadline)
    if text is None:
        return None
    corrected = msgspec.structs.replace(request, text=text, semantic=True, page=1, sort=None)
    return ask(corrected, interpreter, deadline)


def _is_rare(retrieved: Retrieval) -> bool:
    interpretation = retrieved.interpretation
    return (
        not interpretation.relaxed and interpretation.reply.by_words < spellcheck.TRUSTED_FREQUENCY
    )


def _list_truncated(
    retrieved: Retrieval, interpreter: Interpreter, deadline: Deadline
) -> Iterator[Truncation]:
    """Yield clauses with too many terms or names, with the number of those left out.

    Raise BudgetExceeded.
    """
    left_out = Counter(dict(retrieved.reply.truncated))
    for clause in nodes.clauses(nodes.drop_boosts(retrieved.reply.tree)):
        left_out[clause.text] += count_dropped(clause, interpreter.vocabulary)
        deadline.checkpoint("match")  # an expansion that is no longer cached is made again
    yield from (Truncation(text, count) for text, count in left_out.items() if count)
