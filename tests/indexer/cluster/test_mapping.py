"""The settings and mappings of the indexes of a generation."""

from __future__ import annotations

from typing import Any

from indexer.cluster import mapping
from tests.indexer.codec.segments import CATALOGUE


def properties() -> dict[str, Any]:
    """Return the properties of the index of the small catalogue."""
    body: Any = mapping.make_index(CATALOGUE, shards=3)
    fields: dict[str, Any] = body["mappings"]["properties"]
    return fields


def test_each_searchable_row_has_stems_words_and_a_length() -> None:
    """A row with a weight gets three fields, and a row without one gets none."""
    names = {name for name in properties() if name.startswith(("pos_", "word_", "len_"))}
    searchable = ("title", "summary", "topic")
    assert names == {f"{kind}_{row}" for kind in ("pos", "word", "len") for row in searchable}


def test_each_facet_has_a_keyword() -> None:
    """Rows whose values can be selected get a field of exact values."""
    facets = {name: kind["type"] for name, kind in properties().items() if "facet_" in name}
    assert facets == {"facet_topic": "keyword", "facet_year": "keyword"}


def test_only_stems_have_positions() -> None:
    """Phrases need the positions of stems; words as written have frequencies only."""
    fields = properties()
    assert "index_options" not in fields["pos_title"]
    assert fields["word_title"]["index_options"] == "freqs"


def test_the_index_has_the_shards_asked_for_and_no_replicas() -> None:
    """An index is created for loading, with replicas to be added afterwards."""
    body: Any = mapping.make_index(CATALOGUE, shards=3)
    settings = body["settings"]["index"]
    assert (settings["number_of_shards"], settings["number_of_replicas"]) == (3, 0)
