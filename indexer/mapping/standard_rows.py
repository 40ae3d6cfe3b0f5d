"""Standard rows: the rows that an imported catalogue can have. An import drops the empty ones."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache

from indexer import toml
from indexer.catalogue.fields import Field
from indexer.values import iso_codes

FULLTEXT_ROW = Field("fulltext", "Full text", kind="fulltext", weight=0.3)
"""The row of an imported catalogue with documents. It is not among those that a column feeds."""


@cache
def list_standard_rows() -> tuple[Field, ...]:
    """Return the standard rows, in the order in which a page shows them."""
    rows = toml.load_resource(__package__, "standard_rows.toml", dict[str, tuple[Field, ...]])
    return rows["field"]


def list_translation_rows(languages: Iterable[str]) -> Iterator[Field]:
    """Yield a row for the title, and one for the abstract, in each of some languages."""
    for code in languages:
        for row in list_standard_rows():
            if row.role in ("title", "abstract"):
                yield Field(
                    f"{row.name}_{code.replace('-', '_')}",
                    f"{row.label} ({iso_codes.get_language_name(code)})",
                    kind="text", weight=row.weight, translates=row.name, language=code,
                )  # fmt: skip
