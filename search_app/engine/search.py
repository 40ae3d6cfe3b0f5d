"""`Searcher`: what pages, the API and the command line see of one generation of an index."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property

import msgspec

from indexer.catalogue import translations
from indexer.catalogue.fields import Catalogue
from indexer.catalogue.records import Link, Publication
from indexer.catalogue.retired import Retired
from indexer.catalogue.tested_links import LinkResult
from indexer.generations.manifest import Generation
from search_app.engine.deadline import Deadline
from search_app.engine.features import autocomplete
from search_app.engine.features.page_hits import find_file_matches
from search_app.engine.interpretation.interpreter import (
    Interpreter,
    retrieve,
)
from search_app.engine.pipeline import search
from search_app.engine.query.cost import estimate_cost
from search_app.engine.query.rewriting import index_names, replace_names
from search_app.engine.query.vocabulary import Vocabulary
from search_app.engine.request import EVERYTHING, SearchRequest
from search_app.engine.results import File, FileMatch, Results, Suggestion
from search_app.engine.store import Related, Store, StoredFile, run

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
        thesaurus = generation.read_thesaurus()
        self.interpreter = Interpreter(vocabulary, store, thesaurus, inside=True)
        self._outside = (
            Interpreter(vocabulary, store, thesaurus, inside=False)
            if self.has_texts
            else self.interpreter
        )
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
            self._translated[language] = translations.translate(self.catalogue, language)
        return self._translated[language]

    @cached_property
    def _field_names(self) -> dict[str, str]:
        """The row of each name of a field in queries."""
        return index_names(self.catalogue)

    def _resolve(self, request: SearchRequest) -> SearchRequest:
        """Return a request whose text names fields by their rows."""
        text = replace_names(request.text, self._field_names)
        return msgspec.structs.replace(request, text=text)

    def search(self, request: SearchRequest, deadline: Deadline | None = None) -> Results:
        """Return the results of a search. Raise BudgetExceeded."""
        interpreter, deadline = self._pick(request), deadline or Deadline()
        results = search(self._resolve(request), interpreter, self.name, deadline)
        if results.total or results.diagnosis is None or interpreter is self.interpreter:
            return results
        inside = msgspec.structs.replace(self._resolve(request), inside=True, page=1, sort=None)
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
        typed = run(self.interpreter.interpret_typed(self._resolve(request)), self.store, deadline)
        return find_file_matches(typed.reply, identity, self.catalogue, MAX_PASSAGES, deadline)

    def estimate_cost(self, request: SearchRequest) -> int:
        """Return the approximate cost of a search, in postings."""
        return estimate_cost(self._resolve(request), self.interpreter.vocabulary)

    def list_ids(self, request: SearchRequest, deadline: Deadline | None = None) -> Sequence[str]:
        """Return the ids of the hits of a page, in order, without texts and facets.

        Raise BudgetExceeded.
        """
        return retrieve(self._resolve(request), self._pick(request), deadline).reply.list_ids()

    def scan(
        self, request: SearchRequest, deadline: Deadline | None = None
    ) -> Iterator[Publication]:
        """Return all hits of a search in order, whatever the page of the request.

        The deadline applies to the search. The hits are read later, when they are taken. Raise
        BudgetExceeded.
        """
        return retrieve(self._resolve(request), self._pick(request), deadline).reply.scan()

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
