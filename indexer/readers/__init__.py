"""One module a format: the text of a file becomes entries, word for word, and problems.

A reader is a function of a file's lines, or of its whole text, and of the name under which
to report it. A new format is one module here and one row in `READERS`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import BinaryIO

from indexer.readers import catalogue_text, html, jsonl
from indexer.record import Entry, Problem

Reader = Callable[[BinaryIO, str], Iterator[Entry | Problem]]
"""Takes an open file and its name; yields its entries, and problems where there is none."""

READERS: dict[str, Reader] = {
    ".html": html.read,
    ".htm": html.read,
    ".txt": catalogue_text.read,
    ".jsonl": jsonl.read,
    ".jsonl.gz": jsonl.read_gzip,
    ".jsonl.xz": jsonl.read_xz,
}
