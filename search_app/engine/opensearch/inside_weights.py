"""What the full texts of some hits add to the clauses of a search."""

from __future__ import annotations

from collections.abc import Sequence

from search_app.engine.opensearch.client import Send
from search_app.engine.opensearch.document_scores import make_scoring, read_scores
from search_app.engine.opensearch.planned_search import PlannedSearch
from search_app.engine.query.nodes import Clause, clauses


class InsideWeights:
    """The weights that full texts add to each clause of a search, for the publications in `ids`.

    They come in one request.
    """

    def __init__(self, plan: PlannedSearch, ids: Sequence[str], send: Send) -> None:
        texts = plan.generation.compiler.texts
        queries = {
            id(clause): found
            for clause in clauses(plan.tree)
            if texts
            and ids
            and (found := texts.weigh(clause, plan.frequencies.weigh_texts(clause)))
        }
        bodies = [make_scoring(each, ids) for each in queries.values()]
        responses = send(bodies) if bodies else []
        self._weights: dict[int, dict[str, float]] = {
            clause: dict(zip(ids, read_scores(response, ids).tolist(), strict=True))
            for clause, response in zip(queries, responses, strict=True)
        }

    def weigh(self, identity: str, clause: Clause) -> float:
        """Return what the full text of a publication adds to a clause of the tree."""
        return self._weights.get(id(clause), {}).get(identity, 0.0)
