"""Read a text file in any encoding as a stream of lines."""

from __future__ import annotations

from collections.abc import Iterator
from io import BufferedIOBase

from indexer.catalogue.limits import Limits
from indexer.readers.text.encodings import guess_encoding, unify_encoding
from indexer.readers.text.streaming import read_blocks, split_at, unify_newlines


def read_lines(stream: BufferedIOBase, limits: Limits) -> Iterator[bytes | None]:
    """Yield lines without their line breaks, and None for a line over `largest_line`.

    A line ends with LF, CR LF, or CR. Its encoding is UTF-8 or Windows-1252, without a byte order
    mark. Raise LimitExceeded after `largest_unpacked` bytes.
    """
    blocks = unify_newlines(unify_encoding(read_blocks(stream, limits), guess_encoding))
    return split_at(b"\n", blocks, limits.largest_line)
