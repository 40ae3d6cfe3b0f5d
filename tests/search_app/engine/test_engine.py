"""An engine is opened by a path or a URL, and refuses requests that it can't follow."""

from pathlib import Path
from typing import Any

import pytest

from indexer.cluster.connection import AddressError
from indexer.generations.manifest import IndexMissing
from search_app.engine import Engine, InvalidRequest, SearchRequest


def test_the_path_of_an_index_may_be_a_text(catalogue_index: Path) -> None:
    expected = Engine.open(catalogue_index).search(SearchRequest("organ removal"))
    for engine in Engine.open(str(catalogue_index)), Engine(str(catalogue_index), budget=10_000):
        assert engine.search("organ removal").hits == expected.hits != ()


def test_opening_names_what_is_missing(tmp_path: Path) -> None:
    """A missing index, a file, and a URL of something else are errors when an engine is opened."""
    (tmp_path / "library.csv").touch()
    for path in tmp_path / "index", tmp_path / "library.csv":
        with pytest.raises(IndexMissing, match="there is no index in"):
            Engine.open(path)
    with pytest.raises(AddressError, match="is not a URL of an index"):
        Engine.open("https://example.org/catalogue")


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        ({"filters": {"genre": ("Africa",)}}, r"no filter 'genre'. Use one of: .*region"),
        ({"excluded": {"title": ("Africa",)}}, "no filter 'title'"),
        ({"filters": {"region": "Africa"}}, "Expected `array`, got `str`"),
        ({"filters": {"year": (2015,)}}, "Expected `str`, got `int`"),
        ({"sort": "best"}, "'best'"),
        ({"page": 0}, r"`int` >= 1 - at `\$.page`"),
    ],
)
def test_a_wrong_request_is_an_error(
    given: dict[str, Any], fault: str, catalogue_engine: Engine
) -> None:
    request = SearchRequest("trafficking", **given)
    searcher = catalogue_engine.get_searcher()
    with pytest.raises(InvalidRequest, match=fault):
        catalogue_engine.search(request)
    with pytest.raises(InvalidRequest, match=fault):
        searcher.scan(request)


def test_a_text_is_a_request_without_filters(catalogue_engine: Engine) -> None:
    text, searcher = "organ removal", catalogue_engine.get_searcher()
    expected = searcher.search(SearchRequest(text)).hits
    assert catalogue_engine.search(text).hits == searcher.search(text).hits == expected
    assert [hit.id for hit in searcher.scan(text)] == [hit.publication.id for hit in expected]


def test_the_values_of_a_filter_may_be_a_list(catalogue_engine: Engine) -> None:
    values: Any = ["Africa"]
    listed = catalogue_engine.search(SearchRequest(filters={"region": values}))
    expected = catalogue_engine.search(SearchRequest(filters={"region": ("Africa",)}))
    assert listed.hits == expected.hits != ()
