"""An index in a cluster, as the commands see it.

A build works in a folder of this machine, which has an index as any other. The cluster decides
which generation is live, also after a rollback or a build on another machine.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp
from uuid import uuid4

import msgspec
import platformdirs
from opensearchpy import OpenSearch

from indexer.cluster import load, marker
from indexer.cluster.connection import ClusterAddress, ClusterError
from indexer.cluster.generations import ClusterGenerations, State
from indexer.cluster.load import IndexOptions
from indexer.cluster.marker import mark_build
from indexer.generations import directory, publish
from indexer.generations.manifest import Generation, IndexUnusable
from indexer.generations.publish import LastBuild, Status
from indexer.ingest.corpus import Progress
from indexer.jobs.build import BuildResult
from indexer.jobs.verify import VerifyReport

BUILD = "build"
"""The name of the index folder in the folder of an index in a cluster on this machine."""


def get_folder(address: ClusterAddress, work: Path | None) -> Path:
    """Return the folder for builds of an index in a cluster, in `work` or the user's cache."""
    base = work or platformdirs.user_cache_path("pubsearch", appauthor=False) / "clusters"
    return base / f"{address.name}-{sha256(str(address).encode()).hexdigest()[:12]}"


@cache
def _make_copies() -> TemporaryDirectory[str]:
    """Return the folder of the copies that commands read. It is removed when the process ends."""
    return TemporaryDirectory()


class ClusterLocation:
    """An index in a cluster, with a folder on this machine for builds."""

    def __init__(
        self, client: OpenSearch, address: ClusterAddress, work: Path | None, shards: int,
        replicas: int | None,
    ) -> None:  # fmt: skip
        self._client, self._name = client, address.name
        self._generations = ClusterGenerations(client, address.name)
        self._folder = get_folder(address, work)
        self._options = IndexOptions(shards, replicas)

    def build(
        self, build_in: Callable[[Path], BuildResult], progress: Progress, *, force: bool
    ) -> BuildResult:
        """Build in a folder of this machine, and publish the result if it is not live.

        With `force`, nothing of the cluster is needed, so a damaged generation is replaced. Raise
        IndexLocked if another build of this index runs on any machine. Raise ClusterError, or an
        error of `build_in`. Then the live generation is unchanged.
        """
        started, generations = time.perf_counter(), self._generations
        index = self._folder / BUILD
        with (
            mark_build(generations, self._folder, force=force) as check_marker,
            _record(generations, index) as record_status,
        ):
            adopt(generations, index, force=force)
            result = build_in(index)
            if generations.read_state().live != (result.generation.name,):
                load.publish(
                    generations, result.generation, self._options, force=force,
                    check_marker=check_marker, report=progress.report_loading,
                )  # fmt: skip
                changes = result.generation.manifest.changes
                result = msgspec.structs.replace(result, status="published", changes=changes)
            record_status(result.status)
        problems = generations.find_text_problems(result.generation.name)
        return msgspec.structs.replace(
            result,
            problems=[*result.problems, *problems],
            seconds=round(time.perf_counter() - started, 3),
        )

    def load_live(self) -> Generation:
        """Return a copy of the live generation without its segment."""
        name = self._generations.read_live_name()
        return self._generations.download(name, Path(mkdtemp(dir=_make_copies().name)) / name)

    def list_names(self) -> Sequence[str]:
        """Return the names of the published generations, oldest first."""
        return self._generations.list_names()

    def rollback(self) -> str:
        """Make the latest undamaged predecessor of the live generation live. Return its name."""
        return self._generations.rollback()

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
            errors = tuple(self._generations.find_errors(name))
            try:
                missing = tuple(self._generations.find_missing_copies(name))
                size = self._generations.read_size(name)
            except ClusterError as error:
                missing, size = (error.message,), 0
            yield VerifyReport(name, size, errors + missing)

    def read_last_build(self) -> LastBuild | None:
        """Return the outcome of the last build on any machine."""
        return marker.read_last_build(self._client, self._name)


def adopt(generations: ClusterGenerations, folder: Path, *, force: bool = False) -> None:
    """Make the live generation of the cluster live in the folder.

    A generation that the folder lacks, or has damaged, is copied without its segment. One that was
    built on the live one but not published stays live in the folder, so the next build continues
    with it. Raise ClusterError or IndexOutdated if the copy is damaged. With `force`, keep what can
    be read of it: a build continues with its name and its retired ids.
    """
    state = generations.read_state()
    name = max(state.live or state.published, default="")
    if not name or _is_ahead(folder, name, state):
        return
    with publish.lock(folder):
        if directory.find_undamaged(folder, [name]) is None:
            place = folder / "generations" / name
            partial = place.with_name(f"{name}.{uuid4().hex}{publish.PARTIAL}")
            try:
                generations.download(name, partial)
                if place.exists():
                    place.rename(place.with_name(f"{name}.damaged{publish.PARTIAL}"))
            except IndexUnusable:
                if not force:
                    raise
            if not place.exists():
                partial.rename(place)
        publish.set_live(folder, name)


def _is_ahead(folder: Path, live: str, state: State) -> bool:
    """Return whether the folder has a generation after the live one that was not published."""
    with suppress(IndexUnusable):
        name = directory.read_live_name(folder)
        return name not in state.published and directory.load(folder, name).manifest.after == live
    return False


@contextmanager
def _record(generations: ClusterGenerations, folder: Path) -> Iterator[Callable[[Status], object]]:
    """Write the outcome of the build in this block to the folder and to the cluster."""
    try:
        with publish.record_last_build(folder) as record_status:
            yield record_status
    finally:
        if outcome := publish.read_last_build(folder):
            marker.write_last_build(generations.client, generations.name, outcome)
