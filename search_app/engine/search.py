"""`Searcher`: all that pages, the API and the command line ask of one generation of an index.

`search` is its pipeline: it interprets the query with a reply of the store, and adds what a page
shows: passages, facet buckets, explanations and suggestions.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import zip_longest

import msgspec
from whoosh import query

from indexer.catalogue.records import Publication
from indexer.generations.manifest import Generation
from search_app.engine.deadline import Stopwatch
from search_app.engine.features import autocomplete, highlight
from search_app.engine.features.autocomplete import Filters
from search_app.engine.features.zero_results import diagnosed
from search_app.engine.interpretation import spellcheck, world_places
from search_app.engine.interpretation.interpreter import Finding, Interpreter, Understood, found
from search_app.engine.query.nodes import leaves
from search_app.engine.query.vocabulary import Vocabulary
from search_app.engine.request import SearchRequest
from search_app.engine.results import Diagnosis, Hit, Named, Results, Suggestion
from search_app.engine.store import Ask, Related, Store


def search(
    request: SearchRequest, interpreter: Interpreter, generation: str, watch: Stopwatch
) -> Results:
    """Return the results of a search in a generation. Raise OverBudget."""
    finding = found(request, interpreter, watch)
    reply, read = finding.reply, finding.understood
    reply.ids()  # rank before counting, so that stages are reported in this order
    buckets, left_out = reply.facets()
    hits = tuple(_hits(finding, interpreter, watch))
    watch.lap("passages")
    strict = reply.overlap(read.strict) if read.strict else 0
    diagnosis = _diagnosis(finding, strict, interpreter, watch)
    return Results(
        total=reply.total, titles=reply.titles, is_folded=finding.request.fold, hits=hits,
        facets=buckets, left_out=left_out, relaxed=read.relaxed, strict=strict, kept=read.kept,
        meant=reply.by_meaning, any_word=_any_word(finding, interpreter),
        corrected=read.corrected, years=finding.dated.expressions,
        suggestion=_suggestion(finding, interpreter), named=tuple(_named(read)),
        scored=read.has_words, sort=Ask(finding.request, read.parsed.words).sort,
        ignored=read.parsed.ignored + finding.request.beyond, too_much=reply.dropped,
        cut=tuple(_cut(finding, interpreter)), unknown=read.parsed.unknown,
        unknown_fields=read.parsed.unknown_fields,
        is_read=not finding.request.text or read.has_words or bool(read.parsed.filters),
        diagnosis=diagnosis, is_gap=diagnosis is not None and not reply.has_words,
        generation=generation, took=round(watch.total, 3), stages=watch.stages,
    )  # fmt: skip


def _named(read: Understood) -> Iterator[Named]:
    """Yield the entities in the query that match by synonyms or narrower entities."""
    for leaf in leaves(read.parsed.words):
        if leaf.also or leaf.narrower:
            yield Named(leaf.said, leaf.also, leaf.narrower)


def _any_word(finding: Finding, interpreter: Interpreter) -> int | None:
    """Return the number of hits for any word, if a query with operators has fewer, and few."""
    request, read, total = finding.request, finding.understood, finding.reply.total
    if request.match != "auto" or not (read.is_strict and read.is_narrow and total):
        return None
    wider = msgspec.structs.replace(request, match="any", page=1, sort=None)
    any_word = found(wider, interpreter).reply.total
    return any_word if any_word > total else None


def _suggestion(finding: Finding, interpreter: Interpreter) -> str | None:
    """Return a corrected query text to suggest, if a word is rare or misspelled, or None.

    The text has hits within the filters, or it names a place. A place without hits is suggested
    because its page links to the region.
    """
    request, read = finding.request, finding.understood
    if request.exact or read.corrected or not read.has_words:
        return None
    is_rare = not read.relaxed and read.reply.by_words < spellcheck.FREQUENT
    text = interpreter.speller.suggested(request.text, rare=is_rare)
    if text is None or world_places.mentions(text):
        return text
    meant = msgspec.structs.replace(request, text=text, semantic=True, page=1, sort=None)
    return text if found(meant, interpreter).reply.total else None


def _cut(finding: Finding, interpreter: Interpreter) -> Iterator[tuple[str, int]]:
    """Yield prefixes, wildcards and fuzzy terms over the limit, with the number of terms cut."""
    expanding = (query.Prefix, query.Wildcard, query.FuzzyTerm)
    for leaf in leaves(finding.understood.parsed.words):
        is_expanded = isinstance(leaf.subqueries[0], expanding)
        count = interpreter.store.truncated(leaf) if is_expanded else 0
        if count and leaf.said not in finding.reply.dropped:
            yield leaf.said, count


def _diagnosis(
    finding: Finding, strict: int, interpreter: Interpreter, watch: Stopwatch
) -> Diagnosis | None:
    """Return alternatives to the search if no hit matches all of the query, or None."""
    reply = finding.reply
    if strict or (reply.total > reply.by_meaning and not finding.understood.relaxed):
        return None
    with watch.one_stage("diagnosis"):
        return diagnosed(finding, interpreter, watch)


def _hits(finding: Finding, interpreter: Interpreter, watch: Stopwatch) -> Iterator[Hit]:
    words, catalogue = finding.reply.tree, interpreter.vocabulary.catalogue
    title_row, summary_row = catalogue.role("title"), catalogue.role("summary")
    in_title = highlight.marker(words, title_row.name if title_row else "", catalogue.language)
    in_summary = highlight.marker(
        words, summary_row.name if summary_row else "", catalogue.language
    )
    explanations = finding.reply.explanations() if finding.request.explain else []
    for hit, why in zip_longest(finding.reply.hits(), explanations):
        watch.lap("passages")  # an expensive search may pause between hits
        publication = hit.publication
        yield Hit(
            publication,
            None if hit.score is None else round(hit.score, 4),
            highlight.whole(publication.title, in_title, publication.lang),
            highlight.passage(publication.summary or "", in_summary, publication.lang),
            hit.editions,
            why,
        )


class Searcher:
    """One generation of an index, open for searching. Threads may share it.

    `store` and `vocabulary` are those of the generation.
    """

    def __init__(self, generation: Generation, store: Store, vocabulary: Vocabulary) -> None:
        self.generation = generation
        self.name = generation.name
        self.catalogue = vocabulary.catalogue
        self.store = store
        self.interpreter = Interpreter(vocabulary, store, generation.thesaurus())

    @property
    def size(self) -> int:
        """The number of publications."""
        return self.interpreter.vocabulary.size

    def search(self, request: SearchRequest, watch: Stopwatch | None = None) -> Results:
        """Return the results of a search. Raise OverBudget."""
        return search(request, self.interpreter, self.name, watch or Stopwatch())

    def ids(self, request: SearchRequest) -> Sequence[str]:
        """Return the ids of the hits of a page, in order, without texts and facets."""
        return found(request, self.interpreter).reply.ids()

    def scan(self, request: SearchRequest) -> Iterator[Publication]:
        """Yield all hits of a search in order, whatever the page of the request."""
        return found(request, self.interpreter).reply.all_hits()

    def suggest(self, text: str, filters: Filters) -> list[Suggestion]:
        """Return suggestions for a text that is being typed, within the selected filters."""
        return autocomplete.suggest(text, self.interpreter, filters=filters)

    def publication(self, identity: str) -> Publication | None:
        """Return the publication with an id, or None."""
        return self.store.publication(identity)

    def related(self, identity: str) -> Related:
        """Return the publications related to one. Raise KeyError if there is none with this id."""
        return self.store.related(identity)

    def prepare(self) -> None:
        """Compute all caches that searches share.

        No request waits for them, and processes that are forked later share them.
        """
        self.store.prepare()
        found(SearchRequest(fold=True), self.interpreter).reply.ids()
        self.interpreter.prepare()
        autocomplete.suggest("aa", self.interpreter)
        self.search(SearchRequest("aa bb"))
