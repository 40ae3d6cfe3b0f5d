"""Load one page of a search: its hits, the counts, and the facets, in as few requests as possible.

The first request has everything that needs no scores of the hits. If title matches, nearness, or
feedback may reorder the first hits, a second one measures these (`best_hits`). A third one reads
the records of hits that rose onto the page.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import NamedTuple

from indexer.cluster.mapping import MAX_RESULT_WINDOW, Json
from search_app.engine.facets import make_excluded
from search_app.engine.opensearch import hits
from search_app.engine.opensearch.best_hits import BestHits
from search_app.engine.opensearch.client import Response, Send
from search_app.engine.opensearch.combining import EVERYTHING, filter_by
from search_app.engine.opensearch.counts import read_count
from search_app.engine.opensearch.facets import FacetPlan, make_facets, plan_facets
from search_app.engine.opensearch.hits import RankedDoc
from search_app.engine.opensearch.planned_search import PlannedSearch
from search_app.engine.opensearch.titles import count_titles, make_family_count
from search_app.engine.opensearch.walk import find_order, fold, walk
from search_app.engine.results import Bucket

MATCHED, FIRST, OVERLAP = "-matched", "-first", "-overlap"
"""Names of aggregations. No facet has such a name."""

DEEP_BATCH = 10_000
"""Number of hits of a request on the way to a page beyond MAX_RESULT_WINDOW."""

Facets = tuple[dict[str, tuple[Bucket, ...]], dict[str, int]]
"""The buckets of each facet, and the number of values that have none."""


class LoadedPage(NamedTuple):
    """The hits of a page in order, with their records, and the counts of the search.

    `matched` counts the publications that pass the typed filters, `total` the hits, and `titles`
    the hits with the editions of one title counted once, and `overlap` those that match another
    query. `facets` is None if they were not asked for. `best` has the hits that were reordered.
    """

    hits: list[RankedDoc]
    matched: int
    total: int
    titles: int
    overlap: int
    facets: Facets | None
    best: BestHits


def load_page(
    plan: PlannedSearch, send: Send, overlapping: Json | None = None, *, with_facets: bool
) -> LoadedPage:
    """Return the page of a search. The frequencies of its clauses must be known.

    The hits that match the query `overlapping` are counted too.
    """
    best, places = BestHits(plan, send), _find_places(plan)
    facets = plan_facets(plan.ask.request, plan.generation.vocabulary) if with_facets else None
    aggregations, *others = facets.searches if facets else [{}]
    further = [make_aggregation(plan, other) for other in others]
    lists = best.make_lists() if best.depth else []
    body = _make_body(plan, best, places, send) | {
        "track_total_hits": True,
        "aggs": aggregations | _make_aggregations(plan, best, overlapping),
    }
    families = make_family_count(plan.hits)
    response, family_response, *responses = send([body, families, *further, *lists])
    counted = dict(response["aggregations"])
    shown, total = hits.read_page(response), read_count(response)
    if best.depth:
        best.measure(shown, hits.read_page(counted.pop(FIRST)), responses[len(further) :])
        shown = _reorder(plan, best, send, has_more=total > max(best.depth, places.start))
    elif places.stop > MAX_RESULT_WINDOW and total > places.start:
        shown = _read_deep(plan, best, places, send)
    matched = counted.pop(MATCHED)["doc_count"]
    overlap = counted.pop(OVERLAP)[OVERLAP]["doc_count"] if overlapping else 0
    titles = count_titles(total, family_response, plan.hits, send)
    counts = [counted, *(other["aggregations"] for other in responses[: len(further)])]
    return LoadedPage(
        shown, matched, total, titles, overlap,
        _read_facets(facets, counts, total, plan, send) if facets else None, best,
    )  # fmt: skip


def _make_aggregations(plan: PlannedSearch, best: BestHits, overlapping: Json | None) -> Json:
    """Return the aggregations of a page that count no facet."""
    made: Json = {MATCHED: {"filter": EVERYTHING}}
    if best.depth:
        made[FIRST] = best.make_first_records()
    if overlapping:
        # As one query, both may have more clauses than Lucene allows.
        counts = {OVERLAP: {"filter": overlapping}}
        made[OVERLAP] = {"filter": filter_by(plan.selected), "aggs": counts}
    return made


def _find_places(plan: PlannedSearch) -> slice:
    request = plan.ask.request
    return slice((request.page - 1) * request.size, request.page * request.size)


def _make_body(plan: PlannedSearch, best: BestHits, places: slice, send: Send) -> Json:
    """Return the search for the first hits if these may be reordered, otherwise for the page."""
    if best.depth:
        places = slice(0, best.depth)
    elif places.stop > MAX_RESULT_WINDOW:
        places = slice(0, 0)
    return _make_list(plan, places, find_order(plan, send), with_records=not best.depth)


def _make_list(
    plan: PlannedSearch, places: slice, order: Sequence[object], *, with_records: bool
) -> Json:
    """Return the search for the hits at some places, which are folded if they have records."""
    folds = plan.ask.request.fold and with_records
    body = hits.make_page(
        plan.make_ranked_hits(), order, places, folds=folds, with_records=with_records
    )
    return body | {"post_filter": filter_by(plan.selected)}


def _reorder(plan: PlannedSearch, best: BestHits, send: Send, *, has_more: bool) -> list[RankedDoc]:
    """Return the hits of the page. If it may have more than the best hits, the others follow."""
    places = _find_places(plan)
    ordered = [*fold(best.ordered)] if plan.ask.request.fold else best.ordered
    raised = best.read(ordered[places])
    if not has_more or places.stop <= len(ordered):
        return raised
    # The best hits have the first places in the order of the clauses too.
    others = slice(max(places.start, len(ordered)), places.stop)
    if others.stop > MAX_RESULT_WINDOW:
        return [*raised, *_read_deep(plan, best, others, send)]
    [response] = send([_make_list(plan, others, find_order(plan, send), with_records=True)])
    return [*raised, *hits.read_page(response)]


def _read_deep(plan: PlannedSearch, best: BestHits, places: slice, send: Send) -> list[RankedDoc]:
    """Return the hits at places that the cluster does not search for directly."""
    in_order = walk(plan, send, DEEP_BATCH, with_records=False)
    folded = fold(in_order) if plan.ask.request.fold else in_order
    return best.read([*islice(folded, places.start, places.stop)])


def make_aggregation(plan: PlannedSearch, aggregations: Json) -> Json:
    """Return the body of a search that counts documents that pass the typed filters."""
    return {"size": 0, "query": plan.matched, "aggs": aggregations}


def _read_facets(
    facets: FacetPlan, counts: list[Response], total: int, plan: PlannedSearch, send: Send
) -> Facets:
    partitions = facets.list_partitions(counts)
    if partitions:
        responses = send([make_aggregation(plan, partition) for partition in partitions])
        counts = [*counts, *(response["aggregations"] for response in responses)]
    excluded = make_excluded(facets.read_excluded(counts), total)
    return make_facets(facets.read(counts), plan.ask.request.values, excluded)
