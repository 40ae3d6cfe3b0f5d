"""Publishing in a cluster of three nodes."""

from __future__ import annotations

from pathlib import Path

from indexer.cluster import check, publish
from indexer.cluster.generations import ClusterGenerations
from indexer.cluster.loader import IndexOptions
from tests.opensearch.cluster import Cluster
from tests.opensearch.generations import build_generation, make_titles

NAME = "copies"


def test_each_shard_has_a_copy_on_another_node(three_nodes: Cluster, tmp_path: Path) -> None:
    """With several nodes, a generation has copies, so it survives the loss of any node.

    So does a generation that was cloned.
    """
    generations = ClusterGenerations(three_nodes.client, NAME)
    first = build_generation(tmp_path / "corpus", tmp_path / "index", make_titles(20))
    publish.publish(generations, first, options=IndexOptions(shards=2))
    second = build_generation(tmp_path / "corpus", tmp_path / "index", make_titles(22))
    publish.publish(generations, second, first, options=IndexOptions(shards=2))
    metadata = generations.read_metadata(second.name)
    assert metadata
    assert metadata.source == first.name
    assert list(check.find_missing_copies(generations, second.name)) == []
    # A copy needs no operation of the log, which would have no source.
    recoveries = three_nodes.client.indices.recovery(index=f"{NAME}-*")
    for index, recovery in recoveries.items():
        for shard in recovery["shards"]:
            assert index.endswith("-files") or shard["translog"]["total"] <= 0, shard
    three_nodes.nodes[0].kill()
    for generation in (first, second):
        assert list(check.find_errors(generations, generation.name)) == []
    assert generations.read_live_name() == second.name
    # A busy cluster may take seconds to notice that a node is gone.
    three_nodes.client.cluster.health(wait_for_nodes=2, timeout="60s", request_timeout=70)
    assert list(check.find_missing_copies(generations, second.name)) != []
    three_nodes.start()
    assert list(check.find_missing_copies(generations, second.name)) == []
