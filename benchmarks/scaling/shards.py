"""Simulate a search that waits for the slowest of many shards.

All shards work on the same query, so an expensive query is slow on all of them. Only the noise
differs: other searches, garbage collection, and the system. Its measured distribution is that of
the time of a request, divided by the median time of the same request.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Noise(NamedTuple):
    """A distribution: the `values` at some `percentiles`, both ascending. It is linear between."""

    percentiles: Sequence[float]
    values: Sequence[float]

    def draw(self, size: tuple[int, ...], generator: np.random.Generator) -> NDArray[np.float64]:
        """Return random values."""
        return np.interp(generator.uniform(0, 100, size), self.percentiles, self.values)

    def find_slowest(self, shards: int, percentile: float) -> float:
        """Return the percentile of the greatest of several independent values.

        All are at most x with the probability that one is, to the power of their number.
        """
        of_one = 100 * (percentile / 100) ** (1 / shards)
        return float(np.interp(of_one, self.percentiles, self.values))


def simulate(
    times: Sequence[float], noise: Noise, shards: int, searches: int, seed: int
) -> NDArray[np.float64]:
    """Return the times of random searches that wait for the slowest of their shards.

    `times` are those of queries on one shard, without noise.
    """
    generator = np.random.default_rng(seed)
    slowest = noise.draw((searches, shards), generator).max(axis=1)
    return np.asarray(generator.choice(np.asarray(times, np.float64), searches) * slowest)
