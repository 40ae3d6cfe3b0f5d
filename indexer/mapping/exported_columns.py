"""Exported columns: headings from which an import makes the same rows.

A column has the name of its row. If an import would read this name as another role or kind, the
heading states them: `body (author)`, `country (coverage, country)`, `date (no role)`.
"""

from __future__ import annotations

import re
from functools import cache
from typing import cast, get_args

from indexer.catalogue.fields import NO_ROLE, Field, FieldKind
from indexer.catalogue.roles import Role
from indexer.mapping import headings, normalization
from indexer.mapping.standard_rows import list_standard_rows

_HEADING = re.compile(r"(?P<name>[a-z]\w*) \((?P<role>[\w -]+)(?:, (?P<kind>\w+))?\)", re.ASCII)
_ROLES = frozenset((NO_ROLE, *get_args(Role)))


@cache
def name_column(field: Field) -> str:
    """Return the heading of a row."""
    if _find_standard_row(field):
        return field.name
    is_plain = field.role is None and field.kind == "keyword" and not headings.find_row(field.name)
    return field.name if is_plain else field.heading


def might_split(text: str, field: Field) -> bool:
    """Return whether an import might find several values in the only value of a row.

    It depends on the row that the import makes of the column, which may have several values even if
    this one has one.
    """
    row = _find_standard_row(field)
    return (row is None or row.several) and normalization.is_divisible(text, field)


@cache
def _find_standard_row(field: Field) -> Field | None:
    key = (field.name, field.role, field.kind)
    rows = (row for row in list_standard_rows() if (row.name, row.role, row.kind) == key)
    return next(rows, None)


def read_heading(name: str) -> Field | None:
    """Return the row that a heading states, or None if it states none."""
    match = _HEADING.fullmatch(name)
    if match is None or match["role"] not in _ROLES:
        return None
    kind = match["kind"] or "keyword"
    if kind not in get_args(FieldKind):
        return None
    role = None if match["role"] == NO_ROLE else cast(Role, match["role"])
    label = match["name"].replace("_", " ").capitalize()
    weight = 0.3 if kind in ("keyword", "name", "country", "text") else 0.0
    return Field(match["name"], label, cast(FieldKind, kind), role, weight=weight, several=True)
