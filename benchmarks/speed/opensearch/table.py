"""Render the tables of an index in a cluster."""

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from statistics import median

from benchmarks.speed.opensearch.measured import Cluster, Grown, Load, Loaded
from benchmarks.speed.report.tables import milliseconds, short, table
from benchmarks.speed.serving import CONNECTIONS, WORKERS


def cluster(part: Cluster) -> Iterator[str]:
    """Yield the searches, then building, growth, and pages."""
    if part.left_out:
        yield f"Not measured: {part.left_out}.\n"
        return
    yield (
        f"OpenSearch {part.version}, one node with a heap of {part.heap}, one shard. The load\n"
        f"average of the machine was {part.load_average} at the start.\n"
    )
    if part.note:
        yield f"{textwrap.fill(part.note, 100, break_on_hyphens=False)}\n"
    yield from _searches(part)
    if part.load:
        yield from _load(part.load, part.setting.papers)
    yield from _growth(part.grown)
    if part.pages:
        yield from _pages(part)


def _searches(part: Cluster) -> Iterator[str]:
    kinds = part.kinds.items()
    rows = [
        [name, *(f"{milliseconds(each.median)} / {milliseconds(each.p95)}" for each in
                 (kind.local, kind.cluster, kind.node, kind.own)),
         f"{kind.hits} / {kind.totals} / {kind.facets}"]
        for name, kind in kinds
    ]  # fmt: skip
    yield f"**Searches**, median / p95 in ms, {_count(part):,} of each kind\n"
    head = ["", "local index", "cluster", "of it OpenSearch", "of it this engine",
            "other hits / totals / facets"]  # fmt: skip
    yield from table(head, rows)
    rows = [
        [name, _trips(kind.trips), short(kind.sent / 1000), short(kind.received / 1000),
         milliseconds(kind.own_cpu), milliseconds(kind.node_cpu)]
        for name, kind in kinds
    ]  # fmt: skip
    yield "**Requests** and CPU time, means of a search\n"
    head = ["", "requests: searches", "sent, kB", "received, kB", "this engine's CPU, ms",
            "the node's CPU, ms"]  # fmt: skip
    yield from table(head, rows, words=("requests: searches",))
    rows = [[name, _trips(counts)] for name, counts in part.trips.items()]
    yield from table(["other pages", "requests: pages"], rows, words=("requests: pages",))


def _count(part: Cluster) -> int:
    return max((kind.searches for kind in part.kinds.values()), default=0)


def _trips(trips: Mapping[int, int]) -> str:
    return ", ".join(f"{count}: {searches}" for count, searches in trips.items())


def _load(load: Load, papers: int) -> Iterator[str]:
    rows = [
        [name, *(short(median(getattr(each, what) for each in loads)) for what in
                 ("local", "local_cpu", "load", "load_cpu", "node_cpu"))]
        for name, loads in (("all papers", load.builds), ("one changed paper", load.changes))
    ]  # fmt: skip
    yield "**Building**, seconds\n"
    head = ["", "local build", "its CPU", "what a cluster adds", "its CPU", "the node's CPU"]
    yield from table(head, rows)
    yield (
        f"The CPU time that a cluster adds is {cpu_ratio(load.builds):.2f} of that of the local "
        "build.\n"
    )
    sizes = {
        "documents as sent": load.sent,
        "index in the cluster": load.index,
        "segment of the local index": load.segment,
        **{f"`{name}`, for readers": size for name, size in load.files.items()},
    }
    rows = [[name, short(size / 10**6), short(size / papers)] for name, size in sizes.items()]
    yield from table(["", "MB", "bytes per paper"], rows)


def cpu_ratio(loads: Sequence[Loaded]) -> float:
    """Return the CPU time that a cluster adds to builds, divided by that of the local builds."""
    return median(each.load_cpu / each.local_cpu for each in loads)


def _growth(grown: Sequence[Grown]) -> Iterator[str]:
    names = list(grown[0].node_cpu) if grown else []
    rows = [[name, *(milliseconds(each.node_cpu[name]) for each in grown)] for name in names]
    rows.append(["index, MB", *(short(each.index / 10**6) for each in grown)])
    rows.append(["`vocabulary.seg`, MB", *(short(each.vocabulary / 10**6) for each in grown)])
    yield "**Growth**, ms of the node's CPU time per search\n"
    yield from table(["", *(f"{each.papers:,} papers" for each in grown)], rows)


def _pages(part: Cluster) -> Iterator[str]:
    rows = [
        [name, f"{page.each_second:,.0f}", short(page.p50), short(page.p99)]
        for name, page in part.pages.items()
    ]
    yield (
        f"**Pages over HTTP**, {WORKERS} workers, {CONNECTIONS} connections. The client, the "
        "workers, and the node share the processors.\n"
    )
    yield from table(["", "per second", "median, ms", "p99, ms"], rows)
