"""Selected facet values as queries of OpenSearch."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence

from indexer.cluster.mapping import MAX_TERM_CHARS, Json
from search_app.engine.facet_selection import FacetSelection, Filters, Node
from search_app.engine.query.vocabulary import Vocabulary
from search_app.engine.request import parse_year_range


def selection_query(selection: FacetSelection, vocabulary: Vocabulary) -> Json:
    """Return the query for the documents that pass a facet. At least one value is selected."""
    return nodes_query(selection.effective, vocabulary)


def list_selected(filters: Filters, vocabulary: Vocabulary) -> list[Json]:
    """Return the query of each facet with a selection."""
    catalogue = vocabulary.catalogue
    selections = [FacetSelection(field, filters, catalogue) for field in catalogue.facets]
    return [selection_query(each, vocabulary) for each in selections if each.nodes]


def nodes_query(nodes: Iterable[Node], vocabulary: Vocabulary) -> Json:
    """Return the query for the documents with any of some values, of which there is at least one.

    Unknown values match no document.
    """
    values: dict[str, set[str]] = {}
    for row, value in nodes:
        values.setdefault(row, set()).update(
            known[:MAX_TERM_CHARS] for known in list_values_of((row, value), vocabulary)
        )
    queries: list[Json] = [
        {"terms": {f"facet_{row}": sorted(values[row])}} for row in sorted(values)
    ]
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
