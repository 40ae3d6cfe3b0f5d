"""Registry of readers: choose the reader of a file, and read the file with it.

A reader is a module, or an object that a definition configures (see `definition.py`). Another
package adds a reader by an entry point of the group `pubsearch.readers`, which names a module or
an object that implements `Reader`. A file of any format may be compressed with gzip or xz.
"""

from __future__ import annotations

import gzip
import lzma
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from functools import cache, partial
from importlib.metadata import EntryPoint, entry_points
from io import SEEK_SET, BufferedIOBase, BufferedReader, RawIOBase
from itertools import islice
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from indexer.catalogue import safe_files
from indexer.catalogue.limits import Limits, suggest_raising
from indexer.catalogue.records import Problem, SourceRecord
from indexer.errors import HintedError
from indexer.readers.base import (
    CERTAIN,
    CORRUPT,
    HEAD_BYTES,
    Definition,
    Evidence,
    LimitExceeded,
    Reader,
    load_definitions,
)
from indexer.readers.formats import (
    bibtex,
    delimited,
    front_matter,
    html,
    html_list,
    html_metadata,
    jsonl,
    marc,
    markdown_list,
    pdf,
    xlsx,
)
from indexer.readers.json_records.reader import JsonRecords
from indexer.readers.tagged_records import TaggedReader
from indexer.readers.xml_records.reader import XmlReader

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

GROUP = "pubsearch.readers"
"""The entry point group with which other packages add readers."""

# Listed here, not as entry points, so that a checkout reads them without being installed.
_BUILT_IN: tuple[Reader, ...] = (
    pdf, html, jsonl, html_metadata, bibtex, delimited, xlsx, *marc.READERS,
    markdown_list, front_matter, html_list,
)  # fmt: skip
_GENERIC: Mapping[str, Callable[[Definition], Reader]] = {
    "xml": XmlReader,
    "json": JsonRecords,
    "tagged": TaggedReader,
}
"""The class of the generic reader, by the table of its options in a definition."""
_COMPRESSED = (".gz", ".xz")
_BLOCK_BYTES = 1 << 20
"""Bytes that are decompressed at a time."""
_get_name = attrgetter("name")
_MAX_DICTIONARY_BYTES = 200_000_000
"""Memory limit of the xz decompressor. `xz -9` needs 68 MB. A header can request gigabytes."""


class ReaderError(HintedError):
    """A reader of another package is not usable."""

    def __init__(self, entry_point: EntryPoint, reason: str) -> None:
        package = entry_point.dist.name if entry_point.dist else entry_point.value
        reader = f"the reader {entry_point.name!r} of the package {package}"
        super().__init__(f"{reader} can't be used: {reason}", "Update or uninstall that package")


class Match(NamedTuple):
    """A reader that recognizes a file, and why."""

    reader: Reader
    evidence: Evidence


@cache
def load_readers() -> tuple[Reader, ...]:
    """Return all readers: built-in modules, then definitions, then readers of other packages.

    Definitions are in the order of their file names, readers of other packages in the order of
    their entry points. Raise ReaderError if a reader is not usable, because a build without it
    would lose publications.
    """
    plugins = sorted(entry_points(group=GROUP), key=lambda plugin: (plugin.name, plugin.value))
    generic = (
        make(definition)
        for definition in load_definitions()
        for table, make in _GENERIC.items()
        if getattr(definition, table) is not None
    )
    return (*_BUILT_IN, *generic, *map(_load, plugins))


def _load(entry_point: EntryPoint) -> Reader:
    try:
        reader = entry_point.load()
    except Exception as error:
        raise ReaderError(entry_point, f"{type(error).__name__}: {error}") from error
    if isinstance(reader, type) or not isinstance(reader, Reader):
        raise ReaderError(entry_point, "it lacks a member of indexer.readers.base.Reader")
    return reader


def find_reader(name: str) -> Reader | None:
    """Return the reader with a name in `sources.toml`, or None. Raise ReaderError."""
    return next((reader for reader in load_readers() if name == reader.NAME), None)


