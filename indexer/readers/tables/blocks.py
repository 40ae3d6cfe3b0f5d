"""Guess the encoding of a text file, and split it into lines that are decoded separately.

The lines of a file in UTF-8 or windows-1252 stay bytes until they are decoded, so an invalid byte
damages one piece only. A file in another encoding is converted to UTF-8 block by block.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Iterator
from itertools import chain
from typing import Any, TypeVar

from indexer.catalogue.limits import Limits
from indexer.readers.base import HEAD_BYTES
from indexer.readers.text.legacy_encodings import guess_legacy_encoding
from indexer.readers.text.streaming import LimitExceeded, split_at, unify_newlines

T = TypeVar("T")

UNKNOWN = ""
"""The encoding of a text whose start is ASCII."""
UTF_8 = "utf-8"
WINDOWS_1252 = "windows-1252"
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, UTF_8), (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"), (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)  # fmt: skip
_LETTER = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
_NOT_ASCII = re.compile(rb"[\x80-\xff]")
_MAX_LETTER_BYTES = 4
"""Maximum bytes of a character in UTF-8."""


def peek(
    items: Iterator[T], min_weight: int, weigh: Callable[[T], int]
) -> tuple[list[T], Iterator[T]]:
    """Return the first items, up to a total weight of `min_weight`, and an iterator over all items.

    The iterator raises an error of `items` after the items that precede it.
    """
    first, weight, failure = list[T](), 0, list[Exception]()
    try:
        while weight < min_weight:
            first.append(next(items))
            weight += weigh(first[-1])
    except StopIteration:
        pass
    except Exception as error:  # noqa: BLE001 - raised again by `_raise`
        failure.append(error)
    return first, chain(first, _raise(failure), items)


def _raise(failure: list[Exception]) -> Iterator[Any]:
    yield from ()
    for error in failure:
        raise error


def guess_encoding(head: bytes) -> str:
    """Return the encoding of a text by its start: the name of a codec, or UNKNOWN."""
    for mark, encoding in _BYTE_ORDER_MARKS:
        if head.startswith(mark):
            return encoding
    if len(head) > 1 and head.count(0) > len(head) // 5:
        return "utf-16-le" if head[1::2].count(0) > head[::2].count(0) else "utf-16-be"
    # The last character may be cut.
    end = len(head) - _MAX_LETTER_BYTES if len(head) == HEAD_BYTES else len(head)
    letters = sum(len(letter) for letter in _LETTER.findall(head, 0, end))
    others = len(_NOT_ASCII.findall(head, 0, end)) - letters
    if letters == others == 0:
        return UNKNOWN
    if letters > others:
        return UTF_8
    return guess_legacy_encoding(head) or WINDOWS_1252


def is_binary(head: bytes) -> bool:
    """Return whether a file has control characters that text does not have."""
    if guess_encoding(head).startswith("utf-16"):
        return len(head) < 2 or b"\0\0\0\0" in head
    return any(character in head for character in (b"\0", b"\1", b"\2", b"\3"))


def decode_head(head: bytes) -> str:
    """Return the start of a file as text with LF line breaks, without its byte order mark."""
    encoding = guess_encoding(head) or UTF_8
    text = head.decode(encoding, errors="replace").removeprefix("\ufeff")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def decode_piece(data: bytes, encoding: str) -> tuple[str, int]:
    """Return the text of a piece of a file, and the number of U+FFFD that replace invalid bytes.

    A piece that is valid UTF-8 is decoded as UTF-8, because text in another encoding almost never
    is. Other pieces are windows-1252 if `encoding` is UNKNOWN or windows-1252.
    """
    try:
        text = data.decode()
        is_converted = encoding not in {UTF_8, WINDOWS_1252, UNKNOWN}
        return text, text.count("\ufffd") if is_converted else 0
    except UnicodeDecodeError:
        if encoding in {UNKNOWN, WINDOWS_1252}:
            return data.decode(WINDOWS_1252, errors="replace"), 0
        text = data.decode(errors="replace")
        return text, max(1, text.count("\ufffd"))


def read_lines(
    blocks: Iterator[bytes], encoding: str, limits: Limits
) -> Iterator[tuple[int, bytes | None]]:
    """Yield the lines of a text with their numbers from 1. A line that is too long is None.

    A line ends with LF, CR LF, or CR, which are removed. Its encoding is windows-1252 if that is
    the encoding of the file, else UTF-8. Raise LimitExceeded after `most_entries` lines.
    """
    lines = split_at(b"\n", unify_newlines(_to_utf8(blocks, encoding)), limits.largest_line)
    for number, line in enumerate(lines, 1):
        if number > limits.most_entries:
            raise LimitExceeded(f"{limits.most_entries} lines", "most_entries")
        yield number, line


def _to_utf8(blocks: Iterator[bytes], encoding: str) -> Iterator[bytes]:
    """Yield blocks in UTF-8 or windows-1252, without a byte order mark."""
    if encoding not in {UTF_8, WINDOWS_1252, UNKNOWN}:
        blocks = _convert(blocks, codecs.getincrementaldecoder(encoding)(errors="replace"))
    start = b""
    for block in blocks:
        start += block
        if len(start) >= len(codecs.BOM_UTF8):
            break
    yield start.removeprefix(codecs.BOM_UTF8)
    yield from blocks


def _convert(blocks: Iterator[bytes], decoder: codecs.IncrementalDecoder) -> Iterator[bytes]:
    for block in blocks:
        yield decoder.decode(block).encode()
    yield decoder.decode(b"", final=True).encode()
