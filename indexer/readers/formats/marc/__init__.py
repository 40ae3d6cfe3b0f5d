"""MARC 21 and UNIMARC readers, one for each syntax.

`syntaxes` reads the records of a file as fields. `properties` names the columns. `marc21.toml` and
`unimarc.toml` have the default mappings, and `codes.toml` contains the codes of types and roles.
"""

from collections.abc import Iterator, Mapping
from functools import cache
from io import BufferedIOBase, BytesIO
from itertools import islice

from indexer import toml
from indexer.catalogue.limits import LIMITS, Limits
from indexer.catalogue.records import Problem, SourceLocation, SourceRecord
from indexer.readers.base import NAME_ONLY, Evidence
from indexer.readers.formats.marc.properties import list_properties
from indexer.readers.formats.marc.syntaxes import LEADER, SYNTAXES, Syntax

_SAMPLES = 10
"""Records at the start of a file that decide whether it is UNIMARC."""


@cache
def load_fields(*, is_unimarc: bool) -> Mapping[str, tuple[str, ...]]:
    """Return the default mapping of MARC 21 or of UNIMARC."""
    name = "unimarc.toml" if is_unimarc else "marc21.toml"
    return toml.load_resource(__package__, name, dict[str, tuple[str, ...]])


class MarcReader:
    """A reader of one syntax, for MARC 21 or for UNIMARC.

    A file is UNIMARC if its first records have a title in field 200 and none in field 245.
    """

    def __init__(self, syntax: Syntax, *, is_unimarc: bool) -> None:
        self._syntax = syntax
        self._is_unimarc = is_unimarc
        self.NAME = syntax.names[is_unimarc]
        self.SUFFIXES = syntax.suffixes
        self.FIELDS = load_fields(is_unimarc=is_unimarc)

    def detect(self, filename: str, head: bytes) -> Evidence | None:
        """Return the evidence of the syntax, if the file has this dialect."""
        evidence = self._syntax.detect(filename, head)
        if evidence is None or evidence.score <= NAME_ONLY:
            return None if self._is_unimarc else evidence
        samples = islice(self._syntax.read(BytesIO(head), filename, LIMITS), _SAMPLES)
        records = [sample for sample in samples if not isinstance(sample, Problem)]
        tags = {field.tag for record in records for field in record.fields}
        return evidence if ("200" in tags and "245" not in tags) is self._is_unimarc else None

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


READERS = tuple(
    MarcReader(syntax, is_unimarc=is_unimarc) for syntax in SYNTAXES for is_unimarc in (False, True)
)
"""A reader for each syntax of MARC 21 and of UNIMARC."""
