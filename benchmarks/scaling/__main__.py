"""Print the tables of docs/scaling.md: `python -m benchmarks.scaling INDEX`."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import click
import numpy as np

from benchmarks.scaling import plan, shards, vocabulary
from benchmarks.scaling.shards import Noise
from benchmarks.scaling.vocabulary import HeapsLaw
from benchmarks.speed import results
from benchmarks.speed.opensearch.measure import PERCENTILES
from benchmarks.speed.opensearch.measured import Cluster
from benchmarks.speed.report.tables import short, table
from indexer.codec.segment.reader import Segment
from indexer.generations import directory

RESULTS = Path(__file__).parents[2] / "docs" / "benchmarks" / "results.json"
PUBLICATIONS = (100_000, 1_000_000, 10_000_000, 100_000_000)
SHARDS = (1, 2, 4, 8, 16, 32, 64, 128, 256)
STEPS = 10
"""Number of samples for the number of words. The largest is a multiple of 10,000 if possible."""
SEARCHES, SEED = 20_000, 20261127


@click.command()
@click.argument("index", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option(
    "--results", "file", type=click.Path(path_type=Path, exists=True, dir_okay=False),
    default=RESULTS, help="The results of `make bench`.",
)  # fmt: skip
def main(index: Path, file: Path) -> None:
    """Compute a cluster for more publications, from an index folder and measured values."""
    part = results.load(file).opensearch
    if part is None or part.load is None:
        raise click.ClickException(f"{file.name} has no cluster. Run: make bench")
    generation = directory.load_live(index)
    segment = Segment(generation.segment, generation.manifest.catalogue)
    sizes = [segment.size * step // STEPS for step in range(1, STEPS + 1)]
    if segment.size >= STEPS * 10_000:
        sizes = [10_000 * step for step in range(1, STEPS + 1)]
    counts = vocabulary.count_words(segment, sizes, SEED)
    words = vocabulary.fit(sizes, counts)
    for line in (
        *_words(sizes, counts, words), *_costs(plan.measure_costs(part, words)),
        *_slowest(part),
    ):  # fmt: skip
        click.echo(line)


def _words(sizes: Sequence[int], counts: Sequence[float], words: HeapsLaw) -> Iterator[str]:
    yield f"k = {words.k:.1f}, beta = {words.beta:.4f}\n"
    rows = [
        [f"{size:,}", f"{count:,.0f}", f"{words.estimate(size):,.0f}"]
        for size, count in zip(sizes, counts, strict=True)
    ]
    yield from table(["publications", "distinct words", "by the law"], rows)


def _costs(costs: plan.Costs) -> Iterator[str]:
    yield (
        f"Of a publication: {costs.index_bytes:.0f} bytes of the index, {costs.sent_bytes:.0f} "
        f"sent; {costs.build_ms:.3f} ms of CPU time to build, {costs.load_ms:.3f} to encode and "
        f"send, {costs.node_ms:.3f} of the node.\n"
    )
    rows = [
        [kind, short(constant), short(slope)] for kind, (constant, slope) in costs.search_ms.items()
    ]
    yield from table(["search", "constant, ms", "for a million publications, ms"], rows)
    plans = [plan.compute(publications, costs) for publications in PUBLICATIONS]
    lines = {
        "index, GB": [short(each.index_size / 1e9) for each in plans],
        "shards": [f"{each.shards:,}" for each in plans],
        "distinct words": [f"{each.words:,.0f}" for each in plans],
        "vocabulary of a reader, MB": [short(each.vocabulary / 1e6) for each in plans],
        "local build, hours of CPU": [short(each.build / 3600) for each in plans],
        "encoding and sending, hours of CPU": [short(each.load / 3600) for each in plans],
        "indexing in the nodes, hours of CPU": [short(each.indexing / 3600) for each in plans],
        "mean search in the nodes, s of CPU": [short(each.search) for each in plans],
        "vectors, GB": [short(each.vectors / 1e9) for each in plans],
    }
    rows = [[name, *values] for name, values in lines.items()]
    yield from table(["", *(f"{size:,}" for size in PUBLICATIONS)], rows)


def _slowest(part: Cluster) -> Iterator[str]:
    noise = Noise(PERCENTILES, part.noise)
    rows = []
    for count in SHARDS:
        simulated = shards.simulate([1.0], noise, count, SEARCHES, SEED)
        rows.append([
            f"{count}", *(f"{np.percentile(simulated, at):.2f}" for at in (50, 95)),
            *(f"{noise.find_slowest(count, at):.2f}" for at in (50, 95)),
        ])  # fmt: skip
    yield "Time of the slowest shard, divided by the median time of one\n"
    yield from table(
        ["shards", "median, simulated", "p95, simulated", "median, by formula", "p95, by formula"],
        rows,
    )


if __name__ == "__main__":
    main()
