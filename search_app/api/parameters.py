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
    MATCHES,
    MAX_SIZE,
    NOT,
    SIZE,
    SORTS,
    SWITCH,
    VALUE_MATCHES,
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
QUERY_PARAMETERS: tuple[tuple[str, str, Json], ...] = (
    ("q", "The query: words, phrases, prefixes with a star, fields, or an identifier (an ISBN).",
     {"type": "string", "default": ""}),
    ("match", "all: all words must match. any: any word is enough. auto: fewer, if few match all.",
     {"type": "string", "enum": MATCHES, "default": "auto"}),
    ("exact", "1: only words as typed: no corrections, synonyms, years in words, or identifiers.",
     {"type": "string", "enum": SWITCH, "default": "0"}),
    ("semantic", "0: no semantic search. It has no effect if the index has no embeddings.",
     {"type": "string", "enum": SWITCH, "default": "1"}),
    ("inside", "0: do not search full texts. It has no effect if the index has none.",
     {"type": "string", "enum": SWITCH, "default": "1"}),
)  # fmt: skip
LANGUAGE_PARAMETER: tuple[str, str, Json] = (
    "lang", "The language of labels and messages.", {"type": "string", "enum": LANGUAGES},
)  # fmt: skip
LIST_PARAMETERS: tuple[tuple[str, str, Json], ...] = (
    ("sort", "The sort order. The default is relevance, or newest if the query has no words.",
     {"type": "string", "enum": SORTS}),
    ("size", "The number of publications on a page.",
     {"type": "integer", "minimum": 1, "maximum": MAX_SIZE, "default": SIZE}),
    ("fold", "1: list only one edition of each title.",
     {"type": "string", "enum": SWITCH, "default": "0"}),
    ("explain", "1: explain hits in `why`. With over 100 words, only the first hits have it.",
     {"type": "string", "enum": SWITCH, "default": "0"}),
    ("page", "The page number.", {"type": "integer", "minimum": 1, "default": 1}),
)  # fmt: skip


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
            *QUERY_PARAMETERS,
            *rows,
            *LIST_PARAMETERS,
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
