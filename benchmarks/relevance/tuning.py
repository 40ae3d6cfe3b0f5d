"""Choose BM25F constants on one half of the queries, and evaluate them on the other half.

Constants that are evaluated on the queries they were chosen on look too good. The held-out half
gives an unbiased estimate.
"""

from collections.abc import Mapping, Sequence
from itertools import product

import msgspec
import numpy as np
from numpy.typing import NDArray

from benchmarks.relevance.bm25f import Collection, Constants
from benchmarks.relevance.judged import JudgedSet
from benchmarks.relevance.measures import NDCG, Judge
from benchmarks.relevance.paired import SEED

Half = NDArray[np.intp]
"""The numbers of the queries of one half."""

GRID = tuple(
    Constants(k1=k1, b_title=b_title, b_summary=b_summary, title_weight=weight)
    for k1, b_title, b_summary, weight in product(
        (0.9, 1.2, 1.5, 2.0, 2.5), (0.25, 0.5, 0.75), (0.6, 0.75, 0.9), (1.0, 2.0, 2.5, 3.0, 4.0)
    )
)
LONGEST = 10
"""The measure looks at no more hits."""

HALVINGS = 200
"""Number of random splits. A single split has a random error as large as the gain."""


class Tried(msgspec.Struct, frozen=True):
    """nDCG@10 of each query of a collection, with the constants of the grid and of the engine.

    `grid` has one row per entry of `GRID` and one column per query.
    """

    grid: NDArray[np.float64]
    standing: NDArray[np.float64]


class Choice(msgspec.Struct, frozen=True):
    """The constants that one half chose, and their means on the other half.

    `chosen_on` is the half, 1 or 2. `held_out` is the mean with the chosen constants, and
    `standing` the mean with the engine's constants on the same queries, by collection.
    """

    chosen_on: int
    constants: Constants
    held_out: dict[str, float]
    standing: dict[str, float]


class Gain(msgspec.Struct, frozen=True):
    """The gain of choosing constants, as a mean over many splits and all collections.

    `free` names the chosen constants. The others keep the engine's values.
    """

    free: str
    held_out: float
    standing: float


def tried(judged: JudgedSet, collection: Collection, standing: Constants) -> Tried:
    """Evaluate all constants of the grid on all queries of a collection."""
    judge = Judge(judged, [NDCG])
    evidence = {query.id: collection.evidence(query.words) for query in judged.queries}

    def figures(constants: Constants) -> NDArray[np.float64]:
        lists = {
            query: collection.ranked(each, constants, LONGEST) for query, each in evidence.items()
        }
        return judge.figures(lists)[NDCG]

    return Tried(np.stack([figures(constants) for constants in GRID]), figures(standing))


def choices(sets: Mapping[str, Tried]) -> list[Choice]:
    """Return the choice of each half. Every collection has the same weight."""
    parts = _halves(sets, np.random.default_rng(SEED))
    return [_choice(sets, parts, chosen_on) for chosen_on in (1, 2)]


def gains(sets: Mapping[str, Tried], standing: Constants) -> list[Gain]:
    """Return the gain of choosing all four constants, and of choosing k1 alone."""
    fixed = [msgspec.structs.replace(each, k1=standing.k1) == standing for each in GRID]
    everything = np.arange(len(GRID))
    found = [_gain("all four", everything, sets)]
    return [*found, _gain("k1 alone", everything[fixed], sets)] if any(fixed) else found


def _halves(sets: Mapping[str, Tried], random: np.random.Generator) -> dict[str, tuple[Half, Half]]:
    """Split the queries of each collection at random into two halves."""
    parts = {}
    for name, each in sets.items():
        shuffled = random.permutation(len(each.standing))
        parts[name] = (shuffled[: len(shuffled) // 2], shuffled[len(shuffled) // 2 :])
    return parts


def _best(candidates: NDArray[np.intp], sets: Mapping[str, Tried], seen: Mapping[str, Half]) -> int:
    """Return the row of the grid that is best on the given queries."""
    means = [each.grid[np.ix_(candidates, seen[name])].mean(axis=1) for name, each in sets.items()]
    return int(candidates[np.argmax(np.mean(means, axis=0))])


def _choice(
    sets: Mapping[str, Tried], parts: Mapping[str, Sequence[Half]], chosen_on: int
) -> Choice:
    seen = {name: each[chosen_on - 1] for name, each in parts.items()}
    other = {name: each[2 - chosen_on] for name, each in parts.items()}
    best = _best(np.arange(len(GRID)), sets, seen)
    return Choice(
        chosen_on,
        GRID[best],
        {name: float(each.grid[best, other[name]].mean()) for name, each in sets.items()},
        {name: float(each.standing[other[name]].mean()) for name, each in sets.items()},
    )


def _gain(free: str, candidates: NDArray[np.intp], sets: Mapping[str, Tried]) -> Gain:
    random = np.random.default_rng(SEED)
    held_out, standing = [], []
    for _ in range(HALVINGS):
        parts = _halves(sets, random)
        best = _best(candidates, sets, {name: seen for name, (seen, _) in parts.items()})
        held_out += [sets[name].grid[best, other].mean() for name, (_, other) in parts.items()]
        standing += [sets[name].standing[other].mean() for name, (_, other) in parts.items()]
    return Gain(free, float(np.mean(held_out)), float(np.mean(standing)))
