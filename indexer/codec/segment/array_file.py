"""A file of named arrays: written once, then memory-mapped and read as NumPy arrays.

The file starts with the eight bytes of `MAGIC`. The arrays follow, each aligned to 64 bytes. Then
comes a directory in JSON with the name, dtype (NumPy's, little-endian), shape and offset of each
array. The last eight bytes are the offset of the directory (little-endian).

The file contains no code. Reading it only creates arrays of plain numbers, whatever the file
contains. Strings and other pieces of bytes are two arrays: the data, and the offset of each piece.
"""

from __future__ import annotations

import mmap
import os
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Annotated, Any, Self

import msgspec
import numpy as np
from numpy.typing import DTypeLike, NDArray

Array = NDArray[Any]
Buffer = mmap.mmap | memoryview
"""The bytes of a file, mapped or read into memory."""
MAGIC = b"ARRAYS\x01\n"
ALIGNMENT = 64
DTYPES = {
    np.dtype(name).str: np.dtype(name)
    for name in ("|b1", "|i1", "|u1", *(f"<{kind}{size}" for kind in "iuf" for size in (2, 4, 8)))
}
"""The dtypes that an array in a file may have, by name."""
TAIL = np.dtype("<u8")
Offsets = NDArray[np.int64]
END = b"\n"
"""The byte after every text. No text contains it."""


class CorruptSegment(Exception):
    """The file is not a file of arrays, or is incomplete."""


class ArrayPlace(msgspec.Struct, frozen=True):
    """The offset, dtype and shape of an array in a file."""

    dtype: str
    # NumPy would read a negative length as all bytes up to the end of the file.
    shape: tuple[Annotated[int, msgspec.Meta(ge=0)], ...]
    offset: int

    @property
    def count(self) -> int:
        return int(np.prod(self.shape, dtype=np.int64))


class ArrayFileWriter(AbstractContextManager["ArrayFileWriter"]):
    """Writes a file of arrays. Arrays from `allocate` are mapped parts of the file.

    Disk space is reserved before an array is filled. A full disk therefore raises OSError in
    `allocate`, and never a signal while an array is being filled.
    """

    def __init__(self, file: Path) -> None:
        self._file = file.open("xb+")
        self._end = self._file.write(MAGIC)
        self._places: dict[str, ArrayPlace] = {}

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:
            _abandon(self._file)
            return
        with self._file:
            directory = msgspec.json.encode(self._places)
            self._file.seek(self._end)
            self._file.write(directory + np.array(self._end, TAIL).tobytes())

    def allocate(self, name: str, dtype: DTypeLike, *shape: int) -> Array:
        """Return an array of zeros in the file. Fill it before the writer is closed."""
        place = self._place(name, dtype, shape)
        if not place.count:
            return np.zeros(shape, dtype)
        os.posix_fallocate(self._file.fileno(), 0, self._end)
        page = place.offset // mmap.ALLOCATIONGRANULARITY * mmap.ALLOCATIONGRANULARITY
        mapped = mmap.mmap(self._file.fileno(), self._end - page, offset=page)
        return _view_array(mapped, msgspec.structs.replace(place, offset=place.offset - page))

    def add(self, name: str, array: Array) -> None:
        place = self._place(name, array.dtype, array.shape)
        self._file.seek(place.offset)
        self._file.write(np.ascontiguousarray(array, DTYPES[place.dtype]).data)

    def _place(self, name: str, dtype: DTypeLike, shape: tuple[int, ...]) -> ArrayPlace:
        """Assign the next aligned offset to an array."""
        offset = -(-self._end // ALIGNMENT) * ALIGNMENT
        place = ArrayPlace(np.dtype(dtype).newbyteorder("<").str, shape, offset)
        self._end = offset + place.count * DTYPES[place.dtype].itemsize
        self._places[name] = place
        return place


def map_file(file: Path) -> Buffer:
    """Return the bytes of a file, memory-mapped. Truncating it then kills the process."""
    with file.open("rb") as stream:
        if not stream.seek(0, os.SEEK_END):
            return memoryview(b"")
        return mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)


def load_file(file: Path) -> Buffer:
    """Return the bytes of a file in memory, read-only. Later changes of the file have no effect.

    The memory is a mapping of its own, so the system gets it back as soon as it is freed. With an
    ordinary allocation, the C library may keep freed blocks of up to 32 MB. If the file is
    truncated during the read, the rest is zeros.
    """
    with file.open("rb", buffering=0) as stream:
        size = stream.seek(0, os.SEEK_END)
        memory = memoryview(_allocate(size) if size else b"")
        stream.seek(0)
        size_read = 0
        while size_read < size and (count := stream.readinto(memory[size_read:])):
            size_read += count
        return memory.toreadonly()


