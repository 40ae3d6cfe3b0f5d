"""Read a text file in any encoding as a stream of lines.

`read_lines` yields the lines of UTF-8 and UTF-16 files in UTF-8, and the lines of other files
unchanged. `decode_text` decodes both.
"""

from __future__ import annotations

import lzma
import zlib
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE, getincrementaldecoder
from collections.abc import Iterator
from io import BufferedIOBase

from indexer.catalogue.limits import Limits
from indexer.catalogue.records import Problem
from indexer.readers.text.streaming import read_blocks, split_at, unify_newlines

CORRUPT = (OSError, EOFError, zlib.error, lzma.LZMAError)
"""Errors that a damaged compressed file raises."""
_REPLACED = "\ufffd"
_FALLBACK = "cp1252"
"""The encoding of a text that is not UTF-8. Most older Western programs use it."""


def read_lines(stream: BufferedIOBase, limits: Limits) -> Iterator[bytes | None]:
    """Yield lines without their line breaks, and None for a line over `largest_line`.

    A line ends with LF, CR LF, or CR. A byte order mark is removed. Raise LimitExceeded after
    `largest_unpacked` bytes.
    """
    blocks = unify_newlines(unify_encoding(read_blocks(stream, limits)))
    return split_at(b"\n", blocks, limits.largest_line)


def unify_encoding(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """Yield UTF-16 as UTF-8, and other encodings unchanged. Remove a byte order mark."""
    start = b""
    for block in blocks:
        start += block
        if len(start) >= 4:
            break
    encoding = detect_utf16(start)
    if encoding is None:
        yield start.removeprefix(BOM_UTF8)
        yield from blocks
        return
    decoder = getincrementaldecoder(encoding)(errors="replace")
    yield decoder.decode(start).removeprefix("\ufeff").encode()
    for block in blocks:
        yield decoder.decode(block).encode()
    yield decoder.decode(b"", final=True).encode()


def detect_utf16(start: bytes) -> str | None:
    """Return the encoding of a text that starts like UTF-16, or None.

    It starts with a byte order mark, or with two ASCII characters in UTF-16.
    """
    if start.startswith(BOM_UTF16_LE) or (start[1:4:2] == b"\0\0" and b"\0" not in start[:4:2]):
        return "utf-16-le"
    if start.startswith(BOM_UTF16_BE) or (start[0:4:2] == b"\0\0" and b"\0" not in start[1:4:2]):
        return "utf-16-be"
    return None


def decode_head(head: bytes) -> str:
    """Return the start of a file as text with LF line breaks."""
    encoding = detect_utf16(head[:4]) or "utf-8"
    text = head.decode(encoding, "replace").removeprefix("\ufeff")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def decode_text(data: bytes, file: str, line: int) -> tuple[str, Problem | None]:
    """Return the text of a record that starts at `line`, and a Problem if bytes were replaced.

    Invalid UTF-8 without any valid character beyond ASCII is decoded as windows-1252. In other
    text, U+FFFD replaces an invalid byte.
    """
    try:
        return data.decode(), None
    except UnicodeDecodeError as error:
        first = error
    replaced = data.decode("utf-8", "replace")
    is_utf8 = any(char > "\x7f" and char != _REPLACED for char in replaced)
    is_cut = first.reason == "unexpected end of data"
    if not is_utf8 and not is_cut:
        try:
            return data.decode(_FALLBACK), None
        except UnicodeDecodeError:
            return data.decode("latin-1"), None
    line += data.count(b"\n", 0, first.start)
    message = f"byte {data[first.start]:#04x} is not UTF-8. It was replaced by {_REPLACED}"
    return replaced, Problem(file, line, message, "Save the file as UTF-8")
