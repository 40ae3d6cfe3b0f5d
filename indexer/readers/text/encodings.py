"""Decode text: UTF-8, UTF-16, UTF-32, Windows-1252, and older encodings.

`unify_encoding` converts a file in UTF-16 or in an older encoding to UTF-8, and `read_lines` yields
its lines. Other files can mix UTF-8 and Windows-1252, so `decode_text` decodes each record on its
own.
"""

import codecs
import re
from collections import Counter
from collections.abc import Callable, Iterator
from functools import lru_cache
from io import BufferedIOBase
from itertools import chain, islice

import chardet

from indexer.catalogue.limits import Limits
from indexer.catalogue.records import Problem
from indexer.readers.base import HEAD_BYTES
from indexer.readers.text.streaming import peek, read_blocks, split_at, unify_newlines

_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"), (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"),
)  # fmt: skip
_ASCII = bytes(range(0x80))
_LATIN = ("cp1250", "cp1254", "cp1257", "iso8859-2", "iso8859-9")
_EAST_ASIAN = ("gb18030", "big5", "cp932", "euc-jp", "cp949")
_ENCODINGS = (
    "cp1252", *_LATIN, *_EAST_ASIAN, "cp1251", "cp1253", "cp1255", "cp1256", "iso8859-5",
    "iso8859-7", "koi8-r", "koi8-u", "cp866", "cp874",
)  # fmt: skip
"""The encodings that a catalogue may have. chardet knows more, and sees them where they are not:
in cp852, the English quotation marks of Windows-1252 are letters of Hungarian."""
_ALPHABETS = [frozenset(letters) for letters in (
    "áčďéěíňóřšťúůýž", "áäčďéíĺľňóôŕšťúýž", "ąćęłńóśźż", "áéíóöőúüű", "ăâîşţ", "ćčđšž", "çğıiöşüâ",
    "ąčęėįšųūž", "āčēģīķļņšūž",
)]  # fmt: skip
"""The letters beyond ASCII of Czech, Slovak, Polish, Hungarian, Romanian, Croatian, Turkish,
Lithuanian, and Latvian."""
_MIN_LETTERS = 8
"""Minimum bytes beyond ASCII. Fewer prove nothing: the one in "naïve" is Latvian to chardet."""
_PARTS = 5
"""Parts of a text that vote on its encoding."""
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


# Each reader decodes the start of a file to recognize it, and a guess takes milliseconds.
@lru_cache(maxsize=1)
def guess_encoding(head: bytes) -> str | None:
    """Return the encoding of a text by its start, or None for UTF-8 and Windows-1252.

    chardet often sees Czech or Cyrillic in an English list of French and Spanish names. So the
    letters must be those of one language, or follow each other, as in another script.
    """
    if encoding := detect_utf16(head):
        return encoding
    letters = len(head.translate(None, _ASCII))
    if letters < _MIN_LETTERS or _is_utf8(head):
        return None
    # One invalid byte rules an encoding out for chardet, so parts of the text vote.
    lines = [line for line in head.split(b"\n") if not line.isascii()]
    parts = [b"\n".join(lines[start::_PARTS]) for start in range(min(_PARTS, len(lines)))]
    guesses = (
        chardet.detect(part, compat_names=False, include_encodings=_ENCODINGS)["encoding"]
        for part in parts
    )
    [(encoding, votes)] = Counter(guesses).most_common(1)
    if encoding in _LATIN:
        return encoding if _is_one_language(head, encoding) else None
    if encoding is None or encoding == "cp1252" or 2 * votes <= len(parts):
        return None
    runs = re.findall(rb"[\x80-\xff]{2,}" if encoding in _EAST_ASIAN else rb"[\x80-\xff]{3,}", head)
    return encoding if 2 * sum(map(len, runs)) >= letters else None


def _is_one_language(text: bytes, encoding: str) -> bool:
    """Return whether the letters beyond ASCII are those of a language that needs this encoding."""
    decoded, western = (text.decode(name, "replace").lower() for name in (encoding, "cp1252"))
    letters = [char for char in decoded if char > "\x7f" and char.isalpha()]
    needed = {char for char, other in zip(decoded, western, strict=False) if char != other}
    return any(
        len(needed & alphabet) >= 2
        and sum(letter in alphabet for letter in letters) >= 0.9 * len(letters)
        for alphabet in _ALPHABETS
    )


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
        # The last, empty block ends the text, so that a character that is cut is kept too.
        decoder = codecs.getincrementaldecoder(encoding)(errors=_KEEP)
        blocks = (
            decoder.decode(block, final=not block).encode(errors="surrogateescape")
            for block in chain(blocks, (b"",))
        )
    first, blocks = peek(blocks, len(codecs.BOM_UTF8), len)
    yield b"".join(first).removeprefix(codecs.BOM_UTF8)
    yield from islice(blocks, len(first), None)


def read_lines(stream: BufferedIOBase, limits: Limits) -> Iterator[bytes | None]:
    """Yield lines without their line breaks, and None for a line over `largest_line`.

    A line ends with LF, CR LF, or CR. Its encoding is UTF-8 or Windows-1252, without a byte order
    mark. Raise LimitExceeded after `largest_unpacked` bytes, or too many blank lines.
    """
    blocks = unify_newlines(unify_encoding(read_blocks(stream, limits), guess_encoding))
    return split_at(b"\n", blocks, limits.largest_line, limits)


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
