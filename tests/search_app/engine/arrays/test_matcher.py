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
from search_app.engine.query.nodes import (
    Clause,
    Filter,
    Pattern,
    Phrase,
    Prefix,
    Term,
    UnknownNode,
)
from search_app.engine.snapshot.snapshot import Snapshot
from tests.search_app.engine.catalogues import WORDS, index, throw
from tests.search_app.engine.trees import to_whoosh

FIELDS = st.sets(st.sampled_from(("title", "summary", "region")), min_size=1).map(frozenset)
STEMS = st.sampled_from([*(word.rstrip("al") for word in WORDS), *WORDS, "north", "nowhere"])
PARTS = st.one_of(
    st.builds(Term, STEMS, FIELDS),
    st.builds(Phrase, st.lists(STEMS, min_size=2, max_size=3).map(tuple), FIELDS),
    st.builds(Prefix, st.sampled_from(("o", "po", "z", "")), FIELDS),
    st.builds(Pattern, st.sampled_from(("o*n", "*e*", "b*")), FIELDS),
)


def _some_of(*values: str) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(values), min_size=1, unique=True)


FILTERS = st.one_of(
    st.builds(Filter, st.just("region"), _some_of("North", "West", "Nowhere")),
    st.builds(Filter, st.just("year"), _some_of("2001", "2005", "1900")),
    st.builds(
        Filter,
        st.just("year"),
        low=st.none() | st.sampled_from(("2001", "2003")),
        high=st.none() | st.sampled_from(("2003", "2004")),
    ),
)
TREES = st.recursive(
    st.one_of(st.lists(PARTS, min_size=1, max_size=3).map(Clause), FILTERS, st.just(query.Every())),
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map(query.And),
        st.lists(inner, min_size=1, max_size=3).map(query.Or),
        inner.map(query.Not),
    ),
    max_leaves=8,
)


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Snapshot, Searcher]]:
    """Yield a generated index, opened by the engine and by stock Whoosh."""
    folder: Path = index(tmp_path_factory.mktemp("index"), throw(seed=7, size=300))
    live = directory.load_live(folder)
    with whoosh_index.open_dir(str(live.segment)).searcher() as searcher:
        yield Snapshot(live), searcher


@given(tree=TREES)
@settings(max_examples=300, deadline=None)
@pytest.mark.slow
def test_a_tree_has_the_hits_of_stock_whoosh(
    opened: tuple[Snapshot, Searcher], tree: query.Query
) -> None:
    """Any tree that the parser can make has the same hits in the engine and in stock Whoosh."""
    snapshot, searcher = opened
    expected = sorted(searcher.docs_for_query(to_whoosh(tree)))
    assert np.flatnonzero(match_mask(tree, snapshot)).tolist() == expected


def test_an_unknown_node_raises_an_error_with_its_name(opened: tuple[Snapshot, Searcher]) -> None:
    """A kind of node without a rule raises an error with its name, instead of matching nothing."""
    snapshot, _ = opened
    with pytest.raises(UnknownNode, match="Variations"):
        match_mask(query.Variations("title", "organ"), snapshot)
