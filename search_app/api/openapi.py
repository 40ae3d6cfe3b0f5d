"""The OpenAPI 3.1 document of the API.

Parameters derive from the rows of the catalogue, as in `search_url`. Responses derive from the
types in `schemas`, and the fields of a publication from the rows.

Specification: https://spec.openapis.org/oas/v3.1.0
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from typing import Any

import msgspec

from indexer.catalogue.fields import MISSING, Catalogue, Field, Kind
from indexer.catalogue.records import Link
from indexer.catalogue.schema import exact_fields
from search_app.api import schemas
from search_app.search_state import LARGEST_SIZE, MATCHES, SIZE, SORTS, SWITCH
from search_app.search_url import MOST_TICKED

Json = dict[str, Any]
"""A part of the document."""

REF = "#/components/schemas/{name}"
ANSWERS = (
    schemas.Search, schemas.Suggestions, schemas.Health, schemas.Error, schemas.Entry,
    schemas.Found, schemas.Linked, Link,
)  # fmt: skip
YEAR = "[0-9]{4}"
LOOKS: dict[Kind, str] = {
    "country": ", codes of two letters after ISO 3166",
    "language": ", codes after BCP 47",
    "year": ", years or ranges such as `2010..2015`, `2010..` and `..2015`",
}
"""Format of the values of a kind, as the end of a parameter's description."""
VALUES: dict[Kind, Json] = {
    "year": {"type": "integer"},
    "link": {"$ref": REF.format(name="Link")},
}
"""Schema of the values of a kind in a response, if they are not strings."""

WORDS: tuple[tuple[str, str, Json], ...] = (
    ("q", "What is looked for: words, phrases in quotes, beginnings with a star, fields.",
     {"type": "string", "default": ""}),
    ("match", "Whether a publication must have all words, any, or all if some publication does.",
     {"type": "string", "enum": MATCHES, "default": "auto"}),
    ("exact", "1: words are found as they were typed, and under no other name.",
     {"type": "string", "enum": SWITCH, "default": "0"}),
    ("semantic", "0: nothing is found by meaning, where the index has that.",
     {"type": "string", "enum": SWITCH, "default": "1"}),
)  # fmt: skip
LIST: tuple[tuple[str, str, Json], ...] = (
    ("sort", "The order; by default the best come first or, where no words were typed, the newest.",
     {"type": "string", "enum": SORTS}),
    ("size", "How many publications a page has.",
     {"type": "integer", "minimum": 1, "maximum": LARGEST_SIZE, "default": SIZE}),
    ("fold", "1: of the editions of one title only the first is listed.",
     {"type": "string", "enum": SWITCH, "default": "0"}),
    ("explain", "1: publications come with why they were found; of many words, the first alone.",
     {"type": "string", "enum": SWITCH, "default": "0"}),
    ("page", "The page of the list.", {"type": "integer", "minimum": 1, "default": 1}),
)  # fmt: skip
ERRORS = {
    "400": "A parameter can't be read; the hint says what it takes.",
    "404": "There is no such publication.",
    "429": "Too many requests came from one address.",
    "503": "There is no index, or the search would take too long just now.",
}


def document(catalogue: Catalogue, example: str, prefix: str) -> Json:
    """Return the document for the catalogue of a generation, served below a path prefix."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": catalogue.title,
            "description": catalogue.description,
            "version": version("pubsearch"),
        },
        "servers": [{"url": prefix or "/"}],
        "paths": {path: {"get": operation} for path, operation in _operations(catalogue, example)},
        "components": {
            "parameters": {each["name"]: each for each in parameters(catalogue)},
            "schemas": _schemas(catalogue),
            "responses": {status: _response(what, "Error") for status, what in ERRORS.items()},
        },
    }


def _operations(catalogue: Catalogue, example: str) -> Iterator[tuple[str, Json]]:
    asked = [_ref("parameters", each["name"]) for each in parameters(catalogue)]
    told = "What may be meant by what is being typed, within what is ticked."
    yield "/api/search", _get("search", "Search and count.", "Search", ["400"], asked)
    yield "/api/suggest", _get("suggest", told, "Suggestions", ["400"], asked)
    identity = {
        "name": "id",
        "in": "path",
        "required": True,
        "description": "The id of a publication; it may hold slashes.",
        "schema": {"type": "string"},
        **({"example": example} if example else {}),
    }
    told = "A publication, its other editions, and what is like it."
    path = "/api/publication/{id}"
    yield path, _get("publication", told, "Publication", ["404"], [identity])
    yield "/healthz", _get("health", "Whether searches are answered.", "Health")
    yield "/api/openapi.json", _get("openapi", "This document.", "Document")


def _get(
    name: str, what: str, answer: str, errors: Sequence[str] = (), asked: Sequence[Json] = ()
) -> Json:
    """Return the GET operation of a path. Every path can respond with 429 and 503."""
    return {
        "operationId": name,
        "summary": what,
        "parameters": asked,
        "responses": {
            "200": _response(what, answer),
            **{status: _ref("responses", status) for status in (*errors, "429", "503")},
        },
    }


def _response(what: str, schema: str) -> Json:
    content = {"application/json": {"schema": _ref("schemas", schema)}}
    return {"description": what, "content": content}


def _ref(kind: str, name: str) -> Json:
    return {"$ref": f"#/components/{kind}/{name}"}


def parameters(catalogue: Catalogue) -> list[Json]:
    """Return the parameters of a search, in the order of the page's URLs."""
    rows = [each for field in exact_fields(catalogue) for each in _of_row(field, catalogue)]
    examples = {
        str(place): {"value": text, "summary": finds}
        for place, (text, finds) in enumerate(catalogue.examples, 1)
    }
    asked = [_parameter(*each) for each in (*WORDS, *rows, *LIST)]
    return [{**asked[0], "examples": examples} if examples else asked[0], *asked[1:]]


