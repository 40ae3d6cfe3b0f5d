"""The measured values: the schema of `results.json`. Sizes are in bytes."""

import re
from pathlib import Path
from statistics import median

import msgspec

from benchmarks.speed.machine import Setting
from benchmarks.speed.opensearch.measured import Cluster
from benchmarks.speed.publishing_results import Publishing

_NUMBERS = re.compile(r"\[[-\d.,\se]*\]")


class Timed(msgspec.Struct):
    """The times of one engine for one kind of query, in milliseconds.

    `medians`, `p95s`, and `worsts` have one value per round. In the first round no cache of earlier
    queries can help. `percentiles` are those of all rounds together, every fifth from 0 to 100.
    `total` is the mean number of hits.
    """

    medians: list[float]
    p95s: list[float]
    worsts: list[float]
    percentiles: list[float]
    total: float

    @property
    def median(self) -> float:
        """Return the median of the medians of all rounds."""
        return median(self.medians)

    @property
    def p95(self) -> float:
        """Return the median of the 95th percentiles of all rounds."""
        return median(self.p95s)

    @property
    def worst(self) -> float:
        """Return the time of the slowest query of all rounds."""
        return max(self.worsts)


class Together(msgspec.Struct):
    """Two threads that search at the same time, in milliseconds, with one value per round.

    `each` is the elapsed time divided by the number of queries. `p95s` are percentiles of single
    queries.
    """

    each: list[float]
    p95s: list[float]


class Searching(msgspec.Struct):
    """Times of queries, by kind and then by engine.

    `timed` alternates between engines after several queries, `alternated` after each query.
    `limits` contains the number of papers of engines that got fewer.
    """

    setting: Setting
    rounds: int
    queries: int
    timed: dict[str, dict[str, Timed]]
    alternated: dict[str, dict[str, Timed]]
    together: dict[str, dict[str, Together]]
    limits: dict[str, int]
    left_out: dict[str, str]


class Built(msgspec.Struct):
    """Builds of one index, each in a new process, in seconds.

    `imports` is the time before the work, from the first executed line of Python, and `work` the
    rest. `peaks` is the maximum anonymous memory of all processes of a build, or None if the system
    does not report it. `size` is the size of the finished index.
    """

    imports: list[float]
    work: list[float]
    peaks: list[int | None]
    size: int = 0

    def seconds(self, *, with_imports: bool = True) -> float:
        """Return the median of the runs."""
        if not with_imports:
            return median(self.work)
        return median(sum(both) for both in zip(self.imports, self.work, strict=True))

    @property
    def peak(self) -> int | None:
        """Return the maximum memory of any run."""
        return max((peak for peak in self.peaks if peak is not None), default=None)


class Building(msgspec.Struct):
    """Builds by engine, and rebuilds of this engine's index after a change of one paper.

    `opened` contains the milliseconds to a first response by engine, each in a new process.
    `checked` contains the milliseconds to read every byte of this engine's index.
    """

    setting: Setting
    built: dict[str, Built]
    rebuilt: Built
    opened: dict[str, list[float]]
    checked: list[float]
    limits: dict[str, int]
    left_out: dict[str, str]


class Growth(msgspec.Struct):
    """By engine: a build and the times by kind for each size, in the order of `sizes`."""

    setting: Setting
    rounds: int
    queries: int
    sizes: list[int]
    timed: dict[str, dict[str, list[Timed]]]
    built: dict[str, list[Built]]
    left_out: dict[str, str]


class Case(msgspec.Struct):
    """A hard kind of query, in milliseconds.

    `texts` is the number of distinct queries, `median` the median of their medians, and `worst` the
    slowest run. `slowest`, `total`, and `told` are the text of that query, its number of hits, and
    the limit that the engine reported.
    """

    name: str
    texts: int
    median: float
    worst: float
    slowest: str
    total: int
    told: str


class Worst(msgspec.Struct):
    """The hard queries. Each runs once per round."""

    setting: Setting
    rounds: int
    cases: list[Case]


class Served(msgspec.Struct):
    """Pages of one catalogue: pages per second, and response times in milliseconds.

    `page` is the median time inside the application (the sum of its `Server-Timing`). `paths` is
    the number of distinct URLs.
    """

    each_second: float
    p50: float
    p99: float
    page: float
    paths: int


class Serving(msgspec.Struct):
    """Whole pages over HTTP, by catalogue. `left_out` is the reason if it was not measured."""

    setting: Setting
    workers: int
    connections: int
    seconds: int
    served: dict[str, Served]
    left_out: str | None


class Pages(msgspec.Struct):
    """The first pass of distinct searches in a new process: wall times of the WSGI calls, in ms.

    `accounted` is the share of all wall time that the pages' `Server-Timing` adds up to.
    """

    setting: Setting
    searches: int
    median: float
    p95: float
    worst: float
    accounted: float


class Trees(msgspec.Struct):
    """Pages with selected values of a tree of `values`, by kind of selection.

    `medians` are wall times of WSGI calls in ms. `ratios` are medians over all `pairs`: the time of
    a page divided by that of the page for the same query without a selection.
    """

    setting: Setting
    values: int
    pairs: int
    medians: dict[str, float]
    ratios: dict[str, float]


class Percentiles(msgspec.Struct):
    """The median and the 95th percentile of times in milliseconds."""

    median: float
    p95: float


class Searched(msgspec.Struct):
    """The times of whole searches of one length.

    `default` is the default mode, `without_feedback` the same searches without the time of that
    stage, `feedback` the stage alone, and `exact` the same texts with `exact=1`.
    """

    default: Percentiles
    without_feedback: Percentiles
    feedback: Percentiles
    exact: Percentiles


class DefaultMode(msgspec.Struct):
    """Searches by kind of length. Each runs once per round in both modes."""

    setting: Setting
    rounds: int
    queries: int
    kinds: dict[str, Searched]


class Results(msgspec.Struct):
    """All measured parts, each with its own setting."""

    queries: Searching | None = None
    building: Building | None = None
    growth: Growth | None = None
    worst: Worst | None = None
    default_mode: DefaultMode | None = None
    serving: Serving | None = None
    pages: Pages | None = None
    trees: Trees | None = None
    publishing: Publishing | None = None
    opensearch: Cluster | None = None


def load(file: Path) -> Results:
    """Return the stored results, or empty ones without a file. Raise msgspec's errors."""
    if not file.is_file():
        return Results()
    return msgspec.json.decode(file.read_bytes(), type=Results)


def save(results: Results, file: Path) -> None:
    """Write the results as indented JSON. A list of numbers takes one line."""
    text = msgspec.json.format(msgspec.json.encode(results), indent=1).decode()
    text = _NUMBERS.sub(lambda match: " ".join(match[0].split()), text)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text + "\n", encoding="utf-8")
