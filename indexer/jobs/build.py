"""A corpus folder becomes a new generation of the index, or the live one stays as it is."""

from __future__ import annotations

import contextlib
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
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
"""Is shown a new generation before it becomes live, and the live one if there is one."""
OPEN: Gate = lambda _new, _live: None  # noqa: E731
"""Lets every generation through."""

FEW_REMOVED, ONE_IN = 10, 5
"""A build needs `force` to remove more publications than so many and more than one in so many. A
small catalogue may change as a whole. In a large one, a page that disappears by mistake is more."""
FILES_NAMED = 20
"""How many files a refusal names: enough to recognize a folder, and still readable."""


class Refused(Exception):
    """A corpus that must not replace the live index: what is odd, and what to do."""

    def __init__(self, what: str, hint: str, problems: list[Problem]) -> None:
        super().__init__(f"{what}. {hint}")
        self.what, self.hint, self.problems = what, hint, problems


class RemovesMuch(Refused):
    """A corpus that lacks so many publications of the live index that files may be missing."""


class Outcome(msgspec.Struct, frozen=True):
    """What a build did: a new generation was published, or nothing had changed."""

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
    """Builds and publishes a new generation if anything has changed.

    What is unchanged is copied from the live generation. All is written anew if
    `catalogue.toml`, the grouping, the analysis, the `limits` or the model of the `encoder`
    changed, if the live generation is damaged, and by `force`. What dead builds left is removed.
    Raises CatalogueError, IndexBusy, IndexUnwritten, and Refused where nothing is readable, or
    under half of what the live index has, unless `force` is given; the live index then stays as it
    is. Raise RemovesMuch if over 10 publications and over a fifth of all would be removed, unless
    `force` is given. `gate` is shown the new generation and the live one, and may raise Refused.
    How the build ends is noted, unless another build keeps it from beginning.
    """
    started = time.perf_counter()
    if index.resolve().is_relative_to(corpus_folder.resolve()):
        raise Refused(f"the index {index} lies within the corpus", "Put it elsewhere", [])
    problems: list[Problem] = []
    model = encoder.model if encoder else ""
    # The lock covers the note: the next build removes every half-written file that it finds.
    with publish.locked(index), last_build.noted(index) as ended:
        publish.clean(index)
        catalogue, concepts = catalogue_toml.load(corpus_folder), thesaurus.load(corpus_folder)
        live, before, sound = _live(index)
        former = _former(live, catalogue, model, limits) if live and sound and not force else None
        reading = corpus.Reading(
            catalogue, problems.append, former.stored if former else None, progress.at, limits
        )
        same, others = _until_news(reading.folder(corpus_folder))
        census = Census(catalogue, before, problems, concepts, model, limits=limits)
        new = None
        if others is not None or former is None or not census.only_repeats(same, live):
            census = Census(catalogue, before, problems, concepts, model, limits=limits)
            with publish.begun(index) as partial:
                items = census.counted(chain(same, others or ()), progress)
                if encoder:
                    items = _encoded(partial, items, encoder, former)
                counts = writer.write(partial / manifest.SEGMENT, catalogue, items, former)
                if not force:
                    _refuse_a_part(census, live, corpus_folder)
                if former is None or not census.equals(live):
                    sealed = _sealed(partial, census, counts, started, live)
                    gate(sealed, live)
                    new = publish.publish(index, sealed)
        if live and not new:
            publish.prune(index, live.name)
        ended("published" if new else "unchanged")
    seconds = time.perf_counter() - started
    if new is None:
        assert live is not None  # what is repeated was there
        return Outcome("unchanged", live, census.changes, problems, seconds)
    return Outcome("published", new, new.manifest.changes, problems, seconds)


def _encoded(
    partial: Path, chunks: Iterable[Sequence[Item]], encoder: Encoder, former: Segment | None
) -> Iterator[Sequence[Item]]:
    """The chunks as they are; what they mean is written once all have passed."""
    file = partial / manifest.SEGMENT / MEANING
    known = former.vectors if former else None
    return encoded(file, chunks, encoder.encode_weighted, known)


def _sealed(
    partial: Path, census: Census, counts: Counts, started: float, live: Generation | None
) -> Generation:
    """A generation that is whole, of what was counted; its segment is written already."""
    (partial / manifest.DIGESTS).write_bytes(manifest.packed_digests(census.digests))
    if census.thesaurus.concept:
        (partial / manifest.THESAURUS).write_bytes(msgspec.json.encode(census.thesaurus))
    seconds = round(time.perf_counter() - started, 3)
    told = census.manifest(counts, after=live.name if live else None, seconds=seconds)
    return publish.seal(partial, told)


def _live(index: Path) -> tuple[Generation | None, dict[str, str], bool]:
    """Return the generation before this build, its digests, and whether it is live and whole.

    Where the live one is damaged or `CURRENT` leads to none, it is the one to which a rollback
    would go, so that this one stays on disk. Every byte is checked before any is read. If none
    is whole, only the manifest of the live one is used.
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
    """The live segment, if what is unchanged may be copied from it, having the same rules."""
    told = live.manifest
    theirs = (told.format, told.analysis, told.schema, told.meaning, told.limits)
    rules = (schema.FORMAT, tokenizer.VERSION, catalogue.fingerprint, model, limits)
    if theirs != rules:
        return None
    return Segment(live.segment, catalogue)


def _until_news(items: Iterator[Item]) -> tuple[list[Item], Iterator[Item] | None]:
    """The items before the first that does not follow as in the former segment, and all from it.

    None instead of the latter if there is no other.
    """
    same: list[Item] = []
    for item in items:
        if not isinstance(item, Kept) or item.number != len(same):
            return same, chain([item], items)
        same.append(item)
    return same, None


def _refuse_a_part(census: Census, live: Generation | None, corpus_folder: Path) -> None:
    """Raise Refused if the corpus looks as if a part of it were missing."""
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
    """Return which files of the live generation have these publications, in words.

    The files with most of them come first. The text is empty if the segment can't be read.
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
