"""Read a file in blocks and split it at a separator, within the limits on files."""

from collections.abc import Callable, Iterator
from functools import partial
from io import BufferedIOBase
from itertools import chain
from typing import Any, TypeVar

from indexer.catalogue.limits import Limits
from indexer.readers.base import LimitExceeded

T = TypeVar("T")

BLOCK_BYTES = 1 << 18
"""Bytes that are read at a time."""
_USUAL_BYTES = 8
"""Minimum mean bytes of a line or record in a real file, with its line break."""


def read_blocks(stream: BufferedIOBase, limits: Limits) -> Iterator[bytes]:
    """Yield the blocks of a file. Raise LimitExceeded after `largest_unpacked` bytes."""
    remaining = limits.largest_unpacked
    # `read` would lose the bytes before the damage in a corrupt compressed file.
    for block in iter(partial(stream.read1, BLOCK_BYTES), b""):
        remaining -= len(block)
        if remaining < 0:
            raise LimitExceeded(f"{limits.largest_unpacked} bytes", "largest_unpacked")
        yield block


def peek(
    items: Iterator[T], min_weight: int, weigh: Callable[[T], int]
) -> tuple[list[T], Iterator[T]]:
    """Return the first items, up to a total weight of `min_weight`, and an iterator over all items.

    The iterator raises an error of `items` after the items that precede it.
    """
    first, weight = list[T](), 0
    try:
        while weight < min_weight:
            first.append(next(items))
            weight += weigh(first[-1])
    except StopIteration:
        pass
    except Exception as error:  # noqa: BLE001 - `_fail` raises it
        return first, chain(first, _fail(error))
    return first, chain(first, items)


def _fail(error: Exception) -> Iterator[Any]:
    yield from ()
    raise error


class ShortParts:
    """Counts lines and records that are blank or shorter than usual: each costs as much as another.

    A compressed file can have a thousand times as many of them as it has bytes.
    """

    def __init__(self, limits: Limits) -> None:
        self._most = limits.most_entries // 20
        self._count = 0

    def add(self, parts: int, size: int) -> None:
        """Count parts of `size` bytes in all. Raise LimitExceeded if too many are short."""
        self._count = max(0, self._count + parts - size // _USUAL_BYTES)
        if self._count > self._most:
            raise LimitExceeded(f"{self._most} blank or short lines", "most_entries")


def split_at(
    separator: bytes, blocks: Iterator[bytes], max_bytes: int, limits: Limits
) -> Iterator[bytes | None]:
    """Yield the parts between separators, and None for a part over `max_bytes` bytes.

    `separator` is one byte. An empty part after the last separator is left out. Raise LimitExceeded
    if too many are blank or short.
    """
    rest: bytes | None = b""
    short = ShortParts(limits)
    for block in blocks:
        first, *parts = block.split(separator)
        if rest is not None:
            rest = rest + first if len(rest) + len(first) <= max_bytes else None
        for part in parts:
            yield rest
            rest = part if len(part) <= max_bytes else None
        short.add(len(parts), len(block))  # the records in the block are good
    if rest != b"":
        yield rest


def unify_newlines(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """Yield blocks with CR LF and CR replaced by LF."""
    ends_with_cr = False
    for block in filter(None, blocks):
        text = block[1:] if ends_with_cr and block.startswith(b"\n") else block
        ends_with_cr = block.endswith(b"\r")
        yield text.replace(b"\r\n", b"\n").replace(b"\r", b"\n") if b"\r" in text else text
