"""The OpenAPI document: it matches the responses of the API and describes all of them."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

import jsonschema_rs
import pytest
import schemathesis
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from schemathesis import CheckFunction, GenerationMode
from schemathesis.config import GenerationConfig
from schemathesis.schemas import BaseSchema
from schemathesis.specs.openapi import checks
from werkzeug.datastructures import MultiDict

from indexer.catalogue import catalogue_toml
from indexer.catalogue.fields import Catalogue
from search_app import config, create_app, search_state
from search_app.api import openapi
from tests.catalogue import PATIENT
from tests.conftest import ROOT
from tests.search_app.web.reading import fetch, open_corpus, open_index
from tests.tiers import examples

pytestmark = pytest.mark.slow

ADDRESS = "/api/openapi.json"
PATHS = (
    "/api/search", "/api/suggest", "/api/search-record", "/api/publication/{id}", "/healthz",
    ADDRESS,
)  # fmt: skip
ON_PURPOSE: list[CheckFunction] = [checks.negative_data_rejection, checks.positive_data_acceptance]
"""Skipped checks, because two behaviors are intended.

An unknown facet value gives an empty list, not an error. A range of years that ends before it
starts is valid syntax, but is rejected.
"""


@pytest.fixture(scope="module")
def described(catalogue_index: Path) -> BaseSchema:
    app = create_app(config.load(PATIENT, index=catalogue_index))
    return schemathesis.openapi.from_wsgi(ADDRESS, app)


@pytest.fixture
def document(client: FlaskClient) -> Any:
    return fetch(client, ADDRESS)


def told(document: dict[str, Any], schema: str) -> jsonschema_rs.Validator:
    closed = {
        name: {"additionalProperties": False, **each} if "properties" in each else each
        for name, each in document["components"]["schemas"].items()
    }
    whole = {"$ref": f"#/components/schemas/{schema}", "components": {"schemas": closed}}
    return jsonschema_rs.Draft202012Validator(whole)


def test_the_document_is_valid_and_lists_every_path(described: BaseSchema) -> None:
    described.validate()
    assert tuple(described) == PATHS


@pytest.mark.parametrize(
    ("path", "mode"),
    [(path, GenerationMode.POSITIVE) for path in PATHS]
    + [(path, GenerationMode.NEGATIVE) for path in PATHS[:3]],
)
def test_every_response_matches_the_document(
    described: BaseSchema, path: str, mode: GenerationMode
) -> None:
    asked = described[path]["GET"]

    @examples(100)
    @given(st.data())
    def is_as_described(data: st.DataObject) -> None:
        data.draw(asked.as_strategy(mode)).call_and_validate(excluded_checks=ON_PURPOSE)

    is_as_described()


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.thorough
def test_responses_at_the_bounds_match_the_document(described: BaseSchema, path: str) -> None:
    """Responses match the document at and next to the bounds of each parameter.

    So do those to other methods than GET.
    """
    cases = list(
        described.iter_coverage_cases(
            described[path]["GET"],
            generation_modes=list(GenerationMode),
            generation_config=GenerationConfig(),
        )
    )
    assert cases
    for case in cases:
        case.call_and_validate(excluded_checks=ON_PURPOSE)


@pytest.mark.parametrize(
    "query",
    ["q=organ+removal&explain=1", "q=%22model+law%22&fold=1", "q=organ+zyzzyva&region=Africa",
     "q=model+zyzzyva&match=all&topic=none&explain=1", "q=child+soldiers&region=South+Asia",
     "region=South+Asia&country=IN&year=2010..&explain=1&size=100", "page=99", "q=traficking"],
)  # fmt: skip
def test_a_search_response_has_only_described_properties(
    client: FlaskClient, document: dict[str, Any], query: str
) -> None:
    told(document, "Search").validate(fetch(client, f"/api/search?{query}"))


@pytest.mark.parametrize("typed", ["tra", "south a", "model l"])
def test_suggestions_have_only_described_properties(
    client: FlaskClient, document: dict[str, Any], typed: str
) -> None:
    answer = json.loads(client.get("/api/suggest", query_string={"q": typed}).data)
    assert answer["suggestions"]
    told(document, "Suggestions").validate(answer)


def test_every_publication_has_only_described_properties(
    client: FlaskClient, document: dict[str, Any]
) -> None:
    """Each of the 136 publications, with its related ones, has only the described properties."""
    validator = told(document, "Publication")
    hits = [
        hit for page in (1, 2) for hit in fetch(client, f"/api/search?size=100&page={page}")["hits"]
    ]
    assert len(hits) == 136
    for hit in hits:
        validator.validate(fetch(client, f"/api{hit['url']}"))


def test_the_examples_have_hits(client: FlaskClient, document: dict[str, Any]) -> None:
    examples = document["components"]["parameters"]["q"]["examples"].values()
    assert examples
    for each in examples:
        answer = client.get("/api/search", query_string={"q": each["value"]})
        assert answer.status_code == 200
        assert json.loads(answer.data)["total"], each
    identity, *_ = document["paths"]["/api/publication/{id}"]["get"]["parameters"]
    assert client.get(f"/api/publication/{quote(identity['example'])}").status_code == 200


@pytest.mark.parametrize("path", [path for path in PATHS if "{" not in path])
def test_without_an_index_the_error_matches_the_document(
    document: dict[str, Any], tmp_path: Path, path: str
) -> None:
    """A 503 matches the error schema, also for the document itself."""
    client = open_index(tmp_path)
    answer = client.get(path)
    assert answer.status_code == 503
    told(document, "Error").validate(json.loads(answer.data))


class Recorder(MultiDict[str, str]):
    """An empty query string that records which parameters are read."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []

    def __getitem__(self, name: str) -> str:
        self.asked.append(name)
        return super().__getitem__(name)

    def getlist(self, name: str, _type: object = None) -> list[str]:  # type: ignore[override]
        self.asked.append(name)
        return []


