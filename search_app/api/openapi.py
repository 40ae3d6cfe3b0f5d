"""The OpenAPI 3.1 document of the API: https://spec.openapis.org/oas/v3.1.0.

It derives from the types in `responses`, from the parameters in `search_state`, and from the fields
of the catalogue.
"""

import inspect
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import version
from typing import Annotated, Any, NotRequired, TypedDict, get_type_hints

import msgspec

from indexer.catalogue.fields import MISSING, Catalogue, Field, FieldKind
from indexer.catalogue.records import Link, SourceLocation
from search_app.api import responses
from search_app.i18n.translation import LANGUAGES
from search_app.search_state import (
    MATCH,
    MAX_SELECTED,
    NOT,
    OF_LIST,
    OF_QUERY,
    PAGE,
    VALUE_MATCHES,
    Parameter,
)

Json = dict[str, Any]
"""A part of the document."""

REF = "#/components/schemas/{name}"
SEARCHES = {
    "/api/search": (
        "search",
        "Search publications, and count hits for each filter value.",
        "Search",
    ),
    "/api/suggest": (
        "suggest",
        "Suggest words, filter values, and titles that match the selected filters.",
        "Suggestions",
    ),
    "/api/search-record": (
        "searchRecord",
        "Get the record of a search for a systematic review, with the ids of all hits.",
        "SearchRecordBody",
    ),
}
"""Name, summary and response of each path that takes the parameters of a search."""
ERRORS = {
    "400": ("A parameter is invalid. The hint lists valid values.", "Error"),
    "404": ("No publication has this id.", "Error"),
    "410": ("The publication was removed.", "Gone"),
    "429": ("The client exceeds the rate limit.", "Error"),
    "503": (
        "There is no index, or the search takes too long or would have to wait too long.",
        "Error",
    ),
}
"""Description and schema of each error response, by status."""
MOVED: Json = {
    "description": "The publication has another id.",
    "headers": {"Location": {"description": "The URL with that id.", "schema": {"type": "string"}}},
}
IDENTITY: Json = {
    "name": "id",
    "in": "path",
    "required": True,
    "description": "The id of a publication. It may contain slashes.",
    "schema": {"type": "string"},
}
FIND: Json = {
    "name": "find",
    "in": "query",
    "description": "Words to find in the files of the publication.",
    "schema": {"type": "string", "default": ""},
}
FORMATS: dict[FieldKind, str] = {
    "country": ", codes of two letters after ISO 3166",
    "language": ", codes after BCP 47",
    "name": ", persons as `Family, Given`",
    "year": ", years or ranges such as `2010..2015`, `2010..` and `..2015`",
}
"""Format of the values of a kind, as the end of a parameter's description."""
YEAR = "[0-9]{4}"


