"""Sums of postings: each document once, with the sum of its weights."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from indexer.codec.segment.array_file import Array
from indexer.codec.segment.reader import Places, Postings
from search_app.engine.snapshot.snapshot import Snapshot

NOWHERE = Postings(np.zeros(0, np.int32), np.zeros(0, np.float32))
SORTED_TIMES = 8
"""Sort unordered postings if the snapshot has more than this many times as many documents.
Otherwise sum their weights in an array over all documents."""


def together(found: Iterable[Postings], snapshot: Snapshot) -> Postings:
    """Merge several lists of postings into one. The weights of a document add up."""
    documents, weights = zip(*found, strict=True)
    return gathered(np.concatenate(documents), np.concatenate(weights), snapshot)


def gathered(documents: Array, weights: Array, snapshot: Snapshot) -> Postings:
    """Return each document once, in ascending order, with the sum of its weights."""
    if len(documents) < snapshot.size and (documents[1:] >= documents[:-1]).all():
        return _summed(documents, weights)
    if len(documents) * SORTED_TIMES < snapshot.size:
        order = documents.argsort(kind="stable")  # a stable sort merges ascending runs
        return _summed(documents.take(order), weights.take(order))
    summed = np.bincount(documents, weights, snapshot.size)
    held = (summed > 0).nonzero()[0]
    return Postings(held.astype(np.int32), summed.take(held).astype(np.float32))


def _summed(documents: Array, weights: Array) -> Postings:
    """Sum the weights of postings in ascending order, in which equal documents are adjacent."""
    if not len(documents):
        return NOWHERE
    is_first = np.ones(len(documents), np.bool_)
    np.not_equal(documents[1:], documents[:-1], out=is_first[1:])
    first = is_first.nonzero()[0]
    return Postings(documents.take(first), np.add.reduceat(weights, first, dtype=np.float32))


def in_fields(places: Places, fields: set[str], snapshot: Snapshot) -> Postings:
    """Return the postings of the occurrences that are in one of the fields."""
    segment = snapshot.segment
    documents, field_at = places.documents, segment.fields_at(places)
    if len(fields) < len(segment.fields):
        here = np.array([name in fields for name in segment.fields])[field_at]
        documents, field_at = documents[here], field_at[here]
    return gathered(documents, segment.scale[documents, field_at], snapshot)
