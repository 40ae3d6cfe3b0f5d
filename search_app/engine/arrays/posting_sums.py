"""Sums of postings: each document once, with the sum of its weights."""

from __future__ import annotations

from collections.abc import Iterable, Set

import numpy as np

from indexer.codec.segment.array_file import Array
from indexer.codec.segment.reader import Positions, Postings
from search_app.engine.snapshot.snapshot import Snapshot

NO_POSTINGS = Postings(np.zeros(0, np.int32), np.zeros(0, np.float32))
SORT_BELOW = 8
"""Sort unordered postings if the index has more than this many times as many documents.
Otherwise sum their weights in an array over all documents."""


def sum_all(parts: Iterable[Postings], size: int) -> Postings:
    """Merge several lists of postings of `size` documents. The weights of a document add up."""
    documents, weights = zip(*parts, strict=True)
    return sum_postings(np.concatenate(documents), np.concatenate(weights), size)


def sum_postings(documents: Array, weights: Array, size: int) -> Postings:
    """Return each of `size` documents once, ascending, with the sum of its weights."""
    if len(documents) < size and (documents[1:] >= documents[:-1]).all():
        return _sum_sorted(documents, weights)
    if len(documents) * SORT_BELOW < size:
        order = documents.argsort(kind="stable")  # a stable sort merges ascending runs
        return _sum_sorted(documents.take(order), weights.take(order))
    sums = np.bincount(documents, weights, size)
    is_match = (sums > 0).nonzero()[0]
    return Postings(is_match.astype(np.int32), sums.take(is_match).astype(np.float32))


def _sum_sorted(documents: Array, weights: Array) -> Postings:
    """Sum the weights of postings in ascending order, in which equal documents are adjacent."""
    if not len(documents):
        return NO_POSTINGS
    is_first = np.ones(len(documents), np.bool_)
    np.not_equal(documents[1:], documents[:-1], out=is_first[1:])
    first = is_first.nonzero()[0]
    return Postings(documents.take(first), np.add.reduceat(weights, first, dtype=np.float32))


def sum_in_fields(positions: Positions, fields: Set[str], snapshot: Snapshot) -> Postings:
    """Return the postings of the occurrences that are in one of the fields."""
    segment = snapshot.segment
    documents, fields_at = positions.documents, segment.get_fields(positions)
    if len(fields) < len(segment.fields):
        is_selected = np.array([name in fields for name in segment.fields])[fields_at]
        documents, fields_at = documents[is_selected], fields_at[is_selected]
    return sum_postings(documents, segment.norms[documents, fields_at], snapshot.size)
