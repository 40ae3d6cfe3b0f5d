"""Measure full texts: `python -m benchmarks.fulltext INDEX`.

It makes documents of 60 pages from the abstracts of papers, indexes them in a new folder, and
prints the size and the time of the index, and of searches for words of random titles.
"""

import random
import resource
import time
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

import click
import numpy as np

from benchmarks.relevance.known_items import Paper, read
from indexer.analysis import stemming
from indexer.catalogue.fields import Catalogue, Field
from indexer.catalogue.records import Parsed, Publication, SourceLocation
from indexer.codec import writer
from indexer.codec.fulltext_writer import write_texts
from indexer.codec.segment.fulltext import FULLTEXT, Attached
from indexer.codec.segment.fulltext import PAGES as PAGES_FILE
from indexer.fulltext.text import FullText
from indexer.generations import manifest, publish
from indexer.jobs.build_stats import BuildStats, Rules
from search_app.engine.local_index import LoadOptions, LocalIndex
from search_app.engine.request import SearchRequest

SEED = 20_261_127
PAGES, ABSTRACTS_PER_PAGE, MIN_CHARS = 60, 2, 600
SEARCHES = 150
"""Number of searches of each number of words."""
MEMORY = 2 << 30
CATALOGUE = Catalogue(
    title="Papers",
    description="",
    fields=(
        Field("title", "Title", kind="text", role="title", weight=2.0),
        Field("summary", "Abstract", kind="text", role="abstract", weight=1.0),
        Field("year", "Year", kind="year", role="issued", facet=1, order="descending"),
        Field("fulltext", "Full text", kind="fulltext", weight=0.3),
    ),
)


def make_texts(files: Sequence[Attached], papers: Sequence[Paper]) -> Iterator[FullText]:
    """Yield a text of abstracts, drawn at random, for each file."""
    draw = random.Random(SEED)
    abstracts = [paper.summary for paper in papers if len(paper.summary) >= MIN_CHARS]
    for file in files:
        pages = ("\n\n".join(draw.choices(abstracts, k=ABSTRACTS_PER_PAGE)) for _ in range(PAGES))
        yield FullText(
            digest=file.digest, media_type="application/pdf", pages=tuple(pages), language="en"
        )


def build(folder: Path, papers: Sequence[Paper], count: int) -> Iterator[str]:
    """Build an index of papers with texts. Yield what was measured."""
    publications = [
        Publication(
            id=paper.id, title=paper.title, summary=paper.summary or None,
            values={"year": (paper.year,)} if paper.year else {},
            source=SourceLocation("papers", number + 1),
        )
        for number, paper in enumerate(papers[:count])
    ]  # fmt: skip
    attached = [
        Attached(number, f"{number}.pdf", f"{number:064x}", 1, 1) for number in range(count)
    ]
    characters = 0

    def extract(files: Sequence[Attached]) -> Iterator[FullText]:
        nonlocal characters
        for text in make_texts(files, papers):
            characters += sum(len(page.encode()) for page in text.pages)
            yield text

    with publish.new_generation(folder) as partial:
        stats = BuildStats(Rules(CATALOGUE))
        segment = partial / manifest.SEGMENT
        counts = writer.write(segment, CATALOGUE, stats.count_items(map(Parsed, publications)))
        start = time.process_time()
        write_texts(segment, CATALOGUE.language, attached, extract)
        yield f"processor time of the texts: {time.process_time() - start:.0f} s"
        size = sum(file.stat().st_size for file in (segment / FULLTEXT, segment / PAGES_FILE))
        yield f"{characters:,} bytes of text, {size / characters:.3f} bytes of index a byte"
        draft = stats.make_manifest(counts, built=datetime.now(UTC))
        publish.publish(folder, publish.seal(partial, draft))


def search(folder: Path) -> Iterator[str]:
    """Search for words of random titles. Yield the times and the memory."""
    index, draw = LocalIndex(folder, LoadOptions(MEMORY)), random.Random(SEED)
    searcher, _ = index.open(index.read_live_name())
    searcher.prepare()
    titles = list(_list_words(hit.title for hit in searcher.scan(SearchRequest())))
    for count in (1, 2, 3):
        milliseconds = []
        for title in draw.sample([words for words in titles if len(words) >= count], SEARCHES):
            start = time.perf_counter()
            searcher.search(SearchRequest(" ".join(draw.sample(title, count))))
            milliseconds.append((time.perf_counter() - start) * 1000)
        median, late = np.percentile(milliseconds, (50, 95))
        yield f"{count} words: median {median:.1f} ms, 95th percentile {late:.1f} ms"
    yield f"resident memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6:.2f} GB"


def _list_words(titles: Iterable[str]) -> Iterator[list[str]]:
    stop_words = stemming.get_stop_words("en")
    for title in titles:
        yield [word for word in title.split() if word.isalpha() and word.lower() not in stop_words]


@click.command()
@click.argument("index", type=click.Path(path_type=Path, file_okay=False))
@click.option(
    "--papers", type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Build the index from this file, papers.jsonl.xz. Without it, search only.",
)  # fmt: skip
@click.option("--count", default=10_000, help="Number of documents.")
def main(index: Path, papers: Path | None, count: int) -> None:
    """Build an index of documents of 60 pages, or search one."""
    lines = build(index, list(islice(read(papers), 6 * count)), count) if papers else search(index)
    for line in lines:
        click.echo(line)


if __name__ == "__main__":
    main()
