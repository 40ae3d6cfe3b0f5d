"""Measure search quality with judged queries, and reject a new index that is worse.

A file of judged queries is TOML. Each `[[query]]` has a `text`, a `kind`, and a
`[[query.relevant]]` for each relevant publication, with its `id` and a `grade` from 1 to 3.
Publications that are not listed are irrelevant. `least`, at the top, is the lowest allowed mean of
all queries.

The measure is nDCG@10 after K. Järvelin and J. Kekäläinen, "Cumulated gain-based evaluation of IR
techniques" (TOIS 2002). A grade g has a gain of 2^g - 1.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import suppress
from math import log2
from pathlib import Path

import msgspec

from indexer.analysis.embeddings import Encoder
from indexer.catalogue.catalogue_toml import CatalogueError, read_toml
from indexer.generations.directory import integrity_errors
from indexer.generations.manifest import Generation, IndexUnusable
from indexer.jobs.build import BuildRejected
from search_app.engine import Searcher, SearchRequest, open_searcher

DEPTH = 10
"""Number of hits that are evaluated per query."""
ALL = "all"
"""The name of the mean over all queries. The other means have the name of a kind."""
SLACK = 0.005
"""A mean may be up to 0.005 below that of the live index, because the order of ties can change."""


class Judgment(msgspec.Struct, frozen=True):
    """The relevance of a publication to a query. `grade` is 1 to 3, and `why` is its reason."""

    id: str
    grade: int
    why: str = ""


class JudgedQuery(msgspec.Struct, frozen=True):
    """A query of some kind with its relevant publications."""

    text: str
    kind: str
    relevant: tuple[Judgment, ...]
    wants: str = ""


class QuerySuite(msgspec.Struct, frozen=True):
    """Judged queries, and the lowest allowed mean nDCG@10."""

    query: tuple[JudgedQuery, ...]
    least: float = 0.0


def load(file: Path) -> QuerySuite:
    """Return the suite in a file. Raise CatalogueError if it is invalid or has no query."""
    suite = read_toml(file, QuerySuite, "See docs/relevance.md for the format")
    if not suite.query:
        raise CatalogueError(file, "the file has no query", "Add at least one [[query]]")
    return suite


def ndcg(query: JudgedQuery, ids: Sequence[str]) -> float:
    """Return the nDCG@10 of a list of ids. It is 1.0 if the query has no relevant publication."""
    grades = {judgment.id: judgment.grade for judgment in query.relevant}
    best = _discount_gains(sorted(grades.values(), reverse=True))
    return _discount_gains([grades.get(identity, 0) for identity in ids]) / best if best else 1.0


def _discount_gains(grades: Sequence[int]) -> float:
    return sum((2.0**grade - 1) / log2(index + 2) for index, grade in enumerate(grades[:DEPTH]))


def mean_ndcg(suite: QuerySuite, searcher: Searcher, *, exact: bool = False) -> dict[str, float]:
    """Return the mean nDCG@10 of each kind of query, and of all queries.

    `exact` has the same meaning as in `SearchRequest`.
    """
    gains: dict[str, list[float]] = defaultdict(list)
    for query in suite.query:
        ids = searcher.list_ids(SearchRequest(query.text, size=DEPTH, exact=exact))
        for kind in (query.kind, ALL):
            gains[kind].append(ndcg(query, ids))
    return {kind: sum(kind_gains) / len(kind_gains) for kind, kind_gains in sorted(gains.items())}


def make_gate(
    suite: QuerySuite, encoder: Encoder | None = None
) -> Callable[[Generation, Generation | None], None]:
    """Return a gate that runs the suite on a new generation.

    It raises BuildRejected if the mean is below `suite.least`, or a mean is below that of the
    live generation by more than SLACK. A live generation that is damaged or unusable has no mean.
    `encoder` encodes queries for the vectors that it made.
    """

    def check_quality(new: Generation, live: Generation | None) -> None:
        current = mean_ndcg(suite, open_searcher(new, encoder=encoder))
        previous: dict[str, float] = {}
        # A copy of a generation that another machine built has no segment, and is not measured.
        if live and live.has_segment and not integrity_errors(live):
            with suppress(IndexUnusable):
                previous = mean_ndcg(suite, open_searcher(live, encoder=encoder))
        worse = [
            f"{kind} {mean:.3f}, {previous[kind]:.3f} before"
            for kind, mean in current.items()
            if mean < previous.get(kind, 0.0) - SLACK
        ]
        if current[ALL] < suite.least:
            worse.insert(0, f"{ALL} {current[ALL]:.3f}, below the minimum of {suite.least:.3f}")
        if worse:
            hint = "Fix the corpus or the thesaurus, or build without --gate if this is intended"
            message = f"the judged queries have worse results: {'; '.join(worse)}"
            raise BuildRejected(message, hint, [])

    return check_quality
