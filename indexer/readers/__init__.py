"""One module a format: what a file holds becomes entries, word for word, and problems.

A reader takes an open file, or its whole text, and the name under which to report it. A new
format is one module here and one row in `READERS`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import BinaryIO

from indexer.readers import catalogue_text, html, jsonl
from indexer.readers.decoding import decode
from indexer.record import Entry, Problem

Reader = Callable[[BinaryIO, str], Iterator[Entry | Problem]]
"""Takes an open file and its name; yields its entries, and problems where there is none."""


def _of_text(read: Callable[[str, str], Iterator[Entry | Problem]]) -> Reader:
    """The reader of a file that `read` takes as a whole text, in UTF-8."""

    def of_stream(stream: BinaryIO, file: str) -> Iterator[Entry | Problem]:
        text = decode(stream.read(), file)
        if isinstance(text, Problem):
            yield text
        else:
            yield from read(text, file)

    return of_stream


READERS: dict[str, Reader] = {
    ".html": html.read,
    ".htm": html.read,
    ".txt": _of_text(catalogue_text.read),
    ".jsonl": jsonl.read,
    ".jsonl.gz": jsonl.read_gzip,
    ".jsonl.xz": jsonl.read_xz,
}
