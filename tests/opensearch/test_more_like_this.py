"""Similar publications on a node are those of the local store."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search_app.engine.arrays.store import more_like_this
from search_app.engine.matching import split_words
from search_app.engine.opensearch.more_like_this import make_similar_search, read_similar
from search_app.engine.ranking import choose_key_terms
from tests.opensearch.cluster import Cluster
from tests.opensearch.test_feedback import ON_A_NODE, throw
from tests.opensearch.test_nearness import CATALOGUE
from tests.opensearch.twins import Twin, load
from tests.search_app.engine import catalogues


def check_similar(twin: Twin) -> int:
    """Assert that the similar publications of all are equal. Return their number."""
    asked, snapshot = [], twin.snapshot
    for number in range(snapshot.size):
        words = split_words(
            [snapshot.get_publication(number)], twin.vocabulary, snapshot.segment.mean_lengths
        )
        key_terms = choose_key_terms(words, twin.vocabulary)
        local = [twin.get_id(each) for each in more_like_this(number, snapshot).tolist()]
        assert key_terms or not local
        if key_terms:
            asked.append((local, key_terms, int(twin.groups.hashes[number])))
    responses = twin.search(
        [
            make_similar_search(key_terms, group, twin.compiler.fields, twin.vocabulary)
            for _, key_terms, group in asked
        ]
    )
    for (local, key_terms, _), response in zip(asked, responses, strict=True):
        assert [hit.id for hit in read_similar(response, key_terms)] == local
    return sum(len(local) for local, *_ in asked)


@ON_A_NODE
@given(seed=st.integers(0, 2**32))
def test_random_publications_have_the_same_similar_ones(
    seed: int, single_node: Cluster, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Random publications, some of which are editions, have the same similar ones in order."""
    folder = catalogues.index(tmp_path_factory.mktemp("index"), throw(seed), CATALOGUE)
    with load(folder, single_node.client, "similar-test") as twin:
        assert check_similar(twin)


def test_publications_of_the_catalogue_have_the_same_similar_ones(
    catalogue_index: Path, single_node: Cluster
) -> None:
    """Each publication of the catalogue has the same similar ones in order."""
    with load(catalogue_index, single_node.client, "similar-test") as twin:
        assert check_similar(twin) > 100
