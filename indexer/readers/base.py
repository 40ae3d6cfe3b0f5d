"""The Reader protocol, the definitions of formats, and helpers that several readers share.

A format of XML, JSON, YAML, or tagged lines needs only a definition, a TOML file that configures a
generic reader. Its table `[fields]` is the default mapping, with the syntax of `sources.toml`.
"""

import gzip
import lzma
import zlib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from io import BufferedIOBase
from typing import Any, NamedTuple, Protocol, runtime_checkable

import msgspec

from indexer import toml
from indexer.catalogue.limits import Limits
from indexer.catalogue.records import Problem, SourceRecord

NAME_ONLY = 10
"""Score of a matching file name. Names are often wrong, so matching contents score more."""

SURE = 60
"""Minimum score of contents that hardly any other format has."""

CERTAIN = 100
"""Score of a signature that no other format has."""

HEAD_BYTES = 1 << 16
"""Bytes at the start of a file by which a reader recognizes it."""

CORRUPT = (gzip.BadGzipFile, zlib.error, lzma.LZMAError, EOFError)
"""Errors that a damaged compressed file raises."""


class LimitExceeded(Exception):
    """A file exceeds a limit. The message is the limit in words. `limit` is its name."""

    def __init__(self, message: str, limit: str) -> None:
        super().__init__(message)
        self.limit = limit


class Evidence(NamedTuple):
    """Evidence that a file has the format of a reader.

    `score`: from NAME_ONLY to CERTAIN. `reason`: a clause for messages, such as "its name ends with
    .html".
    """

    score: int
    reason: str


@runtime_checkable
class Reader(Protocol):
    """A file format: a module or an object with these members.

    `file` is the name of the file in problems and sources. A part of a file that is not usable or
    exceeds a limit becomes a Problem. The contents of a file never make a method raise an
    exception.

    `NAME`: the format in `sources.toml` and in messages, such as "ris". `SUFFIXES`: usual file name
    suffixes, in lowercase with a dot. Messages list them.
    `FIELDS`: the default mapping, from the names of fields to columns or templates of columns (see
    `indexer.mapping.mapper`). It is empty if the columns differ from file to file.
    """

    NAME: str
    SUFFIXES: tuple[str, ...]
    FIELDS: Mapping[str, tuple[str, ...]]

    def detect(self, filename: str, head: bytes) -> Evidence | None:
        """Return the evidence that a file has this format, or None.

        `filename` has no suffix of a compression. `head` is the start of the decompressed file, at
        most HEAD_BYTES bytes. It is empty if the file is not readable.
        """

    def read(
        self, stream: BufferedIOBase, file: str, limits: Limits
    ) -> Iterator[SourceRecord | Problem]:
        """Yield the records of a file, with the column names and values of the source, in order.

        Each has its place: the file, and the line where it starts. Yield a record before reading
        much further, so that a large file needs little memory and a damaged one loses little.
        `stream` can be read again after `seek(0)`. Do not catch errors of `stream`, nor
        LimitExceeded, which the functions that read it raise. `registry.read` turns them into a
        Problem after the records. It also limits the number of records, and of the values of each.
        """


def detect_by_name(filename: str, suffixes: tuple[str, ...]) -> Evidence | None:
    """Return the evidence of a file name with one of the suffixes, ignoring case, or None."""
    for suffix in suffixes:
        if filename.lower().endswith(suffix):
            return Evidence(NAME_ONLY, f"its name ends with {suffix}")
    return None


def read_whole(stream: BufferedIOBase, limits: Limits) -> bytes:
    """Return the bytes of a file. Raise LimitExceeded if it is larger than `largest_file`."""
    data = stream.read(limits.largest_file + 1)
    if len(data) > limits.largest_file:
        raise LimitExceeded(f"{limits.largest_file} bytes", "largest_file")
    return data


_FORMATS = "indexer.readers.formats"


class Definition(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The definition of a format.

    `name`, `suffixes`, and `fields`: see `indexer.readers.base.Reader`. `label`: the
    name of the format in messages. `xml`, `json`, `tagged`: the options of the generic reader. A
    definition has exactly one of them.
    """

    name: str
    label: str
    suffixes: tuple[str, ...] = ()
    fields: dict[str, tuple[str, ...]] = {}
    xml: dict[str, Any] | None = None
    json: dict[str, Any] | None = None
    tagged: dict[str, Any] | None = None


@cache
def load_definitions() -> tuple[Definition, ...]:
    """Return the definitions of all built-in formats, in the order of their file names."""
    names = sorted(file.name for file in files(_FORMATS).iterdir())
    return tuple(
        toml.load_resource(_FORMATS, name, Definition) for name in names if name.endswith(".toml")
    )
