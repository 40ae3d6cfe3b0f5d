"""Build a generation of the index from a corpus folder, and publish it if anything changed.

Unchanged publications are copied from the live generation. Before publishing, a new generation must
pass the checks for a missing part of the corpus, and the gate.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import Literal

import msgspec
import numpy as np

from indexer.analysis import tokenizer
from indexer.analysis.embeddings import Encoder
from indexer.catalogue import schema
from indexer.catalogue.limits import LIMITS, Limits
from indexer.catalogue.records import Item, Problem, Unchanged
from indexer.codec import writer
from indexer.codec.segment.array_file import CorruptSegment, open_arrays
from indexer.codec.segment.docstore import NO_YEAR, DocStore
from indexer.codec.segment.fulltext import open_texts
from indexer.codec.segment.reader import MEANING, PUBLICATIONS, Segment
from indexer.codec.segment.vectors import KnownVectors, Vectors, encode_batches
from indexer.codec.writer import ValueCounts
from indexer.errors import HintedError
from indexer.generations import directory, manifest, publish
from indexer.generations.manifest import Changes, Generation, IndexUnusable
from indexer.ingest import corpus
from indexer.ingest.corpus import NO_PROGRESS, Progress
from indexer.ingest.duplicates import DuplicateFinder, DuplicatesFound, Merger, hash_title
from indexer.jobs.build_stats import BuildStats, Rules, find_dates, find_former, read_rules, retire
from indexer.jobs.fulltexts import FullTexts, merge_problems
from indexer.mapping.sources import SOURCES_FILE

FEW_REMOVED, ONE_IN = 10, 5
"""A build needs `force` to remove more than 10 publications that are also more than 1 in 5 of all.
A small catalogue may change completely. In a large one, a page may be missing by mistake."""
MAX_FILES_NAMED = 20
"""Number of files that an error names: enough to recognize a folder, and still readable."""

Gate = Callable[[Generation, Generation | None], None]
"""Takes a new generation before it becomes live, and the live one or None. Raises BuildRejected."""
ACCEPT_ALL: Gate = lambda _new, _live: None  # noqa: E731
"""The gate that accepts every generation."""


class BuildRejected(HintedError):
    """The corpus must not replace the live index. `problems` are those of the corpus."""

    def __init__(self, message: str, hint: str, problems: list[Problem]) -> None:
        super().__init__(message, hint)
        self.problems = problems


class RemovesTooMuch(BuildRejected):
    """The build would remove so many publications that files of the corpus may be missing."""


class SameTitle(msgspec.Struct, frozen=True):
    """A title and a year that several publications share. `count` is their number."""

    title: str
    year: int
    count: int


class BuildResult(msgspec.Struct, frozen=True):
    """The outcome of a build. `generation` is the live one, new or unchanged.

    `unused` counts the columns that no field uses, by file and column, in the records that were
    parsed in this build. `merged` is the number of records that were merged into others.
    `same_titles`: those that several publications share, if the corpus has a `sources.toml`.
    """

    status: Literal["published", "unchanged"]
    generation: Generation
    changes: Changes
    problems: list[Problem]
    seconds: float
    unused: Mapping[tuple[str, str], int]
    merged: int = 0
    same_titles: Sequence[SameTitle] = ()


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

    Unchanged publications are copied from the live generation. Everything is rebuilt if the fields,
    the grouping, the analysis, the `limits`, or the model of the `encoder` changed, if the live
    generation is damaged, or with `force`. Embeddings of known texts are copied all the same.

    Raise CatalogueError, ReaderError, IndexLocked, or IndexWriteError. Without `force`, raise
    BuildRejected if no publication is readable, or less than half as many as in the live index.
    Without `force`, raise RemovesTooMuch if over 10 publications and over a fifth of all would be
    removed. `gate` may raise BuildRejected too. After an error, the live index is unchanged.

    The full texts of files are indexed if the catalogue has a field for them. Unfinished files of
    earlier builds are removed. The outcome is recorded, unless another build has locked the index.
    """
    if index.resolve().is_relative_to(corpus_folder.resolve()):
        raise BuildRejected(f"the index {index} is inside the corpus", "Use another folder", [])
    # The lock covers the outcome too, because another build removes every unfinished file.
    with publish.lock(index), publish.record_last_build(index) as record_status:
        publish.remove_leftovers(index)
        result = _Build(corpus_folder, index, progress, gate, encoder, limits, force=force).run()
        record_status(result.status)
    return result


