"""The size of a cluster, computed from measured values per publication."""

from collections.abc import Mapping, Sequence
from math import ceil
from statistics import mean, median
from typing import NamedTuple

import numpy as np

from benchmarks.scaling.vocabulary import HeapsLaw
from benchmarks.speed.opensearch.measured import Cluster

MAX_SHARD_BYTES = 30e9
"""OpenSearch advises shards of 10 to 50 GB, so that one can be copied to another node in time."""
MAX_SHARD_MS = 250.0
"""CPU time of one shard for a mean search. Each shard works on a search with one thread."""
VECTOR_BYTES = 512
"""Bytes of the vector of a publication for semantic search."""


class Costs(NamedTuple):
    """The measured costs of a publication.

    `index_bytes` is its size in the index, and `sent_bytes` that of its request. `build_ms` and
    `load_ms` are CPU times of the builder: for the local build, and for encoding and sending.
    `node_ms` is the CPU time of the nodes. `search_ms` has for each kind of search the CPU time of
    the nodes: a constant part, and that of a million publications. `words` is the law for their
    number, and `word_bytes` the size of the vocabulary of one word.
    """

    index_bytes: float
    sent_bytes: float
    build_ms: float
    load_ms: float
    node_ms: float
    search_ms: Mapping[str, tuple[float, float]]
    words: HeapsLaw
    word_bytes: float


class Plan(NamedTuple):
    """A cluster for some publications. Sizes are in bytes, and CPU times in seconds."""

    publications: int
    index_size: float
    shards: int
    words: float
    vocabulary: float
    build: float
    load: float
    indexing: float
    search: float
    vectors: float


def measure_costs(part: Cluster, words: HeapsLaw) -> Costs:
    """Return the costs from the results of the benchmark. Raise ValueError if there are none."""
    if part.load is None or not part.grown:
        raise ValueError("the results have no measurement of a cluster: make bench first")
    papers, builds = part.setting.papers, part.load.builds
    sizes = [each.papers for each in part.grown]
    search_ms = {
        kind: fit_line(sizes, [each.node_cpu[kind] for each in part.grown])
        for kind in part.grown[0].node_cpu
    }
    return Costs(
        index_bytes=part.load.index / papers,
        sent_bytes=part.load.sent / papers,
        build_ms=1000 * median(each.local_cpu for each in builds) / papers,
        load_ms=1000 * median(each.load_cpu for each in builds) / papers,
        node_ms=1000 * median(each.node_cpu for each in builds) / papers,
        search_ms=search_ms,
        words=words,
        word_bytes=part.grown[-1].vocabulary / words.estimate(papers),
    )


def fit_line(sizes: Sequence[int], times: Sequence[float]) -> tuple[float, float]:
    """Return the constant part of times, and the part of a million publications. Neither is < 0."""
    slope, constant = np.polyfit(np.asarray(sizes) / 1e6, times, 1)
    return max(float(constant), 0.0), max(float(slope), 0.0)


def compute(publications: int, costs: Costs) -> Plan:
    """Return the cluster for some publications. A mean search has all kinds equally often."""
    index = publications * costs.index_bytes
    constant = mean(constant for constant, _ in costs.search_ms.values())
    per_million = mean(slope for _, slope in costs.search_ms.values())
    by_time = per_million * publications / 1e6 / max(MAX_SHARD_MS - constant, 1.0)
    shards = max(ceil(index / MAX_SHARD_BYTES), ceil(by_time))
    words = costs.words.estimate(publications)
    return Plan(
        publications, index, shards, words, words * costs.word_bytes,
        build=publications * costs.build_ms / 1000,
        load=publications * costs.load_ms / 1000,
        indexing=publications * costs.node_ms / 1000,
        search=(shards * constant + per_million * publications / 1e6) / 1000,
        vectors=publications * VECTOR_BYTES,
    )  # fmt: skip
