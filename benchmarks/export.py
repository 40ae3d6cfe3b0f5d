"""Measure exports: records per second and peak memory: `python -m benchmarks.export INDEX`.

Each format writes all publications of an index, in a process of its own. Nothing reads the output.
"""

from __future__ import annotations

import multiprocessing
import resource
from pathlib import Path
from time import perf_counter, process_time

import click

from search_app.engine import Engine, SearchRequest
from search_app.export.registry import FORMATS


def measure(index: Path, name: str) -> None:
    """Export all publications of an index in a format, and print what it cost."""
    searcher = Engine.open(index).get_searcher()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start, cpu = perf_counter(), process_time()
    hits = searcher.scan(SearchRequest())
    size = sum(map(len, FORMATS[name].write(hits, searcher.catalogue, lambda _: "")))
    seconds, cpu = perf_counter() - start, process_time() - cpu
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    click.echo(
        f"{name:8} {searcher.size / seconds:9,.0f} records/s, {searcher.size / cpu:9,.0f} per"
        f" second of CPU, {size / 1e6:7,.1f} MB, memory grew by {grown:,.0f} MiB"
    )


@click.command()
@click.argument("index", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--format", "names", multiple=True, type=click.Choice([*FORMATS]))
def main(index: Path, names: tuple[str, ...]) -> None:
    """Measure the export of an index in each format, or in the given ones."""
    for name in names or FORMATS:
        process = multiprocessing.get_context("spawn").Process(target=measure, args=(index, name))
        process.start()
        process.join()


if __name__ == "__main__":
    main()
