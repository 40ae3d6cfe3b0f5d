"""The facets of a search: the aggregations that count values, and buckets from their results.

A facet is counted without its own selection, so its values are counted over the documents that pass
the other facets: its base. If all selected values are needed, they are counted over the hits. Only
as many values as are shown are fetched. All counts are exact: if a response says that they may not
be, the values of that field are asked for in parts. Only the number of values that are not shown
may be off by a few, if there are thousands.

The total without a selected value needs the documents of the base that pass only with this value,
or only without it. All counts come with the page.
"""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from typing import Any

from indexer.catalogue.fields import MISSING, Field
from indexer.cluster.mapping import MAX_TERM_CHARS, Json
from search_app.engine.facets import FacetSelection, count_hidden, facet_buckets
from search_app.engine.opensearch.client import Send
from search_app.engine.opensearch.queries import (
    NOTHING,
    Selections,
    all_of,
    any_of,
    at_least,
    none_of,
)
from search_app.engine.query.vocabulary import Vocabulary
from search_app.engine.results import Bucket

PART = 10_000
"""Number of values that one search returns on average, if those of a field are asked for in parts.
The cluster rejects a search with more than 65,535 buckets (`search.max_buckets`)."""
MAX_LISTED = 100
"""Number of values up to which all of a field are fetched, which also counts them."""
MAX_DISTINCT = 40_000
"""Number of values up to which a field is counted exactly, or nearly so."""

Facets = tuple[dict[str, tuple[Bucket, ...]], dict[str, int]]
"""The buckets of each facet, and the number of values that have none."""
Results = Mapping[str, Any]
"""The results of aggregations by their names."""


class FacetRequest:
    """The facets of a search: `aggregations` counts over the documents that match it.

    `limit` is the number of values as in `SearchRequest`.
    """

    def __init__(self, selections: Selections, vocabulary: Vocabulary, limit: int | None) -> None:
        self._selections, self._limit = selections, limit
        self._facets = [
            _Facet(selection, selections, vocabulary, limit)
            for selection in selections.by_facet.values()
        ]
        self.aggregations: Json = {facet.name: facet.aggregation for facet in self._facets}
        if selections.excluded:
            excluded = [*map(selections.match, selections.excluded)]
            once = [any_of(excluded), none_of([at_least(2, excluded)])]
            within = [*selections.queries.values(), *once]
            self.aggregations["-excluded"] = _count_each(within, excluded)

    def read(self, results: Results, total: int, matching: Json, send: Send) -> Facets:
        """Return the buckets. `matching` is the query of the documents that were counted."""
        nodes = self._selections.excluded
        counts = _read_each(results["-excluded"]) if nodes else ()
        excluded = [
            Bucket(*node, count, total + count, excluded=True)
            for node, count in zip(nodes, counts, strict=True)
        ]
        inexact: dict[str, tuple[int, Json]] = {}
        for facet in self._facets:
            inexact |= facet.find_inexact(results[facet.name], matching)
        exact, buckets, hidden = list_buckets(inexact, send), {}, {}
        for facet in self._facets:
            selected = facet.read(results[facet.name], total, exact)
            made = facet_buckets(facet.selection, facet, [*selected, *excluded], self._limit)
            buckets[facet.name] = made
            hidden[facet.name] = count_hidden(made, facet, facet.selection)
        return buckets, hidden


def count_values(field: str, matching: Json, vocabulary: Vocabulary, send: Send) -> dict[str, int]:
    """Return how many matching documents have each value of a field, in the order of the index."""
    path, values = f"facets.{field}", vocabulary.list_values(field)
    counts = dict.fromkeys(values, 0)
    for bucket in list_buckets({path: (len(values), matching)}, send)[path]:
        counts[_restore(bucket["key"], values)] = bucket["doc_count"]
    return counts


def list_buckets(asked: Mapping[str, tuple[int, Json]], send: Send) -> dict[str, list[Results]]:
    """Return a bucket of each value of some fields.

    `asked` has the number of values that a field may have, and the query of the documents. All come
    in one request, in parts of which none is cut off.
    """
    names, bodies = list[str](), list[Json]()
    for name, (most, matching) in asked.items():
        parts = most // PART + 1
        for part in range(parts):
            terms = _make_terms(name, most)
            terms["terms"] |= {"include": {"partition": part, "num_partitions": parts}}
            names.append(name)
            bodies.append({"size": 0, "query": matching, "aggs": {"values": terms}})
    found: dict[str, list[Results]] = {name: [] for name in asked}
    for name, response in zip(names, send(bodies) if bodies else (), strict=True):
        found[name] += response["aggregations"]["values"]["buckets"]
    return found


def _filter(filters: Sequence[Json], aggregations: Json) -> Json:
    made: Json = {"filter": all_of(filters)}
    return made | ({"aggs": aggregations} if aggregations else {})


def _count_each(within: Sequence[Json], queries: Sequence[Json]) -> Json:
    """Return the aggregation that counts the documents of each of some queries."""
    return _filter(within, {"each": {"filters": {"filters": queries}}})


def _read_each(results: Results) -> list[int]:
    return [bucket["doc_count"] for bucket in results["each"]["buckets"]]


def _make_terms(field: str, size: int) -> dict[str, Any]:
    return {"terms": {"field": field, "size": max(size, 1)}}


