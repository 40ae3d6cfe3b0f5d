"""Responses of the API, as `expected_responses.json` has them.

After an intended change, run `python -m tests.search_app.api.test_expected_responses`, and read the
differences.
"""

import json
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from flask.testing import FlaskClient

from tests.search_app.presentation.test_expected_pages import make_harbours

EXPECTED = Path(__file__).with_name("expected_responses.json")
ADDRESSES = (
    "/api/openapi.json", "/api/search?q=ada+okafor+salt&explain=1&size=2",
    "/api/search?q=hrabour+trde&size=1", "/api/search?q=10.1000/182", "/api/search?q=zebra+quagga",
    "/api/search?q=salt+zebra&match=all", "/api/search?access=on+request&year=2000..2006&size=2",
    "/api/search?q=harbour&without.form=film&all.language=fr&sort=title&size=1&page=2",
    "/api/search?q=handbook&fold=1", "/api/search?q=from+2005+harbour+-salt&size=1",
    "/api/search?q=sel&size=1", "/api/search?size=0", "/api/suggest?q=ok", "/api/suggest?q=harb",
    "/api/publication/h-0", "/api/publication/none", "/api/search-record?q=okafor&form=film",
)  # fmt: skip
CHANGING = {
    "took_ms", "stages", "generation", "built", "time", "record_added", "record_changed", "program",
    "version",
}  # fmt: skip


def freeze(data: object) -> object:
    """Return data without times and versions. Numbers keep four digits."""
    match data:
        case dict():
            return {key: "*" if key in CHANGING else freeze(each) for key, each in data.items()}
        case list():
            return [freeze(each) for each in data]
        case float():
            return round(data, 4)
    return data


def read_responses(folder: Path) -> dict[str, object]:
    client: FlaskClient = make_harbours(folder)
    return {address: freeze(client.get(address).json) for address in ADDRESSES}


@pytest.fixture(scope="module")
def responses(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    return read_responses(tmp_path_factory.mktemp("harbours"))


@cache
def read_expected() -> dict[str, object]:
    expected: dict[str, object] = json.loads(EXPECTED.read_text("utf-8"))
    return expected


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_response_is_as_expected(address: str, responses: dict[str, object]) -> None:
    assert responses[address] == read_expected()[address]


if __name__ == "__main__":
    with TemporaryDirectory() as name:
        found = read_responses(Path(name))
    EXPECTED.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", "utf-8")