class _Build:
    """One build, from reading the corpus to publishing.

    `live` is the predecessor, and `former` its segment if unchanged publications can be copied.
    `stats` contains the counts and digests of the items that were read.
    """

    def __init__(
        self,
        corpus_folder: Path,
        index: Path,
        progress: Progress,
        gate: Gate,
        encoder: Encoder | None,
        limits: Limits,
        *,
        force: bool,
    ) -> None:
        self.started = time.perf_counter()
        self.corpus_folder, self.index, self.progress = corpus_folder, index, progress
        self.gate, self.encoder, self.force = gate, encoder, force
        self.problems: list[Problem] = []
        self.rules = read_rules(corpus_folder, encoder.model if encoder else "", limits)
        self.live, self.previous_digests, is_undamaged = find_predecessor(index)
        known = self.live if is_undamaged and not force else None
        self.former = find_reusable_segment(known, self.rules) if known else None
        catalogue = self.rules.catalogue
        self.texts: FullTexts | None = None
        if catalogue.fulltext:
            self.texts = FullTexts(corpus_folder, catalogue, limits, progress, known)
        self.stats = BuildStats(self.rules, self.previous_digests, self.problems)
        self.merged = 0

    def run(self) -> BuildResult:
        """Read the corpus, again if it has duplicates to merge, and publish it if it changed."""
        is_expected = self.live is not None and self.live.manifest.merged > 0
        previous = self.former.docstore if self.former else None
        catalogue = self.rules.catalogue
        try:
            return self._run(DuplicateFinder(catalogue, previous, is_expected=is_expected))
        except DuplicatesFound as duplicates:
            merger = duplicates.merger
        # Outside the handler, because the exception keeps the first pass in memory.
        self.problems.clear()
        return self._run(merger)

    def _run(self, duplicates: DuplicateFinder | Merger) -> BuildResult:
        reader = corpus.CorpusReader(
            self.rules.catalogue,
            self.problems.append,
            self.former.docstore if self.former else None,
            self.progress.report_bytes,
            self.rules.limits,
            duplicates=duplicates,
        )
        unchanged, remaining = _split_unchanged(reader.read_folder(self.corpus_folder))
        is_unchanged = remaining is None and self._is_unchanged(unchanged)
        new = None
        if not is_unchanged:
            new = self._write(chain(unchanged, remaining or ()), duplicates)
        if self.live and not new:
            publish.prune(self.index, self.live.name)
        generation = new or self.live
        assert generation is not None  # without a live generation, a new one is always published
        has_sources = (self.corpus_folder / SOURCES_FILE).exists()
        return BuildResult(
            "published" if new else "unchanged",
            generation,
            new.manifest.changes if new else self.stats.changes,
            self.problems,
            time.perf_counter() - self.started,
            reader.unused,
            self.merged,
            find_same_titles(new) if new and has_sources else (),
        )

    def _is_unchanged(self, items: Sequence[Item]) -> bool:
        """Return whether the live generation has these items, their places, and their files."""
        if self.former is None or self.live is None:
            return False
        reported = [*self.problems]
        self.stats = BuildStats(self.rules, self.previous_digests, self.problems)
        if (
            self._has_same_texts(self.former.docstore)
            and len(items) == self.live.manifest.publications
        ):
            self.stats.count(items)
            if self.stats.matches(self.live):
                return True
        self.problems[:] = reported  # those of the texts are of other publications
        return False

    def _has_same_texts(self, docstore: DocStore) -> bool:
        """Return whether the full texts are those of the same files. Report their problems."""
        if not self.texts:
            return True
        problems: list[Problem] = []
        attached = self.texts.find(docstore.list_publications(), problems.append)
        known = self.texts.find_known_problems(attached)
        if known is None:
            return False
        self.problems[:] = merge_problems([*self.problems, *problems, *known])
        self.stats.attached = attached
        return True

    def _write(
        self, items: Iterator[Item], duplicates: DuplicateFinder | Merger
    ) -> Generation | None:
        """Write a generation and publish it. Return None if it equals the live one."""
        self.stats = BuildStats(self.rules, self.previous_digests, self.problems)
        with publish.new_generation(self.index) as partial:
            segment = partial / manifest.SEGMENT
            batches = self.stats.count_items(items, self.progress)
            if self.encoder:
                batches = encode_batches(
                    segment / MEANING,
                    batches,
                    self.encoder,
                    self._find_known_vectors(),
                    self.progress.report_encoding,
                )
            counts = writer.write(
                segment, self.rules.catalogue, batches, self.former, self.progress.report_sorting
            )
            if isinstance(duplicates, Merger):
                self.merged = duplicates.merged
            if not self.force:
                self._reject_partial()
            if self.texts:
                written = DocStore(open_arrays(segment / PUBLICATIONS)).list_publications()
                self.stats.attached = self.texts.find(written, self.problems.append)
                self.problems += self.texts.write(segment, self.stats.attached)
                self.problems[:] = merge_problems(self.problems)
            if self.former is not None and self.stats.matches(self.live):
                return None
            sealed = self._seal(partial, counts)
            self.gate(sealed, self.live)
            return publish.publish(self.index, sealed)

    def _find_known_vectors(self) -> KnownVectors | None:
        """Return the vectors of the predecessor if the same embedding model made them, or None.

        Only the model matters: they are valid in any format, and for any catalogue. Nothing is read
        of a damaged generation, which has no digests.
        """
        live = self.live
        if live and self.previous_digests and live.manifest.meaning == self.rules.model:
            with suppress(CorruptSegment, KeyError, OSError):  # the file has another format
                return KnownVectors(Vectors(open_arrays(live.segment / MEANING)))
        return None

    def _reject_partial(self) -> None:
        """Raise BuildRejected or RemovesTooMuch if a part of the corpus seems to be missing.

        A publication is not missing if it was merged into another one.
        """
        count = self.stats.publications
        hint = "Fix the corpus, or build with --force if this is intended"
        if not count:
            message = f"{self.corpus_folder} contains no readable publication"
            raise BuildRejected(message, hint, self.problems)
        if not self.live:
            return
        total = self.live.manifest.publications
        removed = max(self.stats.changes.removed, total - count) - self.merged
        if removed > FEW_REMOVED and removed * ONE_IN > total:
            files = self._list_files_of_removed(self.live)
            message = f"it would remove {removed} of {total} publications{files}"
            hint = "Restore the files, or build with --force if this is intended"
            raise RemovesTooMuch(message, hint, self.problems)
        if (count + self.merged) * 2 < total:
            message = f"{self.corpus_folder} contains {count} publications"
            message += f", less than half of the {total} in the index"
            raise BuildRejected(message, hint, self.problems)

    def _list_files_of_removed(self, live: Generation) -> str:
        """Return the files of the live generation that contain removed publications, as a text.

        Files with the most publications come first. The text is empty if the segment can't be read.
        """
        try:
            docstore = Segment(live.segment, live.manifest.catalogue).docstore
        except (CorruptSegment, KeyError, FileNotFoundError):
            return ""
        found = map(docstore.find_doc_number, self.stats.removed)
        numbers = (number for number in found if number is not None)
        counts = Counter(docstore.get_source(number).file for number in numbers)
        descriptions = []
        for file, count in counts.most_common(MAX_FILES_NAMED):
            missing = "" if (self.corpus_folder / file).exists() else ", the file is missing"
            descriptions.append(f"{file} ({count}{missing})")
        if len(counts) > len(descriptions):
            descriptions.append(f"and {len(counts) - len(descriptions)} more files")
        return f": {', '.join(descriptions)}" if descriptions else ""

    def _seal(self, partial: Path, counts: ValueCounts) -> Generation:
        """Complete and seal the generation. Its segment is already written."""
        stats, rules = self.stats, self.rules
        (partial / manifest.DIGESTS).write_bytes(manifest.pack_digests(stats.digests))
        if rules.thesaurus.concept:
            (partial / manifest.THESAURUS).write_bytes(msgspec.json.encode(rules.thesaurus))
        if rules.dead_links:
            (partial / manifest.DEAD_LINKS).write_bytes(msgspec.json.encode(rules.dead_links))
        built = datetime.now(UTC).replace(microsecond=0)
        former = find_former(self.index, self.live, stats)
        entries = retire(former, stats, partial / manifest.SEGMENT, built)
        if entries:
            (partial / manifest.RETIRED).write_bytes(manifest.pack_retired(entries))
        dates = manifest.pack_dates(find_dates(former, stats, entries, built))
        (partial / manifest.DATES).write_bytes(dates)
        draft = stats.make_manifest(
            counts,
            built=built,
            after=self.live.name if self.live else None,
            seconds=round(time.perf_counter() - self.started, 3),
            merged=self.merged,
        )
        return publish.seal(partial, draft)


