"""The places of an index: a folder, or a cluster. Commands work on either."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from indexer.cluster.connection import ClusterAddress, connect
from indexer.generations import directory, publish
from indexer.generations.manifest import Generation
from indexer.generations.publish import LastBuild
from indexer.ingest.corpus import Progress
from indexer.jobs import verify as verifying
from indexer.jobs.build import BuildResult
from indexer.jobs.verify import VerifyReport

if TYPE_CHECKING:
    from indexer.jobs.cluster_location import ClusterLocation


class FolderLocation:
    """An index in a folder of this machine. All methods may raise IndexUnusable or OSError."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def build(
        self, build_in: Callable[[Path], BuildResult], progress: Progress, *, force: bool
    ) -> BuildResult:
        """Run a build in the folder of the index. `force` matters in a cluster only."""
        return build_in(self._folder)

    def load_live(self) -> Generation:
        """Return the live generation."""
        return directory.load_live(self._folder)

    def list_names(self) -> Sequence[str]:
        """Return the names of all generations, oldest first."""
        return directory.list_names(self._folder)

    def rollback(self) -> str:
        """Make the latest undamaged predecessor of the live generation live. Return its name."""
        return publish.rollback(self._folder).name

    def verify(self) -> Iterator[VerifyReport]:
        """Check every byte. Yield a report for an unusable `CURRENT`, then for each generation."""
        return verifying.verify(self._folder)

    def read_last_build(self) -> LastBuild | None:
        """Return the outcome of the last build, or None if it can't be read."""
        return publish.read_last_build(self._folder)


Location: TypeAlias = "FolderLocation | ClusterLocation"
"""The place of an index. A live generation that is loaded from a cluster lacks the segment."""


def open_location(
    index: Path | ClusterAddress,
    work: Path | None = None,
    *,
    shards: int = 1,
    replicas: int | None = None,
) -> Location:
    """Return the location of an index. Raise ClusterError if it is a cluster without its extra.

    The others count for a cluster only. `work` is the folder for its files on this machine; None
    means the user's cache. `shards` and `replicas` are those of a new generation.
    """
    if isinstance(index, Path):
        return FolderLocation(index)
    client = connect(index)
    from indexer.jobs.cluster_location import ClusterLocation  # it needs the extra `opensearch`

    return ClusterLocation(client, index, work, shards, replicas)
