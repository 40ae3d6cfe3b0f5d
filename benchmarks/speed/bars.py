"""The performance targets of this engine, and the measured value of each."""

from collections.abc import Iterator
from statistics import median
from typing import NamedTuple

from benchmarks.speed.engines import OURS, TANTIVY, TANTIVY_STORING
from benchmarks.speed.opensearch.measured import Cluster
from benchmarks.speed.opensearch.table import cpu_ratio
from benchmarks.speed.publishing_results import Published, Publishing
from benchmarks.speed.questions import title
from benchmarks.speed.results import (
    Building,
    DefaultMode,
    Growth,
    Pages,
    Results,
    Searching,
    Serving,
    Trees,
    Worst,
)
from benchmarks.speed.trees import FOUR, HUNDRED

MEDIANS = {"word": 0.4, "and": 0.4, "ticked": 0.4, "or": 0.7, "phrase": 0.7, "prefix": 0.7}
P95, BUILD, REBUILD, BYTES = 0.9, 2.5, 0.6, 3.5
FIRST_MS, CHECK_MS, WORST_MS, FEEDBACK_MS = 100.0, 1000.0, 60.0, 3.0
PAGE_MS, EACH_PAGE_MS = 2.0, 1000 / 800
TO_FULL, TO_COPIES = 2.5, 4.0
MEMORY = 10**9
MEDIAN_PAGE_MS, P95_PAGE_MS, UNACCOUNTED = 3.0, 5.0, 5.0
SELECTED = {FOUR: 2.0, HUNDRED: 3.0}
LONG_PERCENT, GROWN_MB, OF_AN_INDEX = 1.0, 10.0, 1.2
OWN_MS, LOAD_CPU = 5.0, 1.0


class Bar(NamedTuple):
    """A target: its name, the measured value, the limit, and the unit of both."""

    what: str
    measured: float
    most: float
    unit: str

    @property
    def met(self) -> bool:
        """Return whether the measured value is within the limit."""
        return self.measured <= self.most


class Against(NamedTuple):
    """The ratios to Tantivy for one kind of query: of medians and of 95th percentiles.

    The ratios of the first round are shown separately, because no cache of earlier queries can help
    there. So are the ratios with alternating queries, where each engine finds the processor caches
    filled by the other.
    """

    kind: str
    median: float
    p95: float
    first_median: float
    first_p95: float
    alternated_median: float
    alternated_p95: float

    @property
    def most(self) -> float:
        """Return the limit of the ratio of medians. The limit of the ratio of p95 is P95."""
        return MEDIANS[self.kind]

    @property
    def met(self) -> bool:
        """Return whether both ratios are within their limits."""
        return self.median <= self.most and self.p95 <= P95


def against(part: Searching) -> list[Against]:
    """Return the ratios for all kinds of queries, or none if Tantivy was omitted."""
    return [
        Against(
            kind,
            timed[OURS].median / timed[TANTIVY].median,
            timed[OURS].p95 / timed[TANTIVY].p95,
            timed[OURS].medians[0] / timed[TANTIVY].medians[0],
            timed[OURS].p95s[0] / timed[TANTIVY].p95s[0],
            part.alternated[kind][OURS].median / part.alternated[kind][TANTIVY].median,
            part.alternated[kind][OURS].p95 / part.alternated[kind][TANTIVY].p95,
        )
        for kind, timed in part.timed.items()
        if TANTIVY in timed
    ]


def judged(results: Results) -> list[Bar]:
    """Return all other targets of the measured parts."""
    return [
        *(_building(results.building) if results.building else ()),
        *(_growth(results.growth) if results.growth else ()),
        *(_worst(results.worst) if results.worst else ()),
        *(_default_mode(results.default_mode) if results.default_mode else ()),
        *(_serving(results.serving) if results.serving else ()),
        *(_pages(results.pages) if results.pages else ()),
        *(_trees(results.trees) if results.trees else ()),
        *(_publishing(results.publishing) if results.publishing else ()),
        *(_opensearch(results.opensearch) if results.opensearch else ()),
    ]


