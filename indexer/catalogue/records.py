"""Records of the write side: source records, publications, links, and problems.

A reader yields a `SourceRecord`, the source record with unchanged values.
`indexer.ingest.validation` turns it into a `Publication`. No later step sees raw input. An unusable
record is reported as a `Problem`. It raises no exception, so the rest of the source is still read.
"""

from collections.abc import Callable, Mapping
from hashlib import sha256

import msgspec

# Classes with hundreds of thousands of instances that cannot form cycles have `gc=False`.
# Otherwise Python's garbage collector would traverse all of them again and again.

_encode = msgspec.msgpack.Encoder().encode

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


class Normalized(Property, frozen=True, gc=False):
    """A property of a mapped record, whose value has the normal form of the kind of its field."""


class SourceRecord(msgspec.Struct, frozen=True, gc=False):
    """A source record: one publication, unchecked, under the names that the source uses.

    `columns`: the names of all columns of its table, including those that are empty in every row.
    Other records have none. `lists`: the names of properties that the source states as lists.
    """

    source: SourceLocation
    properties: tuple[Property, ...]
    id: str | None = None
    columns: tuple[str, ...] = ()
    lists: frozenset[str] = frozenset()

    @property
    def line(self) -> int:
        """The line of its source."""
        return self.source.line

    def compute_digest(self, rules: bytes) -> bytes:
        """Return the first 16 bytes of the SHA-256 of the rules for mapping it, and its content."""
        return sha256(rules + _encode((self.id, self.properties))).digest()[:DIGEST_BYTES]


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

    `values` contains all other fields by name. Each is a non-empty tuple; a field without a value
    is absent. `lang` is the language of the title if it differs from the catalogue's. `summary` is
    plain text, with an empty line between paragraphs. `other_sources` contains the places of the
    duplicates that were merged into it. `added` and `changed` are the seconds since 1970 (UTC) when
    it came into the index, and when its record last changed there. They are 0 until it is read from
    a generation.
    """

    id: str
    title: str
    source: SourceLocation
    summary: str | None = None
    lang: str | None = None
    values: Mapping[str, tuple[Value, ...]] = {}
    other_sources: tuple[SourceLocation, ...] = ()
    added: int = 0
    changed: int = 0

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


Report = Callable[[Problem], None]
"""Receives each problem when it is found."""

NO_DIGEST = bytes(DIGEST_BYTES)
"""The digest of a record that is mapped and validated again in every build."""


class Parsed(msgspec.Struct, frozen=True, gc=False):
    """A publication made in this build.

    `record_digest` is the digest (16 bytes) of the record it was made from. The next build
    recognizes the record by it. NO_DIGEST: the record had a problem, so the next build must report
    it again.
    """

    publication: Publication
    record_digest: bytes = NO_DIGEST

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
