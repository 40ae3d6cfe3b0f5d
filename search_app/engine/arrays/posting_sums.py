"""Add up postings: each document once, with the sum of its weights."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from indexer.codec.segment.array_file import Array
from indexer.codec.segment.reader import Postings
from search_app.engine.snapshot.snapshot import Snapshot

NOWHERE = Postings(np.zeros(0, np.int32), np.zeros(0, np.float32))
SORTED_TIMES = 8
"""Postings that do not ascend are sorted if there are so many times more publications; else their
weights are added up over all of these."""


def together(found: Iterable[Postings], snapshot: Snapshot) -> Postings:
    """Postings as one: the weights of a publication add up."""
    documents, weights = zip(*found, strict=True)
    return gathered(np.concatenate(documents), np.concatenate(weights), snapshot)


def gathered(documents: Array, weights: Array, snapshot: Snapshot) -> Postings:
    """Each publication once, with the sum of its weights."""
    if len(documents) < snapshot.size and (documents[1:] >= documents[:-1]).all():
        return _summed(documents, weights)
    if len(documents) * SORTED_TIMES < snapshot.size:
        order = documents.argsort(kind="stable")  # what ascends in parts is merged
        return _summed(documents.take(order), weights.take(order))
    summed = np.bincount(documents, weights, snapshot.size)
    held = (summed > 0).nonzero()[0]
    return Postings(held.astype(np.int32), summed.take(held).astype(np.float32))


def _summed(documents: Array, weights: Array) -> Postings:
    """The same where publications ascend: those that are one stand side by side."""
    if not len(documents):
        return NOWHERE
    is_first = np.ones(len(documents), np.bool_)
    np.not_equal(documents[1:], documents[:-1], out=is_first[1:])
    first = is_first.nonzero()[0]
    return Postings(documents.take(first), np.add.reduceat(weights, first, dtype=np.float32))
