"""Facet totals after a click equal a plain count, on random trees."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from random import Random

import msgspec
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from indexer.catalogue.fields import MISSING, Catalogue, Field
from indexer.catalogue.records import Publication, SourceLocation, Value
from search_app.engine import Engine
from search_app.engine.request import AllOf, SearchRequest, parse_year_range
from search_app.engine.results import Bucket, Results
from search_app.presentation import facets
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
FACET_ROWS = {"upper": ("upper", "lower"), "year": ("year",)}
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


def thrown_all_of(random: Random) -> AllOf:
    """Return the facets of which all selected values are needed: none, some, or all of them."""
    return {name: rows for name, rows in FACET_ROWS.items() if random.random() < 0.5}


def thrown_state(random: Random) -> SearchState:
    """Return a state with selected and excluded values, some of which may be the same."""
    return SearchState(
        filters=thrown_filters(random),
        excluded=thrown_exclusions(random),
        all_of=thrown_all_of(random),
    )


def has(each: Publication, row: str, value: str) -> bool:
    """Return whether a publication has a value, no value, or a value in a range."""
    values = [str(found) for found in each.values.get(row, ())]
    if ends := parse_year_range(value):
        return any((ends[0] or "0") <= found <= (ends[1] or "9") for found in values)
    return value in values or (value == MISSING and not values)


def passes(each: Publication, facet: str, state: SearchState, tree: Catalogue) -> bool:
    """Return whether a publication passes the selected values of one facet."""
    rows = FACET_ROWS[facet]
    selected = [(row, value) for row in rows for value in state.filters.get(row, ())]
    if facet in state.all_of:
        return all(has(each, row, value) for row, value in selected)
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
    return sum(
        word in each.title.split()
        and all(passes(each, facet, state, tree) for facet in FACET_ROWS)
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
            request = SearchRequest(word, state.filters, state.excluded, state.all_of, match="all")
            results = engine.search(request)
            assert results.total == plain_count(made, word, state, catalogue)
            for bucket in every_bucket(results):
                after = facets.toggle(state, bucket)
                if bucket.excluded:
                    after = facets.toggle_exclusion(state, bucket)
                    assert bucket.count == bucket.total - results.total
                expected = plain_count(made, word, after, catalogue)
                assert bucket.total == expected, (bucket.field, bucket.value, state)


@given(seed=st.integers(0, 2**32), size=st.integers(1, 300))
@SLOW_TO_BUILD
def test_if_all_values_are_needed_a_facet_counts_the_hits(seed: int, size: int) -> None:
    """If all selected values of a facet are needed, it has the values of the hits.

    The count of each is the number of hits that have it. Selected values are always there.
    """
    random = Random(seed)
    catalogue = thrown_catalogue(random)
    made = thrown(random, catalogue, size)
    with tempfile.TemporaryDirectory() as folder:
        engine = Engine(index(Path(folder), made, catalogue))
        for _ in range(8):
            state = thrown_state(random)
            state = msgspec.structs.replace(state, all_of=FACET_ROWS, excluded={})
            results = engine.search(SearchRequest("", state.filters, all_of=state.all_of))
            hits = [
                each
                for each in made
                if all(passes(each, facet, state, catalogue) for facet in FACET_ROWS)
            ]
            counts = {(each.field, each.value): each.count for each in every_bucket(results)}
            nodes = [(row, value) for row, values in EXCLUDABLE.items() for value in values]
            for row, value in nodes:
                count = sum(has(each, row, value) for each in hits)
                # A range is a value only if it is selected. A region has no missing country.
                is_value = ".." not in value and (row, value) != ("lower", MISSING)
                is_listed = value in state.filters.get(row, ()) or (count and is_value)
                assert counts.get((row, value)) == (count if is_listed else None), (row, value)


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
            engine.search(SearchRequest("", state.filters, excluded, state.all_of))
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
@example(seed=9003)  # the parents of a selected child
@settings(SLOW_TO_BUILD, max_examples=10)
def test_totals_are_not_cached(seed: int) -> None:
    """A search caches the selected values and the selection, but no array for a total."""
    random = Random(seed)
    catalogue = thrown_catalogue(random)
    filters, all_of = thrown_filters(random), thrown_all_of(random)
    with tempfile.TemporaryDirectory() as folder:
        engine = Engine(index(Path(folder), thrown(random, catalogue, 50), catalogue))
        snapshot = snapshot_of(engine.get_searcher())
        engine.search(SearchRequest("one", filters, all_of=all_of))
        values = sum(map(len, filters.values()))
        facets = len(catalogue.facets)
        assert len(snapshot.masks._values) <= values + facets
