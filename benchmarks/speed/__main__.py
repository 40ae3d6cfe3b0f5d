"""Run parts of the speed benchmark, and render the report: `python -m benchmarks.speed`."""

import tempfile
from collections.abc import Callable
from pathlib import Path

import click

from benchmarks.speed import (
    building,
    default_mode,
    engines,
    growth,
    pages,
    publishing,
    results,
    searching,
    serving,
    trees,
    worst,
)
from benchmarks.speed.opensearch import measure as opensearch
from benchmarks.speed.report import page, plots
from benchmarks.speed.results import Results
from benchmarks.speed.workplace import Plan, Workplace

HOUSE = Path(__file__).parents[2]
PAPERS = HOUSE.parent / "shared" / "data" / "papers-100k.jsonl.xz"
PARTS: dict[str, Callable[[Workplace], object]] = {
    "building": building.measure,
    "queries": searching.measure,
    "growth": growth.measure,
    "worst": worst.measure,
    "default_mode": default_mode.measure,
    "serving": serving.measure,
    "pages": pages.measure,
    "trees": trees.measure,
    "publishing": publishing.measure,
    "opensearch": opensearch.measure,
}
"""The parts by their names in the results, in the order of measurement."""


@click.command(context_settings={"show_default": True})
@click.option(
    "--papers", "file", type=click.Path(path_type=Path, dir_okay=False), default=PAPERS,
    show_default="papers-100k.jsonl.xz of the shared data",
    help="File of papers in JSON Lines, plain, .gz, or .xz.",
)  # fmt: skip
@click.option("--rounds", default=5, help="Number of runs of each query.")
@click.option("--queries", default=500, help="Number of queries of each kind.")
@click.option("--builds", default=3, help="Number of builds of each index.")
@click.option(
    "--only", multiple=True, type=click.Choice([*PARTS, "report"]),
    help="Measure only this part, and keep the stored results of the others. Repeatable.",
)  # fmt: skip
@click.option(
    "--engine", "names", multiple=True, type=click.Choice(engines.COMPARED),
    help="Compare only with this engine. Repeatable.",
)  # fmt: skip
@click.option(
    "--quick", is_flag=True, help="Run a trial with 3,000 papers, few queries, and one round."
)
@click.option(
    "--report", type=click.Path(path_type=Path, dir_okay=False),
    help="Page to write. Results and plots go into the folder with its name.",
    show_default="docs/benchmarks.md, or build/benchmarks.md if quick",
)  # fmt: skip
def main(
    file: Path, rounds: int, queries: int, builds: int, only: tuple[str, ...],
    names: tuple[str, ...], quick: bool, report: Path | None,
) -> None:  # fmt: skip
    """Measure the speed of this engine and of its peers, and write the report."""
    taking_part = tuple(
        name for name in engines.COMPARED if not names or name in (*names, engines.OURS)
    )
    plan = Plan(file=file, names=taking_part, rounds=rounds, queries=queries, builds=builds)
    if quick:
        plan = Plan(file=file, names=taking_part, rounds=1, queries=min(queries, 50), builds=1,
                    papers=3000, most={engines.WHOOSH: 500})  # fmt: skip
    if report is None:
        report = HOUSE / ("build" if quick else "docs") / "benchmarks.md"
    run(plan, [part for part in PARTS if not only or part in only], report)
    click.echo(f"written: {report.name}")


def run(plan: Plan, parts: list[str], report: Path) -> Results:
    """Measure the given parts, replace their stored results, and write the report."""
    kept = report.with_suffix("") / "results.json"
    found = results.load(kept)
    if parts:
        if not plan.file.is_file():
            raise click.ClickException(
                f"the file {plan.file.name} does not exist. Name another: --papers FILE.jsonl"
            )
        with tempfile.TemporaryDirectory(prefix="pubsearch-bench-") as folder:
            work = Workplace(plan, Path(folder), click.echo)
            for part in parts:
                click.echo(f"-- {part}")
                setattr(found, part, PARTS[part](work))
                results.save(found, kept)
    page.write(found, report, plots.write(found, kept.parent))
    return found


if __name__ == "__main__":
    main()
