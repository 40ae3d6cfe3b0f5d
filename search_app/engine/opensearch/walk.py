"""Walk through the hits of a search in the order of their clauses, some at a time.

The index of a generation is never written after it is live, so a search can go on after the last
hit of the one before it. No point in time is needed, which would occupy memory of the nodes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from search_app.engine.opensearch import hits
from search_app.engine.opensearch.client import Send
from search_app.engine.opensearch.combining import filter_by
from search_app.engine.opensearch.hits import RankedDoc
from search_app.engine.opensearch.planned_search import PlannedSearch


def find_order(plan: PlannedSearch, send: Send) -> Sequence[object]:
    """Return the sort keys of the hits of a search."""
    ask = plan.ask
    if not (ask.newest_first and ask.request.sort is None and plan.tree):
        return hits.ORDERS[ask.sort]
    order = hits.ORDERS["relevance"]
    body = hits.make_page(plan.make_ranked_hits(), order, slice(0, 1), with_records=False)
    body["post_filter"] = filter_by(plan.selected)
    [response] = send([body])
    return hits.make_leveled_order(max((hit.key for hit in hits.read_page(response)), default=0.0))


def walk(plan: PlannedSearch, send: Send, batch: int, *, with_records: bool) -> Iterator[RankedDoc]:
    """Yield all hits in the order of the clauses. A request has `batch` of them."""
    body = hits.make_page(
        plan.make_ranked_hits(), find_order(plan, send), slice(0, batch), with_records=with_records
    )
    body["post_filter"] = filter_by(plan.selected)
    while True:
        [response] = send([body])
        yield from hits.read_page(response)
        found = response["hits"]["hits"]
        if len(found) < batch:
            return
        body = body | {"search_after": found[-1]["sort"]}


def fold(documents: Iterable[RankedDoc]) -> Iterator[RankedDoc]:
    """Yield the first document of each group, in order."""
    groups = set[int]()
    for document in documents:
        if document.group not in groups:
            groups.add(document.group)
            yield document
