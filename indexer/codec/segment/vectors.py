"""What publications mean, as vectors of eight bits a number, a row each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path

import numpy as np

from indexer.analysis.embeddings import SIZE, Vector
from indexer.catalogue.records import Fresh, Item, Kept
from indexer.codec.segment.array_file import Array, ArrayWriter, Spool

LARGEST = 127
AT_ONCE = 4096
"""So many rows are made plain numbers at a time: they stay in the processor's cache."""


Encode = Callable[[Sequence[str], Sequence[str]], Vector]
"""Takes the titles and the summaries of publications; returns their vectors, one in a row."""


class Vectors:
    """The vectors of all publications, by number: `rows` (int8), which have these `lengths`."""

    def __init__(self, arrays: Mapping[str, Array]) -> None:
        self.rows: Array = arrays["rows"]
        self.lengths: Array = arrays["lengths"]

    def cosines(self, wanted: Vector, documents: Array | None = None) -> Vector:
        """The cosines between a vector of length 1 and those of some publications, or of all."""
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
    """The chunks as they are; when all have passed, their vectors are written into a file.

    Those of publications that are `Kept` are copied from the `former` ones.
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
