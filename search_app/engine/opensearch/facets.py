"""The facets of a search on a cluster: the searches that count values, and buckets from them.

All counts are exact. A row with more values than one response may have is counted in parts, if the
hits have that many. Only values whose first MAX_TERM_CHARS characters are equal, and fill that
limit, are counted together, as the first of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from indexer.cluster.mapping import Json
from search_app.engine.facets import FacetSelection, Node, count_hidden, facet_buckets
from search_app.engine.opensearch import facet_aggregations
from search_app.engine.opensearch.facet_aggregations import FacetAggregations, Partition
from search_app.engine.opensearch.facet_results import FacetResult, Results
from search_app.engine.opensearch.selections import (
    exclude,
    list_excluded,
    list_selected,
    match_at_least,
    nodes_query,
    selection_query,
)
from search_app.engine.query.vocabulary import Vocabulary
from search_app.engine.request import EVERYTHING, SearchRequest
from search_app.engine.results import Bucket

Response = Mapping[str, Any]
"""The object `aggregations` of a response."""
_UNSELECTED, _EXCLUDED = "-", "-not"
"""The names of the filter of the facets that count the hits, and of the counts of excluded values.
No facet has such a name."""


class FacetPlan:
    """The searches that count the values of some facets.

    The query of each search has the words and the typed filters. `searches` has the aggregations
    of each. It has one, even without facets, and more only for tens of thousands of values.
    `excluded` has the excluded values, and `exclusions` the aggregation that counts them.
    """

    def __init__(
        self,
        facets: Sequence[FacetAggregations],
        excluded: Sequence[Node] = (),
        exclusions: Json | None = None,
    ) -> None:
        self._facets, self._excluded = facets, excluded
        groups: list[list[FacetAggregations]] = [[]]
        free = facet_aggregations.MAX_BUCKETS
        for facet in facets:
            if facet.max_buckets > free:
                groups.append([])
                free = facet_aggregations.MAX_BUCKETS
            groups[-1].append(facet)
            free -= facet.max_buckets
        self.searches = [_make_search(group) for group in groups]
        if exclusions:
            self.searches[0][_EXCLUDED] = exclusions

    def list_partitions(self, responses: Sequence[Response]) -> list[Json]:
        """Return the aggregations of further searches, if the hits have too many values of a facet.

        `responses` has those to `searches`. Without further searches, the counts are complete.
        """
        results = _collect(responses)
        return [
            _make_search([facet], (number, facet.partition_count))
            for facet in self._facets
            if not _is_complete(facet, results)
            for number in range(facet.partition_count)
        ]

    def read(self, responses: Sequence[Response]) -> list[FacetResult]:
        """Return the counts of each facet. `responses` has those to all searches."""
        results = _collect(responses)
        return [FacetResult(facet, results) for facet in self._facets]

    def read_excluded(self, responses: Sequence[Response]) -> dict[Node, int]:
        """Return how many hits each exclusion alone removes. `responses` are those to `read`."""
        results = _collect(responses)
        return {
            node: results[f"{_EXCLUDED}.{number}"][0]["doc_count"]
            for number, node in enumerate(self._excluded)
        }


def plan_facets(request: SearchRequest, vocabulary: Vocabulary) -> FacetPlan:
    """Return the plan for all facets of a search."""
    catalogue, excluded = vocabulary.catalogue, list_excluded(request.excluded, vocabulary)
    selections = [FacetSelection(field, request, catalogue) for field in catalogue.facets]
    queries = [
        selection_query(selection, vocabulary) if selection.nodes else None
        for selection in selections
    ]
    kept = exclude(excluded, vocabulary)
    facets = [
        FacetAggregations(
            selection,
            [*(query for query in queries if query is not None and query is not own), *kept],
            vocabulary,
        )
        for selection, own in zip(selections, queries, strict=True)
    ]
    if not excluded:
        return FacetPlan(facets)
    selected = [query for query in queries if query]
    return FacetPlan(facets, excluded, _count_excluded(excluded, selected, vocabulary))


def _count_excluded(
    excluded: Sequence[Node], selected: Sequence[Json], vocabulary: Vocabulary
) -> Json:
    """Return the aggregation that counts the hits that each excluded value alone removes."""
    once: Json = {
        "filter": [*selected, nodes_query(excluded, vocabulary)],
        "must_not": [match_at_least(2, excluded, vocabulary)],
    }
    counts = {
        f"{_EXCLUDED}.{number}": {"filter": nodes_query([node], vocabulary)}
        for number, node in enumerate(excluded)
    }
    return {"filter": {"bool": once}, "aggs": counts}


def plan_values(row: str, request: SearchRequest, vocabulary: Vocabulary) -> FacetPlan:
    """Return the plan that counts the values of one row among the hits."""
    catalogue = vocabulary.catalogue
    unselected = FacetSelection(catalogue.by_name[row], EVERYTHING, catalogue)
    return FacetPlan(
        [FacetAggregations(unselected, list_selected(request, vocabulary), vocabulary)]
    )


def make_facets(
    results: Iterable[FacetResult], limit: int | None, excluded: Sequence[Bucket] = ()
) -> tuple[dict[str, tuple[Bucket, ...]], dict[str, int]]:
    """Return the buckets of each facet in display order, and how many values have none.

    `limit` is the number of values as in `SearchRequest`. `excluded` has the buckets of excluded
    values.
    """
    buckets, hidden_values = {}, {}
    for result in results:
        selection = result.selection
        name, toggles = selection.field.name, result if selection.nodes else None
        buckets[name] = facet_buckets(selection, result, toggles, limit, excluded)
        hidden_values[name] = count_hidden(buckets[name], result, selection)
    return buckets, hidden_values


def _make_search(facets: Sequence[FacetAggregations], partition: Partition | None = None) -> Json:
    """Return the aggregations of some facets. Those that count the hits share their filters."""
    made: dict[str, Any] = {}
    for facet in facets:
        name = facet.name if facet.is_counted_apart else _UNSELECTED
        _filter(made, name, facet.filters, facet.make(partition))
        if facet.selection.needs_all and not partition:
            _filter(made, facet.name, facet.others, facet.make_toggles())
    return made


def _filter(made: dict[str, Any], name: str, filters: Sequence[Json], aggregations: Json) -> None:
    """Add aggregations, below the filter of a name if there is one."""
    if filters:
        query = {"bool": {"filter": filters}}
        made.setdefault(name, {"filter": query, "aggs": {}})["aggs"].update(aggregations)
    else:
        # The cluster counts fastest outside a filter if the query matches everything.
        made |= aggregations


def _collect(responses: Iterable[Response]) -> Results:
    """Return the results of each aggregation, without the filters around them."""
    results: dict[str, list[Any]] = {}
    for response in responses:
        for name, result in response.items():
            for inner_name, inner in {name: result}.items() if "." in name else result.items():
                results.setdefault(inner_name, []).append(inner)
    return results


def _is_complete(facet: FacetAggregations, results: Results) -> bool:
    """Return whether the rows of a facet have all values of the documents."""
    terms = [result for row in facet.values for result in results[f"{facet.name}.row.{row}"]]
    for result in results.get(f"{facet.name}.unselected", ()):
        terms += [result[row] for row in facet.values]
    return not any(result["sum_other_doc_count"] for result in terms)
