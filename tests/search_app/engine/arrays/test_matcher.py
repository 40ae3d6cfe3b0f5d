"""The engine and stock Whoosh have the same hits in one index, for the same tree."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from whoosh import index as whoosh_index
from whoosh import query
from whoosh.searching import Searcher

from indexer.generations import directory
from search_app.engine.arrays.evaluation import match_mask
from search_app.engine.query.nodes import Clause, Filter, Pattern, Prefix, UnknownNode
from search_app.engine.snapshot.snapshot import Snapshot
from tests.search_app.engine import trees
from tests.search_app.engine.catalogues import CATALOGUE, index, throw

MADE = throw(seed=7, size=300)
ALL_FIELDS = frozenset(row.name for row in CATALOGUE.searchable)
COMMON = st.sampled_from((
    Clause([Prefix("", ALL_FIELDS)]), Clause([Prefix("po", ALL_FIELDS)]),
    Clause([Pattern("*e*", ALL_FIELDS)]), Filter("region", ["North", "Nowhere", "West"]),
    Filter("year", ["2001", "1900", "2005"]),
))  # fmt: skip
"""What most publications match, or several values of a facet."""
TREES = trees.anything([COMMON, *trees.kinds(trees.vocabulary(MADE, CATALOGUE)).values()])


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Snapshot, Searcher]]:
    """Yield a generated index, opened by the engine and by stock Whoosh."""
    folder: Path = index(tmp_path_factory.mktemp("index"), MADE)
    live = directory.load_live(folder)
    with whoosh_index.open_dir(str(live.segment)).searcher() as searcher:
        yield Snapshot(live), searcher


@given(tree=TREES)
@settings(max_examples=300)
@pytest.mark.slow
def test_a_tree_has_the_hits_of_stock_whoosh(
    opened: tuple[Snapshot, Searcher], tree: query.Query
) -> None:
    """Any tree has the same hits in the engine and in stock Whoosh."""
    snapshot, searcher = opened
    expected = sorted(searcher.docs_for_query(trees.to_whoosh(tree)))
    assert np.flatnonzero(match_mask(tree, snapshot)).tolist() == expected


def test_an_unknown_node_raises_an_error_with_its_name(opened: tuple[Snapshot, Searcher]) -> None:
    """A kind of node without a rule raises an error with its name, instead of matching nothing."""
    snapshot, _ = opened
    with pytest.raises(UnknownNode, match="Variations"):
        match_mask(query.Variations("title", "organ"), snapshot)
