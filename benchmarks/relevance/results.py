"""The results of a run. The report is rendered from them, and they are stored as JSON."""

import msgspec
import numpy as np

from benchmarks.relevance.bm25f import Constants
from benchmarks.relevance.catalogue import Kind
from benchmarks.relevance.known_results import KnownResults
from benchmarks.relevance.measures import NDCG, Figures
from benchmarks.relevance.paired import Difference
from benchmarks.relevance.tuning import Choice, Gain

MARGINS = {("cranfield", "Whoosh"): -0.005}
"""Required lead over a peer in nDCG@10, where it is not 0."""

FLOORS: dict[str, tuple[float, float]] = {
    "cacm": (0.512, 0.525), "cisi": (0.420, 0.430), "cranfield": (0.398, 0.400),
    "npl": (0.445, 0.448), "scifact": (0.697, 0.706),
}  # fmt: skip
"""Required nDCG@10 of the default mode, without and with the extra `semantic`."""


class System(msgspec.Struct, frozen=True):
    """A system and its options. `is_rival` marks the peers with a target."""

    name: str
    setting: str
    version: str = ""
    is_rival: bool = False


class Line(msgspec.Struct, frozen=True):
    """The results of one system on one collection: means and figures of each query, by measure."""

    system: System
    means: dict[str, float]
    figures: dict[str, list[float]]

    def get_figures(self, measure: str = NDCG) -> Figures:
        """Return the figures of a measure, in the order of the queries."""
        return np.array(self.figures[measure])


class Bar(msgspec.Struct, frozen=True):
    """A target: the required lead over a peer, and the measured difference."""

    peer: str
    needed: float
    difference: Difference

    @property
    def is_met(self) -> bool:
        """Return whether the lead exceeds the requirement. A difference of 0 is no lead."""
        ahead = self.difference.mean
        return ahead > self.needed or (self.needed < 0 and ahead == self.needed)


class SetResult(msgspec.Struct, frozen=True):
    """One collection: its size, the results of every system, and the chosen constants.

    `queries` are ids, in the order of the per-query figures, and `lengths` the numbers of their
    words, without stop words. The first line is the engine with
    `match=any`, the second its default mode, and the third its default mode with the extra
    `semantic`. `largest_difference` compares the scores of the engine and of the formula with the
    same constants.
    """

    name: str
    documents: int
    empty: tuple[str, ...]
    queries: tuple[str, ...]
    lengths: tuple[int, ...]
    lines: tuple[Line, ...]
    differences: dict[str, Difference]
    choices: tuple[Choice, ...]
    largest_difference: float

    @property
    def bars(self) -> list[Bar]:
        """Return the targets of this collection, one for each rival."""
        return [
            Bar(name, MARGINS.get((self.name, name), 0.0), self.differences[name])
            for name in (line.system.name for line in self.lines if line.system.is_rival)
        ]

    @property
    def floors(self) -> list[tuple[str, float, float]]:
        """Return the modes that need a figure, each with the required and the measured nDCG@10."""
        return [
            (line.system.name, floor, line.means[NDCG])
            for line, floor in zip(self.lines[1:3], FLOORS.get(self.name, ()), strict=False)
        ]


class Results(msgspec.Struct, frozen=True):
    """The results of a run.

    `together` contains the constants chosen on all collections, and `gains` their mean gain over
    many splits. `missing` lists the peers that are not installed. `catalogue` contains the results
    of the catalogue's own queries. `known_items` is None if the papers are missing.
    """

    date: str
    versions: dict[str, str]
    standing: Constants
    sets: tuple[SetResult, ...]
    together: tuple[Choice, ...]
    gains: tuple[Gain, ...]
    missing: tuple[str, ...]
    catalogue: tuple[Kind, ...]
    known_items: KnownResults | None
