"""The plots of the page: small SVGs that are readable on light and on dark backgrounds."""

import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.speed.bars import WORST_MS
from benchmarks.speed.engines import OURS, SQLITE, TANTIVY, TANTIVY_STORING, WHOOSH
from benchmarks.speed.questions import KINDS, title
from benchmarks.speed.results import Building, Growth, Results, Searching, Worst

GREY = "#808080"
"""A gray with enough contrast on white and on black, for lines and labels."""
COLOURS = {
    OURS: "#2f8fd0", TANTIVY: "#e07b39", TANTIVY_STORING: "#e07b39", SQLITE: "#57a05a",
    WHOOSH: "#b06fc0",
}  # fmt: skip
_STYLE = {
    "svg.fonttype": "none", "svg.hashsalt": "pubsearch", "font.family": "sans-serif",
    "font.size": 9, "text.color": GREY, "axes.edgecolor": GREY, "axes.labelcolor": GREY,
    "xtick.color": GREY, "ytick.color": GREY, "axes.spines.top": False,
    "axes.spines.right": False, "legend.frameon": False,
}  # fmt: skip
WIDTH = 8.0


def write(results: Results, folder: Path) -> list[str]:
    """Write a plot of each measured part. Return their names, or none without matplotlib.

    The same results give the same bytes.
    """
    if importlib.util.find_spec("matplotlib") is None:
        return []
    import matplotlib as mpl

    mpl.use("svg")
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    with mpl.rc_context(_STYLE):
        if results.queries:
            written.append(_drawn("queries", _searching, results.queries, folder))
        if results.building:
            written.append(_drawn("building", _building, results.building, folder))
        if results.growth:
            written.append(_drawn("growth", _growth, results.growth, folder))
        if results.worst:
            written.append(_drawn("worst", _worst, results.worst, folder))
    return written


def _drawn(name: str, draw: Callable[[Any], Any], part: object, folder: Path) -> str:
    figure = draw(part)
    file = folder / f"{name}.svg"
    figure.savefig(file, transparent=True, bbox_inches="tight", metadata={"Date": None})
    return name


def _axes(height: float, columns: int = 1, *, sharey: bool = False) -> tuple[Any, Any]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(WIDTH, height), layout="constrained")
    return figure, figure.subplots(1, columns, sharey=sharey)


def _plain(axis: Any) -> None:  # noqa: ANN401 - matplotlib may be missing
    """Label a logarithmic axis at 1, 2, 5, and 10 in plain numbers."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_minor_formatter(NullFormatter())


def _searching(part: Searching) -> object:
    """Draw a group of bars for each kind. The thin line reaches from the median to the p95."""
    figure, axes = _axes(3.2)
    names = list(next(iter(part.timed.values())))
    width = 0.8 / len(names)
    for place, name in enumerate(names):
        timed = [by_engine[name] for by_engine in part.timed.values()]
        at = [kind + (place - (len(names) - 1) / 2) * width for kind in range(len(timed))]
        medians = [each.median for each in timed]
        reach = [max(each.p95 - each.median, 0) for each in timed]
        limit = part.limits.get(name)
        label = f"{name}, {limit:,} papers" if limit else name
        axes.bar(at, medians, width * 0.9, color=COLOURS[name], label=label)
        axes.errorbar(at, medians, [[0] * len(at), reach], fmt="none", ecolor=GREY, elinewidth=1)
    axes.set_yscale("log")
    _plain(axes.yaxis)
    axes.set_ylabel("ms, median to p95")
    axes.set_xticks(range(len(part.timed)), [_wrapped(title(kind)) for kind in part.timed])
    axes.legend(ncols=2, fontsize=8, loc="upper left", bbox_to_anchor=(0, 1.25))
    return figure


def _wrapped(words: str) -> str:
    """Split a label into two lines, at the comma or in the middle."""
    first, comma, second = words.partition(", ")
    if comma:
        return f"{first},\n{second}"
    parts = words.split()
    middle = (len(parts) + 1) // 2
    return " ".join(parts[:middle]) + "\n" + " ".join(parts[middle:])


def _building(part: Building) -> object:
    """Draw seconds and bytes next to each other. Engines with fewer papers are omitted."""
    figure, (seconds, sizes) = _axes(2.0, columns=2)
    rows = {name: built for name, built in part.built.items() if name not in part.limits}
    names = list(rows)
    colours = [COLOURS[name] for name in names]
    seconds.barh([*names, "rebuild after one change"],
                 [*(built.seconds() for built in rows.values()), part.rebuilt.seconds()],
                 color=[*colours, COLOURS[OURS]])  # fmt: skip
    seconds.set_xlabel("s")
    sizes.barh(names, [built.size / 10**6 for built in rows.values()], color=colours)
    sizes.set_xlabel("MB")
    for axes in (seconds, sizes):
        axes.invert_yaxis()
    return figure


def _growth(part: Growth) -> object:
    """Draw a plot for each kind with logarithmic axes, so that a power law is a straight line."""
    figure, every = _axes(2.4, columns=len(KINDS), sharey=True)
    for axes, kind in zip(every, KINDS, strict=True):
        for name, timed in part.timed.items():
            medians = [each.median for each in timed[kind]]
            axes.plot(part.sizes, medians, "o-", color=COLOURS[name], label=name, markersize=3)
        axes.set(xscale="log", yscale="log")
        axes.set_title(_wrapped(KINDS[kind]), fontsize=8)
        axes.tick_params(which="both", labelsize=7)
        _plain(axes.yaxis)
        axes.minorticks_off()
    every[0].set_ylabel("median, ms")
    every[0].legend(fontsize=7)
    figure.supxlabel("papers", fontsize=8)
    return figure


def _worst(part: Worst) -> object:
    """Draw a bar for each case up to its slowest run, and a line at the limit."""
    figure, axes = _axes(0.6 + 0.22 * len(part.cases))
    names = [case.name for case in part.cases]
    axes.barh(names, [case.worst for case in part.cases], color=COLOURS[OURS], alpha=0.5)
    axes.barh(names, [case.median for case in part.cases], color=COLOURS[OURS])
    axes.axvline(WORST_MS, color=GREY, linewidth=1, linestyle="--")
    axes.invert_yaxis()
    axes.set_xlabel("ms (dark: median, pale: slowest run, dashed line: target)")
    return figure
