"""The catalogue's own judged queries, as they are typed, with and without what is understood."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

from indexer import build
from search_app import judged
from search_app.engine import open_engine

HOUSE = Path(__file__).parents[2]
SUITE = HOUSE / "tests" / "relevance" / "catalogue.toml"


class Kind(msgspec.Struct, frozen=True):
    """A kind of query: how many there are, and the mean nDCG@10 of the words alone, and of all."""

    name: str
    queries: int
    exact: float
    understood: float


def measure() -> tuple[Kind, ...]:
    """The figures of each kind, and last those of all queries."""
    suite = judged.load(SUITE)
    with TemporaryDirectory() as folder:
        build.build(HOUSE / "corpus", Path(folder) / "index")
        snapshot = open_engine(Path(folder) / "index").snapshot()
        exact = judged.figures(suite, snapshot, exact=True)
        understood = judged.figures(suite, snapshot)
    counts = Counter(each.kind for each in suite.query)
    counts[judged.ALL] = len(suite.query)
    kinds = sorted(counts, key=lambda kind: (kind == judged.ALL, kind))
    return tuple(Kind(kind, counts[kind], exact[kind], understood[kind]) for kind in kinds)
