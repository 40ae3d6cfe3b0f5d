"""The search record: it repeats the search, and states all that a review reports of it."""

from datetime import UTC, datetime, timedelta
from hashlib import sha256
from importlib.metadata import version
from typing import Any
from urllib.parse import urlsplit

import pytest
from bs4 import BeautifulSoup
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from tests.tiers import examples

QUERIES = (
    "", "organ", "organ removal since 2010", "xyzzy", "traficking", "children OR minors",
    "human trafficking", "colour:red", "?!", "law " * 150,
)  # fmt: skip


def fetch_record(client: FlaskClient, query: dict[str, Any]) -> dict[str, Any]:
    response = client.get("/api/search-record", query_string=query)
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.get_json()
    return found


@examples(30)
@given(
    query=st.fixed_dictionaries(
        {},
        optional={
            "q": st.sampled_from(QUERIES),
            "region": st.sampled_from(["Africa", "none", "Atlantis"]),
            "sort": st.sampled_from(["title", "newest"]),
            "match": st.sampled_from(["all", "any"]),
            "fold": st.just("1"),
            "page": st.just("2"),
        },
    )
)
@pytest.mark.slow
def test_the_address_repeats_the_record(client: FlaskClient, query: dict[str, str]) -> None:
    first = fetch_record(client, query)
    address = urlsplit(first["url"])
    again = client.get(f"/api/search-record?{address.query}").get_json()
    assert {**first, "time": ""} == {**again, "time": ""}


def test_a_record_has_all_hits(client: FlaskClient) -> None:
    """Its ids are those of all hits in order, and its digest is the hash of their digests."""
    query = {"q": "trafficking", "region": "Africa", "sort": "title"}
    record = fetch_record(client, query)
    hits = client.get("/api/search", query_string={**query, "size": 100}).get_json()
    assert [entry["id"] for entry in record["hits"]] == [hit["id"] for hit in hits["hits"]]
    assert record["total"] == hits["total"] == len(record["hits"]) > 3
    digests = b"".join(bytes.fromhex(entry["digest"]) for entry in record["hits"])
    assert record["digest"] == sha256(digests).hexdigest()


def test_a_record_states_the_search_and_the_index(client: FlaskClient) -> None:
    query = {"q": "human trafficking since 2010", "region": "Africa"}
    record = fetch_record(client, query)
    assert record["query"] == query["q"]
    assert record["filters"] == {"region": ["Africa"]}
    assert record["sort"] == "relevance"
    assert record["url"] == "http://localhost/?q=human+trafficking+since+2010&region=Africa"
    assert record["ris"] == record["url"].replace("/?", "/export/ris?")
    assert any("published in 2010 or later" in line for line in record["interpretation"])
    assert record["entities"][0]["synonyms"]
    assert record["publication_count"] == 136
    assert record["program"] == version("pubsearch")
    assert record["generation"] == client.get("/healthz").get_json()["generation"]
    age = datetime.now(UTC) - datetime.fromisoformat(record["time"])
    assert timedelta(seconds=-1) < age < timedelta(minutes=1)


def test_the_page_states_the_same_as_the_json(client: FlaskClient) -> None:
    query = {"q": "human trafficking since 2010", "region": "Africa"}
    record = fetch_record(client, query)
    page = BeautifulSoup(client.get("/search-record", query_string=query).data, "lxml")
    text = page.get_text(" ")
    for value in (record["digest"], record["generation"], record["url"], *record["interpretation"]):
        assert value in text
    for concept in record["entities"]:
        assert "; ".join(concept["synonyms"]) in text
    links = [str(link["href"]) for link in page.select("#files + ul a")]
    parameters = "?q=human+trafficking+since+2010&region=Africa"
    assert links == [f"/api/search-record{parameters}", record["ris"]]


def test_a_query_is_text_on_the_page(client: FlaskClient) -> None:
    response = client.get("/search-record", query_string={"q": "<b>x</b>", "region": "<i>y</i>"})
    assert "<b>x" not in response.text
    assert "<i>y" not in response.text
    assert "&lt;b&gt;x" in response.text


@pytest.mark.parametrize("path", ["/search-record", "/api/search-record"])
def test_no_cache_keeps_a_record(client: FlaskClient, path: str) -> None:
    """Each request gets a record with its own time, so it has no ETag."""
    response = client.get(path)
    assert "ETag" not in response.headers
    assert response.headers["Cache-Control"] == "no-store"
