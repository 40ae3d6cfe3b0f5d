"""The settings and mappings of the indexes of a generation."""

from typing import Any

from indexer.cluster import mapping
from tests.indexer.codec.segments import CATALOGUE


def properties() -> dict[str, Any]:
    body: Any = mapping.make_index(CATALOGUE, shards=3)
    fields: dict[str, Any] = body["mappings"]["properties"]
    return fields


def test_each_searchable_row_has_stems_and_words() -> None:
    fields = properties()
    stems, words = fields["stems"]["properties"], fields["words"]["properties"]
    assert stems.keys() == words.keys() == {"title", "summary", "topic"}
    assert "index_options" not in stems["title"] | words["title"]


def test_each_facet_has_a_keyword() -> None:
    """Fields whose values can be selected, or are shown but not searched, have exact values."""
    facets = properties()["facets"]["properties"]
    assert {name: kind["type"] for name, kind in facets.items()} == {
        "topic": "keyword",
        "year": "keyword",
        "link": "keyword",
        "note": "keyword",
    }


def test_the_index_has_the_shards_asked_for_and_no_replicas() -> None:
    body: Any = mapping.make_index(CATALOGUE, shards=3)
    settings = body["settings"]["index"]
    assert (settings["number_of_shards"], settings["number_of_replicas"]) == (3, 0)
