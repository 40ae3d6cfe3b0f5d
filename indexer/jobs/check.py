"""Report the problems of a corpus. Nothing is written, except texts of files into the cache."""

from collections import deque
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec

from indexer.catalogue.fields import Catalogue
from indexer.catalogue.limits import LIMITS, Limits
from indexer.catalogue.records import Parsed, Problem, Publication
from indexer.ingest import corpus
from indexer.ingest.corpus import NO_PROGRESS, Progress
from indexer.jobs.build_stats import read_rules
from indexer.jobs.fulltexts import FullTexts, merge_problems


class CheckReport(msgspec.Struct, frozen=True):
    """The result of a check."""

    catalogue: Catalogue
    publications: int
    """The number of valid publications."""
    problems: tuple[Problem, ...]
    unused: Mapping[tuple[str, str], int]
    """The number of records with each column that no field uses, by file and column."""


def check(folder: Path, progress: Progress = NO_PROGRESS, limits: Limits = LIMITS) -> CheckReport:
    """Read a corpus folder, and texts, as a build does. Raise CatalogueError or ReaderError."""
    catalogue, count = read_rules(folder).catalogue, 0
    problems: list[Problem] = []
    reader = corpus.CorpusReader(
        catalogue,
        problems.append,
        report_bytes=progress.report_bytes,
        limits=limits,
        duplicates=corpus.find_duplicates(folder, catalogue, limits),
    )

    def read() -> Iterator[Publication]:
        nonlocal count
        for item in reader.read_folder(folder):
            assert isinstance(item, Parsed)  # without a previous index, no item is Unchanged
            progress.report_publications([item.publication])
            count += 1
            yield item.publication

    if catalogue.fulltext:
        texts = FullTexts(folder, catalogue, limits, progress, None)
        problems += texts.find_problems(texts.find(read(), problems.append))
        problems = merge_problems(problems)
    else:
        deque(read(), maxlen=0)
    return CheckReport(catalogue, count, tuple(problems), reader.unused)
