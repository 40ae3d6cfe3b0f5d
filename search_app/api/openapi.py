"""The OpenAPI 3.1 document of the API.

Responses derive from the types in `responses`, and the fields of a publication from the rows of the
catalogue, as the parameters do.

Specification: https://spec.openapis.org/oas/v3.1.0
"""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from importlib.metadata import version

import msgspec

from indexer.catalogue.fields import Catalogue, Field, FieldKind
from indexer.catalogue.records import Link
from search_app.api import responses
from search_app.api.parameters import Json, list_parameters
from search_app.api.suggestions import Suggestions

REF = "#/components/schemas/{name}"
RESPONSES = (
    responses.Search, Suggestions, responses.Health, responses.Error, responses.PublicationBody,
    responses.Gone, responses.HitBody, responses.LinkedBody, responses.SearchRecordBody, Link,
)  # fmt: skip
VALUES: dict[FieldKind, Json] = {
    "year": {"type": "integer"},
    "link": {"$ref": REF.format(name="Link")},
}
"""Schema of the values of a kind in a response, if they are not strings."""

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
FIND: Json = {
    "name": "find",
    "in": "query",
    "description": "Words to find in the files of the publication.",
    "schema": {"type": "string", "default": ""},
}
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
            "Get a publication, its files, its other editions, and similar publications.",
            "Publication",
            ["301", "400", "404", "410"],
            [identity, FIND, _make_ref("parameters", "lang")],
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


def _make_schemas(catalogue: Catalogue) -> Json:
    """Return the schemas of the responses, including those that derive from the catalogue."""
    _, components = msgspec.json.schema_components(RESPONSES, ref_template=REF)
    for name, schema in components.items():
        schema["description"] = _describe(name, schema["description"])
    rows = _make_object({field.name: _held(field) for field in catalogue.stored})
    facts = _make_object({field.name: _held(field) for field in catalogue.facts})
    publication, hit, linked = (
        components.pop(name) for name in ("PublicationBody", "HitBody", "LinkedBody")
    )
    related = {"type": "array", "items": _make_ref("schemas", "Neighbour")}
    places = {"type": "array", "items": _make_ref("schemas", "SourceLocation")}
    publication_parts = {
        "properties": {
            "files": {"type": "array", "items": _make_ref("schemas", "FileBody")},
            "other_editions": related,
            "similar": related,
            "other_sources": places,
        },
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


def _describe(name: str, text: str) -> str:
    """Return the docstring of a type, with those of the types whose fields it has too."""
    bases = getattr(responses, name, object).__mro__[1:]
    inherited = (base.__doc__ or "" for base in bases if issubclass(base, msgspec.Struct))
    docs = [text, *(doc for doc in inherited if doc and doc != msgspec.Struct.__doc__)]
    return "\n\n".join(map(inspect.cleandoc, docs))


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
