"""Compare the searches of an index in a cluster with those of a local one, and time both."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from opensearchpy import OpenSearch

from benchmarks.speed.opensearch.measured import Compared, Spread
from benchmarks.speed.opensearch.node import read_cpu
from benchmarks.speed.opensearch.recording import RecordingConnection, Sent
from indexer.cluster.connection import ClusterAddress
from indexer.generations import directory
from search_app.engine import open_searcher
from search_app.engine.cluster_index import ClusterIndex
from search_app.engine.request import SearchRequest
from search_app.engine.results import Results
from search_app.engine.search import Searcher

WARM = 20
"""Number of searches of each kind that run before the measured ones."""
REPEATS = 9
"""Number of times that these are repeated to measure the noise of a request."""


class Pair(NamedTuple):
    """A local index and its copy in a cluster, both open, and a client of the cluster."""

    local: Searcher
    remote: Searcher
    client: OpenSearch

    def search(self, request: SearchRequest) -> Searched:
        """Search the local index, then the cluster."""
        sent = RecordingConnection.sent
        sent.clear()
        started = time.perf_counter()
        one = self.local.search(request)
        between, cpu = time.perf_counter(), time.process_time()
        other = self.remote.search(request)
        cpu, ended = time.process_time() - cpu, time.perf_counter()
        return Searched(
            one, other, (between - started) * 1000, (ended - between) * 1000, cpu * 1000, [*sent]
        )


class Searched(NamedTuple):
    """The results of a search on both stores, and times in milliseconds.

    `cpu` is the CPU time of this process for the search in the cluster, which sent `sent`.
    """

    local: Results
    remote: Results
    local_time: float
    remote_time: float
    cpu: float
    sent: list[Sent]

    @property
    def took(self) -> float:
        """The time that the node reports."""
        return sum(each.took for each in self.sent)


def open_pair(index: Path, address: ClusterAddress, folder: Path) -> Pair:
    """Open a local index, and its copy in a cluster. `folder` is for files of this machine.

    The responses of searches are not cached, as if each were new.
    """
    client = OpenSearch(list(address.hosts), connection_class=RecordingConnection)
    cluster = ClusterIndex(client, address, folder)
    client.indices.put_settings(index=address.name, body={"index.requests.cache.enable": False})
    remote, _ = cluster.open(cluster.read_live_name())
    local = open_searcher(directory.load_live(index))
    local.prepare()
    return Pair(local, remote, client)


class Comparison(NamedTuple):
    """The searches of one kind, and the time of each request divided by its median time."""

    compared: Compared
    noise: NDArray[np.float64]


def compare(pair: Pair, requests: Sequence[SearchRequest], rounds: int) -> Comparison:
    """Run all searches in every round. Differences and requests are those of the first round."""
    for request in requests[:WARM]:
        pair.search(request)
    node_cpu = read_cpu(pair.client)
    each_round = [[pair.search(request) for request in requests] for _ in range(rounds)]
    node_cpu = read_cpu(pair.client) - node_cpu
    repeated = [[pair.search(each) for each in requests[:WARM]] for _ in range(REPEATS)]
    first, every = each_round[0], [found for searched in each_round for found in searched]
    compared = Compared(
        searches=len(first),
        hits=sum(list_ids(each.local) != list_ids(each.remote) for each in first),
        totals=sum(_read_totals(each.local) != _read_totals(each.remote) for each in first),
        facets=sum(each.local.facets != each.remote.facets for each in first),
        local=_spread([each.local_time for each in every]),
        cluster=_spread([each.remote_time for each in every]),
        node=_spread([each.took for each in every]),
        own=_spread([each.remote_time - each.took for each in every]),
        own_cpu=round(float(np.mean([each.cpu for each in every])), 3),
        node_cpu=round(node_cpu * 1000 / len(every), 3),
        trips=dict(sorted(Counter(len(each.sent) for each in first).items())),
        sent=_mean_bytes(first, "bytes_out"),
        received=_mean_bytes(first, "bytes_in"),
    )
    return Comparison(compared, _measure_noise(repeated))


def list_ids(results: Results) -> list[str]:
    """Return the ids of the hits of a page."""
    return [hit.publication.id for hit in results.hits]


def _read_totals(results: Results) -> tuple[int, int]:
    return results.total, results.title_count


def _mean_bytes(searched: Sequence[Searched], name: str) -> float:
    sums = [sum(getattr(sent, name) for sent in each.sent) for each in searched]
    return round(float(np.mean(sums)))


def _measure_noise(repeated: Sequence[Sequence[Searched]]) -> NDArray[np.float64]:
    """Return the time of each request, divided by the median time of the same one."""
    ratios = []
    for same in zip(*repeated, strict=True):
        times = [[sent.passed for sent in each.sent] for each in same]
        if len({len(each) for each in times}) == 1:
            of_requests = np.array(times)
            ratios.append((of_requests / np.median(of_requests, axis=0)).reshape(-1))
    return np.concatenate(ratios) if ratios else np.ones(0)


def _spread(times: Sequence[float]) -> Spread:
    middle, p95, worst = np.percentile(times, (50, 95, 100)).tolist()
    return Spread(round(middle, 3), round(p95, 3), round(worst, 3))


def time_node(
    pair: Pair, kinds: Mapping[str, Sequence[SearchRequest]], number: int
) -> dict[str, float]:
    """Return the mean CPU time of the node for a search of each kind, in milliseconds."""
    times = {}
    for name, requests in kinds.items():
        for request in requests[:WARM]:
            pair.remote.search(request)
        before = read_cpu(pair.client)
        for request in requests[:number]:
            pair.remote.search(request)
        passed = (read_cpu(pair.client) - before) * 1000
        times[name] = round(passed / min(number, len(requests)), 3)
    return times
