"""Weights that full texts add to the clauses of a search, and the matching files of some hits."""

from __future__ import annotations

from collections.abc import Sequence

from search_app.engine.opensearch.client import Send
from search_app.engine.opensearch.document_scores import make_scoring, read_scores
from search_app.engine.opensearch.found_pages import PageSearch, find_files
from search_app.engine.opensearch.fulltext import FullTextQueries
from search_app.engine.opensearch.planned_search import PlannedSearch
from search_app.engine.query.nodes import Clause, clauses, map_to_first
from search_app.engine.store import FoundFile


class InsideWeights:
    """The weights that full texts add to each clause of a search, for the publications in `ids`.

    They come in one request, and the files with words of each clause in another one. Clauses are
    the first ones of equal clauses, as in `Explainer`.
    """

    def __init__(self, plan: PlannedSearch, ids: Sequence[str], send: Send) -> None:
        self._texts, self._ids, self._send = plan.generation.compiler.texts, ids, send
        self._clauses: dict[int, Clause] = {}
        self._weights: dict[int, dict[str, float]] = {}
        self._files: dict[int, dict[str, list[FoundFile]]] | None = None
        if self._texts and ids:
            self._measure(plan, self._texts)

    def _measure(self, plan: PlannedSearch, texts: FullTextQueries) -> None:
        first = map_to_first(clauses(plan.tree, excluded=True))
        self._clauses = {id(clause): clause for clause in first.values()}
        # An excluded clause adds nothing. Its weight says only that a text has it.
        weights = dict.fromkeys(self._clauses, 1.0)
        for clause in clauses(plan.tree):
            weights[id(first[id(clause)])] = plan.frequencies.weigh_texts(clause)
        queries = {
            key: found
            for key, clause in self._clauses.items()
            if (found := texts.weigh(clause, weights[key]))
        }
        bodies = [make_scoring(each, self._ids) for each in queries.values()]
        for key, response in zip(queries, self._send(bodies) if bodies else (), strict=True):
            scores = read_scores(response, self._ids).tolist()
            self._weights[key] = dict(zip(self._ids, scores, strict=True))

    def weigh(self, identity: str, clause: Clause) -> float:
        """Return what the full text of a publication adds to a clause of the tree."""
        return self._weights.get(id(clause), {}).get(identity, 0.0)

    def find_files(self, identity: str, clause: Clause) -> Sequence[FoundFile]:
        """Return the files of a publication with words of a clause."""
        if self._files is None:
            searches = [PageSearch(self._ids, [self._clauses[key]]) for key in self._weights]
            texts, send = self._texts, self._send
            found = find_files(searches, texts, 0, send) if texts and searches else []
            self._files = dict(zip(self._weights, found, strict=True))
        return self._files.get(id(clause), {}).get(identity, ())
