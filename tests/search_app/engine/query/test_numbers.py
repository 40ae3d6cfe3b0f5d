"""Every total and count in the results is the length of its list."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from indexer.catalogue.records import Publication
from search_app.engine import Engine
from search_app.engine.request import SearchRequest
from search_app.engine.results import Bucket, Results
from search_app.presentation import facets
from search_app.search_state import SearchState
from tests.search_app.engine.catalogues import FACETS, FILTERS, WORDS, found, index, publications

pytestmark = pytest.mark.slow

Filters = Mapping[str, tuple[str, ...]]
SLOW_TO_BUILD = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))


def every_bucket(results: Results) -> Iterator[tuple[str, Bucket]]:
    """Yield the buckets of all facets and of the lower level of the tree, each with its facet."""
    for facet, buckets in results.facets.items():
        for bucket in buckets:
            yield facet, bucket
            for child in bucket.children:
                yield facet, child


def alone(filters: Filters, facet: str, bucket: Bucket) -> Filters:
    """Return the filters with one value alone in its facet."""
    names = ("region", "country") if facet == "region" else (facet,)
    others = {name: values for name, values in filters.items() if name not in names}
    return {**others, bucket.field: (bucket.value,)}


def toggled(filters: Filters, bucket: Bucket) -> Filters:
    """Return the filters after a click on a value, as the links of the page have them."""
    return facets.toggle(SearchState(filters=filters), bucket).filters


@given(
    made=publications(),
    searches=st.lists(st.tuples(st.sampled_from(("", *WORDS)), FILTERS), min_size=1, max_size=8),
)
@SLOW_TO_BUILD
def test_every_number_is_the_length_of_its_list(
    made: list[Publication], searches: Sequence[tuple[str, Filters]]
) -> None:
    """The total, the count of each value, and the total of its link equal a plain count.

    Every value that a hit has is listed in its facet, and so is the missing value.
    """
    with tempfile.TemporaryDirectory() as folder:
        engine = Engine(index(Path(folder), made))
        for word, filters in searches:
            results = engine.search(SearchRequest(word, filters, match="all", size=100))
            expected = found(made, filters, word)
            assert results.total == len(expected)
            told = {(bucket.field, bucket.value) for _, bucket in every_bucket(results)}
            assert told >= {(name, value) for name in filters for value in filters[name]}
            assert {hit.publication.id for hit in results.hits} <= expected
            for row, missing in {**dict.fromkeys(FACETS, ("none",)), "country": ()}.items():
                held = (each.values.get(row, missing) for each in made if each.id in expected)
                assert told >= {(row, str(value)) for values in held for value in values}
            for facet, bucket in every_bucket(results):
                assert bucket.count == len(found(made, alone(filters, facet, bucket), word))
                assert bucket.total == len(found(made, toggled(filters, bucket), word))
                assert bucket.count or bucket.selected


@given(made=publications(most=60), word=st.sampled_from(WORDS))
@SLOW_TO_BUILD
def test_pages_neither_repeat_nor_skip(made: list[Publication], word: str) -> None:
    """The pages of a list together contain each publication once."""
    with tempfile.TemporaryDirectory() as folder:
        engine = Engine(index(Path(folder), made))
        seen: list[str] = []
        number = 1
        while hits := engine.search(SearchRequest(word, match="all", page=number, size=7)).hits:
            seen += [hit.publication.id for hit in hits]
            number += 1
        assert len(seen) == len(set(seen))
        assert set(seen) == found(made, {}, word)