class _Facet:
    """The counts of one facet: its `ValueCounts`.

    `aggregation` counts over the documents of a search.
    """

    def __init__(
        self, selection: FacetSelection, selections: Selections, vocabulary: Vocabulary,
        limit: int | None,
    ) -> None:  # fmt: skip
        self.selection, self.name = selection, selection.field.name
        self._match, self._vocabulary, self._limit = selections.match, vocabulary, limit
        others = selections.list_filters(without=self.name)
        self._counted = selections.list_filters() if selection.needs_all else others
        self._counts: dict[str, dict[str, int]] = {}
        self._distinct: dict[str, int] = {}
        aggregations = self._make_aggregations()
        if selection.needs_all:
            aggregations = {"hits": _filter([selections.queries[self.name]], aggregations)}
        self.aggregation = _filter(others, aggregations | self._make_selected())

    def _get_limit(self, field: Field) -> int | None:
        """Return the number of values of a field that are shown; None means all."""
        values = len(self._vocabulary.list_values(field.name))
        is_limited = field.order == "count" and self.selection.child is None
        return self._limit if is_limited and values > MAX_LISTED else None

    def _make_aggregations(self) -> Json:
        made: Json = {}
        for field in self.selection.fields:
            limit, path = self._get_limit(field), f"facets.{field.name}"
            size = min(len(self._vocabulary.list_values(field.name)), PART)
            # One more for the missing value, which is not among those that are shown.
            size = size if limit is None else limit + 1
            made[f"field.{field.name}"] = _make_terms(path, size)
            if limit is not None:
                distinct = {"field": path, "precision_threshold": MAX_DISTINCT}
                made[f"distinct.{field.name}"] = {"cardinality": distinct}
                made[f"missing.{field.name}"] = {"filter": {"term": {path: MISSING}}}
        return made

    def _make_selected(self) -> Json:
        """Return the counts of selected values, and of what passes only with or without each.

        All effective values are stated once, so a request grows with their number only.
        """
        selection, match = self.selection, self._match
        if not selection.nodes:
            return {}
        effective = [*map(match, sorted(selection.effective))]
        is_each_needed = selection.needs_all or len(selection.nodes) == 1
        lost, gained = list[Json](), list[Json]()
        for node in selection.nodes:
            added = selection.list_effective(selection.nodes.keys() - {node}) - selection.effective
            # All documents with a removed child have the added parents.
            is_lost = node in selection.effective and not (added or is_each_needed)
            lost.append(match(node) if is_lost else NOTHING)
            without = none_of([match(node)])
            gained.append(without if is_each_needed else any_of([*map(match, sorted(added))]))
        lacking = at_least(len(effective) - 1, effective) if is_each_needed else none_of(effective)
        return {
            "values": _count_each([], [*map(match, selection.nodes)]),
            "lost": _count_each([none_of([at_least(2, effective)])], lost),
            "gained": _count_each([lacking], gained),
        }

    def find_inexact(self, results: Results, matching: Json) -> dict[str, tuple[int, Json]]:
        """Return what to ask `list_buckets` for, because the counts of a field are not exact."""
        inexact, found = {}, self._find_fields(results)
        for field in self.selection.fields:
            terms = found[f"field.{field.name}"]
            is_cut = self._get_limit(field) is None and terms["sum_other_doc_count"]
            if is_cut or terms.get("doc_count_error_upper_bound"):
                most = len(self._vocabulary.list_values(field.name))
                inexact[f"facets.{field.name}"] = most, all_of([matching, *self._counted])
        return inexact

    def read(
        self, results: Results, total: int, exact: Mapping[str, Sequence[Results]]
    ) -> list[Bucket]:
        """Read the results of the aggregation, and return the selected values.

        `total` is the number of hits. `exact` contains the buckets of fields that were not exact.
        """
        found = self._find_fields(results)
        for field in self.selection.fields:
            name, values = field.name, self._vocabulary.list_values(field.name)
            buckets = exact.get(f"facets.{name}", found[f"field.{name}"]["buckets"])
            counts = {_restore(bucket["key"], values): bucket["doc_count"] for bucket in buckets}
            self._distinct[name] = len(counts)
            if f"distinct.{name}" in found:
                self._distinct[name] = found[f"distinct.{name}"]["value"]
                counts[MISSING] = found[f"missing.{name}"]["doc_count"]
            self._counts[name] = counts
        nodes, needs_all = self.selection.nodes, self.selection.needs_all
        changes = [_read_each(results[name]) for name in ("values", "lost", "gained") if nodes]
        return [
            Bucket(*node, total if needs_all else count, total - lost + gained, selected=True)
            for node, (count, lost, gained) in zip(nodes, zip(*changes, strict=True), strict=True)
        ]

    def _find_fields(self, results: Results) -> Results:
        found: Results = results["hits"] if self.selection.needs_all else results
        return found

    def list_largest(self, field: str, limit: int | None) -> list[tuple[str, int]]:
        values = [each for each in self._counts[field].items() if each[0] != MISSING]
        return sorted(values, key=lambda each: (-each[1], each[0]))[:limit]

    def count_missing(self, field: str) -> int:
        return self._counts[field].get(MISSING, 0)

    def count_distinct(self, field: str) -> int:
        return self._distinct[field]


def _restore(key: str, values: Sequence[str]) -> str:
    """Return the value of a key, which the index may have cut. `values` contains all, sorted."""
    if len(key) < MAX_TERM_CHARS:
        return key
    return values[bisect_left(values, key, hi=len(values) - 1)]
