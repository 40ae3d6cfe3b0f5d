"""Blocks and lines of a text file in UTF-8 or UTF-16, within the limits on a file."""

from __future__ import annotations

from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE, getincrementaldecoder
from collections.abc import Iterator
from functools import partial
from io import BufferedIOBase

from indexer.catalogue.limits import Limits, suggest_raising
from indexer.catalogue.records import Problem

_BLOCK = 1 << 20
"""Bytes that are read at a time."""


class LimitExceeded(Exception):
    """A file exceeds a limit. The message is the limit in words, `limit` is its name."""

    def __init__(self, message: str, limit: str) -> None:
        super().__init__(message)
        self.limit = limit

    def report(self, file: str, line: int) -> Problem:
        """Return the Problem of a file that was read up to a line."""
        message = f"the file has more than {self}. It was read up to line {line}"
        return Problem(file, line, message, suggest_raising(self.limit))


def read_blocks(stream: BufferedIOBase, limits: Limits) -> Iterator[bytes]:
    """Yield the blocks of a file. Raise LimitExceeded after `largest_unpacked` bytes."""
    remaining = limits.largest_unpacked
    # `read` would lose what precedes the damage in a compressed file.
    for block in iter(partial(stream.read1, _BLOCK), b""):
        remaining -= len(block)
        if remaining < 0:
            raise LimitExceeded(f"{limits.largest_unpacked} bytes", "largest_unpacked")
        yield block


def convert_to_utf8(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """Yield blocks of UTF-16 as UTF-8, others unchanged. Leave out a byte order mark."""
    start = b""
    for block in blocks:
        start += block
        if len(start) >= 4:
            break
    encoding = _detect_utf16(start)
    if encoding is None:
        yield start.removeprefix(BOM_UTF8)
        yield from blocks
        return
    decoder = getincrementaldecoder(encoding)(errors="replace")
    yield decoder.decode(start).removeprefix("\ufeff").encode("utf-8", "replace")
    for block in blocks:
        yield decoder.decode(block).encode("utf-8", "replace")
    yield decoder.decode(b"", final=True).encode("utf-8", "replace")


def convert_head(head: bytes) -> bytes:
    """Return the start of a file in UTF-8, without a byte order mark."""
    return b"".join(convert_to_utf8(iter([head])))


def _detect_utf16(start: bytes) -> str | None:
    if start.startswith(BOM_UTF16_LE) or (start[1:4:2] == b"\0\0" and b"\0" not in start[:4:2]):
        return "utf-16-le"
    if start.startswith(BOM_UTF16_BE) or (start[0:4:2] == b"\0\0" and b"\0" not in start[1:4:2]):
        return "utf-16-be"
    return None


def take_head(blocks: Iterator[bytes], size: int) -> tuple[bytes, bytes]:
    """Return the first `size` bytes of a stream, and what else was read of it."""
    read = bytearray()
    for block in blocks:
        read += block
        if len(read) >= size:
            break
    return bytes(read[:size]), bytes(read[size:])


def split_lines(blocks: Iterator[bytes], max_bytes: int) -> Iterator[bytes | None]:
    """Yield lines without their newline, and None for a line of more than `max_bytes` bytes."""
    unfinished, is_long = b"", False
    for block in blocks:
        *ended, unfinished = (unfinished + block).split(b"\n")
        for line in ended:
            yield None if is_long or len(line) > max_bytes else line
            is_long = False
        if is_long or len(unfinished) > max_bytes:
            unfinished, is_long = b"", True
    if unfinished or is_long:
        yield None if is_long else unfinished
