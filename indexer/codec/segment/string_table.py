"""Many strings, or many pieces of bytes, as two arrays: the data, and the offset of each piece."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from indexer.codec.segment.array_file import Array, ArrayWriter, for_offsets

HEAD = 7
"""Number of leading bytes of a text that fit into a signed 64-bit number."""
Offsets = NDArray[np.int64]
END = b"\n"
"""The byte after every text. No text contains it."""


def offsets_of(lengths: Iterable[int] | Array) -> Offsets:
    """Return the start of each piece of these lengths, laid end to end, and the end of the last."""
    sizes = lengths if isinstance(lengths, np.ndarray) else np.fromiter(lengths, np.int64)
    offsets = np.zeros(len(sizes) + 1, np.int64)
    np.cumsum(sizes, out=offsets[1:])
    return offsets


class Blobs:
    """Pieces of bytes, by number. Piece `n` is `data[offsets[n]:offsets[n + 1]]` (uint8)."""

    def __init__(self, data: Array, offsets: Array) -> None:
        self.data, self.offsets = data, offsets
        self._bytes, self._at = data.data, offsets.data

    @classmethod
    def of(cls, pieces: Sequence[bytes]) -> Blobs:
        """Build from a sequence of pieces."""
        joined = np.frombuffer(b"".join(pieces), np.uint8)
        return cls(joined, offsets_of(map(len, pieces)))

    @classmethod
    def read(cls, arrays: Mapping[str, Array], name: str) -> Blobs:
        """Read the pieces written under a name."""
        return cls(arrays[name], arrays[f"{name}.offsets"])

    def write(self, writer: ArrayWriter, name: str) -> None:
        """Write the pieces under a name."""
        writer.add(name, self.data)
        writer.add(f"{name}.offsets", self.offsets.astype(for_offsets(len(self.data))))

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __getitem__(self, number: int) -> bytes:
        return bytes(self._bytes[self._at[number] : self._at[number + 1]])

    def taken(self, runs: Iterable[tuple[int, int]]) -> list[bytes]:
        """Return one piece of bytes per run of numbers, with all pieces of the run."""
        return [bytes(self._bytes[self._at[a] : self._at[b]]) for a, b in runs]


class Texts(Blobs):
    """Texts in UTF-8, by number, each followed by END.

    Sorted texts (by code point, which is the order of their bytes) can also be looked up.
    """

    @classmethod
    def of_texts(cls, texts: Sequence[str]) -> Texts:
        """Build from texts. Raise ValueError if one of them has a line break."""
        joined = cls.joined(["".join([f"{text}\n" for text in texts]).encode()])
        if len(joined) != len(texts):
            raise ValueError("a text with a line break would come back as two")
        return joined

    @classmethod
    def joined(cls, pieces: Sequence[bytes]) -> Texts:
        """Build from pieces of bytes in which END follows each text."""
        data = np.frombuffer(b"".join(pieces), np.uint8)
        ends = np.flatnonzero(data == END[0]) + 1
        return cls(data, np.concatenate([np.zeros(1, np.int64), ends]))

    @classmethod
    def read(cls, arrays: Mapping[str, Array], name: str) -> Texts:
        """Read the texts written under a name."""
        return cls(arrays[name], arrays[f"{name}.offsets"])

    def text(self, number: int) -> str:
        """Return the text with a number."""
        return str(self._bytes[self._at[number] : self._at[number + 1] - 1], "utf-8")

    def all(self) -> list[str]:
        """Return all texts, in order."""
        return self.data.tobytes().decode().split("\n")[:-1]

    def number(self, text: str) -> int | None:
        """Return the number of a text, or None. The texts must be sorted."""
        wanted = text.encode("utf-8", "surrogatepass") + END
        at = self._first_from(wanted)
        return at if at < len(self) and self[at] == wanted else None

    def beginning(self, prefix: str) -> tuple[int, int]:
        """Return the range of numbers of the texts with a prefix. The texts must be sorted."""
        wanted = prefix.encode("utf-8", "surrogatepass")
        return self._first_from(wanted), self._first_from(wanted + b"\xff")

    @cached_property
    def _heads(self) -> memoryview:
        """The first HEAD bytes of each text and its END, as an int64 in the same order."""
        starts, lengths = self.offsets[:-1].astype(np.int64), np.diff(self.offsets)
        heads = np.zeros(len(self), np.int64)
        for at in range(HEAD):
            byte = self.data.take(starts + at, mode="clip")
            heads = heads << 8 | np.where(at < lengths, byte, 0)
        return heads.data

    def _first_from(self, wanted: bytes) -> int:
        """Return the number of the first text >= `wanted`. END sorts before any byte of a text.

        The heads are searched first, because comparing numbers is faster than slicing texts.
        """
        head = int.from_bytes(wanted[:HEAD].ljust(HEAD, b"\0"))
        low = bisect_left(self._heads, head)
        high = bisect_right(self._heads, head, low)
        while low < high:
            middle = (low + high) // 2
            if self[middle] < wanted:
                low = middle + 1
            else:
                high = middle
        return low
