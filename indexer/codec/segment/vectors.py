"""Embedding vectors of documents, stored as one row of 8-bit numbers each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path

import numpy as np

from indexer.analysis.embeddings import SIZE, Vector
from indexer.catalogue.records import Fresh, Item, Kept
from indexer.codec.segment.array_file import Array, ArrayWriter, Spool

LARGEST = 127
"""Each vector is scaled so that its largest component has this absolute value."""
AT_ONCE = 4096
"""Number of rows converted to float32 at a time. They fit into the processor's cache."""


Encode = Callable[[Sequence[str], Sequence[str]], Vector]
"""Takes the titles and summaries of publications. Returns one vector per publication, as rows."""


class Vectors:
    """The vectors of all documents, by number: `rows` (int8), and their Euclidean `lengths`."""

    def __init__(self, arrays: Mapping[str, Array]) -> None:
        self.rows: Array = arrays["rows"]
        self.lengths: Array = arrays["lengths"]

    def cosines(self, wanted: Vector, documents: Array | None = None) -> Vector:
        """Return the cosine of a vector of length 1 with the vectors of documents, or of all."""
        count = len(self.rows) if documents is None else len(documents)
        found = np.empty(count, np.float32)
        for first in range(0, count, AT_ONCE):
            here = slice(first, first + AT_ONCE)
            rows = self.rows[here] if documents is None else self.rows[documents[here]]
            found[here] = rows.astype(np.float32) @ wanted
        found /= self.lengths if documents is None else self.lengths[documents]
        return found


def encoded(
    file: Path,
    chunks: Iterable[Sequence[Item]],
    encode: Encode,
    former: Vectors | None,
) -> Iterator[Sequence[Item]]:
    """Yield the chunks unchanged, and write their vectors to a file after the last one.

    The vectors of `Kept` publications are copied from `former`.
    """
    with closing(Spool(file.parent, np.int8)) as spool:
        for chunk in chunks:
            spool.append(_rows(chunk, encode, former))
            yield chunk
        rows = spool.array().reshape(-1, SIZE)
        with ArrayWriter(file) as writer:
            writer.add("rows", rows)
            writer.add("lengths", _lengths(rows))


def _rows(
    chunk: Sequence[Item],
    encode: Encode,
    former: Vectors | None,
) -> Array:
    rows = np.empty((len(chunk), SIZE), np.int8)
    is_fresh = np.array([isinstance(each, Fresh) for each in chunk])
    if is_fresh.any():
        fresh = [each.publication for each in chunk if isinstance(each, Fresh)]
        vectors = encode([each.title for each in fresh], [each.summary or "" for each in fresh])
        largest = np.abs(vectors).max(axis=1, keepdims=True)
        rows[is_fresh] = np.rint(vectors / largest * LARGEST)
    if former is not None:
        rows[~is_fresh] = former.rows[[each.number for each in chunk if isinstance(each, Kept)]]
    return rows


def _lengths(rows: Array) -> Vector:
    lengths = np.empty(len(rows), np.float32)
    for first in range(0, len(rows), AT_ONCE):
        here = slice(first, first + AT_ONCE)
        lengths[here] = np.linalg.norm(rows[here].astype(np.float32), axis=1)
    return lengths
