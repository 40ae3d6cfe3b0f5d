"""Read all hits of a search in order, for exports and feeds."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from indexer.catalogue.records import Publication
from search_app.engine.opensearch.best_hits import BestHits
from search_app.engine.opensearch.client import Send
from search_app.engine.opensearch.hits import RankedDoc
from search_app.engine.opensearch.planned_search import PlannedSearch
from search_app.engine.opensearch.walk import fold, walk

BATCH = 500
"""Number of hits of a request. Their records have about 1 MB."""


def scan(plan: PlannedSearch, best: BestHits, send: Send) -> Iterator[Publication]:
    """Yield all hits of a search in order. `best` has the first ones, if they were reordered.

    If the search folds editions, only the first one of each title is a hit.
    """
    first = {hit.id for hit in best.ordered}
    others = walk(plan, send, BATCH, with_records=True)
    in_order = chain(_read_all(best), (hit for hit in others if hit.id not in first))
    for hit in fold(in_order) if plan.ask.request.fold else in_order:
        if hit.record is not None:
            yield hit.record


def _read_all(best: BestHits) -> Iterator[RankedDoc]:
    for start in range(0, len(best.ordered), BATCH):
        yield from best.read(best.ordered[start : start + BATCH])
