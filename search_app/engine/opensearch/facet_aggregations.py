"""The aggregations of one facet, as JSON of OpenSearch.

A facet is counted without its own selection, so each search filters it by the other facets. If all
its selected values are needed, it is counted among the hits. All counts of a terms aggregation are
exact if it returns every value that the hits have.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from indexer.cluster.mapping import MAX_TERM_CHARS, Json
from search_app.engine.facets import (
    NO_NODES,
    FacetSelection,
    Node,
    Nodes,
    count_after_toggle,
)
from search_app.engine.opensearch.selections import match_at_least, nodes_query, selection_query
from search_app.engine.query.vocabulary import Vocabulary

MAX_BUCKETS = 30_000
"""Limit on the values that the rows of a search return. The cluster rejects a search with more than
65,535 buckets (`search.max_buckets`). The children of selected parents may be over 30,000 more."""

Toggle = tuple[Nodes, Nodes]
"""The arguments of `NodeCounter.count`: values, and the effective values that are kept."""
Partition = tuple[int, int]
"""The number of a part of the values, from 0, and the number of parts."""


class FacetAggregations:
    """The counts of one facet. `others` has the queries of the other facets.

    `filters` has those of the documents whose values are counted. `values` has the values of each
    row, as in the vocabulary.

    If any selected value is enough, `toggles` has the counts for totals that need a filter each.
    The others are values that are counted together, over the documents without an effective value
    except the kept ones. `kept_values` has these by the kept values, and then by row. If nothing is
    kept, all values are counted. `ranges` has the selected ranges, and the selected values that no
    document has. If all are needed, `replacing` has the selections after a parent replaces its
    children.
    """

    def __init__(
        self, selection: FacetSelection, others: Sequence[Json], vocabulary: Vocabulary
    ) -> None:
        self.selection, self.others, self._vocabulary = selection, others, vocabulary
        own = [selection_query(selection, vocabulary)] if selection.needs_all else []
        self.filters = [*others, *own]
        self.name = selection.field.name
        self.values = {row.name: vocabulary.list_values(row.name) for row in selection.rows}
        self.ranges = [node for node in selection.nodes if not vocabulary.has_value(*node)]
        self.toggles: list[Toggle] = []
        self.kept_values: dict[Nodes, dict[str, list[str]]] = {}
        for nodes, kept in _list_toggles(selection, self.values):
            [(row, value), *further] = nodes
            if further or not vocabulary.has_value(row, value):
                self.toggles.append((nodes, kept))
            elif kept:
                self.kept_values.setdefault(kept, {}).setdefault(row, []).append(value)
        self.replacing = _list_replacing(selection) if selection.needs_all else []
        terms = len(self.values) * (2 if self.is_counted_apart else 1)
        most_values = max(map(len, self.values.values()))
        self._size = min(MAX_BUCKETS // terms, most_values)
        self.max_buckets = terms * self._size
        # Parts differ in size, so on average one is half as large as the limit.
        self.partition_count = -(-2 * most_values // self._size)

    @property
    def is_counted_apart(self) -> bool:
        """Whether its values are counted over other documents than those of unselected facets."""
        return bool(self.selection.nodes) and not self.selection.needs_all

    def make(self, partition: Partition | None = None) -> Json:
        """Return the aggregations by name. The names of a facet begin with its own and a dot.

        With a `partition`, they count only a part of the values, all of which they return.
        """
        name, rows = self.name, {row: self._make_terms(row, partition) for row in self.values}
        made: Json = {f"{name}.row.{row}": terms for row, terms in rows.items()}
        if not self.is_counted_apart:
            return made
        made[f"{name}.unselected"] = {"filter": self._keep_only(NO_NODES), "aggs": rows}
        return made if partition else made | self._make_filters()

    def _make_filters(self) -> Json:
        """Return the aggregations that return few values or none."""
        name = self.name
        made: Json = {
            f"{name}.all": {"filter": {"match_all": {}}},
            f"{name}.current": {"filter": self._make_query(self.selection.effective)},
        }
        for number, (kept, kept_values) in enumerate(self.kept_values.items()):
            made[f"{name}.kept.{number}"] = {
                "filter": self._keep_only(kept),
                "aggs": {row: _include(row, values) for row, values in kept_values.items()},
            }
        for number, (nodes, kept) in enumerate(self.toggles):
            queries = [self._make_query(nodes), self._keep_only(kept)]
            made[f"{name}.toggle.{number}"] = {"filter": {"bool": {"filter": queries}}}
        for number, node in enumerate(self.ranges):
            made[f"{name}.range.{number}"] = {"filter": self._make_query(frozenset((node,)))}
        return made

    def make_toggles(self) -> Json:
        """Return the aggregations for totals after a toggle, if all selected values are needed.

        They count documents that pass the other facets. `nearly` has those that lack at most one of
        the selected values, and how many of them have each.
        """
        name, nodes = self.name, self.selection.nodes
        having = {str(number): self._match_all([node]) for number, node in enumerate(nodes)}
        nearly = match_at_least(len(nodes) - 1, nodes, self._vocabulary)
        made: Json = {
            f"{name}.all": {"filter": {"match_all": {}}},
            f"{name}.current": self._match_all(nodes),
            f"{name}.nearly": {"filter": nearly, "aggs": having},
        }
        for number, replaced in enumerate(self.replacing):
            made[f"{name}.replacing.{number}"] = self._match_all(replaced)
        return made

    def _match_all(self, nodes: Collection[Node]) -> Json:
        """Return the aggregation that counts the documents with all of some values."""
        return {"filter": match_at_least(len(nodes), nodes, self._vocabulary)}

    def _make_terms(self, row: str, partition: Partition | None) -> Json:
        """Return the aggregation of all values of a row, or of those in a partition."""
        terms: Json = {
            "field": f"facet_{row}", "size": self._size, "shard_size": self._size,
            # Of 30,000 values, the cluster reads the texts in half the time in their order.
            "order": {"_key": "asc"},
        }  # fmt: skip
        if partition is not None:
            number, count = partition
            terms["size"] = terms["shard_size"] = len(self.values[row])
            terms["include"] = {"partition": number, "num_partitions": count}
        return {"terms": terms}

    def _make_query(self, nodes: Nodes) -> Json:
        return nodes_query(nodes, self._vocabulary)

    def _keep_only(self, kept: Nodes) -> Json:
        """Return the query for documents without an effective value except those in `kept`."""
        others = self.selection.effective - kept
        return {"bool": {"must_not": [self._make_query(others)]}} if others else {"match_all": {}}


def _include(row: str, values: Sequence[str]) -> Json:
    """Return the aggregation of some values of a row."""
    included = sorted({value[:MAX_TERM_CHARS] for value in values})
    size = len(included)
    terms: Json = {"field": f"facet_{row}", "include": included, "size": size, "shard_size": size}
    return {"terms": terms}


class _Recorder:
    """A `NodeCounter` that only records the counts that are requested."""

    def __init__(self) -> None:
        self.toggles: dict[Toggle, None] = {}

    def count_all(self) -> int:
        return 0

    def count_current(self) -> int:
        return 0

    def count(self, nodes: Nodes, kept: Nodes) -> int:
        self.toggles[nodes, kept] = None
        return 0

    def count_having_all(self, nodes: Nodes) -> int:
        raise NotImplementedError


def _list_toggles(selection: FacetSelection, values: Mapping[str, Sequence[str]]) -> list[Toggle]:
    """Return the counts that the totals of all values need.

    Those of unselected values without child values are left out: nothing is kept for them.
    """
    if selection.needs_all or not selection.nodes:
        return []
    recorder, nodes = _Recorder(), dict.fromkeys(selection.nodes)
    if selection.child is not None:
        candidates: list[Node] = [(row, value) for row in values for value in values[row]]
        nodes |= dict.fromkeys(candidates)
    for node in nodes:
        count_after_toggle(selection, node, recorder)
    return list(recorder.toggles)


def _list_replacing(selection: FacetSelection) -> list[Nodes]:
    """Return the selections after each unselected parent of selected children is selected."""
    parents = [(selection.field.name, value) for value in selection.narrowing]
    return [
        selection.list_after_toggle(parent) for parent in parents if parent not in selection.nodes
    ]
