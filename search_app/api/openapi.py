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

from indexer.catalogue.fields import MISSING, Catalogue, Field, FieldKind
from indexer.catalogue.records import Link
from indexer.catalogue.schema import list_exact_fields
from search_app.api import schemas
from search_app.i18n.interface import LANGUAGES
from search_app.search_state import MATCHES, MAX_SIZE, NOT, SIZE, SORTS, SWITCH
from search_app.search_url import MAX_SELECTED

Json = dict[str, Any]
"""A part of the document."""

REF = "#/components/schemas/{name}"
RESPONSES = (
    schemas.Search, schemas.Suggestions, schemas.Health, schemas.Error, schemas.PublicationBody,
    schemas.Gone, schemas.HitBody, schemas.LinkedBody, schemas.SearchRecordBody, Link,
)  # fmt: skip
YEAR = "[0-9]{4}"
FORMATS: dict[FieldKind, str] = {
    "country": ", codes of two letters after ISO 3166",
    "language": ", codes after BCP 47",
    "name": ", persons as `Family, Given`",
    "year": ", years or ranges such as `2010..2015`, `2010..` and `..2015`",
}
"""Format of the values of a kind, as the end of a parameter's description."""
VALUES: dict[FieldKind, Json] = {
    "year": {"type": "integer"},
    "link": {"$ref": REF.format(name="Link")},
}
"""Schema of the values of a kind in a response, if they are not strings."""

