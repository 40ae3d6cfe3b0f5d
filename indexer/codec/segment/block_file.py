"""Arrays of a large file, read slice by slice, with a digest for each block that is read.

A search uses a few blocks of the full texts, so these are neither loaded nor mapped. A block is
checked each time that it is read. A file that was changed or cut short therefore raises
CorruptSegment. If it were mapped, it would end the process.
"""

from __future__ import annotations

import os
import weakref
from collections.abc import Iterator
from hashlib import sha256
from itertools import pairwise
from pathlib import Path

import msgspec
import numpy as np

from indexer.codec.segment.array_file import (
    DTYPES,
    MAGIC,
    TAIL,
    Array,
    ArrayPlace,
    CorruptSegment,
)

BLOCK_BYTES = 1 << 16
DIGEST_BYTES = 16
"""Bytes of SHA-256 that are kept of a block."""
_NEAR_BYTES = 1 << 15
"""Ranges with at most this many bytes between them are read together."""


def digest_blocks(file: Path) -> Array:
    """Return the digest of each block of a file (uint8, one row for each block)."""
    with file.open("rb") as stream:
        blocks = iter(lambda: stream.read(BLOCK_BYTES), b"")
        digests = b"".join(map(_digest, blocks))
    return np.frombuffer(digests, np.uint8).reshape(-1, DIGEST_BYTES)


def _digest(block: bytes | memoryview) -> bytes:
    return sha256(block).digest()[:DIGEST_BYTES]


class BlockFile:
    """The flat arrays of a file that `ArrayFileWriter` wrote. Threads may share it.

    `digests` is the result of `digest_blocks`. Raise OSError if the file can't be opened, and
    CorruptSegment if it was changed.
    """

    def __init__(self, file: Path, digests: Array) -> None:
        self._name, self._digests = file.name, digests.tobytes()
        self._descriptor = os.open(file, os.O_RDONLY)
        # The file stays readable after a later build has removed it.
        weakref.finalize(self, os.close, self._descriptor)
        size = os.fstat(self._descriptor).st_size
        # A file that was cut at the end of a block has no block with another digest.
        if -(-size // BLOCK_BYTES) != len(digests):
            raise self._make_error()
        tail = self._read(max(0, size - TAIL.itemsize), size)
        if len(tail) < TAIL.itemsize or bytes(self._read(0, len(MAGIC))) != MAGIC:
            raise self._make_error()
        start = int(np.frombuffer(tail, TAIL)[0])
        self._places = msgspec.json.decode(
            self._read(start, size - TAIL.itemsize), type=dict[str, ArrayPlace]
        )

    def read(self, name: str, begin: int, end: int) -> Array:
        """Return the items of an array from `begin` up to `end`. Raise CorruptSegment, OSError."""
        place = self._places[name]
        dtype = DTYPES[place.dtype]
        offset, size = place.offset, dtype.itemsize
        data = self._read(offset + begin * size, offset + end * size)
        return np.frombuffer(data, dtype)

    def read_ranges(self, name: str, begins: Array, counts: Array) -> Array:
        """Return the items of several ranges, one range after the other, in ascending order.

        Ranges that are near each other are read together. Raise as `read` does.
        """
        ends = begins + counts
        most = _NEAR_BYTES // DTYPES[self._places[name].dtype].itemsize
        parts = [self.read(name, 0, 0)]
        for first, last in _find_runs(begins, ends, most):
            origin = int(begins[first])
            items = self.read(name, origin, int(ends[last - 1]))
            if counts[first:last].sum() == len(items):
                parts.append(items)
                continue
            starts = (begins[first:last] - origin).tolist()
            stops = (ends[first:last] - origin).tolist()
            parts += [items[start:stop] for start, stop in zip(starts, stops, strict=True)]
        return np.concatenate(parts)

    def _read(self, begin: int, end: int) -> memoryview:
        """Return bytes of the file, after a check of the blocks that they are in."""
        first = begin // BLOCK_BYTES
        if end <= begin:
            return memoryview(b"")
        last = -(-end // BLOCK_BYTES)
        data = memoryview(self._pread(first * BLOCK_BYTES, (last - first) * BLOCK_BYTES))
        for number in range(first, last):
            start = (number - first) * BLOCK_BYTES
            expected = self._digests[number * DIGEST_BYTES : (number + 1) * DIGEST_BYTES]
            if _digest(data[start : start + BLOCK_BYTES]) != expected:
                raise self._make_error()
        return data[begin - first * BLOCK_BYTES : end - first * BLOCK_BYTES]

    def _pread(self, offset: int, length: int) -> bytes:
        """Return up to `length` bytes. The system may return fewer at a time."""
        parts = []
        while length and (part := os.pread(self._descriptor, length, offset)):
            parts.append(part)
            offset, length = offset + len(part), length - len(part)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def _make_error(self) -> CorruptSegment:
        return CorruptSegment(f"{self._name} was changed or cut short since it was written")


def _find_runs(begins: Array, ends: Array, most: int) -> Iterator[tuple[int, int]]:
    """Yield runs of ranges with at most `most` items between two of them."""
    cuts = np.flatnonzero(begins[1:] - ends[:-1] > most) + 1
    bounds = [0, *cuts.tolist(), len(begins)]
    yield from ((first, last) for first, last in pairwise(bounds) if last)
