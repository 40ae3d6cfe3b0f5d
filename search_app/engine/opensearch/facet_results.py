"""The counts of a facet in the responses of a cluster."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from heapq import nsmallest
from typing import Any

from indexer.catalogue.fields import MISSING
from indexer.cluster.mapping import MAX_TERM_CHARS
from search_app.engine.facets import NO_NODES, Node, Nodes
from search_app.engine.opensearch.facet_aggregations import FacetAggregations, Toggle

Results = Mapping[str, Sequence[Any]]
"""The results of each aggregation in several responses, by its name."""


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
        self._having_all: dict[Nodes, int] = {}
        if not self.selection.nodes:
            return
        self._all, self._current = [
            int(results[f"{name}.{kind}"][0]["doc_count"]) for kind in ("all", "current")
        ]
        if self.selection.needs_all:
            self._read_toggles(facet, results)
        else:
            self._read_kept(facet, results)

    def _read_kept(self, facet: FacetAggregations, results: Results) -> None:
        """Read the counts for a selection of which any value is enough."""
        name = facet.name
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

    def _read_toggles(self, facet: FacetAggregations, results: Results) -> None:
        """Read the counts for a selection of which all values are needed."""
        nodes, [nearly] = self.selection.nodes, results[f"{facet.name}.nearly"]
        for number, node in enumerate(nodes):
            lacking = nearly["doc_count"] - nearly[str(number)]["doc_count"]
            self._having_all[frozenset(nodes) - {node}] = self._current + lacking
        for number, replaced in enumerate(facet.replacing):
            [result] = results[f"{facet.name}.replacing.{number}"]
            self._having_all[replaced] = result["doc_count"]

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
        """Return how many pass the selection."""
        return self._current

    def count(self, nodes: Nodes, kept: Nodes) -> int:
        """Return how many have any of `nodes`, and no effective value except those in `kept`."""
        if (nodes, kept) in self._filters:
            return self._filters[nodes, kept]
        [(row, value)] = nodes
        return self._kept[kept][row].get(value, 0)

    def count_having_all(self, nodes: Nodes) -> int:
        """Return how many have all of `nodes`, which are selected after a value is toggled."""
        if nodes in self._having_all:
            return self._having_all[nodes]
        [(row, value)] = nodes - self.selection.effective
        return self._rows[row].get(value, 0)


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
