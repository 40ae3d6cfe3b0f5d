"""The analysis, similarity, and queries of OpenSearch that an index of frequencies needs."""

from collections.abc import Mapping
from typing import Any

import pytest
from opensearchpy import OpenSearch

from tests.opensearch.cluster import Cluster

INDEX = "analysis"
SEPARATOR = "|"
"""Separates the synonyms of a query. No term contains it."""
GAP = 100
"""Positions between two texts of one field."""
SETTINGS = {
    "number_of_shards": 3,
    "number_of_replicas": 0,
    "similarity": {
        "frequency": {
            "type": "scripted",
            "weight_script": {"source": "return query.boost;"},
            "script": {"source": "return weight * doc.freq;"},
        }
    },
    "analysis": {
        "filter": {
            "split": {
                "type": "pattern_capture",
                "preserve_original": False,
                "patterns": ["([^|]+)"],
            }
        },
        "analyzer": {
            "terms": {"type": "custom", "tokenizer": "whitespace"},
            "synonyms": {"type": "custom", "tokenizer": "keyword", "filter": ["split"]},
        },
    },
}
STEMS = {
    "type": "text",
    "analyzer": "terms",
    "search_analyzer": "synonyms",
    "norms": False,
    "similarity": "frequency",
    "position_increment_gap": GAP,
}
DOCUMENTS = {
    "rivers": ["river water river", "flood"],
    "lakes": ["lake water"],
    "both": ["water river lake river lake"],
    "floods": ["flood river water"],
}


@pytest.fixture(scope="module")
def client(single_node: Cluster) -> OpenSearch:
    """Return a client of a node that has the documents on three shards."""
    client = single_node.client
    client.indices.create(
        INDEX,
        body={"settings": SETTINGS, "mappings": {"properties": {"stems": STEMS}}},
    )
    for name, texts in DOCUMENTS.items():
        client.index(INDEX, id=name, body={"stems": texts})
    client.indices.refresh(INDEX)
    return client


def search(client: OpenSearch, query: Mapping[str, object]) -> dict[str, float]:
    """Return the score of each hit."""
    response = client.search(
        index=INDEX, body={"query": query}, allow_partial_search_results="false"
    )
    return {hit["_id"]: hit["_score"] for hit in response["hits"]["hits"]}


def match(terms: str, boost: float = 1) -> dict[str, Any]:
    """Return a query of one term, or of synonyms."""
    return {"match": {"stems": {"query": terms, "boost": boost}}}


def phrase(stems: str) -> dict[str, Any]:
    """Return a query of stems that follow each other."""
    return {"match_phrase": {"stems": {"query": stems, "analyzer": "terms"}}}


def test_the_stems_of_a_field_have_positions_with_a_gap_between_texts(client: OpenSearch) -> None:
    """Stems are numbered within a text. The next text begins after the gap."""
    vectors = client.termvectors(INDEX, id="rivers", body={"fields": ["stems"], "positions": True})
    positions = {
        stem: [token["position"] for token in found["tokens"]]
        for stem, found in vectors["term_vectors"]["stems"]["terms"].items()
    }
    assert positions == {"river": [0, 2], "water": [1], "flood": [GAP + 3]}


def test_a_score_is_the_boost_times_the_frequency(client: OpenSearch) -> None:
    """The score of a term has no statistics of its shard."""
    assert search(client, match("river", 2.5)) == {"rivers": 5, "both": 5, "floods": 2.5}


def test_synonyms_count_as_one_term(client: OpenSearch) -> None:
    """The frequencies of synonyms are added before the script computes the score."""
    found = search(client, match(f"river{SEPARATOR}lake", 0.5))
    assert found == {"rivers": 1, "lakes": 0.5, "both": 2, "floods": 0.5}
    explained = client.explain(INDEX, id="both", body={"query": match(f"river{SEPARATOR}lake")})
    assert "Synonym(stems:lake stems:river)" in str(explained["explanation"])


def test_a_phrase_is_found_in_order_and_within_one_text(client: OpenSearch) -> None:
    """Stems of another order, or of two texts, are no phrase."""
    assert set(search(client, phrase("water river"))) == {"rivers", "both"}
    assert set(search(client, phrase("river flood"))) == set()


def test_a_phrase_scores_once_for_each_of_its_stems(client: OpenSearch) -> None:
    """A phrase of two stems that occurs twice has a score of four."""
    assert search(client, phrase("river lake")) == {"both": 4}
