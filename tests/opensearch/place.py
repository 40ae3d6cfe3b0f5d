"""A catalogue in a cluster of several nodes, and a server of it, to disturb."""

from collections.abc import Mapping
from pathlib import Path

from indexer.cluster.generations import ClusterGenerations
from indexer.ingest.corpus import NO_PROGRESS
from search_app import config
from search_app.cli import serving
from tests.opensearch.cluster import Cluster, Node
from tests.opensearch.serving import Clients, Server, ask_locally, write_corpus

NAME = "faults"
DISK = "cluster.routing.allocation.disk"
WATERMARKS = tuple(f"{DISK}.watermark.{name}" for name in ("low", "high", "flood_stage"))
"""The settings of a cluster for the space that a disk must have."""


class Place:
    """A corpus, its index in a cluster, a server of it, and the right responses."""

    def __init__(self, cluster: Cluster, folder: Path) -> None:
        self.cluster, self._folder = cluster, folder
        self.url = "opensearch+http://" + (
            ",".join(node.url.removeprefix("http://") for node in cluster.nodes) + f"/{NAME}"
        )
        self.settings = config.load(
            {}, corpus=folder / "corpus", index=self.url, work=folder / "build", shards=3
        )
        self.generations = ClusterGenerations(cluster.client, NAME)
        self.right: dict[str, Mapping[str, object]] = {}
        self.server: Server

    def write(self, size: int, edition: str) -> Mapping[str, object]:
        """Write the corpus. Return the right responses."""
        write_corpus(self.settings.corpus, size, edition)
        return ask_locally(self.settings.corpus, self._folder / edition)

    def build(self, size: int, edition: str) -> str:
        """Publish a corpus in the cluster. Return the name of the generation."""
        right = self.write(size, edition)
        name = serving.build(self.settings, NO_PROGRESS).generation.name
        self.right[name] = right
        return name

    def find_manager(self) -> Node:
        """Return the node that is elected."""
        [found] = self.cluster.client.cat.cluster_manager(format="json")
        return next(node for node in self.cluster.nodes if node.name == found["node"])

    def find_other(self) -> Node:
        """Return a node that is not elected."""
        manager = self.find_manager()
        return next(node for node in self.cluster.nodes if node is not manager)

    def find_holders(self) -> list[Node]:
        """Return the nodes that have the copies of one shard of the live generation."""
        index = self.generations.get_documents_index(self.generations.read_live_name())
        copies = self.cluster.client.cat.shards(index=index, format="json")
        names = {copy["node"] for copy in copies if copy["shard"] == "0"}
        return [node for node in self.cluster.nodes if node.name in names]

    def make_clients(self, count: int = 6) -> Clients:
        """Return clients of the server."""
        return Clients(self.server, self.right, count)

    def require_space(self, size: str | None) -> None:
        """Make disks with less space than a size full. None means that no disk is full."""
        body = {
            **dict.fromkeys(WATERMARKS, size),
            f"{DISK}.threshold_enabled": size and "true",
            "cluster.info.update.interval": size and "10s",
        }
        self.cluster.client.cluster.put_settings(body={"transient": body})
