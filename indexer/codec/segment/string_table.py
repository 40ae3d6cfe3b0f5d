"""Many texts, or many pieces of bytes, as two arrays: all of them in a row, and where each is."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from indexer.codec.segment.array_file import Array, ArrayWriter, for_offsets

HEAD = 7
"""So many bytes at the beginning of a text make a number that has a sign."""
Offsets = NDArray[np.int64]
END = b"\n"
"""Stands behind every text; no text has one within."""


def offsets_of(lengths: Iterable[int] | Array) -> Offsets:
    """Where pieces of these lengths begin when they stand in a row, and where the last ends."""
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
        """These pieces."""
        joined = np.frombuffer(b"".join(pieces), np.uint8)
        return cls(joined, offsets_of(map(len, pieces)))

    @classmethod
    def read(cls, arrays: Mapping[str, Array], name: str) -> Blobs:
        """The pieces that were written under a name."""
        return cls(arrays[name], arrays[f"{name}.offsets"])

    def write(self, writer: ArrayWriter, name: str) -> None:
        """Writes them under a name."""
        writer.add(name, self.data)
        writer.add(f"{name}.offsets", self.offsets.astype(for_offsets(len(self.data))))

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __getitem__(self, number: int) -> bytes:
        return bytes(self._bytes[self._at[number] : self._at[number + 1]])

    def taken(self, runs: Iterable[tuple[int, int]]) -> list[bytes]:
        """The pieces of some runs of numbers, each run in one piece of bytes."""
        return [bytes(self._bytes[self._at[a] : self._at[b]]) for a, b in runs]


class Texts(Blobs):
    """Texts in UTF-8, by number, each with an END behind it.

    Where they are sorted (by code point, which is the order of their bytes), texts can be
    found too.
    """

    @classmethod
    def of_texts(cls, texts: Sequence[str]) -> Texts:
        """These texts; ValueError if one of them has a line break."""
        joined = cls.joined(["".join([f"{text}\n" for text in texts]).encode()])
        if len(joined) != len(texts):
            raise ValueError("a text with a line break would come back as two")
        return joined

    @classmethod
    def joined(cls, pieces: Sequence[bytes]) -> Texts:
        """The texts of several pieces of bytes in a row, each text with its END."""
        data = np.frombuffer(b"".join(pieces), np.uint8)
        ends = np.flatnonzero(data == END[0]) + 1
        return cls(data, np.concatenate([np.zeros(1, np.int64), ends]))

    @classmethod
    def read(cls, arrays: Mapping[str, Array], name: str) -> Texts:
        """The texts that were written under a name."""
        return cls(arrays[name], arrays[f"{name}.offsets"])

    def text(self, number: int) -> str:
        """One text."""
        return str(self._bytes[self._at[number] : self._at[number + 1] - 1], "utf-8")

    def all(self) -> list[str]:
        """All texts, in order."""
        return self.data.tobytes().decode().split("\n")[:-1]

    def number(self, text: str) -> int | None:
        """The number of a text, where they are sorted; None if it is not among them."""
        wanted = text.encode("utf-8", "surrogatepass") + END
        at = self._first_from(wanted)
        return at if at < len(self) and self[at] == wanted else None

    def beginning(self, prefix: str) -> tuple[int, int]:
        """The range of numbers of the texts that begin so, where they are sorted."""
        wanted = prefix.encode("utf-8", "surrogatepass")
        return self._first_from(wanted), self._first_from(wanted + b"\xff")

    @cached_property
    def _heads(self) -> memoryview:
        """The first bytes of each text, with its END, as one number (int64) that sorts alike."""
        starts, lengths = self.offsets[:-1].astype(np.int64), np.diff(self.offsets)
        heads = np.zeros(len(self), np.int64)
        for at in range(HEAD):
            byte = self.data.take(starts + at, mode="clip")
            heads = heads << 8 | np.where(at < lengths, byte, 0)
        return heads.data

    def _first_from(self, wanted: bytes) -> int:
        """The number of the first text that is not below; END sorts before all that texts hold.

        The heads are looked through first: comparing numbers is quicker than cutting texts out.
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
