"""Many strings, or many pieces of bytes, as two arrays: the data, and the offset of each piece."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Self

import numpy as np
from numpy.typing import NDArray

from indexer.codec.segment.array_file import Array, ArrayFileWriter, pick_offset_dtype

HEAD_BYTES = 7
"""Number of leading bytes of a text that fit into a signed 64-bit number."""
Offsets = NDArray[np.int64]
END = b"\n"
"""The byte after every text. No text contains it."""


def compute_offsets(lengths: Sequence[int] | Array) -> Offsets:
    """Return the start of each piece of these lengths, laid end to end, and the end of the last."""
    offsets = np.zeros(len(lengths) + 1, np.int64)
    np.cumsum(lengths, out=offsets[1:])
    return offsets


def expand_ranges(begins: Array, counts: Array) -> Array:
    """Return the numbers of several ranges: `counts[i]` from `begins[i]` on (int64)."""
    ends = np.cumsum(counts)
    numbers: Array = np.arange(ends[-1] if len(ends) else 0)
    numbers += np.repeat(begins - (ends - counts), counts)
    return numbers


def encode_texts(texts: Iterable[str]) -> Array:
    """Return texts in UTF-8 (uint8), each followed by END."""
    return np.frombuffer("".join([f"{text}\n" for text in texts]).encode(), np.uint8)


class BlobTable:
    """Pieces of bytes, by number. Piece `n` is `data[offsets[n]:offsets[n + 1]]` (uint8)."""

    def __init__(self, data: Array, offsets: Array) -> None:
        self.data, self.offsets = data, offsets
        self._bytes, self._bounds = data.data, offsets.data

    @classmethod
    def read(cls, arrays: Mapping[str, Array], name: str) -> Self:
        """Read the pieces written under a name."""
        return cls(arrays[name], arrays[f"{name}.offsets"])

    def write(self, writer: ArrayFileWriter, name: str) -> None:
        """Write the pieces under a name."""
        writer.add(name, self.data)
        writer.add(f"{name}.offsets", self.offsets.astype(pick_offset_dtype(len(self.data))))

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __getitem__(self, number: int) -> bytes:
        return bytes(self._bytes[self._bounds[number] : self._bounds[number + 1]])

    def take_runs(self, runs: Iterable[tuple[int, int]]) -> Array:
        """Return the bytes (uint8) of all pieces in runs of numbers, joined."""
        pieces = (self._bytes[self._bounds[first] : self._bounds[last]] for first, last in runs)
        return np.frombuffer(b"".join(pieces), np.uint8)


class StringTable(BlobTable):
    """Texts in UTF-8, by number, each followed by END.

    Sorted texts (by code point, which is the order of their bytes) can also be looked up.
    """

    @classmethod
    def from_texts(cls, texts: Sequence[str]) -> StringTable:
        """Build from texts. Raise ValueError if one of them has a line break."""
        joined = cls.from_encoded(encode_texts(texts))
        if len(joined) != len(texts):
            raise ValueError("a text contains a line break, which separates texts")
        return joined

    @classmethod
    def from_encoded(cls, data: Array) -> StringTable:
        """Build from bytes (uint8) in which END follows each text."""
        ends = np.flatnonzero(data == END[0]) + 1
        return cls(data, np.concatenate([np.zeros(1, np.int64), ends]))

    def get_text(self, number: int) -> str:
        """Return the text with a number."""
        return str(self._bytes[self._bounds[number] : self._bounds[number + 1] - 1], "utf-8")

    def to_list(self) -> list[str]:
        """Return all texts, in order."""
        return str(self._bytes, "utf-8").split("\n")[:-1]

    def find(self, text: str) -> int | None:
        """Return the number of a text, or None. The texts must be sorted."""
        key = text.encode("utf-8", "surrogatepass") + END
        index = self._search(key)
        return index if index < len(self) and self[index] == key else None

    def find_prefix(self, prefix: str) -> tuple[int, int]:
        """Return the range of numbers of the texts with a prefix. The texts must be sorted."""
        key = prefix.encode("utf-8", "surrogatepass")
        return self._search(key), self._search(key + b"\xff")

    @cached_property
    def _heads(self) -> memoryview:
        """The first HEAD_BYTES bytes of each text and its END, as an int64 in the same order."""
        starts, lengths = self.offsets[:-1].astype(np.int64), np.diff(self.offsets)
        heads = np.zeros(len(self), np.int64)
        for index in range(HEAD_BYTES):
            byte = self.data.take(starts + index, mode="clip")
            heads = heads << 8 | np.where(index < lengths, byte, 0)
        return heads.data

    def _search(self, key: bytes) -> int:
        """Return the number of the first text >= `key`. END sorts before any byte of a text.

        The heads are searched first, because comparing numbers is faster than slicing texts.
        """
        head = int.from_bytes(key[:HEAD_BYTES].ljust(HEAD_BYTES, b"\0"))
        low = bisect_left(self._heads, head)
        high = bisect_right(self._heads, head, low)
        return bisect_left(self, key, low, high)
