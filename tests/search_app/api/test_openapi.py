"""The API's description of itself: what it says is so, and all that is so it says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

import jsonschema_rs
import pytest
import schemathesis
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import CheckFunction, GenerationMode
from schemathesis.config import GenerationConfig
from schemathesis.schemas import BaseSchema
from schemathesis.specs.openapi import checks
from werkzeug.datastructures import MultiDict

from indexer.catalogue import catalogue_toml
from indexer.catalogue.fields import Catalogue
from indexer.jobs import build
from search_app import config, create_app, search_state, search_url
from search_app.api import openapi
from tests.catalogue import PATIENT
from tests.conftest import ROOT

pytestmark = pytest.mark.slow

ADDRESS = "/api/openapi.json"
PATHS = ("/api/search", "/api/suggest", "/api/publication/{id}", "/healthz", ADDRESS)
ON_PURPOSE: list[CheckFunction] = [checks.negative_data_rejection, checks.positive_data_acceptance]
"""These would have a value that nobody has be an error, where it finds nothing, and no range of
years be one that is well written and ends before it begins."""


@pytest.fixture(scope="module")
def described(catalogue_index: Path) -> BaseSchema:
    """The application on the index of corpus/, and what it says of its API."""
    app = create_app(config.load(PATIENT, index=catalogue_index))
    return schemathesis.openapi.from_wsgi(ADDRESS, app)


@pytest.fixture
def document(client: FlaskClient) -> dict[str, Any]:
    """The document."""
    found: dict[str, Any] = json.loads(client.get(ADDRESS).data)
    return found


def told(document: dict[str, Any], schema: str) -> jsonschema_rs.Validator:
    """What holds a value to one of the document's schemas, and to have nothing that it lacks."""
    closed = {
        name: {"additionalProperties": False, **each} if "properties" in each else each
        for name, each in document["components"]["schemas"].items()
    }
    whole = {"$ref": f"#/components/schemas/{schema}", "components": {"schemas": closed}}
    return jsonschema_rs.Draft202012Validator(whole)


def test_the_document_is_valid_and_has_the_api(described: BaseSchema) -> None:
    """It keeps to the schema of OpenAPI 3.1, and has every address of the API."""
    described.validate()
    assert tuple(described) == PATHS


@pytest.mark.parametrize(
    ("path", "mode"),
    [(path, GenerationMode.POSITIVE) for path in PATHS]
    + [(path, GenerationMode.NEGATIVE) for path in PATHS[:2]],
)
def test_every_answer_is_as_described(
    described: BaseSchema, path: str, mode: GenerationMode
) -> None:
    """Whatever is asked, well or badly, the answer has a status and a form of the document."""
    asked = described[path]["GET"]

    @settings(
        max_examples=100,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.data())
    def is_as_described(data: st.DataObject) -> None:
        data.draw(asked.as_strategy(mode)).call_and_validate(excluded_checks=ON_PURPOSE)

    is_as_described()


@pytest.mark.parametrize("path", PATHS)
def test_the_bounds_are_answered_as_described(described: BaseSchema, path: str) -> None:
    """So it is at and beside the bounds of each parameter, and by any other method than GET."""
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
def test_a_search_has_what_is_described_and_no_more(
    client: FlaskClient, document: dict[str, Any], query: str
) -> None:
    """Lists, reasons and ways on from nothing have the described parts, and none besides."""
    told(document, "Search").validate(json.loads(client.get(f"/api/search?{query}").data))


@pytest.mark.parametrize("typed", ["tra", "south a", "model l"])
def test_suggestions_have_what_is_described_and_no_more(
    client: FlaskClient, document: dict[str, Any], typed: str
) -> None:
    """So do suggestions."""
    answer = json.loads(client.get("/api/suggest", query_string={"q": typed}).data)
    assert answer["suggestions"]
    told(document, "Suggestions").validate(answer)


def test_every_publication_has_what_is_described_and_no_more(
    client: FlaskClient, document: dict[str, Any]
) -> None:
    """So does each of the 136, with what stands beside it."""
    validator = told(document, "Publication")
    hits = [
        hit
        for page in (1, 2)
        for hit in json.loads(client.get(f"/api/search?size=100&page={page}").data)["hits"]
    ]
    assert len(hits) == 136
    for hit in hits:
        validator.validate(json.loads(client.get(f"/api{hit['url']}").data))


def test_the_examples_find_something(client: FlaskClient, document: dict[str, Any]) -> None:
    """What the document gives as examples is answered, and not with nothing."""
    examples = document["components"]["parameters"]["q"]["examples"].values()
    assert examples
    for each in examples:
        answer = client.get("/api/search", query_string={"q": each["value"]})
        assert answer.status_code == 200
        assert json.loads(answer.data)["total"], each
    (identity,) = document["paths"]["/api/publication/{id}"]["get"]["parameters"]
    assert client.get(f"/api/publication/{quote(identity['example'])}").status_code == 200


@pytest.mark.parametrize("path", [path for path in PATHS if "{" not in path])
def test_without_an_index_the_error_is_as_described(
    document: dict[str, Any], tmp_path: Path, path: str
) -> None:
    """A 503 has the described form, the document's own too."""
    client = create_app(config.load(PATIENT, index=tmp_path)).test_client()
    answer = client.get(path)
    assert answer.status_code == 503
    told(document, "Error").validate(json.loads(answer.data))


class Recorder:
    """The parameters of an empty address, and which of them were asked for."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def getlist(self, name: str) -> list[str]:
        """None; it is noted that they were asked for."""
        self.asked.append(name)
        return []


@pytest.mark.parametrize("folder", ["corpus", "benchmarks/papers"])
def test_the_parameters_are_those_that_are_read(folder: str) -> None:
    """Every parameter that an address is read for is described, and no other."""
    rows, recorder = catalogue_toml.load(ROOT / folder), Recorder()
    search_url.read(recorder, rows)
    names = [each["name"] for each in openapi.parameters(rows)]
    assert sorted(names) == sorted(recorder.asked)


def test_what_is_described_as_the_default_is(catalogue: Catalogue) -> None:
    """Stating a default changes nothing."""
    defaults = {
        each["name"]: str(each["schema"]["default"])
        for each in openapi.parameters(catalogue)
        if "default" in each["schema"]
    }
    assert defaults
    assert search_url.read(MultiDict(defaults), catalogue) == search_state.SearchState()


ROW = """
[[field]]
name = "venue"
label = "Venue"
facet = 5
several = true
values = ["Here", "There"]
"""


def test_a_row_more_is_a_parameter_and_a_value_more(corpus: Path, tmp_path: Path) -> None:
    """A row added to catalogue.toml is described, without a line of code."""
    with (corpus / "catalogue.toml").open("a", encoding="utf-8") as file:
        file.write(ROW)
    build.build(corpus, tmp_path / "index")
    app = create_app(config.load(PATIENT, index=tmp_path / "index"))
    found = json.loads(app.test_client().get(ADDRESS).data)["components"]
    assert found["parameters"]["venue"]["schema"]["items"]["enum"] == ["Here", "There", "none"]
    assert found["parameters"]["country"]["schema"]["items"]["enum"] == [
        "IN", "NP", "KE", "NG", "none",
    ]  # fmt: skip
    for name in ("Hit", "Publication"):
        assert found["schemas"][name]["properties"]["venue"]["description"] == "Venue"
    assert "venue" in found["schemas"]["Search"]["properties"]["facets"]["required"]