def make_document(catalogue: Catalogue, example: str, prefix: str) -> Json:
    """Return the document for the catalogue of a generation, served below a path prefix.

    `example` is the id of a publication, or "".
    """
    parameters = list_parameters(catalogue)
    of_search = [_make_ref("parameters", parameter["name"]) for parameter in parameters]
    identity = {**IDENTITY, **({"example": example} if example else {})}
    operations = {
        **{
            path: _make_operation(*operation, ["400"], of_search)
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
    return {
        "openapi": "3.1.0",
        "info": {
            "title": catalogue.title,
            "description": catalogue.description,
            "version": version("pubsearch"),
        },
        "servers": [{"url": prefix or "/"}],
        "paths": {path: {"get": operation} for path, operation in operations.items()},
        "components": {
            "parameters": {parameter["name"]: parameter for parameter in parameters},
            "schemas": _make_schemas(catalogue),
            "responses": {
                "301": MOVED,
                **{status: _make_response(*error) for status, error in ERRORS.items()},
            },
        },
    }


def _make_operation(
    name: str,
    summary: str,
    schema: str,
    others: Sequence[str] = (),
    parameters: Sequence[Json] = (),
) -> Json:
    """Return the GET operation of a path. Every path can respond with 429 and 503."""
    return {
        "operationId": name,
        "summary": summary,
        "parameters": parameters,
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


# The schemas of the responses


def _make_schemas(catalogue: Catalogue) -> Json:
    """Return the schemas of the responses: of the types, with the fields of the catalogue."""
    fields = {field.name: _find_type(field) for field in catalogue.stored}
    facts = {field.name: _find_type(field) for field in catalogue.facts}
    related: Any = _extend("RelatedPublication", responses.LinkedBody, facts)
    publication = _extend("Publication", responses.PublicationBody, fields)
    hit: Any = _extend("Hit", responses.HitBody, get_type_hints(publication, include_extras=True))
    whole = {
        "files": NotRequired[Sequence[responses.FileBody]],
        "other_editions": NotRequired[Sequence[related]],
        "similar": NotRequired[Sequence[related]],
        "other_sources": NotRequired[Sequence[SourceLocation]],
    }
    buckets = dict.fromkeys(
        (facet.name for facet in catalogue.facets), Sequence[responses.BucketBody]
    )
    search = msgspec.defstruct(
        "Search",
        [("hits", Sequence[hit]), ("facets", _extend("Facets", responses.Facets, buckets))],
        bases=(responses.Search,),
        namespace={"__doc__": responses.Search.__doc__},
        frozen=True,
        kw_only=True,
    )
    types = (
        search,
        responses.Suggestions,
        responses.SearchRecordBody,
        _extend("Publication", publication, whole),
        responses.Health,
        responses.Error,
        responses.Gone,
    )
    _, schemas = msgspec.json.schema_components(types, ref_template=REF)
    for name, schema in schemas.items():
        # The docstring of a type, and those of the types whose fields it has too.
        bases = getattr(responses, name, object).__mro__[1:]
        inherited = [base.__doc__ for base in bases if base.__module__.startswith("search_app.")]
        docs = filter(None, [schema["description"], *inherited])
        schema["description"] = "\n\n".join(map(inspect.cleandoc, docs))
    return {**schemas, "Document": {"type": "object", "description": "An OpenAPI document."}}


def _extend(name: str, base: Any, fields: Mapping[str, object]) -> Any:  # noqa: ANN401
    """Return a type with the fields of another one and more."""
    hints = get_type_hints(base, include_extras=True)
    extended: Any = TypedDict(name, {**hints, **fields})  # type: ignore[misc]
    extended.__doc__ = base.__doc__
    return extended


def _find_type(field: Field) -> object:
    """Return the type of a field in a response: a value or null, or an array for several values."""
    value: Any = {"year": int, "link": Link}.get(field.kind, str)
    if field.several:
        value = Sequence[value]
    elif field.role != "title":
        value = value | None
    return Annotated[value, msgspec.Meta(description=field.label)]


# The parameters of a search


def list_parameters(catalogue: Catalogue) -> list[Json]:
    """Return the parameters of a search, in the order of the page's URLs."""
    of_fields = [
        parameter
        for field in catalogue.selectable
        for parameter in _list_field_parameters(field, catalogue)
    ]
    language = {"type": "string", "enum": LANGUAGES}
    parameters: list[Json] = [
        {"name": name, "in": "query", "description": description, "schema": schema}
        for name, description, schema in (
            *map(_describe, OF_QUERY),
            *of_fields,
            *map(_describe, (*OF_LIST, PAGE)),
            ("lang", "The language of labels and messages.", language),
        )
    ]
    if catalogue.examples:
        parameters[0]["examples"] = {
            str(number): {"value": text, "summary": meaning}
            for number, (text, meaning) in enumerate(catalogue.examples, 1)
        }
    return parameters


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


def _list_field_parameters(field: Field, catalogue: Catalogue) -> Iterator[tuple[str, str, Json]]:
    """Yield the parameters that select, exclude and combine values of a field."""
    item: Json = {"type": "string"}
    if allowed := field.values or (field.parent and catalogue.groups):
        item["enum"] = [*allowed, MISSING]
    elif field.kind == "year":
        years = f"{YEAR}|{YEAR}[.][.]|[.][.]{YEAR}|{YEAR}[.][.]{YEAR}"
        item["pattern"] = f"^({years}|{MISSING})$"
    values = {"type": "array", "items": item, "maxItems": MAX_SELECTED}
    missing = f"`{MISSING}` selects publications without one: {field.missing}."
    any_of = f"{field.label}: any of these values{FORMATS.get(field.kind, '')}. {missing}"
    yield field.name, any_of, values
    yield f"{NOT}{field.name}", f"{field.label}: none of these values, in the same form.", values
    match = {"type": "string", "enum": VALUE_MATCHES, "default": "any"}
    for facet in catalogue.multivalued:
        if field.name == facet.name:
            description = f"{field.label}: any or all of the selected values."
            yield f"{MATCH}{field.name}", description, match
        elif field.parent == facet.name:
            yield f"{MATCH}{field.name}", f"The same as `{MATCH}{facet.name}`.", match
    if field.kind == "year":
        for end, position in (("from", "first"), ("to", "last")):
            description = f"{field.label}: the {position} year of a range."
            yield f"{field.name}_{end}", description, {"type": "string", "pattern": f"^{YEAR}$"}
