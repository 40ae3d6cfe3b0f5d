"""Chunks: parts of a file that some readers split and parse in two steps."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import msgspec

from indexer.catalogue.limits import Limits
from indexer.catalogue.records import Problem, SourceRecord


class Chunk(msgspec.Struct, frozen=True, gc=False):
    """A part of a file: from a line, counted from 1, or the whole file (line 0).

    `context` is what else of the file gives meaning to the data, such as the header of a table.
    """

    data: bytes
    file: str
    line: int
    context: bytes = b""


def parse_chunks(
    pieces: Iterable[Chunk | Problem],
    parse: Callable[[Chunk, Limits], Iterator[SourceRecord | Problem]],
    limits: Limits,
) -> Iterator[SourceRecord | Problem]:
    """Yield the records of chunks, and the problems, in order."""
    for piece in pieces:
        if isinstance(piece, Problem):
            yield piece
        else:
            yield from parse(piece, limits)
