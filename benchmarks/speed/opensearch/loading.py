"""Build a corpus into a cluster: `opensearch.loading HOST NAME CORPUS FOLDER`. Print JSON.

HOST is the URL of a node, and NAME the name of the index. FOLDER has the files of this machine. The
local build and all that a cluster adds are timed apart.
"""

import os
import sys
import time
from pathlib import Path

import msgspec

from benchmarks.speed.opensearch.measured import Loaded
from benchmarks.speed.opensearch.node import read_cpu
from indexer.cluster.connection import ClusterAddress, connect
from indexer.ingest.corpus import NO_PROGRESS
from indexer.jobs import build
from indexer.jobs.build import BuildResult
from indexer.jobs.cluster_location import ClusterLocation


class _Stopwatch:
    """The seconds since its start: of the clock, and of CPU time with ended child processes."""

    def __init__(self) -> None:
        self._clock, self._cpu = time.perf_counter(), sum(os.times()[:4])

    @property
    def seconds(self) -> tuple[float, float]:
        return time.perf_counter() - self._clock, sum(os.times()[:4]) - self._cpu


def main(address: ClusterAddress, corpus: Path, folder: Path) -> Loaded:
    """Build, as `pubsearch build` does. Raise RuntimeError if nothing was published."""
    client = connect(address)
    location = ClusterLocation(client, address, folder, shards=1, replicas=None)
    local = 0.0, 0.0

    def build_locally(index: Path) -> BuildResult:
        nonlocal local
        stopwatch = _Stopwatch()
        result = build.build(corpus, index)
        local = stopwatch.seconds
        return result

    node_cpu, stopwatch = read_cpu(client), _Stopwatch()
    result = location.build(build_locally, NO_PROGRESS, force=False)
    seconds, cpu = stopwatch.seconds
    node_cpu = read_cpu(client) - node_cpu
    if result.status != "published":
        raise RuntimeError(f"the index was not rebuilt: {result.status}")
    times = [*local, seconds - local[0], cpu - local[1], node_cpu]
    return Loaded(*(round(each, 3) for each in times))


if __name__ == "__main__":
    loaded = main(ClusterAddress((sys.argv[1],), sys.argv[2]), *map(Path, sys.argv[3:]))
    sys.stdout.write(msgspec.json.encode(loaded).decode())
