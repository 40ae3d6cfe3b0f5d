"""Decode text: UTF-8, UTF-16, UTF-32, Windows-1252, and older encodings.

`unify_encoding` converts a file in UTF-16 or in an older encoding to UTF-8. Other files can mix
UTF-8 and Windows-1252, so `decode_text` decodes each record on its own.
"""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterator

from indexer.catalogue.records import Problem
from indexer.readers.base import HEAD_BYTES
from indexer.readers.text.legacy_encodings import guess_legacy_encoding
from indexer.readers.text.streaming import peek

_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"), (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"),
)  # fmt: skip
_ASCII = bytes(range(0x80))
_KEEP = "keep bytes"
"""The error handler that keeps the bytes of an invalid character."""

Guess = Callable[[bytes], str | None]


def _keep_bytes(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeDecodeError)
    invalid = error.object[error.start : error.end].replace(b"\0", b"")  # UTF-16 has zeros
    return invalid.decode("ascii", "surrogateescape"), error.end


codecs.register_error(_KEEP, _keep_bytes)


def detect_utf16(head: bytes) -> str | None:
    """Return the encoding of a text that starts like UTF-16 or UTF-32, or None."""
    for mark, encoding in _BYTE_ORDER_MARKS:
        if head.startswith(mark):
            return encoding
    if len(head) > 1 and head.count(0) > len(head) // 5:
        return "utf-16-le" if head[1::2].count(0) > head[::2].count(0) else "utf-16-be"
    return None


def guess_encoding(head: bytes) -> str | None:
    """Return the encoding of a text by its start, or None for UTF-8 and Windows-1252."""
    if encoding := detect_utf16(head):
        return encoding
    return None if head.isascii() or _is_utf8(head) else guess_legacy_encoding(head)


def _is_utf8(data: bytes) -> bool:
    """Return whether most bytes beyond ASCII are valid UTF-8."""
    invalid = len(data) - len(data.decode(errors="ignore").encode())
    return 2 * invalid < len(data.translate(None, _ASCII))


def unify_encoding(blocks: Iterator[bytes], guess: Guess) -> Iterator[bytes]:
    """Yield the blocks of a file in UTF-8 or Windows-1252, without a byte order mark.

    `guess` returns the encoding of a text by its start, or None if it needs no conversion: use
    `detect_utf16` for formats that declare other encodings, else `guess_encoding`.
    """
    first, blocks = peek(blocks, HEAD_BYTES, len)
    encoding = guess(b"".join(first)[:HEAD_BYTES])
    if encoding:
        decoder = codecs.getincrementaldecoder(encoding)(errors=_KEEP)
        blocks = _convert(blocks, decoder)
    start = b""
    for block in blocks:
        start += block
        if len(start) >= len(codecs.BOM_UTF8):
            break
    yield start.removeprefix(codecs.BOM_UTF8)
    yield from blocks


def _convert(blocks: Iterator[bytes], decoder: codecs.IncrementalDecoder) -> Iterator[bytes]:
    for block in blocks:
        yield decoder.decode(block).encode(errors="surrogateescape")
    yield decoder.decode(b"", final=True).encode(errors="surrogateescape")


def decode_text(data: bytes, file: str, line: int) -> tuple[str, Problem | None]:
    """Return the text of a record that starts at `line`, and a Problem if bytes were replaced.

    If most bytes beyond ASCII are not valid UTF-8, the text is Windows-1252. Otherwise, U+FFFD
    replaces an invalid byte.
    """
    try:
        return data.decode(), None
    except UnicodeDecodeError as error:
        first = error
    if not _is_utf8(data):
        try:
            return data.decode("cp1252"), None
        except UnicodeDecodeError:
            return data.decode("latin-1"), None
    line += data.count(b"\n", 0, first.start)
    message = f"byte {data[first.start]:#04x} is not UTF-8. It was replaced by \ufffd"
    return data.decode(errors="replace"), Problem(file, line, message, "Save the file as UTF-8")


def decode_file(data: bytes, file: str) -> tuple[str, Problem | None]:
    """Return the text of a file with LF line breaks, and a Problem if bytes were replaced."""
    text, problem = decode_text(b"".join(unify_encoding(iter([data]), guess_encoding)), file, 1)
    return text.replace("\r\n", "\n").replace("\r", "\n"), problem


def decode_head(head: bytes) -> str:
    """Return the start of a file as text with LF line breaks."""
    return decode_file(head, "")[0]
