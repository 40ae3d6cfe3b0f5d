"""Embedding vectors of documents, stored as one row of 8-bit numbers each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path

import numpy as np

from indexer.analysis.embeddings import SIZE, Vector
from indexer.catalogue.records import Item, Parsed, Unchanged
from indexer.codec.segment.array_file import Array, ArrayFileWriter, Spool

MAX_VALUE = 127
"""Each vector is scaled so that its largest component has this absolute value."""
BATCH_ROWS = 4096
"""Number of rows converted to float32 at a time. They fit into the processor's cache."""


Encode = Callable[[Sequence[str], Sequence[str]], Vector]
"""Takes the titles and summaries of publications. Returns one vector per publication, as rows."""


class Vectors:
    """The vectors of all documents, by number: `rows` (int8), and their Euclidean `lengths`."""

    def __init__(self, arrays: Mapping[str, Array]) -> None:
        self.rows: Array = arrays["rows"]
        self.lengths: Array = arrays["lengths"]

    def compute_cosines(self, query: Vector, documents: Array | None = None) -> Vector:
        """Return the cosine of a vector of length 1 with the vectors of documents, or of all."""
        count = len(self.rows) if documents is None else len(documents)
        cosines = np.empty(count, np.float32)
        for first in range(0, count, BATCH_ROWS):
            batch = slice(first, first + BATCH_ROWS)
            rows = self.rows[batch] if documents is None else self.rows[documents[batch]]
            cosines[batch] = rows.astype(np.float32) @ query
        cosines /= self.lengths if documents is None else self.lengths[documents]
        return cosines


def encode_batches(
    file: Path,
    batches: Iterable[Sequence[Item]],
    encode: Encode,
    previous: Vectors | None,
) -> Iterator[Sequence[Item]]:
    """Yield the batches unchanged, and write their vectors to a file after the last one.

    The vectors of `Unchanged` publications are copied from `previous`.
    """
    with closing(Spool(file.parent, np.int8)) as spool:
        for batch in batches:
            spool.append(_make_rows(batch, encode, previous))
            yield batch
        rows = spool.to_array().reshape(-1, SIZE)
        with ArrayFileWriter(file) as writer:
            writer.add("rows", rows)
            writer.add("lengths", _measure(rows))


def _make_rows(
    batch: Sequence[Item],
    encode: Encode,
    previous: Vectors | None,
) -> Array:
    rows = np.empty((len(batch), SIZE), np.int8)
    is_parsed = np.array([isinstance(item, Parsed) for item in batch])
    if is_parsed.any():
        parsed = [item.publication for item in batch if isinstance(item, Parsed)]
        vectors = encode(
            [publication.title for publication in parsed],
            [publication.summary or "" for publication in parsed],
        )
        largest = np.abs(vectors).max(axis=1, keepdims=True)
        rows[is_parsed] = np.rint(vectors / largest * MAX_VALUE)
    if previous is not None:
        rows[~is_parsed] = previous.rows[
            [item.doc_number for item in batch if isinstance(item, Unchanged)]
        ]
    return rows


def _measure(rows: Array) -> Vector:
    lengths = np.empty(len(rows), np.float32)
    for first in range(0, len(rows), BATCH_ROWS):
        batch = slice(first, first + BATCH_ROWS)
        lengths[batch] = np.linalg.norm(rows[batch].astype(np.float32), axis=1)
    return lengths