def _allocate(size: int) -> mmap.mmap:
    """Return zeros, in large pages if the system has them: it clears and frees these faster."""
    memory = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE)
    with suppress(AttributeError, OSError):  # only Linux has them
        memory.madvise(mmap.MADV_HUGEPAGE)
    return memory


def open_arrays(file: Path) -> Mapping[str, Array]:
    """Return the arrays of a file by name, mapped and read-only. Raise CorruptSegment."""
    return decode_arrays(map_file(file), file.name)


def decode_arrays(data: Buffer, file: str) -> Mapping[str, Array]:
    """Return the arrays in the bytes of a file by name, read-only. Raise CorruptSegment."""
    end = len(data) - TAIL.itemsize
    if end < len(MAGIC):
        raise CorruptSegment(f"{file} is too short to be a file of arrays")
    start = int(np.frombuffer(data, TAIL, offset=end)[0])
    try:
        if data[: len(MAGIC)] != MAGIC:
            raise ValueError("it does not start with the magic bytes")
        places = msgspec.json.decode(data[start:end], type=dict[str, ArrayPlace])
        return {name: _view_array(data, place) for name, place in places.items()}
    except (ValueError, OverflowError, msgspec.MsgspecError) as error:
        raise CorruptSegment(f"{file} is not a file of arrays: {error}") from error


def _view_array(data: Buffer, place: ArrayPlace) -> Array:
    if place.dtype not in DTYPES:
        raise ValueError(f"{place.dtype!r} is not a supported dtype")
    flat = np.frombuffer(data, DTYPES[place.dtype], place.count, place.offset)
    return flat.reshape(place.shape)


def pick_dtype(max_value: int) -> np.dtype[Any]:
    """Return the smallest of uint8, uint16, int32 and int64 that fits 0 to `max_value`."""
    for kind in (np.uint8, np.uint16, np.int32):
        if max_value <= np.iinfo(kind).max:
            return np.dtype(kind)
    return np.dtype(np.int64)


def pick_offset_dtype(max_value: int) -> np.dtype[Any]:
    """Return int32, or int64 if needed. Offsets are signed because they are subtracted."""
    return np.dtype(np.int32 if max_value <= np.iinfo(np.int32).max else np.int64)


class Spool:
    """A temporary file for rows of numbers, until all of them are written.

    The file has no name, so nothing is left on disk, however the program ends.
    """

    def __init__(self, folder: Path, dtype: DTypeLike) -> None:
        self._file = TemporaryFile(dir=folder)  # noqa: SIM115  closed by close
        self._dtype = np.dtype(dtype)
        self._size = 0

    def append(self, rows: Array) -> int:
        """Append rows. Return the count of numbers before them."""
        first = self._size
        self._file.write(np.ascontiguousarray(rows, self._dtype).data)
        self._size += rows.size
        return first

    def to_array(self) -> Array:
        """Return all rows as one flat array, memory-mapped."""
        self._file.flush()
        if not self._size:
            return np.zeros(0, self._dtype)
        return np.asarray(np.memmap(self._file, self._dtype, "r", shape=(self._size,)))

    def close(self) -> None:
        """Free the disk space. An array from `to_array` stays valid as long as it is used."""
        _abandon(self._file)


def _abandon(file: IO[bytes]) -> None:
    """Close a file that is no longer needed. Pending writes may fail."""
    with suppress(OSError):
        file.close()


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
        return str(self._bytes[self._bounds[number] : self._bounds[number + 1] - 1], "utf-8")

    def to_list(self) -> list[str]:
        """Return all texts, in order."""
        return str(self._bytes, "utf-8").split("\n")[:-1]

    def find(self, text: str) -> int | None:
        """Return the number of a text, or None. The texts must be sorted."""
        key = text.encode("utf-8", "surrogatepass") + END
        index = bisect_left(self, key)
        return index if index < len(self) and self[index] == key else None

    def find_prefix(self, prefix: str) -> tuple[int, int]:
        """Return the range of numbers of the texts with a prefix. The texts must be sorted."""
        key = prefix.encode("utf-8", "surrogatepass")
        return bisect_left(self, key), bisect_left(self, key + b"\xff")
