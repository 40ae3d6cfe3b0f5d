"""Facet totals after a click equal a plain count, on random trees."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from indexer.catalogue.fields import MISSING, Catalogue, Field
from indexer.catalogue.records import Publication, SourceLocation, Value
from search_app.engine import Engine
from search_app.engine.request import SearchRequest, parse_year_range
from search_app.engine.results import Bucket, Results
from search_app.presentation import facet_rows
from search_app.search_state import SearchState
from tests.search_app.engine.arrays.below import snapshot_of
from tests.search_app.engine.catalogues import index

pytestmark = pytest.mark.slow

UPPER = tuple("ABCDEF")
LOWER = tuple(f"{number:02}" for number in range(16))
RANGES = ("2000..2003", "2002..2004", "2004..", "..2001", "1990..1999")
EXCLUDABLE = {
    "upper": (*UPPER, MISSING, "Z"),
    "lower": (*LOWER, MISSING, "99"),
    "year": ("2000", "2003", MISSING, *RANGES),
}
Filters = dict[str, tuple[str, ...]]
SLOW_TO_BUILD = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))


def thrown_catalogue(random: Random) -> Catalogue:
    """Return a catalogue with a random tree: a child has one to three parents."""
    return Catalogue(
        title="Generated",
        description="",
        fields=(
            Field("title", "Title", kind="text", role="title", weight=1.0),
            Field("upper", "Upper", facet=1, several=True),
            Field("lower", "Lower", parent="upper", grouping="tree.toml", several=True),
            Field("year", "Year", kind="year", facet=2, several=True),
        ),
        groups={child: tuple(random.sample(UPPER, random.choice((1, 1, 2, 3)))) for child in LOWER},
    )


def thrown(random: Random, catalogue: Catalogue, size: int) -> list[Publication]:
    """Return publications with values of the tree, with years, and with neither."""
    made = []
    for number in range(size):
        values: dict[str, tuple[Value, ...]] = {
            "upper": tuple(random.sample(UPPER, random.choice((0, 0, 1, 2)))),
            "lower": tuple(random.sample(LOWER, random.choice((0, 0, 1, 1, 2, 4)))),
            "year": tuple(random.sample(range(1999, 2007), random.choice((0, 1, 1, 2)))),
        }
        kept = {name: each for name, each in values.items() if each}
        title = random.choice(("one", "two", "one two"))
        source = SourceLocation("generated", number + 1)
        publication = Publication(id=f"p{number}", title=title, values=kept, source=source)
        made.append(catalogue.with_ancestors(publication))
    return made


def thrown_filters(random: Random) -> Filters:
    """Return few or many selected values, some of which no publication has."""
    few = random.choice((1, 2, 4))
    chosen = {
        "upper": random.sample((*UPPER, MISSING, "Z"), random.randint(0, min(2 * few, 7))),
        "lower": random.sample((*LOWER, MISSING, "99"), random.randint(0, 4 * few)),
        "year": random.sample(("2000", "2003", MISSING, *RANGES), random.randint(0, few)),
    }
    return {name: tuple(values) for name, values in chosen.items() if values}


def thrown_exclusions(random: Random) -> Filters:
    """Return no excluded values, or a few of any row."""
    nodes = [(row, value) for row, values in EXCLUDABLE.items() for value in values]
    excluded: dict[str, tuple[str, ...]] = {}
    for row, value in random.sample(nodes, random.choice((0, 1, 2, 4))):
        excluded[row] = (*excluded.get(row, ()), value)
    return excluded


def thrown_state(random: Random) -> SearchState:
    """Return a state with selected and excluded values, some of which may be the same."""
    return SearchState(filters=thrown_filters(random), excluded=thrown_exclusions(random))


def has(each: Publication, row: str, value: str) -> bool:
    """Return whether a publication has a value, no value, or a value in a range."""
    values = [str(found) for found in each.values.get(row, ())]
    if ends := parse_year_range(value):
        return any((ends[0] or "0") <= found <= (ends[1] or "9") for found in values)
    return value in values or (value == MISSING and not values)


def passes(each: Publication, rows: tuple[str, ...], filters: Filters, tree: Catalogue) -> bool:
    """Return whether a publication passes the selected values of one facet."""
    selected = [(row, value) for row in rows for value in filters.get(row, ())]
    narrowed = {
        parent for row, value in selected if row == "lower" for parent in tree.groups.get(value, ())
    }
    return not selected or any(
        has(each, row, value)
        for row, value in selected
        if not (row == "upper" and value in narrowed)
    )


def plain_count(made: list[Publication], word: str, state: SearchState, tree: Catalogue) -> int:
    """Return the number of hits, counted one publication at a time."""
    filters = dict(state.filters)
    return sum(
        word in each.title.split()
        and passes(each, ("upper", "lower"), filters, tree)
        and passes(each, ("year",), filters, tree)
        and not any(
            has(each, row, value) for row in state.excluded for value in state.excluded[row]
        )
        for each in made
    )


def every_bucket(results: Results) -> Iterator[Bucket]:
    """Yield the buckets of all facets, and below them those of the lower row."""
    for buckets in results.facets.values():
        for bucket in buckets:
            yield bucket
            yield from bucket.children


@given(seed=st.integers(0, 2**32), size=st.integers(1, 300))
@SLOW_TO_BUILD
def test_a_click_leads_to_the_total_next_to_it(seed: int, size: int) -> None:
    """A total equals the number of hits after the click, for any tree and any selection."""
    random = Random(seed)
    catalogue = thrown_catalogue(random)
    made = thrown(random, catalogue, size)
    with tempfile.TemporaryDirectory() as folder:
        engine = Engine(index(Path(folder), made, catalogue))
        for _ in range(8):
            word, state = random.choice(("one", "two")), thrown_state(random)
            results = engine.search(SearchRequest(word, state.filters, state.excluded, match="all"))
            assert results.total == plain_count(made, word, state, catalogue)
            for bucket in every_bucket(results):
                after = facet_rows.toggle(state, bucket)
                if bucket.excluded:
                    after = facet_rows.toggle_exclusion(state, bucket)
                    assert bucket.count == bucket.total - results.total
                expected = plain_count(made, word, after, catalogue)
                assert bucket.total == expected, (bucket.field, bucket.value, state)


@given(seed=st.integers(0, 2**32), size=st.integers(1, 300))
@SLOW_TO_BUILD
def test_an_exclusion_counts_as_if_its_publications_were_not_there(seed: int, size: int) -> None:
    """The facets equal those of an index without the publications that have an excluded value.

    Only the excluded values themselves are added, each once.
    """
    random = Random(seed)
    catalogue, state = thrown_catalogue(random), thrown_state(random)
    made = thrown(random, catalogue, size)
    nodes = [(row, value) for row in state.excluded for value in state.excluded[row]]
    kept = [each for each in made if not any(has(each, *node) for node in nodes)]
    with tempfile.TemporaryDirectory() as folder:
        engines = [
            Engine(index(Path(folder, name), publications, catalogue))
            for name, publications in (("made", made), ("kept", kept))
        ]
        results, expected = [
            engine.search(SearchRequest("", state.filters, excluded))
            for engine, excluded in zip(engines, (state.excluded, {}), strict=True)
        ]
        assert list_counts(results) == list_counts(expected)
        assert results.hidden_values == expected.hidden_values
        shown = {(each.field, each.value) for each in every_bucket(results) if each.excluded}
        assert shown == set(nodes)


def list_counts(results: Results) -> set[tuple[str, str, int, int, bool]]:
    """Return the numbers of all values that are not excluded, wherever they are in the tree."""
    return {
        (each.field, each.value, each.count, each.total, each.selected)
        for each in every_bucket(results)
        if not each.excluded
    }


@given(seed=st.integers(0, 2**32))
@settings(SLOW_TO_BUILD, max_examples=10)
def test_totals_are_not_cached(seed: int) -> None:
    """A search caches the selected values and the selection, but no array for a total."""
    random = Random(seed)
    catalogue = thrown_catalogue(random)
    filters = thrown_filters(random)
    with tempfile.TemporaryDirectory() as folder:
        engine = Engine(index(Path(folder), thrown(random, catalogue, 50), catalogue))
        snapshot = snapshot_of(engine.get_searcher())
        engine.search(SearchRequest("one", filters))
        values = sum(map(len, filters.values()))
        facets = len(catalogue.facets)
        assert len(snapshot.masks._values) <= values + facets
