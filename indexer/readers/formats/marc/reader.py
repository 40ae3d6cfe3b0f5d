"""Reader of MARC in one syntax and one dialect."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from io import BufferedIOBase

import msgspec

from indexer import toml
from indexer.catalogue.limits import Limits
from indexer.catalogue.records import Problem, SourceLocation, SourceRecord
from indexer.readers.base import NAME_ONLY, Evidence
from indexer.readers.formats.marc.properties import list_properties
from indexer.readers.formats.marc.record import LEADER, Syntax

_UNIMARC = "unimarc"
_UNIMARC_NAMES = {
    "marc": "unimarc",
    "marcxml": "unimarc-xml",
    "mrk": "unimarc-mrk",
    "marc-json": "unimarc-json",
}
"""The names of UNIMARC, by the name of MARC 21 in the same syntax."""


class _Mapping(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The default mapping of a dialect. See `indexer.readers.base.Reader`."""

    fields: dict[str, tuple[str, ...]]


@cache
def load_fields(dialect: str) -> Mapping[str, tuple[str, ...]]:
    """Return the default mapping of "marc21" or "unimarc"."""
    return toml.load_resource(__package__, f"{dialect}.toml", _Mapping).fields


class MarcReader:
    """A reader of one syntax, for MARC 21 or for UNIMARC.

    A file is UNIMARC if its first records have a title in field 200 and none in field 245.
    """

    def __init__(self, syntax: Syntax, dialect: str) -> None:
        self._syntax = syntax
        self._is_unimarc = dialect == _UNIMARC
        self.NAME = _UNIMARC_NAMES[syntax.NAME] if self._is_unimarc else syntax.NAME
        self.SUFFIXES = syntax.SUFFIXES
        self.FIELDS = load_fields(dialect)

    def detect(self, filename: str, head: bytes) -> Evidence | None:
        """Return the evidence of the syntax, if the file has this dialect."""
        evidence = self._syntax.detect(filename, head)
        if evidence is None:
            return None
        if evidence.score <= NAME_ONLY:
            return None if self._is_unimarc else evidence
        tags = self._syntax.find_tags(head)
        is_unimarc = b"200" in tags and b"245" not in tags
        if is_unimarc != self._is_unimarc:
            return None
        reason = f"{evidence.reason} with UNIMARC fields" if is_unimarc else evidence.reason
        return Evidence(evidence.score, reason)

    def read(
        self, stream: BufferedIOBase, file: str, limits: Limits
    ) -> Iterator[SourceRecord | Problem]:
        """Yield the records of a file, with a property for each subfield."""
        for item in self._syntax.read(stream, file, limits):
            if isinstance(item, Problem):
                yield item
                continue
            properties = list_properties(item.fields, limits, is_unimarc=self._is_unimarc)
            if properties and any(field.tag != LEADER for field in item.fields):
                yield SourceRecord(SourceLocation(file, item.line), properties)
            else:
                hint = "Export the record again. It was left out"
                yield Problem(file, item.line, "the MARC record has no fields", hint)
