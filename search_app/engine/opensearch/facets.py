"""The facets of a search on a cluster: the searches that count values, and buckets from them.

All counts are exact. A row with more values than one response may have is counted in parts, if the
hits have that many. Only values whose first MAX_TERM_CHARS characters are equal, and fill that
limit, are counted together, as the first of them.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from heapq import nsmallest
from typing import Any

from indexer.catalogue.fields import MISSING
from indexer.cluster.mapping import MAX_TERM_CHARS, Json
from search_app.engine.facet_buckets import count_hidden, facet_buckets
from search_app.engine.facet_selection import NO_NODES, FacetSelection, Node, Nodes
from search_app.engine.opensearch import facet_aggregations
from search_app.engine.opensearch.facet_aggregations import (
    FacetAggregations,
    Partition,
    Toggle,
)
from search_app.engine.opensearch.selections import (
    exclude,
    list_excluded,
    list_selected,
    nodes_query,
    selection_query,
)
from search_app.engine.query.vocabulary import Vocabulary
from search_app.engine.request import SearchRequest
from search_app.engine.results import Bucket

Response = Mapping[str, Any]
"""The object `aggregations` of a response."""
Results = Mapping[str, Sequence[Any]]
"""The results of each aggregation in several responses, by its name."""

_UNSELECTED, _EXCLUDED = "-", "-not"
"""The names of the filter that the facets without a selection share, and of the counts of excluded
values. No facet has such a name."""


class FacetPlan:
    """The searches that count the values of some facets.

    The query of each search has the words and the typed filters. `searches` has the aggregations
    of each. It has one, even without facets, and more only for tens of thousands of values.
    `lifted` has the query of the hits that each exclusion alone removes.
    """

    def __init__(
        self, facets: Sequence[FacetAggregations], lifted: Mapping[Node, Json] = {}
    ) -> None:
        self._facets, self._lifted = facets, lifted
        groups: list[list[FacetAggregations]] = [[]]
        free = facet_aggregations.MAX_BUCKETS
        for facet in facets:
            if facet.max_buckets > free:
                groups.append([])
                free = facet_aggregations.MAX_BUCKETS
            groups[-1].append(facet)
            free -= facet.max_buckets
        self.searches = [_make_search(group) for group in groups]
        for number, query in enumerate(lifted.values()):
            self.searches[0][f"{_EXCLUDED}.{number}"] = {"filter": query}

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
            for number, node in enumerate(self._lifted)
        }


def plan_facets(request: SearchRequest, vocabulary: Vocabulary) -> FacetPlan:
    """Return the plan for all facets of a search."""
    catalogue, excluded = vocabulary.catalogue, list_excluded(request.excluded, vocabulary)
    selections = [FacetSelection(field, request.filters, catalogue) for field in catalogue.facets]
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
    return FacetPlan(facets, _lift(excluded, [query for query in queries if query], vocabulary))


def _lift(
    excluded: Sequence[Node], selected: Sequence[Json], vocabulary: Vocabulary
) -> dict[Node, Json]:
    """Return the query of the hits that each excluded value alone removes."""
    made: dict[Node, Json] = {}
    for node in excluded:
        others = [other for other in excluded if other != node]
        filters = [*selected, nodes_query([node], vocabulary), *exclude(others, vocabulary)]
        made[node] = {"bool": {"filter": filters}}
    return made


def plan_values(row: str, request: SearchRequest, vocabulary: Vocabulary) -> FacetPlan:
    """Return the plan that counts the values of one row among the hits."""
    catalogue = vocabulary.catalogue
    unselected = FacetSelection(catalogue.by_name[row], {}, catalogue)
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


class FacetResult:
    """The counts of one facet: its `ValueCounts`, and its `SelectionCounter` if it has a selection.

    `selection` is the selection of the facet.
    """

    def __init__(self, facet: FacetAggregations, results: Results) -> None:
        self.selection, self._values, name = facet.selection, facet.values, facet.name
        self._rows = {
            row: _read_terms(results[f"{name}.row.{row}"], values)
            for row, values in facet.values.items()
        }
        self._kept: dict[Nodes, dict[str, dict[str, int]]] = {}
        self._filters: dict[Toggle | Node, int] = {}
        if not self.selection.nodes:
            return
        self._all, self._current = [
            int(results[f"{name}.{kind}"][0]["doc_count"]) for kind in ("all", "current")
        ]
        self._kept[NO_NODES] = {
            row: _read_terms([result[row] for result in results[f"{name}.unselected"]], values)
            for row, values in facet.values.items()
        }
        for number, (kept, rows) in enumerate(facet.kept_values.items()):
            [result, *_] = results[f"{name}.kept.{number}"]
            self._kept[kept] = {row: _read_terms([result[row]], facet.values[row]) for row in rows}
        keys: dict[str, Sequence[Toggle | Node]] = {"toggle": facet.toggles, "range": facet.ranges}
        for kind, counted in keys.items():
            for number, key in enumerate(counted):
                self._filters[key] = results[f"{name}.{kind}.{number}"][0]["doc_count"]

    def list_counts(self, row: str) -> dict[str, int]:
        """Return the count of each value of a row, in the order of the index."""
        counts = self._rows[row]
        return {value: counts.get(value, 0) for value in self._values[row]}

    def list_largest(self, row: str, limit: int | None) -> list[tuple[str, int]]:
        """Return up to `limit` values of a row that documents have, with their counts.

        The most frequent come first, and values with equal counts in the order of their texts. The
        missing value is left out.
        """
        counts = [(-count, value) for value, count in self._rows[row].items() if value != MISSING]
        largest = sorted(counts) if limit is None else nsmallest(limit, counts)
        return [(value, -count) for count, value in largest]

    def count_missing(self, row: str) -> int:
        """Return the number of documents without a value of a row."""
        return self._rows[row].get(MISSING, 0)

    def count_distinct(self, row: str) -> int:
        """Return how many values of a row documents have. The missing value counts as one."""
        return len(self._rows[row])

    def find_count(self, node: Node) -> int | None:
        """Return the number of documents with a value; None for a range or an unknown value."""
        return None if node in self._filters else self._rows[node[0]].get(node[1], 0)

    def count_value(self, node: Node) -> int:
        """Return how many documents have a value in a selected range. An unknown value has none."""
        return self._filters[node]

    def count_all(self) -> int:
        """Return the number of documents that pass the other facets."""
        return self._all

    def count_current(self) -> int:
        """Return how many have an effective value."""
        return self._current

    def count(self, nodes: Nodes, kept: Nodes) -> int:
        """Return how many have any of `nodes`, and no effective value except those in `kept`."""
        if (nodes, kept) in self._filters:
            return self._filters[nodes, kept]
        [(row, value)] = nodes
        return self._kept[kept][row].get(value, 0)


def _make_search(facets: Sequence[FacetAggregations], partition: Partition | None = None) -> Json:
    """Return the aggregations of some facets. Those without a selection share their filters."""
    made: dict[str, Any] = {}
    for facet in facets:
        aggregations = facet.make(partition)
        if facet.filters:
            name = facet.name if facet.selection.nodes else _UNSELECTED
            query = {"bool": {"filter": facet.filters}}
            made.setdefault(name, {"filter": query, "aggs": {}})["aggs"].update(aggregations)
        else:
            # The cluster counts fastest outside a filter if the query matches everything.
            made |= aggregations
    return made


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


def _read_terms(results: Iterable[Any], values: Sequence[str]) -> dict[str, int]:
    """Return the number of documents with each value. Incomplete results are left out."""
    return {
        _restore(bucket["key"], values): bucket["doc_count"]
        for result in results
        if not result["sum_other_doc_count"]
        for bucket in result["buckets"]
    }


def _restore(key: str, values: Sequence[str]) -> str:
    """Return the value of a key, which the index may have cut. `values` has all, sorted."""
    if len(key) < MAX_TERM_CHARS:
        return key
    return values[bisect_left(values, key, hi=len(values) - 1)]