QUERY_PARAMETERS: tuple[tuple[str, str, Json], ...] = (
    ("q", "The query: words, phrases in quotes, prefixes with a star, and fields.",
     {"type": "string", "default": ""}),
    ("match", "all: all words must match. any: any word is enough. auto: any, if few match all.",
     {"type": "string", "enum": MATCHES, "default": "auto"}),
    ("exact", "1: only the words as typed, without corrections, synonyms, or years in words.",
     {"type": "string", "enum": SWITCH, "default": "0"}),
    ("semantic", "0: no semantic search. It has no effect if the index has no embeddings.",
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
SEARCHES = {
    "/api/search": (
        "search", "Search publications, and count hits for each filter value.", "Search",
    ),
    "/api/suggest": (
        "suggest", "Suggest words, filter values, and titles that match the selected filters.",
        "Suggestions",
    ),
    "/api/search-record": (
        "searchRecord",
        "Get the record of a search for a systematic review, with the ids of all hits.",
        "SearchRecordBody",
    ),
}  # fmt: skip
"""Name, summary and response of each path that takes the parameters of a search."""
ERRORS = {
    "400": ("A parameter is invalid. The hint lists valid values.", "Error"),
    "404": ("No publication has this id.", "Error"),
    "410": ("The publication was removed.", "Gone"),
    "429": ("The client exceeds the rate limit.", "Error"),
    "503": (
        "There is no index, or the search takes too long or would have to wait too long.", "Error",
    ),
}  # fmt: skip
"""Description and schema of each error response, by status."""
MOVED: Json = {
    "description": "The publication has another id.",
    "headers": {
        "Location": {"description": "The URL with that id.", "schema": {"type": "string"}},
    },
}


def make_document(catalogue: Catalogue, example: str, prefix: str) -> Json:
    """Return the document for the catalogue of a generation, served below a path prefix."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": catalogue.title,
            "description": catalogue.description,
            "version": version("pubsearch"),
        },
        "servers": [{"url": prefix or "/"}],
        "paths": {
            path: {"get": operation}
            for path, operation in _make_operations(catalogue, example).items()
        },
        "components": {
            "parameters": {
                parameter["name"]: parameter for parameter in list_parameters(catalogue)
            },
            "schemas": _make_schemas(catalogue),
            "responses": {
                "301": MOVED,
                **{status: _make_response(*error) for status, error in ERRORS.items()},
            },
        },
    }


def _make_operations(catalogue: Catalogue, example: str) -> Json:
    """Return the GET operation of each path."""
    parameter_refs = [
        _make_ref("parameters", parameter["name"]) for parameter in list_parameters(catalogue)
    ]
    identity = {
        "name": "id",
        "in": "path",
        "required": True,
        "description": "The id of a publication. It may contain slashes.",
        "schema": {"type": "string"},
        **({"example": example} if example else {}),
    }
    return {
        **{
            path: _make_operation(*operation, ["400"], parameter_refs)
            for path, operation in SEARCHES.items()
        },
        "/api/publication/{id}": _make_operation(
            "publication",
            "Get a publication, its other editions, and similar publications.",
            "Publication",
            ["301", "400", "404", "410"],
            [identity, _make_ref("parameters", "lang")],
        ),
        "/healthz": _make_operation("health", "Get the status of the service.", "Health"),
        "/api/openapi.json": _make_operation("openapi", "Get this document.", "Document"),
    }


def _make_operation(
    name: str,
    summary: str,
    schema: str,
    others: Sequence[str] = (),
    parameter_refs: Sequence[Json] = (),
) -> Json:
    """Return the GET operation of a path. Every path can respond with 429 and 503."""
    return {
        "operationId": name,
        "summary": summary,
        "parameters": parameter_refs,
        "responses": {
            "200": _make_response(summary, schema),
            **{status: _make_ref("responses", status) for status in (*others, "429", "503")},
        },
    }


def _make_response(description: str, schema: str) -> Json:
    content = {"application/json": {"schema": _make_ref("schemas", schema)}}
    return {"description": description, "content": content}


def _make_ref(kind: str, name: str) -> Json:
    return {"$ref": f"#/components/{kind}/{name}"}


def list_parameters(catalogue: Catalogue) -> list[Json]:
    """Return the parameters of a search, in the order of the page's URLs."""
    rows = [
        row
        for field in list_exact_fields(catalogue)
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
    """Yield the parameters that select and exclude values of a row."""
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
    if field.kind == "year":
        for end, position in (("from", "first"), ("to", "last")):
            description = f"{field.label}: the {position} year of a range."
            yield f"{field.name}_{end}", description, {"type": "string", "pattern": f"^{YEAR}$"}


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


def _make_schemas(catalogue: Catalogue) -> Json:
    """Return the schemas of the responses, including those that derive from the catalogue."""
    _, components = msgspec.json.schema_components(RESPONSES, ref_template=REF)
    for schema in components.values():
        schema["description"] = inspect.cleandoc(schema["description"])
    rows = _make_object({field.name: _held(field) for field in catalogue.fields})
    facts = _make_object({field.name: _held(field) for field in catalogue.facts})
    publication, hit, linked = (
        components.pop(name) for name in ("PublicationBody", "HitBody", "LinkedBody")
    )
    related = {"type": "array", "items": _make_ref("schemas", "Neighbour")}
    places = {"type": "array", "items": _make_ref("schemas", "SourceLocation")}
    publication_parts = {
        "properties": {"other_editions": related, "similar": related, "other_sources": places},
        "required": [],
    }
    facets = {facet.name: components["Search"]["properties"]["facets"]["additionalProperties"]
              for facet in catalogue.facets}  # fmt: skip
    components["Search"]["properties"]["facets"] = _make_object(facets)
    components["Search"]["properties"]["hits"]["items"] = _make_ref("schemas", "Hit")
    return {
        **components,
        "Hit": _join_objects(hit, publication, rows),
        "Publication": _join_objects(publication, rows, publication_parts),
        "Neighbour": _join_objects(linked, facts),
        "Document": {"type": "object", "description": "An OpenAPI document."},
    }


def _make_object(properties: Json) -> Json:
    return {"type": "object", "properties": properties, "required": list(properties)}


def _join_objects(first: Json, *more: Json) -> Json:
    """Return one object schema with the properties of all, described as the first."""
    parts = (first, *more)
    return {
        "type": "object",
        "description": first["description"],
        "properties": {
            name: property_ for schema in parts for name, property_ in schema["properties"].items()
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
