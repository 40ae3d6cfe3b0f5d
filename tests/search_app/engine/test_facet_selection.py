"""Totals after a toggle derive from counts of documents, whatever counts them."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from indexer.catalogue.fields import MISSING
from indexer.catalogue.records import Publication
from search_app.engine.facet_selection import FacetSelection, Node, Nodes, count_after_toggle
from search_app.engine.results import Bucket
from search_app.presentation import facet_rows
from search_app.search_state import SearchState
from tests.search_app.engine.arrays.test_toggle_counts import (
    LOWER,
    UPPER,
    Filters,
    has,
    passes,
    thrown,
    thrown_catalogue,
    thrown_filters,
)

VALUES = {
    "upper": (*UPPER, MISSING),
    "lower": (*LOWER, MISSING),
    "year": (*map(str, range(1999, 2007)), MISSING),
}


class PlainCounter:
    """A counter that looks at the publications one at a time, as filters of a cluster would."""

    def __init__(self, made: Sequence[Publication], effective: Nodes) -> None:
        self._made, self._effective = made, effective

    def count_all(self) -> int:
        """Return the number of publications."""
        return len(self._made)

    def count_current(self) -> int:
        """Return how many have an effective value."""
        return self.count(self._effective, self._effective)

    def count(self, nodes: Nodes, kept: Nodes) -> int:
        """Return how many have any of `nodes`, and no effective value except those in `kept`."""
        having = [each for each in self._made if has_any(each, nodes)]
        assert kept <= self._effective
        assert kept == nodes or all(has(each, *node) for each in having for node in kept)
        return sum(not has_any(each, self._effective - kept) for each in having)


def has_any(each: Publication, nodes: Nodes) -> bool:
    """Return whether a publication has any of some values."""
    return any(has(each, *node) for node in nodes)


def click(node: Node, selection: FacetSelection, filters: Filters) -> Filters:
    """Return the filters after a click on a value, as the page changes them."""
    children = tuple(
        Bucket(*child, 0, 0, selected=True)
        for child in selection.nodes
        if node[0] == "upper" and node[1] in selection.get_parents(child)
    )
    bucket = Bucket(*node, 0, 0, node in selection.nodes, children)
    return dict(facet_rows.toggle(SearchState(filters=filters), bucket).filters)


@given(seed=st.integers(0, 2**32), size=st.integers(0, 60))
def test_the_total_after_any_toggle_equals_a_plain_count(seed: int, size: int) -> None:
    """For any tree and selection, the total is the number of publications that pass after it."""
    random = Random(seed)
    catalogue = thrown_catalogue(random)
    made, filters = thrown(random, catalogue, size), thrown_filters(random)
    for field in catalogue.facets:
        selection = FacetSelection(field, filters, catalogue)
        rows = tuple(row.name for row in selection.rows)
        counter = PlainCounter(made, selection.effective)
        nodes = {(row, value) for row in rows for value in VALUES[row]} | set(selection.nodes)
        for node in nodes if selection.nodes else ():
            after = click(node, selection, filters)
            expected = sum(passes(each, rows, after, catalogue) for each in made)
            assert count_after_toggle(selection, node, counter) == expected, (node, filters)
