"""Standard fields: the fields that an imported catalogue can have. An import drops the empty ones.

An export names its columns so that an import makes the same fields. A column has the name of its
field. If an import would read this name as another role or kind, the heading states them: `body
(author)`, `country (coverage, country)`, `date (no role)`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cache
from typing import cast, get_args

from indexer import toml
from indexer.catalogue.fields import NO_ROLE, Field, FieldKind, Role
from indexer.mapping import headings, normalization, templates
from indexer.values import iso_codes

FULLTEXT_FIELD = Field("fulltext", "Full text", kind="fulltext", weight=0.3)
"""The field of an imported catalogue with documents. It is not among those that a column feeds."""


@cache
def list_standard_fields() -> tuple[Field, ...]:
    """Return the standard fields, in the order in which a page shows them."""
    fields = toml.load_resource(__package__, "standard_fields.toml", dict[str, tuple[Field, ...]])
    return fields["field"]


def list_translation_fields(languages: Iterable[str]) -> Iterator[Field]:
    """Yield a field for the title, and one for the abstract, in each of some languages."""
    for code in languages:
        for field in list_standard_fields():
            if field.role in ("title", "abstract"):
                yield Field(
                    f"{field.name}_{code.replace('-', '_')}",
                    f"{field.label} ({iso_codes.get_language_name(code)})",
                    kind="text", weight=field.weight, translates=field.name, language=code,
                )  # fmt: skip


BODIES = "body"
"""The name in choices for bodies among the authors."""


def read_choices(
    choices: Iterable[str], columns: Collection[str]
) -> tuple[Mapping[str, tuple[str, ...]], list[str]]:
    """Return the columns that choices such as `title=245__` give to fields, and their mistakes.

    A choice names a standard field, `id`, or `body`, and one of `columns` or a template of several.
    """
    fields = {
        name: each.name for each in list_standard_fields() for name in (each.name, *each.names)
    }
    fields |= {name: name for name in ("id", BODIES)}
    chosen: dict[str, tuple[str, ...]] = {}
    mistakes = list[str]()
    for choice in choices:
        name, _, stated = (part.strip() for part in choice.partition("="))
        stated = templates.escape(stated) if stated in columns else stated
        missing = [each for each in templates.list_columns(stated) if each not in columns]
        if name not in fields:
            mistakes.append(f"{choice!r}: {name!r} is not a field")
        if missing:
            mistakes.append(f"{choice!r}: {', '.join(map(repr, missing))} is not a column")
        if name in fields and not missing:
            if name == BODIES:
                bodies = map(templates.state_body, templates.parse(stated))
                stated = "|".join(map(templates.format_template, bodies))
            chosen[fields[name]] = (*chosen.get(fields[name], ()), stated)
    return chosen, mistakes


_HEADING = re.compile(r"(?P<name>[a-z]\w*) \((?P<role>[\w -]+)(?:, (?P<kind>\w+))?\)", re.ASCII)
_ROLES = frozenset((NO_ROLE, *get_args(Role)))


@cache
def name_column(field: Field) -> str:
    """Return the heading of a field."""
    if _find_standard_field(field):
        return field.name
    is_plain = (
        field.role is None and field.kind == "keyword" and not headings.find_field(field.name)
    )
    return field.name if is_plain else field.heading


def might_split(text: str, field: Field) -> bool:
    """Return whether an import might find several values in the only value of a field.

    It depends on the field that the import makes of the column, which may have several values even
    if this one has one.
    """
    standard = _find_standard_field(field)
    return (standard is None or standard.several) and normalization.is_divisible(text, field)


@cache
def _find_standard_field(field: Field) -> Field | None:
    key = (field.name, field.role, field.kind)
    found = (each for each in list_standard_fields() if (each.name, each.role, each.kind) == key)
    return next(found, None)


def read_heading(name: str) -> Field | None:
    """Return the field that a heading states, or None if it states none."""
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
