"""An engine is opened by a path or a URL."""

from __future__ import annotations

from pathlib import Path

import pytest

from indexer.cluster.connection import AddressError
from indexer.generations.manifest import IndexMissing
from search_app.engine import Engine, SearchRequest


def test_the_path_of_an_index_may_be_a_text(catalogue_index: Path) -> None:
    """A path is the same as a text, and a query the same as a request without filters."""
    engine = Engine.open(str(catalogue_index))
    expected = Engine.open(catalogue_index).search(SearchRequest("organ removal"))
    assert engine.search("organ removal").hits == expected.hits != ()


def test_opening_names_what_is_missing(tmp_path: Path) -> None:
    """A missing index and a URL of something else are errors when the engine is opened."""
    with pytest.raises(IndexMissing, match="there is no index in"):
        Engine.open(tmp_path / "index")
    with pytest.raises(AddressError, match="is not a URL of an index"):
        Engine.open("https://example.org/catalogue")
