"""The names of types in other formats."""

from __future__ import annotations

from typing import get_args

from indexer.values.publication_types import PublicationType
from search_app.export.csl import TYPES


def test_every_type_has_its_names() -> None:
    """A type of CSL is a row of `types.csv`, so every format can write it."""
    assert TYPES.keys() == set(get_args(PublicationType))
    assert all(names.ris and names.bibtex and len(names.marc) == 2 for names in TYPES.values())
