"""MARC 21 and UNIMARC readers, one for each syntax.

A syntax module (`binary`, `marcxml`, `text`, `json`) splits a file and parses a record into fields.
`properties` names the columns. `marc21.toml` and `unimarc.toml` have the default mappings, and
`roles.toml` has the roles of persons.
"""

from __future__ import annotations

from indexer.readers.formats.marc import binary, json, marcxml, text
from indexer.readers.formats.marc.reader import MarcReader

READERS = tuple(
    MarcReader(syntax, dialect)
    for syntax in (binary, marcxml, text, json)
    for dialect in ("marc21", "unimarc")
)
"""A reader for each syntax of MARC 21 and of UNIMARC."""
