"""Predecessor of a build: find the earlier generation, and the segment to copy from."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from pathlib import Path

from indexer.analysis import tokenizer
from indexer.catalogue import schema
from indexer.catalogue.fields import Catalogue
from indexer.catalogue.limits import Limits
from indexer.codec.segment import array_file
from indexer.codec.segment.array_file import CorruptSegment
from indexer.codec.segment.reader import MEANING, Segment
from indexer.codec.segment.vectors import KnownVectors, Vectors
from indexer.generations import directory, manifest
from indexer.generations.manifest import Generation


def find_predecessor(index: Path) -> tuple[Generation | None, dict[str, bytes], bool]:
    """Return the predecessor of this build, its digests, and whether it is live and undamaged.

    If the live generation is damaged or `CURRENT` is unusable, the predecessor is the one that a
    rollback would choose. The new manifest names it, so it stays on disk. All files are hashed
    before any is read. If every generation is damaged, return the live one without digests. Only
    its manifest is used then.
    """
    live = None
    with contextlib.suppress(manifest.IndexUnusable):
        live = directory.load_live(index)
        if not directory.integrity_errors(live):
            return live, live.read_digests(), True
    with contextlib.suppress(manifest.IndexUnusable):
        if undamaged := directory.find_undamaged(index, directory.list_earlier(index)):
            return undamaged, undamaged.read_digests(), False
    return live, {}, False


def find_reusable_segment(
    live: Generation, catalogue: Catalogue, model: str, limits: Limits
) -> Segment | None:
    """Return the live segment if unchanged publications can be copied from it, or None.

    It must have the same format, analysis version, catalogue, embedding model, and limits. Its
    vectors must have digests.
    """
    live_manifest = live.manifest
    live_rules = (
        live_manifest.format,
        live_manifest.analysis,
        live_manifest.schema,
        live_manifest.meaning,
        live_manifest.limits,
    )
    rules = (schema.FORMAT, tokenizer.VERSION, catalogue.fingerprint, model, limits)
    if live_rules != rules or not live.has_segment:
        return None
    segment = Segment(live.segment, catalogue)
    is_reusable = segment.vectors is None or segment.vectors.digests is not None
    return segment if is_reusable else None


def find_known_vectors(
    predecessor: Generation | None, digests: Mapping[str, bytes], model: str
) -> KnownVectors | None:
    """Return the vectors of the predecessor if the same embedding model made them, or None.

    Only the model matters: they are valid in any format, and for any catalogue. Nothing is read
    of a damaged generation, whose `digests` are empty.
    """
    if not predecessor or not digests or not model or predecessor.manifest.meaning != model:
        return None
    try:
        vectors = Vectors(array_file.open_arrays(predecessor.segment / MEANING))
    except (CorruptSegment, KeyError, OSError):
        return None  # the file has another format
    return None if vectors.digests is None else KnownVectors(vectors)
