"""Walk through all hits of a search in order, some hundred at a time.

The index of a generation is never written after it is live, so a search can go on after the last
hit of the one before it. No point in time is needed, which would occupy memory of the nodes.
"""

from __future__ import annotations

from collections.abc import Iterator

from indexer.catalogue.records import Publication
from search_app.engine.opensearch import hits
from search_app.engine.opensearch.best_hits import BestHits
from search_app.engine.opensearch.client import Send
from search_app.engine.opensearch.hits import RankedDoc
from search_app.engine.opensearch.page import find_order
from search_app.engine.opensearch.planned_search import PlannedSearch

BATCH = 500
"""Number of hits of a request. Their records have about 1 MB."""


def scan(plan: PlannedSearch, best: BestHits, send: Send) -> Iterator[Publication]:
    """Yield all hits of a search in order. `best` has the first ones, if they were reordered.

    If the search folds editions, only the first one of each title is a hit.
    """
    first = {hit.id for hit in best.ordered}
    others = (hit for hit in _walk(plan, send) if hit.id not in first)
    groups = set[int]()
    for hits_in_order in (_read_all(best), others):
        for hit in hits_in_order:
            is_first = not (plan.ask.request.fold and hit.editions) or hit.group not in groups
            if hit.editions:
                groups.add(hit.group)
            if is_first and hit.record is not None:
                yield hit.record


def _read_all(best: BestHits) -> Iterator[RankedDoc]:
    for start in range(0, len(best.ordered), BATCH):
        yield from best.read(best.ordered[start : start + BATCH])


def _walk(plan: PlannedSearch, send: Send) -> Iterator[RankedDoc]:
    """Yield all hits in the order of the clauses, with their records."""
    query = plan.make_ranked_hits()
    if plan.selected:
        query = {"bool": {"must": [query], "filter": plan.selected}}
    body = hits.make_page(query, find_order(plan, send), slice(0, BATCH))
    while True:
        [response] = send([body])
        yield from hits.read_page(response)
        found = response["hits"]["hits"]
        if len(found) < BATCH:
            return
        body = body | {"search_after": found[-1]["sort"]}
