"""Judged queries: how well the engine answers them, and a gate that a new index must pass.

A file of judged queries is TOML: a `[[query]]` has a `text`, a `kind`, and `[[query.relevant]]`
with the `id` of a publication and its `grade`, 1 to 3; what is not listed is irrelevant. `least`,
at the top, is the figure that the mean of all must reach.

The figure is nDCG@10 after K. Järvelin and J. Kekäläinen, "Cumulated gain-based evaluation of IR
techniques" (TOIS 2002), a grade g being worth 2^g - 1.
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
from search_app.engine.request import SearchRequest
from search_app.engine.search import find
from search_app.engine.snapshot.snapshot import Snapshot

DEPTH = 10
ALL = "all"
"""The name of the mean over all queries, beside those of the kinds."""
SLACK = 0.005
"""So much lower a figure may be than that of the live index, as ties fall one way or the other."""


class Judgement(msgspec.Struct, frozen=True):
    """How relevant a publication is to a query, 1 to 3, and why."""

    id: str
    grade: int
    why: str = ""


class Judged(msgspec.Struct, frozen=True):
    """A query, what kind of one it is, and the publications that are relevant to it."""

    text: str
    kind: str
    relevant: tuple[Judgement, ...]
    wants: str = ""


class Suite(msgspec.Struct, frozen=True):
    """Judged queries, and the mean that they must reach."""

    query: tuple[Judged, ...]
    least: float = 0.0


def load(file: Path) -> Suite:
    """The suite in a file. Raises CatalogueError if it can't be read."""
    try:
        suite = msgspec.convert(catalogue_toml.toml(file), Suite)
    except msgspec.ValidationError as error:
        raise CatalogueError(file, str(error), "See docs/relevance.md for its form") from error
    if not suite.query:
        raise CatalogueError(file, "there is no query in it", "Write at least one [[query]]")
    return suite


def gain(judged: Judged, found: Sequence[str]) -> float:
    """The nDCG@10 of a list of ids."""
    grades = {each.id: each.grade for each in judged.relevant}
    best = _gained(sorted(grades.values(), reverse=True))
    return _gained([grades.get(each, 0) for each in found]) / best if best else 1.0


def _gained(grades: Sequence[int]) -> float:
    return sum((2.0**grade - 1) / log2(place + 2) for place, grade in enumerate(grades[:DEPTH]))


def figures(suite: Suite, snapshot: Snapshot, *, exact: bool = False) -> dict[str, float]:
    """The mean nDCG@10 of each kind of query, and of all; `exact` as in a `SearchRequest`."""
    gains: dict[str, list[float]] = defaultdict(list)
    for judged in suite.query:
        answer = find(SearchRequest(judged.text, size=DEPTH, exact=exact), snapshot)
        ids = [snapshot.segment.stored.ids.text(number) for number in answer.numbers.tolist()]
        for kind in (judged.kind, ALL):
            gains[kind].append(gain(judged, ids))
    return {kind: sum(each) / len(each) for kind, each in sorted(gains.items())}


def gate(suite: Suite) -> Callable[[Generation, Generation | None], None]:
    """What refuses a generation that answers the suite worse than it must, or than the live one."""

    def passes(new: Generation, live: Generation | None) -> None:
        now = figures(suite, Snapshot(new))
        before = _before(suite, live)
        if told := list(_fallen(now, before, suite.least)):
            hint = "Mend the corpus or the thesaurus, or build without the gate if this is meant"
            raise Refused(f"the judged queries are answered worse: {'; '.join(told)}", hint, [])

    return passes


def _before(suite: Suite, live: Generation | None) -> dict[str, float]:
    """The figures of the live index; none where it can't answer, as it is to be replaced."""
    if live is None or damage(live):
        return {}
    with suppress(IndexUnusable):
        return figures(suite, Snapshot(live))
    return {}


def _fallen(now: Mapping[str, float], before: Mapping[str, float], least: float) -> list[str]:
    told = [f"{ALL} {now[ALL]:.3f}, at least {least:.3f} wanted"] if now[ALL] < least else []
    return told + [
        f"{kind} {figure:.3f}, {before[kind]:.3f} before"
        for kind, figure in now.items()
        if kind in before and figure < before[kind] - SLACK
    ]
