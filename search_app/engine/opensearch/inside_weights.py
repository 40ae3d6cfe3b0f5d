"""What the full texts of some hits add to the clauses of a search, and where they match."""

from __future__ import annotations

from collections.abc import Sequence

from search_app.engine.opensearch.client import Send
from search_app.engine.opensearch.document_scores import make_scoring, read_scores
from search_app.engine.opensearch.found_pages import find_files
from search_app.engine.opensearch.planned_search import PlannedSearch
from search_app.engine.query.nodes import Clause, clauses
from search_app.engine.store import FoundFile


class InsideWeights:
    """The weights that full texts add to each clause of a search, for the publications in `ids`.

    They come in one request, and the files with words of a clause in another one.
    """

    def __init__(self, plan: PlannedSearch, ids: Sequence[str], send: Send) -> None:
        self._texts, self._ids, self._send = plan.generation.compiler.texts, ids, send
        texts = self._texts
        queries = {
            id(clause): found
            for clause in clauses(plan.tree)
            if texts
            and ids
            and (found := texts.weigh(clause, plan.frequencies.weigh_texts(clause)))
        }
        self._files: dict[int, dict[str, list[FoundFile]]] = {}
        bodies = [make_scoring(each, ids) for each in queries.values()]
        responses = send(bodies) if bodies else []
        self._weights: dict[int, dict[str, float]] = {
            clause: dict(zip(ids, read_scores(response, ids).tolist(), strict=True))
            for clause, response in zip(queries, responses, strict=True)
        }

    def find_files(self, identity: str, clause: Clause) -> Sequence[FoundFile]:
        """Return the files of a publication with words of a clause."""
        if self._texts is None:
            return ()
        if id(clause) not in self._files:
            self._files[id(clause)] = find_files(self._ids, [clause], self._texts, 0, self._send)
        return self._files[id(clause)].get(identity, ())

    def weigh(self, identity: str, clause: Clause) -> float:
        """Return what the full text of a publication adds to a clause of the tree."""
        return self._weights.get(id(clause), {}).get(identity, 0.0)
