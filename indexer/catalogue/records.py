"""What passes between the rooms of the write side: entries, publications, problems.

A reader yields an `Entry`, which is what a source said, word for word. It becomes a
`Publication` at one boundary (`indexer.ingest.validation`), and nothing later sees raw input. What
cannot become one is a `Problem`: never an exception that loses the rest, never silence.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256

import msgspec

# What comes by the hundred thousand and holds nothing that could hold it in turn is not tracked
# by Python's collector of cycles, which would look at all of it again and again: `gc=False`.

DIGEST = 32
"""How many hexadecimal digits a digest has: 128 bits, so that no two ever meet by chance."""


class Source(msgspec.Struct, frozen=True, gc=False):
    """Where an entry stands: a file, relative to the corpus folder, and its line from 1."""

    file: str
    line: int


class Property(msgspec.Struct, frozen=True):
    """One statement of an entry, under the name that its source uses.

    `value` is the machine's form (a code, an address, an ISO date) and `text` the printed
    one; they are the same where a source has only one. `language` is the language of the
    text, or, for an address, of what stands there.
    """

    name: str
    value: str
    text: str = ""
    language: str | None = None

    @property
    def length(self) -> int:
        """How many characters it has, of whichever of its parts has most; one at least."""
        return max(1, len(self.value), len(self.text), len(self.language or ""))

    @property
    def weight(self) -> int:
        """How much of a file of so many characters it counts for: more than its length."""
        return 10 + self.length


class Entry(msgspec.Struct, frozen=True):
    """One publication as its source has it: unchecked, in the source's own names."""

    source: Source
    properties: tuple[Property, ...]
    id: str | None = None


class Link(msgspec.Struct, frozen=True, omit_defaults=True):
    """An address on the web, what it is called, and the language of what stands there."""

    url: str
    label: str = ""
    language: str | None = None

    def __str__(self) -> str:
        return self.url


Value = str | int | Link


class Publication(msgspec.Struct, frozen=True, kw_only=True):
    """One publication, checked: the only form in which the index knows it.

    `values` holds every other field by its name, always as a tuple and never an empty one:
    a field without a value is absent. `lang` is the language of the title where it is not
    the catalogue's own. `summary` is plain text; an empty line parts its paragraphs.
    """

    id: str
    title: str
    source: Source
    summary: str | None = None
    lang: str | None = None
    values: Mapping[str, tuple[Value, ...]] = {}

    @property
    def digest(self) -> str:
        """SHA-256 of all that it says, its first half; where it stands is not part of it."""
        said = (self.id, self.title, self.summary, self.lang, sorted(self.values.items()))
        return sha256(msgspec.json.encode(said)).hexdigest()[:DIGEST]


class Problem(msgspec.Struct, frozen=True):
    """Something in a source that could not be used, and what to do about it.

    `line` is 0 where the whole file is meant; `entry` is an id or a title, if known.
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


class Piece(msgspec.Struct, frozen=True, gc=False):
    """A part of a file that is read by itself: a line, counted from 1, or the whole (line 0)."""

    data: bytes
    file: str
    line: int


NO_PIECE = bytes(16)
"""The digest of no piece: what is read anew whenever it is read."""


class Fresh(msgspec.Struct, frozen=True):
    """A publication that was read, and the piece of a file that it was read from.

    `piece` is the digest of that piece (16 bytes), by which it is recognised when it comes
    again; NO_PIECE if it is not to be recognised, since there was something to tell of it.
    """

    publication: Publication
    piece: bytes = NO_PIECE

    @property
    def id(self) -> str:
        """The publication's id."""
        return self.publication.id

    @property
    def source(self) -> Source:
        """Where it stands."""
        return self.publication.source


class Kept(msgspec.Struct, frozen=True, gc=False):
    """A publication of a piece that was known before: it is as it was.

    `number` is its number in the former index, `source` where it stands now.
    """

    number: int
    id: str
    source: Source


Item = Fresh | Kept
