"""Measure exports and harvests: records per second and memory: `python -m benchmarks.export INDEX`.

Each format writes all publications of an index, in a process of its own. Nothing reads exports.
Harvests by OAI-PMH are compressed.
"""

import gzip
import multiprocessing
import re
import resource
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter, process_time

import click

from indexer.generations import directory
from search_app import config, create_app
from search_app.engine import Engine, SearchRequest
from search_app.export import registry
from search_app.web import oai

NAMES = (*registry.FORMATS, *(f"oai/{prefix}" for prefix in oai.FORMATS))
"""Formats of exports, and then metadata prefixes of harvests."""


def export(index: Path, name: str) -> Iterator[bytes]:
    """Yield the parts of an export of all publications. The first is empty: the index is open."""
    searcher = Engine.open(index).get_searcher()
    yield b""
    hits = searcher.scan(SearchRequest())
    yield from registry.FORMATS[name].write(hits, searcher.catalogue, lambda _: "")


def harvest(index: Path, prefix: str) -> Iterator[bytes]:
    """Yield the parts of a harvest of all records, compressed, as `export` does."""
    site = create_app(config.load(index=index)).test_client()
    yield b""
    arguments = {"metadataPrefix": prefix}
    while arguments:
        asked = {"verb": "ListRecords", **arguments}
        packed = site.get("/oai", query_string=asked, headers={"Accept-Encoding": "gzip"}).data
        yield packed
        token = re.search(rb"<resumptionToken>([^<]+)", gzip.decompress(packed))
        arguments = {"resumptionToken": token[1].decode()} if token else {}


def measure(index: Path, name: str) -> None:
    """Export or harvest all publications of an index, and print what it cost."""
    place, _, prefix = name.rpartition("/")
    parts = harvest(index, prefix) if place else export(index, name)
    next(parts)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start, cpu = perf_counter(), process_time()
    size = sum(map(len, parts))
    seconds, cpu = perf_counter() - start, process_time() - cpu
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    count = directory.load_live(index).manifest.publications
    click.echo(
        f"{name:11} {count / seconds:9,.0f} records/s, {count / cpu:9,.0f} per second of CPU,"
        f" {size / 1e6:7,.1f} MB, memory grew by {grown:,.0f} MiB"
    )


@click.command()
@click.argument("index", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--format", "names", multiple=True, type=click.Choice(NAMES))
def main(index: Path, names: tuple[str, ...]) -> None:
    """Measure the export and the harvest of an index in each format, or in the given ones."""
    for name in names or NAMES:
        process = multiprocessing.get_context("spawn").Process(target=measure, args=(index, name))
        process.start()
        process.join()


if __name__ == "__main__":
    main()
