"""MARC 21 and UNIMARC readers, one for each syntax.

A syntax module (`binary`, `marcxml`, `text`, `json`) reads the records of a file as fields.
`properties` names the columns. `marc21.toml` and `unimarc.toml` have the default mappings, and
`codes.toml` has the codes of types and roles.
"""

from __future__ import annotations

from indexer.readers.formats.marc import binary, json, marcxml, text
from indexer.readers.formats.marc.properties import name_column
from indexer.readers.formats.marc.reader import MarcReader, load_fields

__all__ = ("READERS", "load_fields", "name_column")

READERS = tuple(
    MarcReader(syntax, dialect)
    for syntax in (binary, marcxml, text, json)
    for dialect in ("marc21", "unimarc")
)
"""A reader for each syntax of MARC 21 and of UNIMARC."""
