"""What a run found, as values: the report is written from them, and they are kept as JSON."""

from __future__ import annotations

import msgspec

from benchmarks.relevance.bm25f import Constants
from benchmarks.relevance.catalogue import Kind
from benchmarks.relevance.paired import Difference
from benchmarks.relevance.tuning import Choice, Gain

MARGINS = {("cranfield", "Whoosh"): -0.005}
"""How far the engine must be ahead of a peer in nDCG@10 where a bar is not simply: ahead."""


class System(msgspec.Struct, frozen=True):
    """A system and how it was set; `is_rival` marks the peers that there are bars for."""

    name: str
    setting: str
    version: str = ""
    is_rival: bool = False


class Line(msgspec.Struct, frozen=True):
    """One system on one set: the means by measure, and nDCG@10 of each query."""

    system: System
    means: dict[str, float]
    ndcg: list[float]


class Bar(msgspec.Struct, frozen=True):
    """How far the engine had to be ahead of a peer, and how far it is."""

    peer: str
    needed: float
    difference: Difference

    @property
    def is_met(self) -> bool:
        """Ahead by more than what is needed; exactly level is not ahead."""
        ahead = self.difference.mean
        return ahead > self.needed or (self.needed < 0 and ahead == self.needed)


class SetResult(msgspec.Struct, frozen=True):
    """One judged set: what it holds, what every system did on it, and the choice of constants.

    `queries` are their ids, in the order of the figures a query. The first line is the
    engine with `match=any`, the second its default path, the third that with the extra
    `semantic`. `largest_difference` is between
    the engine's scores and those of the formula on the same constants.
    """

    name: str
    documents: int
    empty: tuple[str, ...]
    queries: tuple[str, ...]
    lines: tuple[Line, ...]
    differences: dict[str, Difference]
    choices: tuple[Choice, ...]
    largest_difference: float

    @property
    def bars(self) -> list[Bar]:
        """The bars of this set, one for each rival."""
        return [
            Bar(name, MARGINS.get((self.name, name), 0.0), self.differences[name])
            for name in (line.system.name for line in self.lines if line.system.is_rival)
        ]


class Results(msgspec.Struct, frozen=True):
    """A whole run.

    `together` is what all sets choose as one, and `gains` what that is worth over many
    halvings. `missing` are the peers that are not there. `catalogue` has the catalogue's own
    queries.
    """

    date: str
    versions: dict[str, str]
    standing: Constants
    sets: tuple[SetResult, ...]
    together: tuple[Choice, ...]
    gains: tuple[Gain, ...]
    missing: tuple[str, ...]
    catalogue: tuple[Kind, ...]
