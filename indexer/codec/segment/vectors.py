"""Embedding vectors of documents, stored as one row of 8-bit numbers each.

The digest of the encoded text is stored with each vector. A build copies the vectors of texts that
the former index contains, whatever else has changed, and encodes only the others.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from hashlib import blake2b
from itertools import islice
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

import msgspec
import numpy as np

from indexer.analysis.embeddings import Encoder, Vector
from indexer.catalogue.records import DIGEST_BYTES, Item, Parsed, Unchanged
from indexer.codec.segment.array_file import Array, ArrayFileWriter

MAX_VALUE = 127
"""Each vector is scaled so that its largest component has this absolute value."""
BATCH_ROWS = 4096
"""Number of rows converted or copied at a time. They fit into the processor's cache."""
ENCODED_ROWS = 64
"""Number of publications encoded between two progress reports."""

ReportEncoding = Callable[[int, int], object]
"""Receives the number of publications encoded so far, and the number of all to encode."""


class Vectors:
    """The vectors of all documents, by number.

    `rows` (int8) has a row per document, and `lengths` their Euclidean lengths. `digests` (uint8)
    has the digest of each encoded text.
    """

    def __init__(self, arrays: Mapping[str, Array]) -> None:
        self.rows: Array = arrays["rows"]
        self.lengths: Array = arrays["lengths"]
        self.digests: Array = arrays["digests"]

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


class KnownVectors:
    """The vectors of a former index with the same model, by the digest of the encoded text."""

    def __init__(self, vectors: Vectors) -> None:
        self.rows, self.digests = vectors.rows, np.ascontiguousarray(vectors.digests)
        keys = _make_keys(self.digests)
        self._order = keys.argsort()
        self._keys = keys.take(self._order)

    def find(self, digests: Array) -> Array:
        """Return the row of each digest (int64), or -1 if it is unknown."""
        if not len(self._keys):
            return np.full(len(digests), -1)
        places = self._keys.searchsorted(_make_keys(digests)).clip(max=len(self._keys) - 1)
        rows: Array = self._order.take(places)
        # Two digests with an equal first half would only cost an encoding.
        is_equal = (self.digests[rows] == digests).all(axis=1)
        return np.where(is_equal, rows, -1)


def _make_keys(digests: Array) -> Array:
    """Return the first 8 bytes of each digest as a number."""
    return np.ascontiguousarray(digests[:, :8]).view("<u8").ravel()


def encode_batches(
    file: Path,
    batches: Iterable[Sequence[Item]],
    encoder: Encoder,
    known: KnownVectors | None,
    report: ReportEncoding = lambda _done, _total: None,
) -> Iterator[Sequence[Item]]:
    """Yield the batches unchanged, and write their vectors to a file after the last one.

    Vectors of `Unchanged` publications, and of texts with a known digest, are copied from `known`.
    The others are encoded after the last batch, so that a second pass over the corpus encodes
    nothing twice. May raise EncoderError.
    """
    with TemporaryFile(dir=file.parent) as texts:
        origins, digests = [np.zeros(0, np.int64)], [np.zeros((0, DIGEST_BYTES), np.uint8)]
        for batch in batches:
            origins.append(_find_origins(batch, known, digests, texts))
            yield batch
        texts.seek(0)
        with ArrayFileWriter(file) as writer:
            rows = _fill_rows(writer, np.concatenate(origins), encoder, known, texts, report)
            writer.add("lengths", _measure(rows))
            writer.add("digests", np.concatenate(digests))


def _find_origins(
    batch: Sequence[Item], known: KnownVectors | None, digests: list[Array], texts: IO[bytes]
) -> Array:
    """Return the row of each publication in `known` (int64), or -1 if it must be encoded.

    Append the digests of the batch, and write the texts to encode as lines of JSON.
    """
    own = np.empty((len(batch), DIGEST_BYTES), np.uint8)
    origins = np.full(len(batch), -1)
    is_parsed = np.array([isinstance(item, Parsed) for item in batch], np.bool_)
    publications = [item.publication for item in batch if isinstance(item, Parsed)]
    # JSON separates the title and the summary unambiguously.
    parsed = [msgspec.json.encode((each.title, each.summary or "")) for each in publications]
    packed = b"".join(blake2b(text, digest_size=DIGEST_BYTES).digest() for text in parsed)
    own[is_parsed] = np.frombuffer(packed, np.uint8).reshape(-1, DIGEST_BYTES)
    if known is not None:
        copied = [item.doc_number for item in batch if isinstance(item, Unchanged)]
        origins[~is_parsed], own[~is_parsed] = copied, known.digests[copied]
        origins[is_parsed] = known.find(own[is_parsed])
    for text, origin in zip(parsed, origins[is_parsed].tolist(), strict=True):
        if origin < 0:
            texts.write(text + b"\n")
    digests.append(own)
    return origins


def _fill_rows(
    writer: ArrayFileWriter,
    origins: Array,
    encoder: Encoder,
    known: KnownVectors | None,
    texts: IO[bytes],
    report: ReportEncoding,
) -> Array:
    """Write the vectors: copy the known ones, and encode the others. Return them as rows."""
    # Without new texts, `encoder` need not be started.
    size = encoder.size if known is None else known.rows.shape[1]
    rows = writer.allocate("rows", np.int8, len(origins), size)
    if known is not None:
        copied = (origins >= 0).nonzero()[0]
        for first in range(0, len(copied), BATCH_ROWS):
            batch = copied[first : first + BATCH_ROWS]
            rows[batch] = known.rows[origins[batch]]
    missing = (origins < 0).nonzero()[0]
    for first in range(0, len(missing), ENCODED_ROWS):
        report(first, len(missing))
        numbers = missing[first : first + ENCODED_ROWS]
        pairs = [msgspec.json.decode(line) for line in islice(texts, len(numbers))]
        vectors = encoder.encode_weighted(*zip(*pairs, strict=True))
        largest = np.abs(vectors).max(axis=1, keepdims=True)
        rows[numbers] = np.rint(vectors / largest * MAX_VALUE)
    if len(missing):
        report(len(missing), len(missing))
    return rows


def _measure(rows: Array) -> Vector:
    lengths = np.empty(len(rows), np.float32)
    for first in range(0, len(rows), BATCH_ROWS):
        batch = slice(first, first + BATCH_ROWS)
        lengths[batch] = np.linalg.norm(rows[batch].astype(np.float32), axis=1)
    return lengths
