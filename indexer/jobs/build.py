"""Build a generation of the index from a corpus folder, and publish it if anything changed.

Unchanged publications are copied from the live generation. Before publishing, a new generation must
pass the checks for a missing part of the corpus, and the gate.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Literal

import msgspec

from indexer.analysis.embeddings import Encoder
from indexer.catalogue import catalogue_toml, retired, tested_links, thesaurus
from indexer.catalogue.limits import LIMITS, Limits
from indexer.catalogue.records import Item, Problem, Unchanged
from indexer.codec import writer
from indexer.codec.segment.array_file import open_arrays
from indexer.codec.segment.docstore import DocStore
from indexer.codec.segment.reader import MEANING, PUBLICATIONS, Segment
from indexer.codec.segment.vectors import encode_batches
from indexer.codec.writer import ValueCounts
from indexer.generations import last_build, manifest, publish
from indexer.generations.manifest import Changes, Generation
from indexer.ingest import corpus
from indexer.ingest.duplicates import DuplicateFinder, DuplicatesFound, Merger
from indexer.ingest.progress import NO_PROGRESS, Progress
from indexer.jobs.build_stats import BuildStats
from indexer.jobs.fulltexts import FullTexts, merge_problems
from indexer.jobs.predecessor import find_known_vectors, find_predecessor, find_reusable_segment
from indexer.jobs.rejection import BuildRejected, reject_partial
from indexer.jobs.retirement import retire
from indexer.jobs.same_titles import SameTitles, find_same_titles
from indexer.mapping.sources import SOURCES_FILE

Gate = Callable[[Generation, Generation | None], None]
"""Takes a new generation before it becomes live, and the live one or None. Raises BuildRejected."""
ACCEPT_ALL: Gate = lambda _new, _live: None  # noqa: E731
"""The gate that accepts every generation."""


class BuildResult(msgspec.Struct, frozen=True):
    """The outcome of a build. `generation` is the live one, new or unchanged.

    `unused` counts the columns that no row uses, by file and column, in the records that were
    parsed in this build. `merged` is the number of records that were merged into others.
    `same_titles`: publications with equal title and year, if the corpus has a `sources.toml`.
    """

    status: Literal["published", "unchanged"]
    generation: Generation
    changes: Changes
    problems: list[Problem]
    seconds: float
    unused: Mapping[tuple[str, str], int]
    merged: int = 0
    same_titles: SameTitles | None = None


def build(
    corpus_folder: Path,
    index: Path,
    *,
    force: bool = False,
    progress: Progress = NO_PROGRESS,
    gate: Gate = ACCEPT_ALL,
    encoder: Encoder | None = None,
    limits: Limits = LIMITS,
) -> BuildResult:
    """Build a generation, and publish it if anything changed.

    Unchanged publications are copied from the live generation. Everything is rebuilt if the rows,
    the grouping, the analysis, the `limits`, or the model of the `encoder` changed, if the live
    generation is damaged, or with `force`. Embeddings of known texts are copied all the same.

    Raise CatalogueError, ReaderError, IndexLocked, or IndexWriteError. Without `force`, raise
    BuildRejected if no publication is readable, or less than half as many as in the live index.
    Without `force`, raise RemovesTooMuch if over 10 publications and over a fifth of all would be
    removed. `gate` may raise BuildRejected too. After an error, the live index is unchanged.

    The full texts of files are indexed if the catalogue has a row for them. Unfinished files of
    earlier builds are removed. The outcome is recorded in `last_build`, except if another build has
    locked the index.
    """
    if index.resolve().is_relative_to(corpus_folder.resolve()):
        raise BuildRejected(f"the index {index} is inside the corpus", "Use another folder", [])
    # The lock covers the outcome too, because another build removes every unfinished file.
    with publish.lock(index), last_build.record(index) as record_status:
        publish.remove_leftovers(index)
        result = _Build(corpus_folder, index, progress, gate, encoder, limits, force=force).run()
        record_status(result.status)
    return result


class _Build:
    """One build, from reading the corpus to publishing.

    `live` is the predecessor, and `former` its segment if unchanged publications can be copied.
    `stats` has the counts and digests of the items that were read.
    """

    def __init__(
        self, corpus_folder: Path, index: Path, progress: Progress, gate: Gate,
        encoder: Encoder | None, limits: Limits, *, force: bool,
    ) -> None:  # fmt: skip
        self.started = time.perf_counter()
        self.corpus_folder, self.index, self.progress = corpus_folder, index, progress
        self.gate, self.encoder, self.limits, self.force = gate, encoder, limits, force
        self.model = encoder.model if encoder else ""
        self.problems: list[Problem] = []
        self.catalogue = catalogue_toml.load(corpus_folder)
        self.concepts = thesaurus.load(corpus_folder)
        self.retired = retired.load(corpus_folder)
        self.dead_links = tested_links.load_dead(corpus_folder)
        self.live, self.previous_digests, self.is_undamaged = find_predecessor(index)
        self.former = find_reusable_segment(self.live, self.catalogue, self.model, limits) if (
            self.live and self.is_undamaged and not force
        ) else None  # fmt: skip
        known = self.live if self.is_undamaged and not force else None
        self.texts = (
            FullTexts(corpus_folder, self.catalogue, limits, progress, known)
            if self.catalogue.fulltext
            else None
        )
        self.merger: Merger | None = None

    def _make_stats(self) -> BuildStats:
        return BuildStats(
            self.catalogue, self.previous_digests, self.problems, self.concepts, self.model,
            limits=self.limits, retired=self.retired, dead_links=self.dead_links,
        )  # fmt: skip

    def run(self) -> BuildResult:
        """Read the corpus, and publish it if anything changed.

        If it has duplicates, read it again to merge them.
        """
        is_expected = self.live is not None and self.live.manifest.merged > 0
        previous = self.former.docstore if self.former else None
        try:
            return self._run(DuplicateFinder(self.catalogue, previous, is_expected=is_expected))
        except DuplicatesFound as duplicates:
            self.merger = duplicates.merger
        # Outside the handler, because the exception keeps the first pass in memory.
        self.problems.clear()
        return self._run(self.merger)

    def _run(self, duplicates: DuplicateFinder | Merger) -> BuildResult:
        self.stats = self._make_stats()
        reader = corpus.CorpusReader(
            self.catalogue, self.problems.append, self.former.docstore if self.former else None,
            self.progress.report_bytes, self.limits, duplicates=duplicates,
        )  # fmt: skip
        unchanged, remaining = _split_unchanged(reader.read_folder(self.corpus_folder))
        is_unchanged = remaining is None and self._is_unchanged(unchanged)
        new = None if is_unchanged else self._write(chain(unchanged, remaining or ()))
        if self.live and not new:
            publish.prune(self.index, self.live.name)
        generation = new or self.live
        assert generation is not None  # without a live generation, a new one is always published
        return BuildResult(
            "published" if new else "unchanged",
            generation,
            new.manifest.changes if new else self.stats.changes,
            self.problems,
            time.perf_counter() - self.started,
            reader.unused,
            self.merged,
            self._find_same_titles(new) if new else None,
        )

    def _is_unchanged(self, items: Sequence[Item]) -> bool:
        """Return whether the live generation has these items, their places, and their files."""
        reported = [*self.problems]
        is_same = (
            self.former is not None
            and self._has_same_texts(self.former)
            and self.stats.count_and_compare(items, self.live)
        )
        if not is_same:
            self.problems[:] = reported  # those of the texts are of other publications
        return is_same

    def _has_same_texts(self, former: Segment) -> bool:
        """Return whether the full texts are those of the same files. Report their problems."""
        if not self.texts:
            return True
        problems: list[Problem] = []
        attached = self.texts.find(former.docstore.list_publications(), problems.append)
        known = self.texts.find_known_problems(attached)
        if known is None:
            return False
        self.problems[:] = merge_problems([*self.problems, *problems, *known])
        self.stats.attached = attached
        return True

    def _write_texts(self, segment: Path) -> None:
        """Write the full texts next to the segment. Report their problems."""
        if self.texts:
            docstore = DocStore(open_arrays(segment / PUBLICATIONS))
            self.stats.attached = self.texts.find(
                docstore.list_publications(), self.problems.append
            )
            self.problems += self.texts.write(segment, self.stats.attached)
            self.problems[:] = merge_problems(self.problems)

    def _find_same_titles(self, new: Generation) -> SameTitles | None:
        if not (self.corpus_folder / SOURCES_FILE).exists():
            return None
        return find_same_titles(Segment(new.segment, self.catalogue).docstore)

    @property
    def merged(self) -> int:
        """The number of records that were merged into others."""
        return self.merger.merged if self.merger else 0

    def _write(self, items: Iterator[Item]) -> Generation | None:
        """Write a generation and publish it. Return None if it equals the live one."""
        self.stats = self._make_stats()
        with publish.new_generation(self.index) as partial:
            segment = partial / manifest.SEGMENT
            batches = self.stats.count_items(items, self.progress)
            if self.encoder:
                known = find_known_vectors(self.live, self.previous_digests, self.model)
                batches = encode_batches(
                    segment / MEANING, batches, self.encoder, known, self.progress.report_encoding
                )
            counts = writer.write(
                segment, self.catalogue, batches, self.former, self.progress.report_sorting
            )
            if not self.force:
                reject_partial(self.stats, self.live, self.corpus_folder, self.merged)
            self._write_texts(segment)
            if self.former is not None and self.stats.matches(self.live):
                return None
            sealed = self._seal(partial, counts)
            self.gate(sealed, self.live)
            return publish.publish(self.index, sealed)

    def _seal(self, partial: Path, counts: ValueCounts) -> Generation:
        """Complete and seal the generation. Its segment is already written."""
        digests = manifest.pack_digests(self.stats.iterate_digests(), self.stats.publications)
        (partial / manifest.DIGESTS).write_bytes(digests)
        if self.concepts.concept:
            (partial / manifest.THESAURUS).write_bytes(msgspec.json.encode(self.concepts))
        if self.dead_links:
            (partial / manifest.DEAD_LINKS).write_bytes(msgspec.json.encode(self.dead_links))
        if entries := retire(self.index, self.live, self.stats, partial / manifest.SEGMENT):
            (partial / manifest.RETIRED).write_bytes(manifest.pack_retired(entries))
        draft = self.stats.make_manifest(
            counts, after=self.live.name if self.live else None,
            seconds=round(time.perf_counter() - self.started, 3), merged=self.merged,
        )  # fmt: skip
        return publish.seal(partial, draft)


def _split_unchanged(items: Iterator[Item]) -> tuple[list[Item], Iterator[Item] | None]:
    """Split the items at the first one that is not the next item of the former segment.

    Return the items before it, and an iterator from it on, or None if there is no such item.
    """
    unchanged: list[Item] = []
    for item in items:
        if not isinstance(item, Unchanged) or item.doc_number != len(unchanged):
            return unchanged, chain([item], items)
        unchanged.append(item)
    return unchanged, None
