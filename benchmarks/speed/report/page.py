"""Render the results as a Markdown page."""

import textwrap
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

from benchmarks.speed.bars import P95, against, judged
from benchmarks.speed.machine import Setting
from benchmarks.speed.opensearch import table as cluster_table
from benchmarks.speed.questions import title
from benchmarks.speed.report import method, tables
from benchmarks.speed.results import Results

Part = TypeVar("Part")
TITLE = """\
# Speed

<!-- Written by `make bench` from benchmarks/results.json. Do not edit. -->

*`make bench` generates this page.* It compares this engine with Tantivy, SQLite FTS5, and stock
Whoosh in one process, on the same papers and the same queries.
"""


def write(results: Results, page: Path, plots: Sequence[str]) -> None:
    """Write the page. `plots` are the names of the pictures in the folder with the page's name."""
    folder = page.with_suffix("").name
    page.parent.mkdir(parents=True, exist_ok=True)
    text = "\n".join(_sections(results, {name: f"{folder}/{name}.svg" for name in plots}))
    page.write_text(text.rstrip() + "\n", encoding="utf-8")


def _sections(results: Results, plots: dict[str, str]) -> Iterator[str]:
    yield TITLE
    yield from _setting(results)
    yield from _bars(results)
    yield from _section(
        results.queries, "Queries", method.SEARCHING, tables.searching,
        _picture("queries", "Medians and 95th percentiles by kind of query", plots),
    )  # fmt: skip
    yield from _section(
        results.building, "Building", method.BUILDING, tables.building,
        _picture("building", "Time and index size of a build", plots),
    )  # fmt: skip
    yield from _section(
        results.growth, "Growth", method.GROWTH, tables.growth,
        _picture("growth", "Medians by number of papers", plots),
    )  # fmt: skip
    yield from _section(
        results.worst, "Hard queries", method.WORST, tables.worst,
        _picture("worst", "The slowest run of each hard query", plots),
    )  # fmt: skip
    default = results.default_mode
    yield from _section(default, "The default mode", method.DEFAULT_MODE, tables.default_mode)
    yield from _section(results.serving, "Serving", method.SERVING, tables.serving)
    yield from _section(results.pages, "The search page", method.PAGES, tables.pages)
    yield from _section(results.trees, "Selected values of a tree", method.TREES, tables.trees)
    yield from _section(results.publishing, "Publishing", method.PUBLISHING, tables.publishing)
    yield from _section(
        results.opensearch, "A cluster of OpenSearch", method.OPENSEARCH, cluster_table.cluster
    )
    if not plots:
        yield "The plots were left out because the package matplotlib is not installed.\n"


def _section(
    part: Part | None,
    heading: str,
    how: str,
    render: Callable[[Part], Iterator[str]],
    picture: Iterable[str] = (),
) -> Iterator[str]:
    """Yield the section of a part: how it was measured, its picture, and its tables."""
    if part is not None:
        yield f"## {heading}\n\n{how}"
        yield from picture
        yield from render(part)


def _picture(name: str, words: str, plots: dict[str, str]) -> Iterator[str]:
    if name in plots:
        yield f"![{words}]({plots[name]})\n"


def _setting(results: Results) -> Iterator[str]:
    """Yield the machine and the versions, once if all parts share them."""
    parts = {
        "queries": results.queries,
        "building": results.building,
        "growth": results.growth,
        "hard queries": results.worst,
        "the default mode": results.default_mode,
        "serving": results.serving,
        "the search page": results.pages,
        "selected values of a tree": results.trees,
        "publishing": results.publishing,
        "a cluster": results.opensearch,
    }
    told: dict[str, list[str]] = {}
    for name, part in parts.items():
        if part:
            told.setdefault(_told(part.setting), []).append(name)
    yield "## Machine and versions\n"
    for text, names in told.items():
        parts_of = "" if len(told) == 1 else f"{', '.join(names).capitalize()}: "
        yield _paragraph(parts_of + text)
    yield from _left_out(results)


def _told(setting: Setting) -> str:
    versions = ", ".join(f"{name} {version}" for name, version in setting.versions.items())
    return (
        f"{setting.date}, {setting.cores} cores, {setting.memory} of memory, {setting.processor} "
        f"({setting.system}). {versions}. {setting.papers:,} papers of `{setting.data}`."
    )


def _paragraph(text: str) -> str:
    return f"{textwrap.fill(text, 100, break_on_hyphens=False)}\n"


def _left_out(results: Results) -> Iterator[str]:
    reasons: dict[str, str] = {}
    for part in (results.queries, results.building, results.growth):
        reasons |= part.left_out if part else {}
    for name, reason in reasons.items():
        yield _paragraph(f"**{name} was left out**: {reason}.")


def _bars(results: Results) -> Iterator[str]:
    yield "## Targets\n"
    if results.queries and (ratios := against(results.queries)):
        yield _paragraph(
            "This engine's times divided by Tantivy's, and the targets. The last columns show the "
            "first round, in which no cache of earlier queries can help, and the rounds in which "
            "the two engines alternate after each query."
        )
        head = ("", "median", "at most", "p95", "at most", "met", "first round: median", "p95",
                "alternating: median", "p95")  # fmt: skip
        rows = [
            (title(each.kind), f"{each.median:.2f}", f"{each.most}", f"{each.p95:.2f}", f"{P95}",
             _met(each.met), f"{each.first_median:.2f}", f"{each.first_p95:.2f}",
             f"{each.alternated_median:.2f}", f"{each.alternated_p95:.2f}")
            for each in ratios
        ]  # fmt: skip
        yield from tables.table(head, rows)
    others = [
        (bar.what, tables.short(bar.measured) + bar.unit, tables.short(bar.most) + bar.unit,
         _met(bar.met))
        for bar in judged(results)
    ]  # fmt: skip
    yield from tables.table(("", "measured", "at most", "met"), others)


def _met(met: bool) -> str:
    return "yes" if met else "**no**"
