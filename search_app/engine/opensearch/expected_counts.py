"""The searches that count what will probably be needed: see `Store.prefetch_counts`."""

from __future__ import annotations

from collections.abc import Iterable

from indexer.cluster.mapping import Json
from search_app.engine.opensearch.combining import filter_by
from search_app.engine.opensearch.counts import make_count
from search_app.engine.opensearch.generation import ClusterGeneration
from search_app.engine.opensearch.planned_search import PlannedSearch
from search_app.engine.store import Expected, StoreRequest, Together


def list_counts(expected: Iterable[Expected], generation: ClusterGeneration) -> list[Json]:
    """Return the searches that count what is expected."""
    bodies: list[Json] = []
    for each in expected:
        match each:
            case StoreRequest():
                bodies += PlannedSearch(each, generation).make_counts()
            case Together():
                bodies += count_together(each, generation)
    return bodies


def count_together(together: Together, generation: ClusterGeneration) -> list[Json]:
    """Return the searches that count each clause with all others."""
    match = generation.compiler.match
    others = [match(clause) for clause in together.others]
    return [make_count(filter_by([match(clause), *others])) for clause in together.clauses]