def find_predecessor(index: Path) -> tuple[Generation | None, dict[str, bytes], bool]:
    """Return the predecessor of this build, its digests, and whether it is live and undamaged.

    If the live generation is damaged or `CURRENT` is unusable, the predecessor is the one that a
    rollback would choose. The new manifest names it, so it stays on disk. All files are hashed
    before any is read. If every generation is damaged, return the live one without digests. Only
    its manifest is used then.
    """
    live = None
    with suppress(IndexUnusable):
        live = directory.load_live(index)
        if not directory.integrity_errors(live):
            return live, live.read_digests(), True
    with suppress(IndexUnusable):
        if undamaged := directory.find_undamaged(index, directory.list_earlier(index)):
            return undamaged, undamaged.read_digests(), False
    return live, {}, False


def find_reusable_segment(live: Generation, rules: Rules) -> Segment | None:
    """Return the live segment if unchanged publications can be copied from it, or None.

    It must have the same format, analysis version, catalogue, embedding model, and limits, and this
    program must be able to read its full texts.
    """
    made = live.manifest
    versions, schema_now = (schema.FORMAT, tokenizer.VERSION), rules.catalogue.fingerprint
    if (
        not live.has_segment
        or (made.format, made.analysis) != versions
        or (made.schema, made.meaning, made.limits) != (schema_now, rules.model, rules.limits)
    ):
        return None
    try:
        open_texts(live.segment, rules.catalogue)
    except CorruptSegment:  # an earlier format
        return None
    return Segment(live.segment, rules.catalogue)


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


def find_same_titles(generation: Generation) -> list[SameTitle]:
    """Return the titles and years that several publications share, in the order of the corpus."""
    docstore = Segment(generation.segment, generation.manifest.catalogue).docstore
    dated = np.flatnonzero(docstore.years != NO_YEAR)
    years = docstore.years[dated]
    titles = (hash_title(docstore.get_title(number)) for number in dated.tolist())
    identities = np.fromiter(titles, np.uint64, len(dated)) ^ years.astype(np.uint64)
    _, firsts, counts = np.unique(identities, return_index=True, return_counts=True)
    is_shared = counts > 1
    shared = zip(firsts[is_shared].tolist(), counts[is_shared].tolist(), strict=True)
    return [
        SameTitle(docstore.get_title(int(dated[first])), int(years[first]), count)
        for first, count in sorted(shared)
    ]
