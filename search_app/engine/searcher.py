"""A searcher: all that pages, the API and the command line ask of one generation of an index."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from indexer.catalogue.records import Publication
from indexer.generations.manifest import Generation
from search_app.engine.deadline import Stopwatch
from search_app.engine.features import autocomplete
from search_app.engine.features.autocomplete import Filters
from search_app.engine.interpretation.interpreter import Interpreter
from search_app.engine.query.vocabulary import Vocabulary
from search_app.engine.request import SearchRequest
from search_app.engine.results import Results, Suggestion
from search_app.engine.retrieval import found
from search_app.engine.search import search
from search_app.engine.store import Related, Store


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
