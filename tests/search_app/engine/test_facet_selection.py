"""Totals after a toggle derive from counts of documents, whatever counts them."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from indexer.catalogue.fields import MISSING
from indexer.catalogue.records import Publication
from search_app.engine.facets import FacetSelection, Node, Nodes, count_after_toggle
from search_app.engine.results import Bucket
from search_app.presentation import facets
from search_app.search_state import SearchState
from tests.search_app.engine.arrays.test_toggle_counts import (
    LOWER,
    UPPER,
    has,
    passes,
    thrown,
    thrown_catalogue,
    thrown_state,
)

VALUES = {
    "upper": (*UPPER, MISSING),
    "lower": (*LOWER, MISSING),
    "year": (*map(str, range(1999, 2007)), MISSING),
}


class PlainCounter:
    """A counter that looks at the publications one at a time, as filters of a cluster would."""

    def __init__(self, made: Sequence[Publication], selection: FacetSelection) -> None:
        self._made, self._effective = made, selection.effective
        self._needs_all = selection.needs_all

    def count_all(self) -> int:
        """Return the number of publications."""
        return len(self._made)

    def count_current(self) -> int:
        """Return how many pass the selection."""
        assert not self._needs_all
        return self.count(self._effective, self._effective)

    def count_having_all(self, nodes: Nodes) -> int:
        """Return how many have all of some values."""
        assert self._needs_all
        return sum(all(has(each, *node) for node in nodes) for each in self._made)

    def count(self, nodes: Nodes, kept: Nodes) -> int:
        """Return how many have any of `nodes`, and no effective value except those in `kept`."""
        having = [each for each in self._made if has_any(each, nodes)]
        assert kept <= self._effective
        assert kept == nodes or all(has(each, *node) for each in having for node in kept)
        return sum(not has_any(each, self._effective - kept) for each in having)


def has_any(each: Publication, nodes: Nodes) -> bool:
    """Return whether a publication has any of some values."""
    return any(has(each, *node) for node in nodes)


def click(node: Node, selection: FacetSelection, state: SearchState) -> SearchState:
    """Return the state after a click on a value, as the page changes it."""
    children = tuple(
        Bucket(*child, 0, 0, selected=True)
        for child in selection.nodes
        if node[0] == "upper" and node[1] in selection.get_parents(child)
    )
    bucket = Bucket(*node, 0, 0, node in selection.nodes, children)
    return facets.toggle(state, bucket)


@given(seed=st.integers(0, 2**32), size=st.integers(0, 60))
def test_the_total_after_any_toggle_equals_a_plain_count(seed: int, size: int) -> None:
    """For any tree and selection, the total is the number of publications that pass after it."""
    random = Random(seed)
    catalogue = thrown_catalogue(random)
    made, state = thrown(random, catalogue, size), thrown_state(random)
    state = msgspec.structs.replace(state, excluded={})
    for field in catalogue.facets:
        selection = FacetSelection(field, state, catalogue)
        rows = [row.name for row in selection.rows]
        counter = PlainCounter(made, selection)
        nodes = {(row, value) for row in rows for value in VALUES[row]} | set(selection.nodes)
        for node in nodes if selection.nodes else ():
            after = click(node, selection, state)
            expected = sum(passes(each, field.name, after, catalogue) for each in made)
            assert count_after_toggle(selection, node, counter) == expected, (node, state)
