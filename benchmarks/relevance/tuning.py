"""Constants of BM25F, chosen on one half of the queries and judged on the other.

What is chosen on the very queries that it is reported on flatters itself; what the half that
was not looked at says of it is a fair guess at other queries.
"""

from __future__ import annotations

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
"""The measure looks no further down a list."""

HALVINGS = 200
"""One halving is chance itself: what it says of the gain is off by as much as the gain."""


class Tried(msgspec.Struct, frozen=True):
    """A set's nDCG@10 a query, with all constants of the grid and with those that stand.

    `grid` has one row for each of the `GRID`, one column a query.
    """

    grid: NDArray[np.float64]
    standing: NDArray[np.float64]


class Choice(msgspec.Struct, frozen=True):
    """The constants that one half chose, and the means of the other half.

    `chosen_on` is the half, 1 or 2; `held_out` the mean with the choice and `standing` that
    with the engine's constants, on the same queries: to each set its own.
    """

    chosen_on: int
    constants: Constants
    held_out: dict[str, float]
    standing: dict[str, float]


class Gain(msgspec.Struct, frozen=True):
    """What choosing is worth, as the mean of many halvings and of all sets.

    `free` names the constants that were chosen; the others stayed as they stand.
    """

    free: str
    held_out: float
    standing: float


def tried(judged: JudgedSet, collection: Collection, standing: Constants) -> Tried:
    """Every constant of the grid, on every query of a set."""
    judge = Judge(judged, [NDCG])
    evidence = {query.id: collection.evidence(query.words) for query in judged.queries}

    def figures(constants: Constants) -> NDArray[np.float64]:
        lists = {
            query: collection.ranked(each, constants, LONGEST) for query, each in evidence.items()
        }
        return judge.figures(lists)[NDCG]

    return Tried(np.stack([figures(constants) for constants in GRID]), figures(standing))


def choices(sets: Mapping[str, Tried]) -> list[Choice]:
    """What each half of the queries of all the sets chooses; every set counts the same."""
    parts = _halves(sets, np.random.default_rng(SEED))
    return [_choice(sets, parts, chosen_on) for chosen_on in (1, 2)]


def gains(sets: Mapping[str, Tried], standing: Constants) -> list[Gain]:
    """What choosing all four constants is worth, and what choosing k1 alone is."""
    fixed = [msgspec.structs.replace(each, k1=standing.k1) == standing for each in GRID]
    everything = np.arange(len(GRID))
    found = [_gain("all four", everything, sets)]
    return [*found, _gain("k1 alone", everything[fixed], sets)] if any(fixed) else found


def _halves(sets: Mapping[str, Tried], random: np.random.Generator) -> dict[str, tuple[Half, Half]]:
    """Each set's queries, shuffled, in two halves."""
    parts = {}
    for name, each in sets.items():
        shuffled = random.permutation(len(each.standing))
        parts[name] = (shuffled[: len(shuffled) // 2], shuffled[len(shuffled) // 2 :])
    return parts


def _best(candidates: NDArray[np.intp], sets: Mapping[str, Tried], seen: Mapping[str, Half]) -> int:
    """The row of the grid that is best on the queries seen."""
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
