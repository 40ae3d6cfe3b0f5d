"""Render the tables of the page."""

from collections.abc import Collection, Iterator, Sequence
from statistics import median

from benchmarks.speed.engines import OURS, TANTIVY
from benchmarks.speed.publishing_results import Memory, Publishing
from benchmarks.speed.questions import title
from benchmarks.speed.results import (
    Building,
    Built,
    DefaultMode,
    Growth,
    Pages,
    Searching,
    Serving,
    Trees,
    Worst,
)
from benchmarks.speed.timing import THREADS


def table(
    head: Sequence[str], rows: Sequence[Sequence[str]], *, words: Collection[str] = ()
) -> Iterator[str]:
    """Yield a table. All columns but the first and those in `words` are right-aligned."""
    yield f"| {' | '.join(head)} |"
    yield f"|---|{''.join('---|' if name in words else '---:|' for name in head[1:])}"
    for row in rows:
        yield f"| {' | '.join(row)} |"
    yield ""


def short(value: float) -> str:
    """Return a number with about three significant digits."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}" if value >= 10 else f"{value:.2f}"


def milliseconds(value: float) -> str:
    """Return a time with three significant digits, or three decimals below 1."""
    return f"{value:.3f}" if value < 1 else short(value)


def searching(part: Searching) -> Iterator[str]:
    """Yield median, p95, and worst by kind, then two threads, then the numbers of hits."""
    names = list(dict.fromkeys(name for timed in part.timed.values() for name in timed))
    shown = {name: _named(name, part.limits) for name in names}
    for what in ("median", "p95", "worst"):
        rows = [
            [title(kind), *(milliseconds(getattr(timed[name], what)) for name in names)]
            for kind, timed in part.timed.items()
        ]
        yield f"**{what}**, ms\n"
        yield from table(["", *shown.values()], rows)
    yield from _together(part)
    rows = [
        [title(kind), *(f"{timed[name].total:,.0f}" for name in names)]
        for kind, timed in part.timed.items()
    ]
    yield "**Hits**, mean. They differ by stemmer, stop words, and the meaning of a prefix.\n"
    yield from table(["", *shown.values()], rows)


def _together(part: Searching) -> Iterator[str]:
    names = list(next(iter(part.together.values()), {}))
    if not names:
        return
    rows = [
        [title(kind), *(milliseconds(median(together[name].each)) for name in names)]
        for kind, together in part.together.items()
    ]
    yield f"**{THREADS} threads**, ms per query: elapsed time divided by the number of queries\n"
    yield from table(["", *names], rows)


def building(part: Building) -> Iterator[str]:
    """Yield time, index size, and memory of each engine, then rebuilds and opening."""
    head = ["", "time, s", "without imports, s", "index, MB", "memory, MB"]
    rows = [_built(_named(name, part.limits), built) for name, built in part.built.items()]
    rows.append(_built(f"{OURS}, rebuild after one change", part.rebuilt, size=False))
    yield from table(head, rows)
    yield from _fresh(part)


def _built(name: str, built: Built, *, size: bool = True) -> list[str]:
    return [
        name,
        short(built.seconds()),
        short(built.seconds(with_imports=False)),
        short(built.size / 10**6) if size else "",
        short(built.peak / 10**6) if built.peak else "not reported",
    ]


def _fresh(part: Building) -> Iterator[str]:
    yield "**Opening** and answering a first query in a new process, ms after imports\n"
    rows = [[name, short(median(times)), short(max(times))] for name, times in part.opened.items()]
    yield from table(["", "median", "slowest"], rows)
    yield f"Checking every byte of the index takes {short(median(part.checked))} ms.\n"
    if TANTIVY in part.built:
        full = part.built[TANTIVY]
        ratios = [
            f"{short(part.built[OURS].seconds(with_imports=way) / full.seconds(with_imports=way))}"
            f" and {short(part.rebuilt.seconds(with_imports=way) / full.seconds(with_imports=way))}"
            for way in (True, False)
        ]
        yield (
            "Build and rebuild times, divided by the time of Tantivy's full build: "
            f"{ratios[0]}. Without imports: {ratios[1]}.\n"
        )


def growth(part: Growth) -> Iterator[str]:
    """Yield medians and p95 of each engine by size, then the builds."""
    head = ["", *(f"{size:,}" for size in part.sizes)]
    for name, timed in part.timed.items():
        rows = [
            [title(kind), *(f"{milliseconds(e.median)} / {milliseconds(e.p95)}" for e in each)]
            for kind, each in timed.items()
        ]
        yield f"**{name}**, median / p95, ms\n"
        yield from table(head, rows)
    rows = []
    for name, built in part.built.items():
        rows.append([f"{name}, build, s", *(short(each.seconds()) for each in built)])
        rows.append([f"{name}, index, MB", *(short(each.size / 10**6) for each in built)])
        peaks = [short(each.peak / 10**6) if each.peak else "not reported" for each in built]
        rows.append([f"{name}, memory, MB", *peaks])
    yield from table(head, rows)


def worst(part: Worst) -> Iterator[str]:
    """Yield the hard queries, with the reported limit of the slowest."""
    rows = [
        [
            f"{case.name} ({case.texts})" if case.texts > 1 else case.name,
            milliseconds(case.median),
            milliseconds(case.worst),
            f"{case.total:,}",
            f"`{case.slowest}`" if case.slowest else "",
            case.told or "none",
        ]
        for case in part.cases
    ]
    head = ["", "median, ms", "worst, ms", "hits", "slowest query", "limits applied"]
    yield from table(head, rows, words=("slowest query", "limits applied"))


def default_mode(part: DefaultMode) -> Iterator[str]:
    """Yield the times of whole searches by the length of the query."""
    rows = [
        [name, *(f"{milliseconds(times.median)} / {milliseconds(times.p95)}" for times in
                 (each.default, each.without_feedback, each.feedback, each.exact))]
        for name, each in part.kinds.items()
    ]  # fmt: skip
    yield "Median / p95, ms\n"
    head = ["", "default mode", "without feedback", "feedback alone", "`exact=1`"]
    yield from table(head, rows)


def serving(part: Serving) -> Iterator[str]:
    """Yield pages per second and response times by catalogue."""
    if part.left_out:
        yield f"Not measured: {part.left_out}.\n"
        return
    rows = [
        [name, f"{each.each_second:,.0f}", short(each.p50), short(each.p99), short(each.page),
         f"{each.paths:,}"]
        for name, each in part.served.items()
    ]  # fmt: skip
    head = ["", "pages per second", "median, ms", "p99, ms", "inside, ms", "URLs"]
    yield from table(head, rows)
    yield (
        f"{part.workers} workers, {part.connections} connections, {part.seconds} seconds. The "
        "client shares the processors with the workers.\n"
    )


def pages(part: Pages) -> Iterator[str]:
    """Yield the times of the search page, and the share that its `Server-Timing` explains."""
    head = ["searches", "median, ms", "p95, ms", "worst, ms", "explained by Server-Timing"]
    times = (milliseconds(each) for each in (part.median, part.p95, part.worst))
    yield from table(head, [[f"{part.searches:,}", *times, f"{part.accounted:.1%}"]])


def trees(part: Trees) -> Iterator[str]:
    """Yield medians by selection, and the medians of their ratios to the page without one."""
    rows = [
        [name, milliseconds(median), f"{part.ratios[name]:.2f}" if name in part.ratios else ""]
        for name, median in part.medians.items()
    ]
    yield from table(["selected", "median, ms", "median ratio"], rows)
    yield f"{part.pairs:,} queries, and a tree of {part.values:,} values.\n"


def publishing(part: Publishing) -> Iterator[str]:
    """Yield response times and memory by server."""
    if part.left_out:
        yield f"Not measured: {part.left_out}.\n"
        return
    rows = [
        [f"{name}, {when}", f"{each.requests:,}", milliseconds(each.median), milliseconds(each.p99),
         milliseconds(each.worst), f"{each.long:.2%}", f"{each.failed:,}"]
        for name, server in part.servers.items()
        for when, each in (("alone", server.alone), ("publishing", server.during))
    ]  # fmt: skip
    head = ["", "requests", "median, ms", "p99, ms", "worst, ms", "over 100 ms", "failed"]
    yield from table(head, rows)
    yield f"**Memory**, MB. The index takes {short(part.index / 10**6)} MB on disk.\n"
    rows = [
        [f"{name}, {when}", *_held(each, server.bare, part.index)]
        for name, server in part.servers.items()
        for when, each in (
            ("few papers", server.bare), ("before", server.before), ("after", server.after),
        )
    ]  # fmt: skip
    yield from table(["", "largest private", "sum of shares", "relative to the index"], rows)


def _held(memory: Memory, bare: Memory, index: int) -> list[str]:
    of_the_index = (memory.together - bare.together) / index
    sizes = (max(memory.private), memory.together)
    return [*(short(each / 10**6) for each in sizes), short(of_the_index)]


def _named(name: str, limits: dict[str, int]) -> str:
    return f"{name}, **{limits[name]:,} papers**" if name in limits else name
