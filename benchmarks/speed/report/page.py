"""Render the results as a Markdown page."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.speed.bars import P95, against, judged
from benchmarks.speed.machine import Setting
from benchmarks.speed.questions import title
from benchmarks.speed.report import method, tables
from benchmarks.speed.results import Results

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
    if results.queries:
        yield f"## Queries\n\n{method.SEARCHING}"
        yield from _picture("queries", "Medians and 95th percentiles by kind of query", plots)
        yield from tables.searching(results.queries)
    if results.building:
        yield f"## Building\n\n{method.BUILDING}"
        yield from _picture("building", "Time and index size of a build", plots)
        yield from tables.building(results.building)
    if results.growth:
        yield f"## Growth\n\n{method.GROWTH}"
        yield from _picture("growth", "Medians by number of papers", plots)
        yield from tables.growth(results.growth)
    if results.worst:
        yield f"## Hard queries\n\n{method.WORST}"
        yield from _picture("worst", "The slowest run of each hard query", plots)
        yield from tables.worst(results.worst)
    if results.serving:
        yield f"## Serving\n\n{method.SERVING}"
        yield from tables.serving(results.serving)
    if results.pages:
        yield f"## The search page\n\n{method.PAGES}"
        yield from tables.pages(results.pages)
    if results.trees:
        yield f"## Selected values of a tree\n\n{method.TREES}"
        yield from tables.trees(results.trees)
    if results.publishing:
        yield f"## Publishing\n\n{method.PUBLISHING}"
        yield from tables.publishing(results.publishing)
    if not plots:
        yield "The plots were left out because the package matplotlib is not installed.\n"


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
        "serving": results.serving,
        "the search page": results.pages,
        "selected values of a tree": results.trees,
        "publishing": results.publishing,
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
