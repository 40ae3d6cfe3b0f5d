"""The parameters of a search, as OpenAPI describes them.

They derive from the rows of the catalogue, as in `search_url`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from indexer.catalogue.fields import MISSING, Catalogue, Field, FieldKind
from indexer.catalogue.schema import list_selectable_fields
from search_app.i18n.interface import LANGUAGES
from search_app.search_state import (
    MATCH,
    NOT,
    OF_LIST,
    OF_QUERY,
    PAGE,
    VALUE_MATCHES,
    Parameter,
)
from search_app.search_url import MAX_SELECTED

Json = dict[str, Any]
"""A part of the document."""

YEAR = "[0-9]{4}"
FORMATS: dict[FieldKind, str] = {
    "country": ", codes of two letters after ISO 3166",
    "language": ", codes after BCP 47",
    "name": ", persons as `Family, Given`",
    "year": ", years or ranges such as `2010..2015`, `2010..` and `..2015`",
}
"""Format of the values of a kind, as the end of a parameter's description."""
LANGUAGE_PARAMETER: tuple[str, str, Json] = (
    "lang", "The language of labels and messages.", {"type": "string", "enum": LANGUAGES},
)  # fmt: skip


def _describe(parameter: Parameter) -> tuple[str, str, Json]:
    """Return the name, the description and the schema of a parameter."""
    schema: Json = {"type": "integer" if parameter.most else "string"}
    if parameter.choices:
        schema["enum"] = parameter.choices
    if parameter.most:
        schema["minimum"] = 1
    if parameter.most and parameter is not PAGE:
        schema["maximum"] = parameter.most
    if parameter.default or not parameter.choices:  # the default order depends on the query
        schema["default"] = int(parameter.default) if parameter.most else parameter.default
    return parameter.name, parameter.meaning, schema


def list_parameters(catalogue: Catalogue) -> list[Json]:
    """Return the parameters of a search, in the order of the page's URLs."""
    rows = [
        row
        for field in list_selectable_fields(catalogue)
        for row in _list_row_parameters(field, catalogue)
    ]
    examples = {
        str(number): {"value": text, "summary": meaning}
        for number, (text, meaning) in enumerate(catalogue.examples, 1)
    }
    parameters: list[Json] = [
        {"name": name, "in": "query", "description": description, "schema": schema}
        for name, description, schema in (
            *map(_describe, OF_QUERY),
            *rows,
            *map(_describe, (*OF_LIST, PAGE)),
            LANGUAGE_PARAMETER,
        )
    ]
    return [{**parameters[0], "examples": examples} if examples else parameters[0], *parameters[1:]]


def _list_row_parameters(field: Field, catalogue: Catalogue) -> Iterator[tuple[str, str, Json]]:
    """Yield the parameters that select, combine and exclude values of a row."""
    values = {
        "type": "array",
        "items": _make_value_schema(field, catalogue),
        "maxItems": MAX_SELECTED,
    }
    description_of_values = f"{field.label}: any of these values{FORMATS.get(field.kind, '')}."
    yield (
        field.name,
        f"{description_of_values} `{MISSING}` selects publications without one: {field.missing}.",
        values,
    )
    yield f"{NOT}{field.name}", f"{field.label}: none of these values, in the same form.", values
    yield from _list_match_parameters(field, catalogue)
    if field.kind == "year":
        for end, position in (("from", "first"), ("to", "last")):
            description = f"{field.label}: the {position} year of a range."
            yield f"{field.name}_{end}", description, {"type": "string", "pattern": f"^{YEAR}$"}


def _list_match_parameters(field: Field, catalogue: Catalogue) -> Iterator[tuple[str, str, Json]]:
    """Yield the parameter that says whether a hit needs all selected values of a row, if it has."""
    schema = {"type": "string", "enum": VALUE_MATCHES, "default": "any"}
    for facet in catalogue.multivalued:
        if field.name == facet.name:
            description = f"{field.label}: any or all of the selected values."
            yield f"{MATCH}{field.name}", description, schema
        elif field.parent == facet.name:
            description = f"The same as `{MATCH}{facet.name}`."
            yield f"{MATCH}{field.name}", description, schema


def _make_value_schema(field: Field, catalogue: Catalogue) -> Json:
    """Return the schema of one value of a row in a parameter.

    It is an enum if the row lists its values or the catalogue groups them under a parent row.
    """
    if allowed := field.values or (field.parent and catalogue.groups):
        return {"type": "string", "enum": [*allowed, MISSING]}
    if field.kind == "year":
        years = f"{YEAR}|{YEAR}[.][.]|[.][.]{YEAR}|{YEAR}[.][.]{YEAR}"
        return {"type": "string", "pattern": f"^({years}|{MISSING})$"}
    return {"type": "string"}
