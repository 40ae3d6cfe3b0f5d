"""Measure search quality with judged queries, and refuse a new index that is worse.

A file of judged queries is TOML. Each `[[query]]` has a `text`, a `kind`, and a
`[[query.relevant]]` for each relevant publication, with its `id` and a `grade` from 1 to 3.
Publications that are not listed are irrelevant. `least`, at the top, is the lowest allowed mean of
all queries.

The measure is nDCG@10 after K. Järvelin and J. Kekäläinen, "Cumulated gain-based evaluation of IR
techniques" (TOIS 2002). A grade g has a gain of 2^g - 1.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from math import log2
from pathlib import Path

import msgspec

from indexer.catalogue import catalogue_toml
from indexer.catalogue.catalogue_toml import CatalogueError
from indexer.generations.directory import damage
from indexer.generations.manifest import Generation, IndexUnusable
from indexer.jobs.build import Refused
from search_app.engine import Searcher, SearchRequest, open_searcher

DEPTH = 10
"""Number of hits that are evaluated per query."""
ALL = "all"
"""The name of the mean over all queries. The other means have the name of a kind."""
SLACK = 0.005
"""A mean may be up to 0.005 below that of the live index, because the order of ties can change."""


class Judgement(msgspec.Struct, frozen=True):
    """The relevance of a publication to a query. `grade` is 1 to 3, and `why` is its reason."""

    id: str
    grade: int
    why: str = ""


class Judged(msgspec.Struct, frozen=True):
    """A query of some kind with its relevant publications."""

    text: str
    kind: str
    relevant: tuple[Judgement, ...]
    wants: str = ""


class Suite(msgspec.Struct, frozen=True):
    """Judged queries, and the least mean nDCG@10 that they must reach."""

    query: tuple[Judged, ...]
    least: float = 0.0


def load(file: Path) -> Suite:
    """Return the suite in a file. Raise CatalogueError if it is invalid or has no query."""
    try:
        suite = msgspec.convert(catalogue_toml.toml(file), Suite)
    except msgspec.ValidationError as error:
        raise CatalogueError(file, str(error), "See docs/relevance.md for its form") from error
    if not suite.query:
        raise CatalogueError(file, "there is no query in it", "Write at least one [[query]]")
    return suite


def gain(judged: Judged, found: Sequence[str]) -> float:
    """Return the nDCG@10 of a list of ids. It is 1.0 if the query has no relevant publication."""
    grades = {each.id: each.grade for each in judged.relevant}
    best = _gained(sorted(grades.values(), reverse=True))
    return _gained([grades.get(each, 0) for each in found]) / best if best else 1.0


def _gained(grades: Sequence[int]) -> float:
    return sum((2.0**grade - 1) / log2(place + 2) for place, grade in enumerate(grades[:DEPTH]))


def figures(suite: Suite, searcher: Searcher, *, exact: bool = False) -> dict[str, float]:
    """Return the mean nDCG@10 of each kind of query, and of all queries.

    `exact` has the same meaning as in `SearchRequest`.
    """
    gains: dict[str, list[float]] = defaultdict(list)
    for judged in suite.query:
        ids = searcher.ids(SearchRequest(judged.text, size=DEPTH, exact=exact))
        for kind in (judged.kind, ALL):
            gains[kind].append(gain(judged, ids))
    return {kind: sum(each) / len(each) for kind, each in sorted(gains.items())}


def gate(suite: Suite) -> Callable[[Generation, Generation | None], None]:
    """Return a gate that runs the suite on a new generation.

    It raises Refused if the mean is below `suite.least`, or a figure is worse than in the live
    generation by more than SLACK.
    """

    def passes(new: Generation, live: Generation | None) -> None:
        now = figures(suite, open_searcher(new))
        before = _before(suite, live)
        if told := list(_fallen(now, before, suite.least)):
            hint = "Mend the corpus or the thesaurus, or build without the gate if this is meant"
            raise Refused(f"the judged queries are answered worse: {'; '.join(told)}", hint, [])

    return passes


def _before(suite: Suite, live: Generation | None) -> dict[str, float]:
    """Return the figures of the live generation. There are none if it is damaged or unusable."""
    if live is None or damage(live):
        return {}
    with suppress(IndexUnusable):
        return figures(suite, open_searcher(live))
    return {}


def _fallen(now: Mapping[str, float], before: Mapping[str, float], least: float) -> list[str]:
    told = [f"{ALL} {now[ALL]:.3f}, at least {least:.3f} wanted"] if now[ALL] < least else []
    return told + [
        f"{kind} {figure:.3f}, {before[kind]:.3f} before"
        for kind, figure in now.items()
        if kind in before and figure < before[kind] - SLACK
    ]
