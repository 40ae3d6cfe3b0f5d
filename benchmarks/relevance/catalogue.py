"""Evaluate the catalogue's judged queries, with and without interpretation."""

from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

from indexer.analysis import embeddings
from indexer.analysis.embeddings import Encoder
from indexer.jobs import build
from search_app.cli import evaluation
from search_app.engine import Engine, Searcher

HOUSE = Path(__file__).parents[2]
SUITE = HOUSE / "tests" / "relevance" / "catalogue.toml"


class Kind(msgspec.Struct, frozen=True):
    """A kind of query: the number of queries, and their mean nDCG@10.

    `exact` uses the typed words only, `understood` a default search, and `meant` a default search
    with the extra `semantic`.
    """

    name: str
    queries: int
    exact: float
    understood: float
    meant: float


def measure() -> tuple[Kind, ...]:
    """Return the figures of each kind, followed by those of all queries."""
    suite = evaluation.load(SUITE)
    with TemporaryDirectory() as folder:
        plain = _built(Path(folder) / "plain")
        exact = evaluation.mean_ndcg(suite, plain, exact=True)
        understood = evaluation.mean_ndcg(suite, plain)
        meant = evaluation.mean_ndcg(
            suite, _built(Path(folder) / "meaning", embeddings.load_encoder())
        )
    counts = Counter(each.kind for each in suite.query)
    counts[evaluation.ALL] = len(suite.query)
    kinds = sorted(counts, key=lambda kind: (kind == evaluation.ALL, kind))
    return tuple(
        Kind(kind, counts[kind], exact[kind], understood[kind], meant[kind]) for kind in kinds
    )


def _built(index: Path, encoder: Encoder | None = None) -> Searcher:
    build.build(HOUSE / "corpus", index, encoder=encoder)
    return Engine.open(index).get_searcher()