@pytest.mark.parametrize("folder", ["corpus", "benchmarks/papers"])
def test_the_document_lists_exactly_the_parameters_that_are_read(folder: str) -> None:
    rows, recorder = catalogue_toml.load(ROOT / folder), Recorder()
    search_state.read(recorder, rows)
    names = [each["name"] for each in openapi.list_parameters(rows)]
    assert sorted(names) == sorted([*recorder.asked, "lang"])  # middleware reads the language


def test_the_described_defaults_are_the_real_defaults(catalogue: Catalogue) -> None:
    defaults = {
        each["name"]: str(each["schema"]["default"])
        for each in openapi.list_parameters(catalogue)
        if "default" in each["schema"]
    }
    assert defaults
    assert search_state.read(MultiDict(defaults), catalogue) == search_state.SearchState()


ROW = """
[[field]]
name = "venue"
label = "Venue"
facet = 5
several = true
values = ["Here", "There"]
"""


def test_a_new_catalogue_field_adds_a_parameter_and_a_property(corpus: Path) -> None:
    with (corpus / "catalogue.toml").open("a", encoding="utf-8") as file:
        file.write(ROW)
    found = fetch(open_corpus(corpus), ADDRESS)["components"]
    assert found["parameters"]["venue"]["schema"]["items"]["enum"] == ["Here", "There", "none"]
    assert found["parameters"]["country"]["schema"]["items"]["enum"] == [
        "IN", "NP", "KE", "NG", "none",
    ]  # fmt: skip
    for name in ("Hit", "Publication"):
        assert found["schemas"][name]["properties"]["venue"]["description"] == "Venue"
    assert "venue" in found["schemas"]["Facets"]["required"]


def test_a_number_is_called_a_total_or_a_count(catalogue: Catalogue) -> None:
    """A number of things is not named as a list of them: `page_count`, where `pages` is a list."""
    schemas = openapi.make_document(catalogue, "", "")["components"]["schemas"]
    integers = {
        name
        for schema in schemas.values()
        for name, of_property in schema.get("properties", {}).items()
        for kind in (of_property, *of_property.get("anyOf", ()))
        if kind.get("type") == "integer" and name not in catalogue.by_name
    }
    others = {name for name in integers if name.split("_")[-1] not in {"total", "count"}}
    assert others == {"page", "line", "first", "last"}
