"""Records of the write side: source records, publications, links, and problems.

A reader yields a `SourceRecord`, the source record with unchanged values.
`indexer.ingest.validation` turns it into a `Publication`. No later step sees raw input. An unusable
record is reported as a `Problem`. It raises no exception, so the rest of the source is still read.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from hashlib import sha256

import msgspec

# Classes with hundreds of thousands of instances that cannot form cycles have `gc=False`.
# Otherwise Python's garbage collector would traverse all of them again and again.

DIGEST_BYTES = 16
"""Bytes of a digest, enough to rule out accidental collisions."""


class SourceLocation(msgspec.Struct, frozen=True, gc=False):
    """The place of a source record: a file, relative to the corpus folder, and a line from 1."""

    file: str
    line: int


class Property(msgspec.Struct, frozen=True, gc=False):
    """A property of a source record, under the name that the source uses.

    `value` is the machine-readable form (a code, a URL, an ISO date), and `text` the displayed one.
    They are the same if the source has only one. `language` is the language of the text, or of
    the page at a URL. Properties of one record with the same `group`, except 0, come from one
    structure, such as the family and the given name of one author.
    """

    name: str
    value: str
    text: str = ""
    language: str | None = None
    group: int = 0

    @property
    def length(self) -> int:
        """Characters of its longest part, at least 1."""
        return max(1, len(self.value), len(self.text), len(self.language or ""))

    @property
    def weight(self) -> int:
        """Characters that it counts against the limit on a file: its length plus 10."""
        return 10 + self.length


class SourceRecord(msgspec.Struct, frozen=True, gc=False):
    """A source record: one publication, unchecked, under the names that the source uses."""

    source: SourceLocation
    properties: tuple[Property, ...]
    id: str | None = None


class Link(msgspec.Struct, frozen=True, omit_defaults=True):
    """A URL, its label, and the language of the page there."""

    url: str
    label: str = ""
    language: str | None = None

    def __str__(self) -> str:
        return self.url


Value = str | int | Link


class Publication(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A checked publication, the only form that is indexed.

    `values` has all other fields by name. Each is a non-empty tuple; a field without a value is
    absent. `lang` is the language of the title if it differs from the catalogue's. `summary` is
    plain text, with an empty line between paragraphs. `other_sources` has the places of the
    duplicates that were merged into it.
    """

    id: str
    title: str
    source: SourceLocation
    summary: str | None = None
    lang: str | None = None
    values: Mapping[str, tuple[Value, ...]] = {}
    other_sources: tuple[SourceLocation, ...] = ()

    @property
    def digest(self) -> bytes:
        """The first half of the SHA-256 of its content, without its sources."""
        content = (self.id, self.title, self.summary, self.lang, sorted(self.values.items()))
        return sha256(msgspec.json.encode(content)).digest()[:DIGEST_BYTES]


class Problem(msgspec.Struct, frozen=True):
    """A part of a source that could not be used, and a hint how to fix it.

    `line` is 0 for the whole file. `entry` is the id or title of the source record, if known.
    """

    file: str
    line: int
    what: str
    hint: str
    entry: str | None = None

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        entry = f" ({self.entry})" if self.entry else ""
        return f"{place}{entry}: {self.what}. {self.hint}"


class Chunk(msgspec.Struct, frozen=True, gc=False):
    """A separately parsed part of a file: from a line, counted from 1, or the whole file (line 0).

    `context` is what else of the file gives meaning to the data, such as the header of a table.
    Chunks may share it.
    """

    data: bytes
    file: str
    line: int
    context: bytes = b""

    def compute_digest(self, rules: bytes) -> bytes:
        """Return the first 16 bytes of the SHA-256 of the rules for reading it, and its bytes."""
        context = _digest_context(self.context) if self.context else b""
        return sha256(rules + context + self.data).digest()[:DIGEST_BYTES]


@lru_cache(maxsize=1)
def _digest_context(context: bytes) -> bytes:
    """Return a digest of fixed length, so that a byte can't move between context and data.

    It is cached, because all chunks of a file may share a long context.
    """
    return sha256(context).digest()


NO_DIGEST = bytes(DIGEST_BYTES)
"""The digest of a chunk that is parsed again in every build."""


class Parsed(msgspec.Struct, frozen=True, gc=False):
    """A publication parsed in this build.

    `chunk_digest` is the digest (16 bytes) of the chunk it was parsed from. The next build
    recognizes the chunk by it. NO_DIGEST: the chunk had a problem, so the next build must report it
    again.
    """

    publication: Publication
    chunk_digest: bytes = NO_DIGEST

    @property
    def id(self) -> str:
        """The publication's id."""
        return self.publication.id

    @property
    def source(self) -> SourceLocation:
        """The publication's source."""
        return self.publication.source


class Unchanged(msgspec.Struct, frozen=True, gc=False):
    """An unchanged publication of the previous index.

    `doc_number` is its number in the previous index. `source` is its present place.
    """

    doc_number: int
    id: str
    source: SourceLocation


Item = Parsed | Unchanged