def _parameter(name: str, what: str, schema: Json) -> Json:
    return {"name": name, "in": "query", "description": what, "schema": schema}


def _of_row(field: Field, catalogue: Catalogue) -> Iterator[tuple[str, str, Json]]:
    """Yield the parameters that select values of a row."""
    values = {"type": "array", "items": _chosen(field, catalogue), "maxItems": MOST_TICKED}
    what = f"{field.label}: any of these values{LOOKS.get(field.kind, '')}."
    yield field.name, f"{what} `{MISSING}` stands for having none: {field.missing}.", values
    if field.kind == "year":
        for end, which in (("from", "first"), ("to", "last")):
            told = f"{field.label}: the {which} one, as an end of a range."
            yield f"{field.name}_{end}", told, {"type": "string", "pattern": f"^{YEAR}$"}


def _chosen(field: Field, catalogue: Catalogue) -> Json:
    """Return the schema of one value of a row in a parameter.

    It is an enum if the row lists its values or the catalogue groups them under a parent row.
    """
    if listed := field.values or (field.parent and catalogue.groups):
        return {"type": "string", "enum": [*listed, MISSING]}
    if field.kind == "year":
        years = f"{YEAR}|{YEAR}[.][.]|[.][.]{YEAR}|{YEAR}[.][.]{YEAR}"
        return {"type": "string", "pattern": f"^({years}|{MISSING})$"}
    return {"type": "string"}


def _schemas(catalogue: Catalogue) -> Json:
    """Return the schemas of the responses, including those that derive from the catalogue."""
    _, components = msgspec.json.schema_components(ANSWERS, ref_template=REF)
    for schema in components.values():
        schema["description"] = inspect.cleandoc(schema["description"])
    rows = _object({field.name: _held(field) for field in catalogue.fields})
    facts = _object({field.name: _held(field) for field in catalogue.facts})
    entry, found, linked = (components.pop(name) for name in ("Entry", "Found", "Linked"))
    beside = {"type": "array", "items": _ref("schemas", "Neighbour")}
    whole = {"properties": {"other_editions": beside, "similar": beside}, "required": []}
    facets = {each.name: components["Search"]["properties"]["facets"]["additionalProperties"]
              for each in catalogue.facets}  # fmt: skip
    components["Search"]["properties"]["facets"] = _object(facets)
    components["Search"]["properties"]["hits"]["items"] = _ref("schemas", "Hit")
    return {
        **components,
        "Hit": _joined(found, entry, rows),
        "Publication": _joined(entry, rows, whole),
        "Neighbour": _joined(linked, facts),
        "Document": {"type": "object", "description": "An OpenAPI document."},
    }


def _object(properties: Json) -> Json:
    return {"type": "object", "properties": properties, "required": list(properties)}


def _joined(first: Json, *more: Json) -> Json:
    """Return one object schema with the properties of all, described as the first."""
    parts = (first, *more)
    return {
        "type": "object",
        "description": first["description"],
        "properties": {
            name: each for schema in parts for name, each in schema["properties"].items()
        },
        "required": list(dict.fromkeys(name for schema in parts for name in schema["required"])),
    }


def _held(field: Field) -> Json:
    """Return the schema of a row in a response: a value or null, or an array for several values."""
    value = VALUES.get(field.kind, {"type": "string"})
    if field.several:
        return {"type": "array", "description": field.label, "items": value}
    if field.role == "title":
        return {"description": field.label, **value}
    return {"description": field.label, "anyOf": [value, {"type": "null"}]}
