"""Build a generation of the index from a corpus folder, and publish it if anything changed.

Unchanged publications are copied from the live generation. Before publishing, a new generation must
pass the checks for a missing part of the corpus, and the gate.
"""

from __future__ import annotations

import contextlib
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import Literal

import msgspec

from indexer.analysis import tokenizer
from indexer.analysis.embeddings import Encoder
from indexer.catalogue import catalogue_toml, schema, thesaurus
from indexer.catalogue.fields import Catalogue
from indexer.catalogue.limits import LIMITS, Limits
from indexer.catalogue.records import Item, Kept, Problem
from indexer.codec import writer
from indexer.codec.segment.array_file import Damaged
from indexer.codec.segment.reader import MEANING, Segment
from indexer.codec.segment.vectors import encoded
from indexer.codec.writer import Counts
from indexer.generations import directory, last_build, manifest, publish
from indexer.generations.manifest import Changes, Generation
from indexer.ingest import corpus
from indexer.ingest.corpus import SILENT, Progress
from indexer.jobs.build_stats import Census

Gate = Callable[[Generation, Generation | None], None]
"""Takes a new generation before it becomes live, and the live one or None. May raise Refused."""
OPEN: Gate = lambda _new, _live: None  # noqa: E731
"""The gate that accepts every generation."""

FEW_REMOVED, ONE_IN = 10, 5
"""A build needs `force` to remove more than 10 publications that are also more than 1 in 5 of all.
A small catalogue may change completely. In a large one, a page may be missing by mistake."""
FILES_NAMED = 20
"""Number of files that a refusal names: enough to recognize a folder, and still readable."""


class Refused(Exception):
    """The corpus must not replace the live index. `problems` are those of the corpus."""

    def __init__(self, what: str, hint: str, problems: list[Problem]) -> None:
        super().__init__(f"{what}. {hint}")
        self.what, self.hint, self.problems = what, hint, problems


class RemovesMuch(Refused):
    """The build would remove so many publications that files of the corpus may be missing."""


class Outcome(msgspec.Struct, frozen=True):
    """The outcome of a build. `generation` is the live one, new or unchanged."""

    status: Literal["published", "unchanged"]
    generation: Generation
    changes: Changes
    problems: list[Problem]
    seconds: float


def build(  # noqa: PLR0913 - what may differ is given by name
    corpus_folder: Path,
    index: Path,
    *,
    force: bool = False,
    progress: Progress = SILENT,
    gate: Gate = OPEN,
    encoder: Encoder | None = None,
    limits: Limits = LIMITS,
) -> Outcome:
    """Build a generation, and publish it if anything changed.

    Unchanged publications are copied from the live generation. Everything is rebuilt if
    `catalogue.toml`, the grouping, the analysis, the `limits`, or the model of the `encoder`
    changed. It is also rebuilt if the live generation is damaged, or with `force`.

    Raise CatalogueError, ReaderError, IndexBusy, or IndexUnwritten. Without `force`, raise Refused
    if no publication is readable, or under half as many as in the live index. Without `force`,
    raise RemovesMuch if over 10 publications and over a fifth of all would be removed. `gate` may
    raise Refused too. After an error, the live index is unchanged.

    Unfinished files of earlier builds are removed. The outcome is recorded in `last_build`, except
    if another build has locked the index.
    """
    if index.resolve().is_relative_to(corpus_folder.resolve()):
        raise Refused(f"the index {index} lies within the corpus", "Put it elsewhere", [])
    # The lock covers the outcome too, because another build removes every unfinished file.
    with publish.locked(index), last_build.noted(index) as ended:
        publish.clean(index)
        job = _Build(corpus_folder, index, progress, gate, encoder, limits, force=force)
        outcome = job.run()
        ended(outcome.status)
    return outcome


