"""Load a local generation into a cluster, check it there, and make it live.

Nothing changes for readers until the alias is set.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from indexer.cluster.connection import ClusterError
from indexer.cluster.generations import ClusterGenerations
from indexer.cluster.loader import IndexOptions, Loader
from indexer.generations.manifest import Generation
from indexer.generations.publish import KEEP_GENERATIONS

DEFAULT_OPTIONS = IndexOptions()


def publish(
    generations: ClusterGenerations, local: Generation, former: Generation | None = None, *,
    options: IndexOptions = DEFAULT_OPTIONS, check_lock: Callable[[], object] = lambda: None,
    report: Callable[[int, int], object] = lambda _done, _all: None,
) -> None:  # fmt: skip
    """Load a local generation, and make it live. Prune old ones.

    `former` is the local form of the generation that is live in the cluster, if it is known: only
    the changes since are sent then. `check_lock` raises IndexLocked if the lock was lost. `report`
    receives the number of actions that are done, and of all. Raise ClusterError, IndexLocked,
    IndexOutdated, or OSError. The live generation is unchanged then.
    """
    state = generations.claim()
    generations.remove_leftovers(state, local.name)
    loader = Loader(generations, local, former, state, options)
    replicas = loader.choose_replicas()
    loader.load_documents(report)
    loader.load_files()
    loader.finish(replicas)
    check_lock()
    generations.set_live(local.name, state)
    with suppress(ClusterError):  # the next build removes the rest
        generations.prune(local.name, KEEP_GENERATIONS)
