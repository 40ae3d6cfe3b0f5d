"""What was measured, as values: the shape of `results.json`. Sizes are in bytes."""

from __future__ import annotations

import re
from pathlib import Path
from statistics import median

import msgspec

from benchmarks.speed.machine import Setting

_NUMBERS = re.compile(r"\[[-\d.,\se]*\]")


class Timed(msgspec.Struct):
    """The times of one engine for one kind of query, in milliseconds.

    `medians`, `p95s` and `worsts` have one value a round; in the first, nothing that an engine
    keeps of former queries can help it. `percentiles` are those of all rounds together, every
    fifth from 0 to 100. `total` is the mean number of papers found.
    """

    medians: list[float]
    p95s: list[float]
    worsts: list[float]
    percentiles: list[float]
    total: float

    @property
    def median(self) -> float:
        """The median round's median."""
        return median(self.medians)

    @property
    def p95(self) -> float:
        """The median round's 95th percentile."""
        return median(self.p95s)

    @property
    def worst(self) -> float:
        """The slowest query of all rounds."""
        return max(self.worsts)


class Together(msgspec.Struct):
    """Two threads asking at once, in milliseconds, one value a round.

    `each` is the time that passed, divided by the number of queries; `p95s` is of what single
    queries took.
    """

    each: list[float]
    p95s: list[float]


class Searching(msgspec.Struct):
    """Queries: by kind, then by engine.

    `timed` is in turns of several queries an engine, `alternated` in turns of one. `limits` has
    the papers of engines that got fewer.
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
    """Builds of one index, a fresh process each, in seconds.

    `imports` is the part before the work, from the first line that Python ran; `work` the rest.
    `peaks` is the most anonymous memory that all processes of a build held together, None where
    the system does not tell. `size` is that of the finished index.
    """

    imports: list[float]
    work: list[float]
    peaks: list[int | None]
    size: int = 0

    def seconds(self, *, with_imports: bool = True) -> float:
        """The median of the runs."""
        if not with_imports:
            return median(self.work)
        return median(sum(both) for both in zip(self.imports, self.work, strict=True))

    @property
    def peak(self) -> int | None:
        """The most memory of any run."""
        return max((peak for peak in self.peaks if peak is not None), default=None)


class Building(msgspec.Struct):
    """Builds by engine, and rebuilds of this one after a change of one paper.

    `opened` has by engine the milliseconds to a first answer, each in a fresh process, and
    `checked` those for reading every byte of this engine's index.
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

    `texts` is how many different ones were asked, `median` that of their medians, and `worst`
    the slowest run of all; `slowest`, `total` and `told` are that query's text, the papers it
    found, and what the engine said of a bound that it kept.
    """

    name: str
    texts: int
    median: float
    worst: float
    slowest: str
    total: int
    told: str


class Worst(msgspec.Struct):
    """The hard queries, each asked in every round."""

    setting: Setting
    rounds: int
    cases: list[Case]


class Served(msgspec.Struct):
    """Pages of one catalogue: how many a second, and what a request took, in milliseconds.

    `page` is what a page takes inside the application (its `Server-Timing`, summed up), the
    median; `paths` is how many different addresses were asked for.
    """

    each_second: float
    p50: float
    p99: float
    page: float
    paths: int


class Serving(msgspec.Struct):
    """Whole pages over HTTP, by catalogue; `left_out` says why, if it was not measured."""

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


class Waits(msgspec.Struct):
    """The times that readers waited for pages, in milliseconds.

    `long` is the share of the `requests` that took more than 100 ms, `failed` the number without a
    response.
    """

    requests: int
    failed: int
    median: float
    p99: float
    worst: float
    long: float


class Memory(msgspec.Struct):
    """The memory of a server, in bytes.

    `private` is the private memory of each process that answers, `together` the sum of the
    proportional shares of all processes.
    """

    private: list[int]
    together: int


class Published(msgspec.Struct):
    """One server: its readers `alone` and `during` publishes, and its memory.

    `bare` is the memory with an index of few papers, `before` and `after` that before the first
    publish and after the last, each after the same requests.
    """

    alone: Waits
    during: Waits
    bare: Memory
    before: Memory
    after: Memory

    @property
    def grown(self) -> int:
        """How much more private memory the process with most has after the publishes."""
        return max(self.after.private) - max(self.before.private)


class Publishing(msgspec.Struct):
    """Publishes while servers answer; `index` is the size of the index in bytes.

    `left_out` says why, if it was not measured.
    """

    setting: Setting
    publishes: int
    index: int
    servers: dict[str, Published]
    left_out: str | None


class Results(msgspec.Struct):
    """All parts that have been measured so far, each at its own time."""

    queries: Searching | None = None
    building: Building | None = None
    growth: Growth | None = None
    worst: Worst | None = None
    serving: Serving | None = None
    pages: Pages | None = None
    trees: Trees | None = None
    publishing: Publishing | None = None


def load(file: Path) -> Results:
    """The results so far; none if there is no file. Raises msgspec's errors on another shape."""
    if not file.is_file():
        return Results()
    return msgspec.json.decode(file.read_bytes(), type=Results)


def save(results: Results, file: Path) -> None:
    """Writes the results, a name a line; the numbers of a list stand on one line."""
    text = msgspec.json.format(msgspec.json.encode(results), indent=1).decode()
    text = _NUMBERS.sub(lambda match: " ".join(match[0].split()), text)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text + "\n", encoding="utf-8")