class _Build:
    """One build, from reading the corpus to publishing.

    `live` is the predecessor, and `former` its segment if unchanged publications can be copied.
    `census` counts what was read.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - the parameters of `build`
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
        self.live, self.before, sound = _live(index)
        self.former = _former(self.live, self.catalogue, self.model, limits) if (
            self.live and sound and not force
        ) else None  # fmt: skip
        self.census = self._census()

    def _census(self) -> Census:
        return Census(
            self.catalogue, self.before, self.problems, self.concepts, self.model,
            limits=self.limits,
        )  # fmt: skip

    def run(self) -> Outcome:
        """Read the corpus, and publish it if anything changed."""
        stored = self.former.stored if self.former else None
        reading = corpus.Reading(
            self.catalogue, self.problems.append, stored, self.progress.at, self.limits
        )
        same, others = _until_news(reading.folder(self.corpus_folder))
        has_news = others is not None or self.former is None
        if has_news or not self.census.only_repeats(same, self.live):
            new = self._write(chain(same, others or ()))
        else:
            new = None
        if self.live and not new:
            publish.prune(self.index, self.live.name)
        generation = new or self.live
        assert generation is not None  # without a live generation, a new one is always published
        return Outcome(
            "published" if new else "unchanged",
            generation,
            new.manifest.changes if new else self.census.changes,
            self.problems,
            time.perf_counter() - self.started,
        )

    def _write(self, items: Iterator[Item]) -> Generation | None:
        """Write a generation and publish it. Return None if it equals the live one."""
        self.census = self._census()
        with publish.begun(self.index) as partial:
            segment = partial / manifest.SEGMENT
            chunks = self.census.counted(items, self.progress)
            if self.encoder:
                known = self.former.vectors if self.former else None
                weigh = self.encoder.encode_weighted
                chunks = encoded(segment / MEANING, chunks, weigh, known)
            counts = writer.write(segment, self.catalogue, chunks, self.former)
            if not self.force:
                _refuse_a_part(self.census, self.live, self.corpus_folder)
            if self.former is not None and self.census.equals(self.live):
                return None
            sealed = _sealed(partial, self.census, counts, self.started, self.live)
            self.gate(sealed, self.live)
            return publish.publish(self.index, sealed)


def _sealed(
    partial: Path, census: Census, counts: Counts, started: float, live: Generation | None
) -> Generation:
    """Complete and seal the generation. Its segment is already written."""
    (partial / manifest.DIGESTS).write_bytes(manifest.packed_digests(census.digests))
    if census.thesaurus.concept:
        (partial / manifest.THESAURUS).write_bytes(msgspec.json.encode(census.thesaurus))
    seconds = round(time.perf_counter() - started, 3)
    told = census.manifest(counts, after=live.name if live else None, seconds=seconds)
    return publish.seal(partial, told)


def _live(index: Path) -> tuple[Generation | None, dict[str, str], bool]:
    """Return the predecessor of this build, its digests, and whether it is live and undamaged.

    If the live generation is damaged or `CURRENT` is unusable, the predecessor is the one that a
    rollback would choose. The new manifest names it, so it stays on disk. All files are hashed
    before any is read. If every generation is damaged, return the live one without digests. Only
    its manifest is used then.
    """
    live = None
    with contextlib.suppress(manifest.IndexUnusable):
        live = directory.current(index)
        if not directory.damage(live):
            return live, live.digests(), True
    with contextlib.suppress(manifest.IndexUnusable):
        if whole := directory.first_whole(index, directory.earlier(index)):
            return whole, whole.digests(), False
    return live, {}, False


def _former(live: Generation, catalogue: Catalogue, model: str, limits: Limits) -> Segment | None:
    """Return the live segment if unchanged publications can be copied from it, or None.

    It must have the same format, analysis version, catalogue, embedding model, and limits.
    """
    told = live.manifest
    theirs = (told.format, told.analysis, told.schema, told.meaning, told.limits)
    rules = (schema.FORMAT, tokenizer.VERSION, catalogue.fingerprint, model, limits)
    if theirs != rules:
        return None
    return Segment(live.segment, catalogue)


def _until_news(items: Iterator[Item]) -> tuple[list[Item], Iterator[Item] | None]:
    """Split the items at the first one that is not the next item of the former segment.

    Return the items before it, and an iterator from it on, or None if there is no such item.
    """
    same: list[Item] = []
    for item in items:
        if not isinstance(item, Kept) or item.number != len(same):
            return same, chain([item], items)
        same.append(item)
    return same, None


def _refuse_a_part(census: Census, live: Generation | None, corpus_folder: Path) -> None:
    """Raise Refused or RemovesMuch if a part of the corpus seems to be missing."""
    hint = "Mend it, or build with --force if this is meant"
    found = len(census.digests)
    if not found:
        what = f"{corpus_folder} holds no readable publication"
        raise Refused(what, hint, census.problems)
    if not live:
        return
    total = live.manifest.publications
    removed = max(census.changes.removed, total - found)
    if removed > FEW_REMOVED and removed * ONE_IN > total:
        files = _files_of(census.removed, live, corpus_folder)
        what = f"it would remove {removed} of {total} publications{files}"
        hint = "Restore them, or build with --force if this is meant"
        raise RemovesMuch(what, hint, census.problems)
    if found * 2 < total:
        what = f"{corpus_folder} holds {found} publications, under half of the {total} in the index"
        raise Refused(what, hint, census.problems)


def _files_of(ids: Iterable[str], live: Generation, corpus_folder: Path) -> str:
    """Return the files of the live generation that contain these publications, as a text.

    Files with the most publications come first. The text is empty if the segment can't be read.
    """
    try:
        stored = Segment(live.segment, live.manifest.catalogue).stored
    except (Damaged, KeyError):
        return ""
    numbers = (stored.number(each) for each in ids)
    counts = Counter(stored.source(number).file for number in numbers if number is not None)
    named = [
        f"{file} ({count}{'' if (corpus_folder / file).exists() else ', the file is missing'})"
        for file, count in counts.most_common(FILES_NAMED)
    ]
    if len(counts) > len(named):
        named.append(f"and {len(counts) - len(named)} more files")
    return f": {', '.join(named)}" if named else ""