def _building(part: Building) -> Iterator[Bar]:
    ours, tantivy = part.built[OURS], part.built.get(TANTIVY)
    if tantivy:
        full = tantivy.seconds()
        yield Bar("build time", ours.seconds() / full, BUILD, " × Tantivy's")
        rebuilt = part.rebuilt.seconds()
        yield Bar(
            "rebuild time after one change", rebuilt / full, REBUILD, " × Tantivy's full build"
        )
    if storing := part.built.get(TANTIVY_STORING):
        yield Bar("index size", ours.size / storing.size, BYTES, " × Tantivy's, all stored")
    yield Bar("time to open and answer the first query", max(part.opened[OURS]), FIRST_MS, " ms")
    yield Bar("time to check every byte", median(part.checked), CHECK_MS, " ms")
    yield from _memory(f"building {part.setting.papers:,} papers", ours.peak)


def _memory(what: str, peak: int | None) -> Iterator[Bar]:
    if peak is not None:
        yield Bar(f"anonymous memory, {what}", peak / 10**6, MEMORY / 10**6, " MB")


def _growth(part: Growth) -> Iterator[Bar]:
    _, quarter, _, full, copies = range(len(part.sizes))
    for start, end, most in ((quarter, full, TO_FULL), (full, copies, TO_COPIES)):
        ratios = {
            kind: timed[end].median / timed[start].median
            for kind, timed in part.timed[OURS].items()
        }
        kind = max(ratios, key=lambda kind: ratios[kind])
        what = (
            f"largest growth of a median from {part.sizes[start]:,} to {part.sizes[end]:,} papers"
        )
        yield Bar(f"{what} ({title(kind)})", ratios[kind], most, "-fold")
    yield from _memory(f"building {part.sizes[copies]:,} papers", part.built[OURS][copies].peak)


def _worst(part: Worst) -> Iterator[Bar]:
    slowest = max(part.cases, key=lambda case: case.worst)
    yield Bar(f"slowest hard query ({slowest.name})", slowest.worst, WORST_MS, " ms")


def _default_mode(part: DefaultMode) -> Iterator[Bar]:
    name, slowest = max(part.kinds.items(), key=lambda kind: kind[1].feedback.median)
    what = f"feedback, {part.setting.papers:,} papers, median ({name})"
    yield Bar(what, slowest.feedback.median, FEEDBACK_MS, " ms")


def _serving(part: Serving) -> Iterator[Bar]:
    for name, served in list(part.served.items())[:1]:
        yield Bar(f"page of {name}, time inside the application", served.page, PAGE_MS, " ms")
        each = 1000 / served.each_second
        yield Bar(
            f"page of {name}, time per page with {part.workers} workers", each, EACH_PAGE_MS, " ms"
        )


def _pages(part: Pages) -> Iterator[Bar]:
    of = f"page of {part.setting.papers:,} papers, first request"
    yield Bar(f"{of}, median", part.median, MEDIAN_PAGE_MS, " ms")
    yield Bar(f"{of}, p95", part.p95, P95_PAGE_MS, " ms")
    missing = 100 * (1 - part.accounted)
    yield Bar(f"{of}, share missing from Server-Timing", missing, UNACCOUNTED, " %")


def _trees(part: Trees) -> Iterator[Bar]:
    for name, most in SELECTED.items():
        yield Bar(f"page with {name} selected, to one without", part.ratios[name], most, "-fold")


def _publishing(part: Publishing) -> Iterator[Bar]:
    for name, each in part.servers.items():
        of = f"{name}, {part.publishes} new generations"
        yield Bar(f"{of}: requests over 100 ms", 100 * each.during.long, LONG_PERCENT, " %")
        yield Bar(f"{of}: memory of the index in all processes", _ratio(each), OF_AN_INDEX, "-fold")
        if len(each.after.private) > 1:
            yield Bar(
                f"{of}: growth of private memory of a worker", each.grown / 10**6, GROWN_MB, " MB"
            )


def _ratio(each: Published) -> float:
    """Return the memory of the index in all processes, relative to that before publishing."""
    bare = each.bare.together
    return (each.after.together - bare) / (each.before.together - bare)


def _opensearch(part: Cluster) -> Iterator[Bar]:
    if not part.kinds or not part.load:
        return
    for name, each in part.kinds.items():
        what = f"search in a cluster, share of this engine, median ({name})"
        yield Bar(what, each.own.median, OWN_MS, " ms")
    different = sum(each.totals + each.facets for each in part.kinds.values())
    yield Bar("searches in a cluster with other totals or facets", different, 0, "")
    yield Bar(
        "CPU time that a cluster adds to a build", cpu_ratio(part.load.builds), LOAD_CPU,
        " × the local build's",
    )  # fmt: skip
