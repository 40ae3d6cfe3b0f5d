"""The order of the hits of a cluster: nearly that of the scores of a local index.

Lengths are rounded in an index of Lucene, so scores may differ by a few percent. The mean length is
that of a shard, so the index has only one.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from search_app.engine.arrays.scoring import make_fetch, rank
from search_app.engine.arrays.store import ArrayStore
from search_app.engine.deadline import Deadline
from search_app.engine.opensearch.search import Generation, Plan
from search_app.engine.opensearch.store import OpenSearchStore
from search_app.engine.query import nodes
from search_app.engine.request import SearchRequest
from search_app.engine.snapshot.snapshot import Snapshot
from search_app.engine.store import StoreRequest
from tests.opensearch import loading
from tests.opensearch.cluster import Cluster
from tests.search_app.engine import catalogues, trees
from tests.search_app.engine.trees import Trees
from tests.tiers import examples

pytestmark = pytest.mark.thorough

MANY = 10_000
"""More than the publications of the corpus."""


class Opened(NamedTuple):
    """A generation in an index of one shard, the local one, and trees of its words."""

    generation: Generation
    snapshot: Snapshot
    trees: Trees


@pytest.fixture(scope="module")
def opened(single_node: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Opened]:
    folder = catalogues.index(tmp_path_factory.mktemp("order"), catalogues.throw(7, 300))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loading, "SHARDS", 1)
        with loading.open_pair(folder, single_node.client, "order") as pair:
            publications = list(pair.local.scan(SearchRequest()))
            said = trees.vocabulary(publications, pair.local.catalogue)
            kinds, everywhere = trees.kinds(said), frozenset(said.fields)
            alone = [kinds[name] for name in ("a stem", "a phrase", "a prefix", "a fuzzy term")]
            # The document frequency of a word is known if it is searched in all fields.
            stems = said.stems.map(lambda stem: nodes.Clause([nodes.Term(stem, everywhere)]))
            several = st.lists(stems, min_size=2, max_size=4)
            made = st.one_of(alone) | several.map(nodes.And) | several.map(nodes.Or)
            remote, local = pair.remote.store, pair.local.store
            assert isinstance(remote, OpenSearchStore)
            assert isinstance(local, ArrayStore)
            yield Opened(remote._generation, local.snapshot, made)


@given(data=st.data())
@examples(60)
def test_the_cluster_scores_hits_as_a_local_index_does(opened: Opened, data: st.DataObject) -> None:
    """The score of each hit is nearly that of its words: its fields saturate together."""
    generation, tree = opened.generation, data.draw(opened.trees)
    plan = Plan(StoreRequest(SearchRequest("x"), tree, (), (), "x", False), generation)
    [response] = generation.client.msearch([plan.make_list(0, MANY)], Deadline())
    found = {hit["fields"]["id"][0]: hit["_score"] for hit in response["hits"]["hits"]}
    assert plan.tree is not None
    ranked = rank(plan.tree, opened.snapshot, make_fetch(opened.snapshot))
    ids = [*map(opened.snapshot.segment.docstore.ids.get_text, ranked.documents.tolist())]
    assert found.keys() == {*ids}
    scores = [found[identity] for identity in ids]
    np.testing.assert_allclose(scores, ranked.sort_keys, rtol=0.05)
