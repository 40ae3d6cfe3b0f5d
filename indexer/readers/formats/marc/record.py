"""The fields of a MARC record, and the protocol of a syntax."""

from collections.abc import Iterator, Sequence
from io import BufferedIOBase
from typing import NamedTuple, Protocol

from indexer.catalogue.limits import Limits
from indexer.catalogue.records import Problem
from indexer.readers.base import Evidence

LEADER = "LDR"
"""The tag of the leader."""
UNKNOWN = "???"
"""The tag of a field without one."""


class Field(NamedTuple):
    """A field of a record.

    `indicators` has two characters, or none for a control field. `subfields` are pairs of a code
    and a value. A control field has one pair, with an empty code. The leader has the tag LDR.
    """

    tag: str
    indicators: str
    subfields: tuple[tuple[str, str], ...]

    def get(self, codes: str) -> tuple[str, ...]:
        """Return the values of the subfields with one of these codes, in order."""
        return tuple(value for code, value in self.subfields if code in codes and value)


def make_control_field(tag: str, value: str) -> Field:
    """Return a field without indicators and subfields."""
    return Field(tag, "", (("", value),))


def find_value(fields: Sequence[Field], tag: str) -> str:
    """Return the first value of the first field with a tag, or an empty string."""
    return next(
        (field.subfields[0][1] for field in fields if field.tag == tag and field.subfields), ""
    )


class Record(NamedTuple):
    """The fields of a record, and its line, or its number in a binary file."""

    line: int
    fields: Sequence[Field]


class Syntax(Protocol):
    """A module that reads one syntax of MARC. MARC 21 and UNIMARC share all syntaxes.

    `NAMES`: the format of MARC 21 and that of UNIMARC, as in `sources.toml`. `SUFFIXES` and
    `detect`: see `indexer.readers.base.Reader`.
    """

    NAMES: tuple[str, str]
    SUFFIXES: tuple[str, ...]

    def detect(self, filename: str, head: bytes) -> Evidence | None:
        """Return the evidence that a file has this syntax, or None."""

    def read(self, stream: BufferedIOBase, file: str, limits: Limits) -> Iterator[Record | Problem]:
        """Yield the records of a file, in order. One without fields may have a leader."""
