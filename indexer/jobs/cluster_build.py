"""Build a generation in a folder of this machine, and publish it in a cluster.

The folder has an index as any other. The cluster decides which generation is live, also after a
rollback or a build on another machine.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec

from indexer.cluster import check, mirror
from indexer.cluster import publish as cluster_publish
from indexer.cluster.generations import ClusterGenerations
from indexer.cluster.loader import IndexOptions
from indexer.cluster.lock import lock, write_last_build
from indexer.cluster.ownership import State
from indexer.generations import directory, last_build, publish
from indexer.generations.last_build import Status
from indexer.generations.manifest import Generation, IndexUnusable
from indexer.ingest.progress import Progress
from indexer.jobs.build import BuildResult


def build(
    generations: ClusterGenerations, folder: Path, options: IndexOptions,
    build_locally: Callable[[Path], BuildResult], progress: Progress, *, force: bool = False,
) -> BuildResult:  # fmt: skip
    """Build in a folder, and publish the result in a cluster if it is not live there.

    With `force`, nothing of the cluster is needed or copied, so a damaged generation is replaced.

    Raise IndexLocked if another build of this index runs on any machine. Raise ClusterError, or an
    error of `build_locally`. Then the live generation is unchanged.
    """
    started = time.perf_counter()
    with (
        lock(generations.client, generations.name) as check_lock,
        _record(generations, folder) as record_status,
    ):
        with publish.lock(folder):
            adopt(generations, folder, force=force)
        result = build_locally(folder)
        state = generations.read_state()
        if state.live != (result.generation.name,):
            former = None if force else _find_former(folder, state)
            cluster_publish.publish(
                generations, result.generation, former, options=options, check_lock=check_lock,
                report=progress.report_loading,
            )  # fmt: skip
            result = msgspec.structs.replace(
                result,
                status="published",
                changes=result.generation.manifest.changes,
            )
        record_status(result.status)
    problems = check.find_text_problems(generations, result.generation.name)
    return msgspec.structs.replace(
        result,
        problems=[*result.problems, *problems],
        seconds=round(time.perf_counter() - started, 3),
    )


def adopt(generations: ClusterGenerations, folder: Path, *, force: bool = False) -> None:
    """Make the live generation of the cluster live in the folder.

    Generations that the folder lacks are copied without their segments. A generation that was built
    on the live one but not published stays live in the folder, so the next build continues with it.
    Raise ClusterError or IndexOutdated if the live one can't be copied. With `force`, copy the part
    that a build can continue with: its name, and its retired ids if they can be read.
    """
    state = generations.read_state()
    for name in state.published:
        with suppress(IndexUnusable):  # a damaged one is as good as none
            mirror.mirror(generations, folder, name)
    live = state.live[0] if len(state.live) == 1 else max(state.published, default="")
    if live and not _is_based_on(folder, live, state.published):
        try:
            mirror.mirror(generations, folder, live)  # raises the reason if it was damaged above
        except IndexUnusable:
            if not force:
                raise
            mirror.salvage(generations, folder, live)
        publish.set_live(folder, live)


def _is_based_on(folder: Path, live: str, published: tuple[str, ...]) -> bool:
    """Return whether the live generation of the folder is `live`, or an unpublished one after it.

    All between them are unpublished too.
    """
    with suppress(IndexUnusable):
        name: str | None = directory.read_live_name(folder)
        while name and name not in published:
            name = directory.load(folder, name).manifest.after
        return name == live
    return False


def _find_former(folder: Path, state: State) -> Generation | None:
    """Return the generation in the folder that is live in the cluster, if it is undamaged."""
    if len(state.live) == 1:
        return directory.find_undamaged(folder, state.live)
    return None


@contextmanager
def _record(
    generations: ClusterGenerations, folder: Path
) -> Iterator[Callable[[Status], object]]:  # fmt: skip
    """Write the outcome of the build in this block to the folder and to the cluster."""
    try:
        with last_build.record(folder) as record_status:
            yield record_status
    finally:
        if outcome := last_build.read(folder):
            write_last_build(generations.client, generations.name, outcome)