def detect(path: Path) -> Match | None:
    """Return the reader with the best evidence for a file, or None if no reader recognizes it.

    If several have the best score, return the first one in `load_readers`. No reader is asked after
    one that is certain. Raise ReaderError.
    """
    name = path.with_suffix("").name if path.suffix.lower() in _COMPRESSED else path.name
    best: Match | None = None
    head = b""
    with suppress(OSError, *CORRUPT), safe_files.open_file(path) as stream:  # `read` reports it
        head = _decompress(stream, path.name).read(HEAD_BYTES)
    for reader in load_readers():
        evidence = reader.detect(name, head)
        if evidence and (not best or evidence.score > best.evidence.score):
            best = Match(reader, evidence)
            if evidence.score == CERTAIN:
                break
    return best


def read(
    stream: BufferedIOBase, file: str, reader: Reader, limits: Limits
) -> Iterator[SourceRecord | Problem]:
    """Yield the records of a file within the limits. Decompress it if its name says so.

    Problems take the place of what is damaged or exceeds a limit. A mapping weighs each column, so
    their number is limited too. Errors of `stream` itself, such as OSError, are raised.
    """
    line = count = 0
    columns, is_cut = set[str](), False
    try:
        for piece in reader.read(_decompress(stream, file), file, limits):
            line, count = piece.line, count + 1
            if count > limits.most_entries:
                raise LimitExceeded(f"{limits.most_entries} records", "most_entries")
            if isinstance(piece, Problem):
                yield piece
                continue
            kept = piece.properties[: limits.most_parts]
            if len(kept) < len(piece.properties):
                message = f"the record has more than {limits.most_parts} values"
                yield Problem(file, line, message, suggest_raising("most_parts"))
            if not columns.issuperset(map(_get_name, kept)):  # the first records
                fresh = dict.fromkeys(name for name in map(_get_name, kept) if name not in columns)
                columns.update(islice(fresh, limits.most_columns - len(columns)))
                known = tuple(prop for prop in kept if prop.name in columns)
                if len(known) < len(kept) and not is_cut:
                    message = f"the file has more than {limits.most_columns} columns"
                    yield Problem(file, line, message, suggest_raising("most_columns"))
                    is_cut = True
                kept = known
            is_whole = len(kept) == len(piece.properties)
            yield piece if is_whole else msgspec.structs.replace(piece, properties=kept)
    except LimitExceeded as error:
        message = f"the file has more than {error}. The rest of it was not read"
        yield Problem(file, line, message, suggest_raising(error.limit))
    except CORRUPT as error:
        message = f"the compressed file can't be read beyond line {line}: {error}"
        yield Problem(file, line, message, "Create or copy the file again")


def _decompress(stream: BufferedIOBase, filename: str) -> BufferedIOBase:
    """Return the decompressed stream. Its reads can raise one of CORRUPT."""
    name = filename.lower()
    if name.endswith(".gz"):
        return gzip.GzipFile(fileobj=stream)
    if name.endswith(".xz"):
        return BufferedReader(_XzStream(stream))
    return stream


_make_unpacker = partial(lzma.LZMADecompressor, lzma.FORMAT_XZ, memlimit=_MAX_DICTIONARY_BYTES)


class _XzStream(RawIOBase):
    """The decompressed bytes of a stream.

    `lzma.open` has no memory limit: it allocates as much as the header of the file requests.
    """

    def __init__(self, stream: BufferedIOBase) -> None:
        self._stream = stream
        self.seek(0)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = SEEK_SET) -> int:
        """Return to the start of the stream. A reader seeks no other place."""
        if whence == SEEK_SET:
            self._stream.seek(0)
            self._unpacker, self._unread = _make_unpacker(), b""
        return 0

    def readinto(self, buffer: WriteableBuffer) -> int:
        block = b""
        with memoryview(buffer) as view:
            while not block and self._has_more():
                block = self._unpacker.decompress(self._unread, len(view))
                self._unread = b""
            view[: len(block)] = block
        return len(block)

    def _has_more(self) -> bool:
        """Read the bytes that are needed next. Return whether there are any."""
        if not self._unpacker.eof:
            if self._unpacker.needs_input and not self._read_block():
                raise EOFError("the data ends too early")
            return True
        # Concatenated xz files are one valid xz file. Zero bytes may pad the gaps between them.
        self._unread = self._unpacker.unused_data.lstrip(b"\0")
        while not self._unread and self._read_block():
            self._unread = self._unread.lstrip(b"\0")
        self._unpacker = _make_unpacker() if self._unread else self._unpacker
        return bool(self._unread)

    def _read_block(self) -> bytes:
        self._unread = self._stream.read(_BLOCK_BYTES)
        return self._unread
