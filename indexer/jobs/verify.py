"""Check every byte of an index against its digests, and every reference between its arrays."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import numpy as np
import zstandard

from indexer.codec.segment.array_file import Array, Damaged
from indexer.codec.segment.reader import Segment, Terms
from indexer.generations import directory
from indexer.generations.manifest import (
    MANIFEST,
    MANIFEST_DIGEST,
    Generation,
    IndexOutdated,
    IndexUnusable,
)


class Verdict(msgspec.Struct, frozen=True):
    """The state of a generation, or of an unusable `CURRENT`.

    `size` is in bytes. `wrong` is empty if there is no fault.
    """

    name: str
    size: int
    wrong: tuple[str, ...]


def verify(index: Path) -> Iterator[Verdict]:
    """Yield a verdict for `CURRENT` if it is unusable, then for each generation, oldest first.

    Raise IndexMissing if there is no index.
    """
    try:
        directory.current_name(index)
    except IndexUnusable as error:
        if not directory.names(index):
            raise
        yield Verdict(directory.CURRENT, 0, (str(error),))
    for name in directory.names(index):
        try:
            generation = directory.load(index, name)
        except IndexOutdated as error:
            yield Verdict(name, 0, (error.what,))
            continue
        size = sum(length for length, _ in generation.manifest.files.values())
        yield Verdict(name, size, tuple(_wrong(generation)))


def _wrong(generation: Generation) -> list[str]:
    damaged = directory.damage(generation)
    known = {MANIFEST, MANIFEST_DIGEST, *generation.manifest.files}
    found = (each for each in generation.folder.rglob("*") if each.is_file())
    names = {each.relative_to(generation.folder).as_posix() for each in found}
    damaged += [f"{name} does not belong there" for name in sorted(names - known)]
    if damaged:
        return damaged
    try:
        segment = Segment(generation.segment, generation.manifest.catalogue)
    except (Damaged, KeyError) as error:
        return [f"the segment can't be read: {error}"]
    return list(faults(segment, generation.manifest.publications))


def faults(segment: Segment, size: int) -> Iterator[str]:
    """Yield the inconsistencies of a segment with `size` publications.

    Each array is checked against the arrays that it points into.
    """
    stored, layout = segment.stored, segment.layout
    lengths = {
        "ids": len(stored.ids), "titles": len(stored.titles),
        "records": len(stored.records),
        "starts": len(layout.starts) - 1, "lengths": len(layout.lengths),
        "years": len(stored.years), "pieces": len(stored.pieces), "by_id": len(stored.by_id),
    }  # fmt: skip
    lengths |= _vector_lengths(segment)
    lengths |= {f"the facet {name}": column.size for name, column in segment.columns.items()}
    yield from (
        f"{name}: {found} instead of {size}" for name, found in lengths.items() if found != size
    )
    for name, order in {**stored.ranks, "id": stored.by_id}.items():
        if not np.array_equal(np.sort(order), np.arange(size)):
            yield f"the order by {name} does not have every publication once"
    for name, column in segment.columns.items():
        if not _all_below(column.ordinals, len(column.values)):
            yield f"the facet {name} has a value that it does not know"
    if not _all_below(layout.stream, len(segment.words.texts)) or (layout.stream < -2).any():
        yield "the stream has a word that is not in the vocabulary"
    for kind, terms in {"words": segment.words, "stems": segment.stems}.items():
        yield from (f"the postings of {kind}: {what}" for what in _posting_faults(terms, size))
    for number in range(size):
        try:
            stored.publication(number)
        except (ValueError, IndexError, zstandard.ZstdError, msgspec.MsgspecError) as error:
            yield f"the record of publication {number} can't be read: {error}"


def _vector_lengths(segment: Segment) -> dict[str, int]:
    """Return the numbers of vectors and of non-zero vectors, or nothing without vectors."""
    vectors = segment.vectors
    if vectors is None:
        return {}
    pointing = int(np.count_nonzero(vectors.lengths > 0))
    return {"vectors": len(vectors.rows), "vectors that point somewhere": pointing}


def _all_below(numbers: Array, end: int) -> bool:
    return not len(numbers) or int(numbers.max()) < end


def _posting_faults(terms: Terms, size: int) -> Iterator[str]:
    texts = terms.texts.all()
    if texts != sorted(set(texts)):
        yield "the terms are not in order"
    if len(terms.offsets) != len(texts) + 1 or (np.diff(terms.offsets) < 1).any():
        yield "a term has no publication"
    if not _all_below(terms.documents, size):
        yield "they name a publication that is not there"
    ascends = np.diff(terms.documents) > 0
    ascends[terms.offsets[1:-1] - 1] = True
    if not ascends.all():
        yield "the publications of a term do not ascend"
    if not (terms.weights > 0).all():
        yield "a weight is not above zero"
