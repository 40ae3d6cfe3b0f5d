"""Publishing in a cluster of three nodes."""

from pathlib import Path

import pytest

from indexer.cluster import load
from indexer.cluster.generations import ClusterGenerations
from indexer.cluster.load import IndexOptions
from tests.opensearch.cluster import Cluster
from tests.opensearch.generations import build_generation, count_sent, make_titles

pytestmark = pytest.mark.thorough

NAME = "copies"


def test_each_shard_has_a_copy_on_another_node(
    three_nodes: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With several nodes, a generation has copies, so it survives the loss of any node.

    So does a generation that was cloned.
    """
    generations = ClusterGenerations(three_nodes.client, NAME)
    first = build_generation(tmp_path / "corpus", tmp_path / "index", make_titles(20))
    load.publish(generations, first, IndexOptions(shards=2))
    second = build_generation(tmp_path / "corpus", tmp_path / "index", make_titles(22))
    sent = count_sent(monkeypatch)
    load.publish(generations, second, IndexOptions(shards=2))
    assert len(sent) == 2  # the others were cloned
    assert list(generations.find_missing_copies(second.name)) == []
    three_nodes.nodes[0].kill()
    for generation in (first, second):
        assert list(generations.find_errors(generation.name)) == []
    assert generations.read_live_name() == second.name
    # A busy cluster may take seconds to notice that a node is gone.
    three_nodes.client.cluster.health(wait_for_nodes=2, timeout="60s", request_timeout=70)
    assert list(generations.find_missing_copies(second.name)) != []
    three_nodes.start()
    assert list(generations.find_missing_copies(second.name)) == []
