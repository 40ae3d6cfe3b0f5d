"""Facet values as queries of OpenSearch: those of a query, and the selected ones."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence

from indexer.catalogue.fields import MISSING
from indexer.catalogue.schema import list_selectable_fields
from indexer.cluster.mapping import MAX_TERM_CHARS, Json
from search_app.engine.facets import FacetSelection, Node, list_nodes
from search_app.engine.query.vocabulary import Vocabulary
from search_app.engine.request import Filters, SearchRequest, parse_year_range

MAX_VALUES = 65_536
"""Number of values of one query (`index.max_terms_count`)."""


def match_values(row: str, values: Iterable[str], boost: float = 1.0) -> Json:
    """Return the query of the documents with any of some facet values.

    Its score is the boost, if there are at most MAX_VALUES.
    """
    cut = [value[:MAX_TERM_CHARS] for value in values]
    return _match_any([
        {"terms": {f"facet_{row}": cut[start : start + MAX_VALUES], "boost": boost}}
        for start in range(0, max(len(cut), 1), MAX_VALUES)
    ])  # fmt: skip


def list_between(vocabulary: Vocabulary, row: str, low: str, high: str) -> list[str]:
    """Return the values of a row from `low` to `high`, compared as text. `none` is never one."""
    return [
        value for value in vocabulary.list_values(row) if value != MISSING and low <= value <= high
    ]


def selection_query(selection: FacetSelection, vocabulary: Vocabulary) -> Json:
    """Return the query for the documents that pass a facet. At least one value is selected."""
    if selection.needs_all:
        return match_at_least(len(selection.nodes), selection.nodes, vocabulary)
    return nodes_query(selection.effective, vocabulary)


def match_at_least(number: int, nodes: Iterable[Node], vocabulary: Vocabulary) -> Json:
    """Return the query for the documents with at least a number of some values."""
    queries = [nodes_query([node], vocabulary) for node in nodes]
    return {"bool": {"should": queries, "minimum_should_match": number}}


def list_selected(request: SearchRequest, vocabulary: Vocabulary) -> list[Json]:
    """Return the query of each facet with a selection, and that of the excluded values."""
    catalogue = vocabulary.catalogue
    selections = [FacetSelection(field, request, catalogue) for field in catalogue.facets]
    queries = [selection_query(each, vocabulary) for each in selections if each.nodes]
    return [*queries, *exclude(list_excluded(request.excluded, vocabulary), vocabulary)]


def list_excluded(excluded: Filters, vocabulary: Vocabulary) -> list[Node]:
    """Return the excluded values, without duplicates."""
    return list_nodes(excluded, list_selectable_fields(vocabulary.catalogue))


def exclude(nodes: Sequence[Node], vocabulary: Vocabulary) -> list[Json]:
    """Return the query for the documents without some values; none without values."""
    return [{"bool": {"must_not": [nodes_query(nodes, vocabulary)]}}] if nodes else []


def nodes_query(nodes: Iterable[Node], vocabulary: Vocabulary) -> Json:
    """Return the query for the documents with any of some values, of which there is at least one.

    Unknown values match no document.
    """
    values: dict[str, set[str]] = {}
    for row, value in nodes:
        values.setdefault(row, set()).update(list_values_of((row, value), vocabulary))
    return _match_any([match_values(row, sorted(values[row])) for row in sorted(values)])


def _match_any(queries: list[Json]) -> Json:
    return queries[0] if len(queries) == 1 else {"bool": {"should": queries}}


def list_values_of(node: Node, vocabulary: Vocabulary) -> Sequence[str]:
    """Return the known values that a node means: itself, those in a range of years, or none."""
    row, value = node
    if vocabulary.has_value(row, value):
        return (value,)
    is_year = vocabulary.catalogue.by_name[row].kind == "year"
    ends = parse_year_range(value) if is_year else None
    if ends is None:
        return ()
    values = vocabulary.list_values(row)  # the missing value sorts after all years
    return values[bisect_left(values, ends[0]) : bisect_right(values, ends[1] or "9999")]
