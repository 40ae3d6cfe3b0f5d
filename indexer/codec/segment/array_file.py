"""A file of named arrays: written once, then mapped into memory and read as NumPy arrays.

The format: the eight bytes of `MAGIC`, the arrays, each beginning at a multiple of 64 bytes,
a directory in JSON that gives each array's name, dtype (NumPy's, little-endian), shape and
offset, and, in the last eight bytes of the file, where the directory begins (little-endian).
Nothing in it is code: reading it builds arrays of plain numbers, whatever the file says.
"""

from __future__ import annotations

import mmap
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryFile
from types import TracebackType
from typing import IO, Any

import msgspec
import numpy as np
from numpy.typing import DTypeLike, NDArray

Array = NDArray[Any]
Buffer = mmap.mmap | memoryview
"""The bytes of a file: mapped, or read into memory."""
MAGIC = b"ARRAYS\x01\n"
ALIGNED = 64
NUMBERS = {
    np.dtype(name).str: np.dtype(name)
    for name in ("|b1", "|i1", "|u1", *(f"<{kind}{size}" for kind in "iuf" for size in (2, 4, 8)))
}
"""The dtypes that an array in a file may have, by their names."""
_TAIL = np.dtype("<u8")


class Damaged(Exception):
    """A file that is no file of arrays, or not a whole one."""


class Place(msgspec.Struct, frozen=True):
    """Where an array stands in a file, and what it is."""

    dtype: str
    shape: tuple[int, ...]
    offset: int

    @property
    def count(self) -> int:
        """The number of its items."""
        return int(np.prod(self.shape, dtype=np.int64))


class ArrayWriter:
    """Writes a file of arrays. What it gives out to be filled is part of the file.

    Room is taken on the disk before anything is written into it, so that a full disk is an
    OSError here, and never a signal while an array is being filled.
    """

    def __init__(self, file: Path) -> None:
        self._file = file.open("xb+")
        self._end = self._file.write(MAGIC)
        self._places: dict[str, Place] = {}

    def __enter__(self) -> ArrayWriter:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        if kind is not None:
            _abandon(self._file)
            return
        with self._file:
            directory = msgspec.json.encode(self._places)
            self._file.seek(self._end)
            self._file.write(directory + np.array(self._end, _TAIL).tobytes())

    def allocate(self, name: str, dtype: DTypeLike, *shape: int) -> Array:
        """An array of zeros, in the file, to be filled before the writer is closed."""
        place = self._place(name, dtype, shape)
        if not place.count:
            return np.zeros(shape, dtype)
        os.posix_fallocate(self._file.fileno(), 0, self._end)
        page = place.offset // mmap.ALLOCATIONGRANULARITY * mmap.ALLOCATIONGRANULARITY
        mapped = mmap.mmap(self._file.fileno(), self._end - page, offset=page)
        return _view(mapped, msgspec.structs.replace(place, offset=place.offset - page))

    def add(self, name: str, array: Array) -> None:
        """Writes an array as it is."""
        place = self._place(name, array.dtype, array.shape)
        self._file.seek(place.offset)
        self._file.write(np.ascontiguousarray(array, NUMBERS[place.dtype]).data)

    def _place(self, name: str, dtype: DTypeLike, shape: tuple[int, ...]) -> Place:
        """Where the next array stands."""
        offset = -(-self._end // ALIGNED) * ALIGNED
        place = Place(np.dtype(dtype).newbyteorder("<").str, shape, offset)
        self._end = offset + place.count * NUMBERS[place.dtype].itemsize
        self._places[name] = place
        return place


def mapped(file: Path) -> Buffer:
    """The bytes of a file, mapped into memory. If it is cut while they are used, that is fatal."""
    with file.open("rb") as stream:
        if not stream.seek(0, os.SEEK_END):
            return memoryview(b"")
        return mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)


def held(file: Path) -> Buffer:
    """Return the bytes of a file in memory, read-only. No change of the file reaches them.

    The memory is mapped for them alone, so the system has it back as soon as they are freed: the
    C library may keep blocks of up to 32 MB. A file that is cut meanwhile ends in zeros.
    """
    with file.open("rb", buffering=0) as stream:
        size = stream.seek(0, os.SEEK_END)
        memory = memoryview(mmap.mmap(-1, size) if size else b"")
        stream.seek(0)
        read = 0
        while read < size and (more := stream.readinto(memory[read:])):
            read += more
        return memory.toreadonly()


def read(file: Path) -> Mapping[str, Array]:
    """The arrays of a file by their names, mapped into memory and read-only. Raises Damaged."""
    return arrays(mapped(file), file.name)


def arrays(data: Buffer, file: str) -> Mapping[str, Array]:
    """The arrays of the bytes of a file by their names, read-only. Raises Damaged."""
    end = len(data) - _TAIL.itemsize
    if end < len(MAGIC):
        raise Damaged(f"{file} is too short to be a file of arrays")
    start = int(np.frombuffer(data, _TAIL, offset=end)[0])
    try:
        if data[: len(MAGIC)] != MAGIC:
            raise ValueError("it does not begin as one")
        places = msgspec.json.decode(data[start:end], type=dict[str, Place])
        return {name: _view(data, place) for name, place in places.items()}
    except (ValueError, OverflowError, msgspec.MsgspecError) as error:
        raise Damaged(f"{file} is no file of arrays: {error}") from error


def _view(data: Buffer, place: Place) -> Array:
    if place.dtype not in NUMBERS:
        raise ValueError(f"{place.dtype!r} is no kind of number")
    flat = np.frombuffer(data, NUMBERS[place.dtype], place.count, place.offset)
    return flat.reshape(place.shape)


def narrowest(largest: int) -> np.dtype[Any]:
    """The smallest dtype among uint8, uint16, int32 and int64 that holds 0 to `largest`."""
    kinds = (np.uint8, np.uint16, np.int32)
    return next(
        (np.dtype(kind) for kind in kinds if largest <= np.iinfo(kind).max), np.dtype(np.int64)
    )


def for_offsets(largest: int) -> np.dtype[Any]:
    """int32 or, where it must be, int64: what is added to and taken away from has a sign."""
    return np.dtype(np.int32 if largest <= np.iinfo(np.int32).max else np.int64)


class Spool:
    """Rows of numbers put aside on the disk until all are there; gone when it is closed.

    The file has no name, so that nothing is left behind, however the program ends.
    """

    def __init__(self, folder: Path, dtype: DTypeLike) -> None:
        self._file = TemporaryFile(dir=folder)  # noqa: SIM115  closed by close
        self._dtype = np.dtype(dtype)
        self._size = 0

    def append(self, rows: Array) -> None:
        """Adds rows behind those that are there."""
        self._file.write(np.ascontiguousarray(rows, self._dtype).data)
        self._size += rows.size

    def array(self) -> Array:
        """All rows in a row, mapped into memory."""
        self._file.flush()
        if not self._size:
            return np.zeros(0, self._dtype)
        return np.asarray(np.memmap(self._file, self._dtype, "r", shape=(self._size,)))

    def close(self) -> None:
        """Gives the room on the disk back; what `array` gave stays as long as it is used."""
        _abandon(self._file)


def _abandon(file: IO[bytes]) -> None:
    """Closes a file that nobody reads any more: what it yet had to write may fail."""
    with suppress(OSError):
        file.close()
