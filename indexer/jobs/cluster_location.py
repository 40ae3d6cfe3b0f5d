"""An index in a cluster, as the commands see it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from opensearchpy import OpenSearch

from indexer.cluster import check, lock, mirror
from indexer.cluster.connection import ClusterAddress, ClusterError
from indexer.cluster.generations import ClusterGenerations
from indexer.cluster.loader import IndexOptions
from indexer.generations.last_build import LastBuild
from indexer.generations.manifest import Generation, IndexUnusable
from indexer.ingest.progress import Progress
from indexer.jobs import cluster_build
from indexer.jobs.build import BuildResult
from indexer.jobs.verify import VerifyReport


class ClusterLocation:
    """An index in a cluster, with two folders on this machine: for builds, and for copies."""

    def __init__(
        self, client: OpenSearch, address: ClusterAddress, work: Path | None, shards: int,
        replicas: int | None,
    ) -> None:  # fmt: skip
        self._client, self._name = client, address.name
        self._generations = ClusterGenerations(client, address.name)
        self._folder = mirror.get_folder(address, work)
        self._options = IndexOptions(shards, replicas)

    def build(
        self, build_in: Callable[[Path], BuildResult], progress: Progress, *, force: bool
    ) -> BuildResult:
        """Build in a folder of this machine, and publish the result in the cluster."""
        return cluster_build.build(
            self._generations, self._folder / "build", self._options, build_in, progress,
            force=force,
        )  # fmt: skip

    def load_live(self) -> Generation:
        """Return a copy of the live generation without its segment."""
        name = self._generations.read_live_name()
        return mirror.mirror_live(self._generations, self._folder / mirror.COPIES, name)

    def list_names(self) -> Sequence[str]:
        """Return the names of the published generations, oldest first."""
        return self._generations.list_names()

    def rollback(self) -> str:
        """Make the latest undamaged predecessor of the live generation live. Return its name."""
        return check.rollback(self._generations)

    def verify(self) -> Iterator[VerifyReport]:
        """Check the alias, the files, the number of documents, and the copies of shards."""
        names = self._generations.list_names()
        try:
            self._generations.read_live_name()
        except IndexUnusable as error:
            if not names:
                raise
            yield VerifyReport(self._name, 0, (str(error),))
        for name in names:
            errors = tuple(check.find_errors(self._generations, name))
            try:
                missing = tuple(check.find_missing_copies(self._generations, name))
                size = check.read_size(self._generations, name)
            except ClusterError as error:
                missing, size = (error.message,), 0
            yield VerifyReport(name, size, errors + missing)

    def read_last_build(self) -> LastBuild | None:
        """Return the outcome of the last build on any machine."""
        return lock.read_last_build(self._client, self._name)
