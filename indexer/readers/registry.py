"""One module a format: what a file holds becomes entries, word for word, and problems.

A reader takes an open file, or its whole text, and the name under which to report it. A new
format is one module here and one row in `READERS`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from io import BytesIO
from typing import BinaryIO

from indexer.catalogue.limits import LIMITS, Limits, hint
from indexer.catalogue.records import Entry, Piece, Problem
from indexer.readers.decoding import decode
from indexer.readers.formats import html, jsonl, printed_catalogue

Reader = Callable[[BinaryIO, str, Limits], Iterator[Entry | Problem]]
"""Takes an open file, its name and the limits; yields its entries, and problems where there is
none."""


def _of_text(read: Callable[[str, str], Iterator[Entry | Problem]]) -> Reader:
    """The reader of a file that `read` takes as a whole text, in UTF-8."""

    def of_stream(
        stream: BinaryIO, file: str, limits: Limits = LIMITS
    ) -> Iterator[Entry | Problem]:
        text = decode(stream.read(), file)
        if isinstance(text, Problem):
            yield text
        elif text.count("\n") + text.count("\r") > limits.most_parts:
            what = f"it has more than {limits.most_parts} lines"
            yield Problem(file, 0, what, hint("most_parts"))
        else:
            yield from read(text, file)

    return of_stream


READERS: dict[str, Reader] = {
    ".html": html.read,
    ".htm": html.read,
    ".txt": _of_text(printed_catalogue.read),
    ".jsonl": jsonl.read,
    ".jsonl.gz": jsonl.read_gzip,
    ".jsonl.xz": jsonl.read_xz,
}

_REPEATED = 3
"""How often the entries of a file of the largest size may say it in all."""

_LINES = {".jsonl": jsonl.lines, ".jsonl.gz": jsonl.lines_gzip, ".jsonl.xz": jsonl.lines_xz}
"""The formats in which every line stands alone."""


def pieces(stream: BinaryIO, file: str, ending: str, limits: Limits) -> Iterator[Piece | Problem]:
    """A file in the pieces that can be read by themselves: its lines, or the whole of it."""
    if ending in _LINES:
        return _LINES[ending](stream, file, limits)
    return iter([_whole(stream, file, limits)])


def _whole(stream: BinaryIO, file: str, limits: Limits) -> Piece | Problem:
    data = stream.read(limits.largest_file + 1)
    if len(data) <= limits.largest_file:
        return Piece(data, file, 0)
    what = f"the file has more than {limits.largest_file} bytes"
    return Problem(file, 0, what, hint("largest_file"))


def entries(piece: Piece, ending: str, limits: Limits) -> Iterator[Entry | Problem]:
    """The entries of a piece of a file whose name ends so."""
    if ending in _LINES:
        return iter([jsonl.entry(piece, limits)])
    return _bounded(READERS[ending](BytesIO(piece.data), piece.file, limits), limits)


def _bounded(found: Iterator[Entry | Problem], limits: Limits) -> Iterator[Entry | Problem]:
    """What a file holds, up to where its entries say far more than it has bytes.

    They can, since a heading holds for every entry below it.
    """
    left = _REPEATED * limits.largest_file
    for each in found:
        if isinstance(each, Entry):
            left -= sum(stated.weight for stated in each.properties)
            if left < 0:
                what = "its entries say too much, with all that they repeat; from here on"
                yield Problem(each.source.file, each.source.line, what, hint("largest_file"))
                return
        yield each
