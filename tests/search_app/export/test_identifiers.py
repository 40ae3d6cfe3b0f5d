"""Every export that has a place for an identifier writes it, and an import reads it back."""

from __future__ import annotations

from pathlib import Path

import pytest

from indexer.catalogue.fields import Catalogue
from indexer.catalogue.roles import TypeRule
from indexer.mapping.standard_rows import list_standard_rows
from search_app.export.registry import FORMATS
from tests.search_app.export.test_formats import import_file
from tests.search_app.texts import make_publication

CATALOGUE = Catalogue("Numbers", "", list_standard_rows(), types=(TypeRule("report"),))
VALUES = {
    "number": "E/ESCWA/SDD/2017/2", "call_number": "HV6250 .W38 2017", "isbn": "9783161484100",
    "doi": "10.18356/abc-en", "pmid": "24675708",
}  # fmt: skip
WITHOUT = {"ris": {"pmid"}, "dc": {"call_number", "number", "pmid"}}
"""The rows for which a format has no place. Dublin Core has one element for all numbers."""


@pytest.mark.parametrize("name", [*FORMATS])
def test_a_format_has_every_identifier(name: str, tmp_path: Path) -> None:
    """The file has each identifier, and an import of it has them in the same rows."""
    publication = make_publication("p", "Water and energy", **VALUES)
    file = tmp_path / f"exported.{FORMATS[name].extension}"
    file.write_bytes(b"".join(FORMATS[name].write([publication], CATALOGUE, lambda _: "")))
    _, (read,) = import_file(file, tmp_path / "new")
    expected = {row: (each,) for row, each in VALUES.items() if row not in WITHOUT.get(name, ())}
    found = {row: values for row, values in read.values.items() if row in VALUES}
    assert found == expected
