"""The facets of a search: the aggregations that count values, and buckets from their results.

A facet is counted without its own selection, so its values are counted over the documents that pass
the other facets: its base. If all selected values are needed, they are counted over the hits. Only
as many values as are shown are fetched. All counts are exact: if a response says that they may not
be, the values of that field are asked for in parts. Only the number of values that are not shown
may be off by a few, if there are thousands.

The total after a click on a value needs the documents that only this value adds, which come with
the value. What else a selection of several values needs is asked for in a second request.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from indexer.catalogue.fields import MISSING, Field
from indexer.cluster.mapping import MAX_TERM_CHARS, Json
from search_app.engine.facets import (
    FacetSelection,
    Node,
    Nodes,
    count_hidden,
    facet_buckets,
    make_excluded,
)
from search_app.engine.opensearch.client import Response, Send
from search_app.engine.opensearch.queries import (
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
            self.aggregations["-excluded"] = _filter(
                [*selections.queries.values(), *(once if len(excluded) > 1 else once[:1])],
                {f"{number}": {"filter": each} for number, each in enumerate(excluded)},
            )

    def read(self, results: Results, total: int, matching: Json, send: Send) -> Facets:
        """Return the buckets. `matching` is the query of the documents that were counted."""
        of_excluded = results.get("-excluded", {})
        counts = {
            node: of_excluded[f"{number}"]["doc_count"]
            for number, node in enumerate(self._selections.excluded)
        }
        excluded = make_excluded(counts, total)
        for facet in self._facets:
            facet.read(results[facet.name], matching, send)
        found = self._make(excluded)
        if asked := [facet for facet in self._facets if facet.asked]:
            bodies = [facet.make_second(matching) for facet in asked]
            for facet, response in zip(asked, send(bodies), strict=True):
                facet.read_second(response)
            found = self._make(excluded)
        return found

    def _make(self, excluded: Sequence[Bucket]) -> Facets:
        buckets, hidden = {}, {}
        for facet in self._facets:
            toggles = facet if facet.selection.nodes else None
            made = facet_buckets(facet.selection, facet, toggles, self._limit, excluded)
            buckets[facet.name] = made
            hidden[facet.name] = count_hidden(made, facet, facet.selection)
        return buckets, hidden


def count_values(field: str, matching: Json, vocabulary: Vocabulary, send: Send) -> dict[str, int]:
    """Return how many matching documents have each value of a field, in the order of the index.

    They are asked for in one request, in parts of which none is cut off.
    """
    values = vocabulary.list_values(field)
    counts = dict.fromkeys(values, 0)
    for bucket in list_buckets(f"facets.{field}", len(values), matching, send):
        counts[_restore(bucket["key"], values)] = bucket["doc_count"]
    return counts


def list_buckets(
    field: str, most: int, matching: Json, send: Send, inner: Json | None = None
) -> Iterator[Results]:
    """Yield a bucket of each value of a field, with the results of other aggregations.

    There are at most `most`. They come in one request, in parts of which none is cut off.
    """
    parts = most * (1 + len(inner or ())) // PART + 1
    bodies: list[Json] = []
    for part in range(parts):
        terms = _make_terms(field, most, inner or {})
        terms["terms"] |= {"include": {"partition": part, "num_partitions": parts}}
        bodies.append({"size": 0, "query": matching, "aggs": {"values": terms}})
    for response in send(bodies):
        yield from response["aggregations"]["values"]["buckets"]


def _filter(filters: Sequence[Json], aggregations: Json) -> Json:
    made: Json = {"filter": all_of(filters)}
    return made | ({"aggs": aggregations} if aggregations else {})


def _make_terms(field: str, size: int, inner: Json) -> dict[str, Any]:
    return {"terms": {"field": field, "size": max(size, 1)}, **({"aggs": inner} if inner else {})}


class _Facet:
    """The counts of one facet: its `ValueCounts`, and its `SelectionCounter` if it has a selection.

    `aggregation` counts over the documents of a search. `asked` contains the queries of the counts
    that are needed besides. Each counts as 0 until its number is known.
    """

    def __init__(
        self, selection: FacetSelection, selections: Selections, vocabulary: Vocabulary,
        limit: int | None,
    ) -> None:  # fmt: skip
        self.selection, self.name = selection, selection.field.name
        self._match, self._vocabulary, self._limit = selections.match, vocabulary, limit
        self._others = selections.list_filters(without=self.name)
        self._own = [selections.queries[self.name]] if selection.nodes else []
        # What a value adds to those that are selected, of which any is enough.
        is_any = self._own and not selection.needs_all
        added = none_of([*map(self._match, sorted(selection.effective))])
        self._inner: Json = {"added": {"filter": added}} if is_any else {}
        self._counts: dict[Node, int] = {}
        self._added: dict[Node, int] = {}
        self._limits: dict[str, tuple[int, int]] = {}
        self._all = self._current = 0
        self.asked: dict[tuple[str, bytes], Json] = {}
        self._known: dict[tuple[str, bytes], int] = {}
        aggregations = self._make_aggregations()
        if self._own:
            hits = _filter(self._own, aggregations if selection.needs_all else {})
            selected: Json = {
                f"value.{number}": {"filter": self._match(node)}
                for number, node in enumerate(selection.nodes)
            }
            aggregations = {"current": hits} | (
                {} if selection.needs_all else aggregations | selected
            )
        self.aggregation = _filter(self._others, aggregations)

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
            made[f"field.{field.name}"] = _make_terms(path, size, self._inner)
            if limit is not None:
                distinct = {"field": path, "precision_threshold": MAX_DISTINCT}
                made[f"distinct.{field.name}"] = {"cardinality": distinct}
                made[f"missing.{field.name}"] = {"filter": {"term": {path: MISSING}}}
        return made

    def read(self, results: Results, matching: Json, send: Send) -> None:
        """Read the results of the aggregation. Send a request if those of a field are not exact."""
        self._all = results["doc_count"]
        self._current = results["current"]["doc_count"] if self._own else self._all
        found = results["current"] if self.selection.needs_all else results
        for number, node in enumerate(self.selection.nodes if self._inner else ()):
            key = "any", msgspec.json.encode(self._match(node))
            self._known[key] = results[f"value.{number}"]["doc_count"]
        for field in self.selection.fields:
            name, values = field.name, self._vocabulary.list_values(field.name)
            terms = found[f"field.{name}"]
            buckets: Sequence[Results] = terms["buckets"]
            is_cut = self._get_limit(field) is None and terms["sum_other_doc_count"]
            if is_cut or terms.get("doc_count_error_upper_bound"):
                own = self._own if self.selection.needs_all else []
                within = all_of([matching, *self._others, *own])
                path = f"facets.{name}"
                buckets = [*list_buckets(path, len(values), within, send, self._inner)]
            for bucket in buckets:
                node = name, _restore(bucket["key"], values)
                self._counts[node] = bucket["doc_count"]
                if self._inner:
                    self._added[node] = bucket["added"]["doc_count"]
            if f"distinct.{name}" in found:
                missing = found[f"missing.{name}"]["doc_count"]
                self._limits[name] = found[f"distinct.{name}"]["value"], missing

    def make_second(self, matching: Json) -> Json:
        """Return the search for the counts that are needed besides."""
        effective = [*map(self._match, sorted(self.selection.effective))]
        # Each is stated once, so the request grows with the number of selected values only.
        scopes: dict[str, list[Json]] = {
            "any": [],
            "of one": [none_of([at_least(2, effective)])],
            "of nearly all": [at_least(len(effective) - 1, effective)],
        }
        aggregations: Json = {}
        for name, filters in scopes.items():
            inner: Json = {
                str(number): {"filter": query}
                for number, ((scope, _), query) in enumerate(self.asked.items())
                if scope == name
            }
            if inner:
                aggregations[name] = _filter(filters, inner)
        return {"size": 0, "query": all_of([matching, *self._others]), "aggs": aggregations}

    def read_second(self, response: Response) -> None:
        """Read the response to the second search."""
        for number, key in enumerate(self.asked):
            self._known[key] = response["aggregations"][key[0]][str(number)]["doc_count"]

    def _ask(self, query: Json, scope: str = "any") -> int:
        """Return how many documents of the base match a query.

        They are those with one effective value, or with all but one or all, or any documents.
        """
        key = scope, msgspec.json.encode(query)
        if key not in self._known:
            self.asked[key] = query
        return self._known.get(key, 0)

    def list_largest(self, field: str, limit: int | None) -> list[tuple[str, int]]:
        values = [
            (value, count)
            for (name, value), count in self._counts.items()
            if name == field and value != MISSING
        ]
        return sorted(values, key=lambda each: (-each[1], each[0]))[:limit]

    def count_missing(self, field: str) -> int:
        return (
            self._limits[field][1]
            if field in self._limits
            else self._counts.get((field, MISSING), 0)
        )

    def count_distinct(self, field: str) -> int:
        listed = sum(name == field for name, _ in self._counts)
        return self._limits[field][0] if field in self._limits else listed

    def find_count(self, node: Node) -> int | None:
        return self._counts.get(node)

    def count_value(self, node: Node) -> int:
        """Return how many documents of the base have a selected value, or a value in a range."""
        return self._ask(self._match(node))

    def count_all(self) -> int:
        return self._all

    def count_current(self) -> int:
        return self._current

    def count(self, nodes: Nodes, kept: Nodes) -> int:
        [first, *further] = nodes
        if first in self._added and not further and not kept:
            return self._added[first]
        has_any = any_of([*map(self._match, sorted(nodes))])
        if nodes == kept and not further:
            return self._ask(has_any, "of one")
        without = none_of([*map(self._match, sorted(self.selection.effective - kept))])
        return self._ask(all_of([has_any, without]))

    def count_having_all(self, nodes: Nodes) -> int:
        effective = self.selection.effective
        changed = nodes ^ effective
        if len(changed) > 1:
            return self._ask(all_of([*map(self._match, sorted(nodes))]))
        [node] = changed
        if node in nodes:  # the values of hits were counted, which have all others
            return self._counts.get(node, 0)
        # Without the value, the documents pass that lack no other.
        return self._current + self._ask(none_of([self._match(node)]), "of nearly all")


def _restore(key: str, values: Sequence[str]) -> str:
    """Return the value of a key, which the index may have cut. `values` contains all, sorted."""
    if len(key) < MAX_TERM_CHARS:
        return key
    return values[bisect_left(values, key, hi=len(values) - 1)]
