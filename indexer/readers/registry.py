"""Registry of file formats: parse a file into unchecked entries and problems.

A reader takes an open file, or its whole text, and the file name for problem reports. A new
format is one module in `indexer.readers.formats` and one row in `READERS`.
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
"""Parses an open file, given its name and the limits. Yields entries, and a Problem for each
part that is not usable."""


def _of_text(read: Callable[[str, str], Iterator[Entry | Problem]]) -> Reader:
    """Return a reader for a format whose `read` function parses the whole text of a file."""

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
"""Limit on the total weight of a file's entries, as a multiple of `largest_file`."""

_LINES = {".jsonl": jsonl.lines, ".jsonl.gz": jsonl.lines_gzip, ".jsonl.xz": jsonl.lines_xz}
"""Line splitters, by extension, of the formats in which each line is a separate entry."""


def pieces(stream: BinaryIO, file: str, ending: str, limits: Limits) -> Iterator[Piece | Problem]:
    """Split a file into pieces that can be parsed separately: its lines, or the whole file."""
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
    """Return the entries of a piece of a file with the extension `ending`."""
    if ending in _LINES:
        return iter([jsonl.entry(piece, limits)])
    return _bounded(READERS[ending](BytesIO(piece.data), piece.file, limits), limits)


def _bounded(found: Iterator[Entry | Problem], limits: Limits) -> Iterator[Entry | Problem]:
    """Yield entries until their total weight exceeds the limit, then one last Problem.

    Entries can be far larger than their file, because each repeats the headings above it.
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
