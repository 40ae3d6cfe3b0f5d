"""Compare two systems on the same queries: mean difference, interval, and significance."""

import msgspec
import numpy as np

from benchmarks.relevance.measures import Figures

ROUNDS = 10_000
SEED = 20_261_125
"""The seed is fixed, so that the same figures give the same intervals."""


class Difference(msgspec.Struct, frozen=True):
    """The mean over queries of the first system's figure minus the second's.

    `low` and `high` are its 95 % bootstrap interval. `chance` is the p-value of a randomization
    test, which swaps the two figures of each query at random. `better`, `worse`, and `equal` count
    queries.
    """

    mean: float
    low: float
    high: float
    chance: float
    better: int
    worse: int
    equal: int


def difference(ours: Figures, theirs: Figures) -> Difference:
    """Return how far the first system is ahead of the second."""
    apart = ours - theirs
    random = np.random.default_rng(SEED)
    drawn = apart[random.integers(0, len(apart), (ROUNDS, len(apart)))].mean(axis=1)
    tossed = (random.choice((-1.0, 1.0), (ROUNDS, len(apart))) * apart).mean(axis=1)
    low, high = np.percentile(drawn, (2.5, 97.5))
    # Sums of the same numbers in another order differ in their last bits.
    as_far = np.count_nonzero(np.abs(tossed) >= abs(apart.mean()) - 1e-12)
    return Difference(
        mean=float(apart.mean()),
        low=float(low),
        high=float(high),
        chance=float((as_far + 1) / (ROUNDS + 1)),
        better=int(np.count_nonzero(apart > 0)),
        worse=int(np.count_nonzero(apart < 0)),
        equal=int(np.count_nonzero(apart == 0)),
    )
