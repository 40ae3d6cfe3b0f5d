"""Standard rows: the rows that an imported catalogue can have. An import drops the empty ones."""

from __future__ import annotations

from functools import cache

from indexer import toml
from indexer.catalogue.fields import Field

FULLTEXT_ROW = Field("fulltext", "Full text", kind="fulltext", weight=0.3)
"""The row of an imported catalogue with documents. It is not among those that a column feeds."""


@cache
def list_standard_rows() -> tuple[Field, ...]:
    """Return the standard rows, in the order in which a page shows them."""
    rows = toml.load_resource(__package__, "standard_rows.toml", dict[str, tuple[Field, ...]])
    return rows["field"]
