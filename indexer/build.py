"""A corpus folder becomes a new generation of the index, or the live one stays as it is."""

from __future__ import annotations

import contextlib
import os
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import Literal

import msgspec

from indexer import analysis, catalogue_file, columnar, corpus, fields, generations, schema
from indexer.fields import Catalogue
from indexer.generations import Changes, Generation, Manifest
from indexer.record import Problem, Publication

CHUNK = 4096
"""How many publications are analysed at a time."""

Progress = Callable[[list[Publication]], Iterable[Publication]]
"""Wraps the publications to be written, to show how far it is."""


class Refused(Exception):
    """A corpus that must not replace the live index: what is odd, and what to do."""

    def __init__(self, what: str, hint: str, problems: list[Problem]) -> None:
        super().__init__(f"{what}. {hint}")
        self.what, self.hint, self.problems = what, hint, problems


class Outcome(msgspec.Struct, frozen=True):
    """What a build did: a new generation was published, or nothing had changed."""

    status: Literal["published", "unchanged"]
    generation: Generation
    changes: Changes
    problems: list[Problem]
    seconds: float


def build(
    corpus_folder: Path,
    index: Path,
    *,
    force: bool = False,
    progress: Progress = iter,
) -> Outcome:
    """Builds and publishes a new generation if anything has changed.

    Unchanged publications are recognised by content. Everything is written anew if one of
    them changed or moved, or `catalogue.toml`, the grouping or the analysis did, or if the
    live generation is damaged. Raises CatalogueError, IndexBusy,
    and Refused where nothing is readable, or under half of what the live index has, unless
    `force` is given; the live index then stays as it is.
    """
    started = time.perf_counter()
    if index.resolve().is_relative_to(corpus_folder.resolve()):
        raise Refused(f"the index {index} lies within the corpus", "Put it elsewhere", [])
    catalogue = catalogue_file.load(corpus_folder)
    problems: list[Problem] = []
    with generations.locked(index):
        live, before = _live(index)
        publications = list(corpus.read(corpus_folder, catalogue, problems.append))
        if not force:
            _refuse_half_a_corpus(publications, live, problems, corpus_folder)
        digests = {each.id: each.digest for each in publications}
        new = manifest(catalogue, publications, problems, _changes(digests, before))
        if live and not force and _same(live.manifest, new) and not generations.damage(live):
            seconds = time.perf_counter() - started
            return Outcome("unchanged", live, new.changes, problems, seconds)
        partial = generations.begin(index)
        write_segment(partial / generations.SEGMENT, catalogue, progress(publications))
        (partial / generations.DIGESTS).write_bytes(msgspec.json.encode(digests))
        seconds = time.perf_counter() - started
        new = msgspec.structs.replace(new, seconds=round(seconds, 3))
        published = generations.publish(index, partial, new)
    seconds = time.perf_counter() - started
    return Outcome("published", published, new.changes, problems, seconds)


def _live(index: Path) -> tuple[Generation | None, dict[str, str]]:
    """The live generation and the digests of its publications, so far as they can be read."""
    try:
        live = generations.current(index)
    except generations.IndexUnusable:
        return None, {}
    try:
        return live, live.digests()
    except generations.IndexUnusable:
        return live, {}


def _refuse_half_a_corpus(
    publications: list[Publication],
    live: Generation | None,
    problems: list[Problem],
    corpus_folder: Path,
) -> None:
    hint = "Mend it, or build with --force if this is meant"
    if not publications:
        raise Refused(f"{corpus_folder} holds no readable publication", hint, problems)
    if live and len(publications) * 2 < live.manifest.publications:
        what = (
            f"{corpus_folder} holds {len(publications)} publications, under half of the "
            f"{live.manifest.publications} in the index"
        )
        raise Refused(what, hint, problems)


def _changes(digests: dict[str, str], before: dict[str, str]) -> Changes:
    unchanged = sum(before.get(identity) == digest for identity, digest in digests.items())
    known = len(digests.keys() & before.keys())
    return Changes(len(digests) - known, known - unchanged, len(before) - known, unchanged)


def manifest(
    catalogue: Catalogue,
    publications: list[Publication],
    problems: list[Problem],
    changes: Changes,
) -> Manifest:
    """What a generation of these publications says of itself; its files are told later."""
    read = sha256()
    for each in publications:
        read.update(f"{each.digest} {each.source.file} {each.source.line}\n".encode())
    read.update(msgspec.json.encode(problems))
    return Manifest(
        format=schema.FORMAT,
        analysis=analysis.VERSION,
        schema=catalogue.fingerprint,
        corpus=read.hexdigest(),
        built=datetime.now(UTC).isoformat(timespec="seconds"),
        seconds=0.0,
        publications=len(publications),
        changes=changes,
        counts=_counts(catalogue, publications),
        problems=tuple(problems),
        catalogue=catalogue,
    )


def _counts(catalogue: Catalogue, publications: list[Publication]) -> dict[str, dict[str, int]]:
    counts = {}
    for field in schema.exact_fields(catalogue):
        found = Counter(
            str(value)
            for each in publications
            for value in each.values.get(field.name, (fields.MISSING,))
        )
        counts[field.name] = dict(found.most_common())
    return counts


def _same(live: Manifest, new: Manifest) -> bool:
    return (live.format, live.analysis, live.schema, live.corpus) == (
        new.format, new.analysis, new.schema, new.corpus,
    )  # fmt: skip


def write_segment(folder: Path, catalogue: Catalogue, publications: Iterable[Publication]) -> None:
    """Writes one immutable segment."""
    columnar.write(folder, catalogue, chunks(publications))


def chunks(items: Iterable[Publication]) -> Iterator[list[Publication]]:
    """Publications in lists of CHUNK."""
    each = iter(items)
    while chunk := list(islice(each, CHUNK)):
        yield chunk


def watch(
    corpus_folder: Path, *, interval: float, sleep: Callable[[float], None] = time.sleep
) -> Iterator[None]:
    """Yields at once, and whenever the folder has changed and then stood still.

    A change is a file more or less, or another size or time of one, seen by looking every
    `interval` seconds; a folder that is still being copied into is waited for.
    """
    seen: dict[Path, tuple[int, int]] | None = None
    while True:
        now = _state(corpus_folder)
        if now != seen:
            sleep(interval if seen is not None else 0)
            if seen is None or _state(corpus_folder) == now:
                seen = now
                yield
            continue
        sleep(interval)


def _state(folder: Path) -> dict[Path, tuple[int, int]]:
    """The size and time of every file; what vanishes meanwhile is left out."""
    state = {}
    for place, _, files in os.walk(folder):
        for name in files:
            path = Path(place) / name
            with contextlib.suppress(OSError):
                found = path.stat()
                state[path] = (found.st_size, found.st_mtime_ns)
    return state
