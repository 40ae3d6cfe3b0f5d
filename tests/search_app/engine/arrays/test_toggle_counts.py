"""Facet counts, and totals without a restriction, equal a plain count, on random trees."""

import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from random import Random

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from indexer.catalogue.fields import MISSING, Catalogue, Field
from indexer.catalogue.records import Publication, SourceLocation, Value
from search_app.engine import Engine
from search_app.engine.request import AllOf, SearchRequest
from search_app.engine.results import Bucket
from search_app.search_state import SearchState
from tests.search_app.engine.arrays.below import snapshot_of
from tests.search_app.engine.catalogues import holds, index
from tests.tiers import examples

pytestmark = pytest.mark.slow

UPPER = tuple("ABCDEF")
LOWER = tuple(f"{number:02}" for number in range(16))
RANGES = ("2000..2003", "2002..2004", "2004..", "..2001", "1990..1999")
EXCLUDABLE = {
    "upper": (*UPPER, MISSING, "Z"),
    "lower": (*LOWER, MISSING, "99"),
    "year": ("2000", "2003", MISSING, *RANGES),
}
FACET_FIELDS = {"upper": ("upper", "lower"), "year": ("year",)}
Filters = dict[str, tuple[str, ...]]


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


def list_nodes(filters: Mapping[str, tuple[str, ...]]) -> list[tuple[str, str]]:
    return [(field, value) for field, values in filters.items() for value in values]


def thrown_exclusions(random: Random) -> Filters:
    nodes = list_nodes(EXCLUDABLE)
    excluded: dict[str, tuple[str, ...]] = {}
    for field, value in random.sample(nodes, random.choice((0, 1, 2, 4))):
        excluded[field] = (*excluded.get(field, ()), value)
    return excluded


def thrown_all_of(random: Random) -> AllOf:
    """Return the facets of which all selected values are needed: none, some, or all of them."""
    return {name: fields for name, fields in FACET_FIELDS.items() if random.random() < 0.5}


def thrown_state(random: Random) -> SearchState:
    """Return a state with selected and excluded values, some of which may be the same."""
    return SearchState(
        filters=thrown_filters(random),
        excluded=thrown_exclusions(random),
        all_of=thrown_all_of(random),
    )


def passes(each: Publication, facet: str, state: SearchState, tree: Catalogue) -> bool:
    fields = FACET_FIELDS[facet]
    selected = [(field, value) for field in fields for value in state.filters.get(field, ())]
    if facet in state.all_of:
        return all(holds(each, field, value) for field, value in selected)
    narrowed = {
        parent
        for field, value in selected
        if field == "lower"
        for parent in tree.groups.get(value, ())
    }
    return not selected or any(
        holds(each, field, value)
        for field, value in selected
        if not (field == "upper" and value in narrowed)
    )


def find(
    made: list[Publication], word: str, state: SearchState, tree: Catalogue, among: Iterable[str]
) -> list[Publication]:
    excluded = list_nodes(state.excluded)
    return [
        each
        for each in made
        if (not word or word in each.title.split())
        and all(passes(each, facet, state, tree) for facet in among)
        and not any(holds(each, *node) for node in excluded)
    ]


def every_bucket(buckets: Iterable[Bucket]) -> Iterator[Bucket]:
    for bucket in buckets:
        yield bucket
        yield from bucket.children


def list_buckets(
    found: list[Publication], facet: str, state: SearchState, limit: int | None
) -> tuple[dict[tuple[str, str], int], int]:
    """Return the values that a facet lists, with their counts in the found, and how many it hides.

    A range is a value only if it is selected. A region has no missing country.
    """
    listed: dict[tuple[str, str], int] = {}
    hidden = 0
    for field in FACET_FIELDS[facet]:
        missing = () if field == "lower" else (MISSING,)
        counts = Counter(str(value) for each in found for value in each.values.get(field, missing))
        order = sorted(counts, key=lambda value: (value == MISSING, -counts[value], value))
        selected = state.filters.get(field, ())
        shown = order if field != "year" else [each for each in order if each != MISSING][:limit]
        if limit is None or len(shown) < limit:
            shown = order
        hidden += len({*order} - {*shown, *selected})
        for value in (*shown, *selected):
            listed[field, value] = sum(holds(each, field, value) for each in found)
    return listed, hidden


@given(seed=st.integers(0, 2**32), size=st.integers(1, 300), limit=st.none() | st.integers(1, 9))
@examples(40)
def test_facets_equal_a_plain_count(seed: int, size: int, limit: int | None) -> None:
    """All numbers equal those counted one publication at a time, for any tree and selection.

    A count is the number of hits that pass the other facets and have the value, or of all hits if
    all selected values are needed. A total is the number of hits if a selected value is no longer
    selected, or an excluded one no longer excluded, and no other value has one. Excluded values are
    added. The commonest years are listed, and the number of the others.
    """
    random = Random(seed)
    catalogue = thrown_catalogue(random)
    made = thrown(random, catalogue, size)
    with tempfile.TemporaryDirectory() as folder:
        engine = Engine(index(Path(folder), made, catalogue))
        for _ in range(8):
            word, state = random.choice(("", "one", "two")), thrown_state(random)
            request = SearchRequest(
                word, state.filters, state.excluded, state.all_of, match="all", values=limit
            )
            results = engine.search(request)
            assert results.total == len(find(made, word, state, catalogue, FACET_FIELDS))
            for facet in FACET_FIELDS:
                others = FACET_FIELDS.keys() - ({facet} - state.all_of.keys())
                found = find(made, word, state, catalogue, others)
                expected, hidden = list_buckets(found, facet, state, limit)
                buckets = [*every_bucket(results.facets[facet])]
                counts = {(b.field, b.value): b.count for b in buckets if not b.excluded}
                assert counts == expected
                assert results.hidden_values.get(facet, 0) == (hidden if facet == "year" else 0)
            buckets = [
                each for facet in FACET_FIELDS for each in every_bucket(results.facets[facet])
            ]
            for bucket in buckets:
                if not (bucket.selected or bucket.excluded):
                    assert bucket.total is None
                    continue
                after = state.without_filter(bucket.field, bucket.value)
                if bucket.excluded:
                    after = state.without_exclusion(bucket.field, bucket.value)
                    assert bucket.count == (bucket.total or 0) - results.total
                total = len(find(made, word, after, catalogue, FACET_FIELDS))
                assert bucket.total == total, (bucket.field, bucket.value, state)
            shown = {(each.field, each.value) for each in buckets if each.excluded}
            assert shown == {*list_nodes(state.excluded)}
            years = [(b.value == MISSING, -b.count, b.value) for b in results.facets["year"]]
            assert years == sorted(years)


@given(seed=st.integers(0, 2**32))
@example(seed=9003)  # the parents of a selected child
@examples(10)
def test_totals_are_not_cached(seed: int) -> None:
    random = Random(seed)
    catalogue = thrown_catalogue(random)
    filters, all_of = thrown_filters(random), thrown_all_of(random)
    with tempfile.TemporaryDirectory() as folder:
        engine = Engine(index(Path(folder), thrown(random, catalogue, 50), catalogue))
        snapshot = snapshot_of(engine.get_searcher())
        engine.search(SearchRequest("one", filters, all_of=all_of))
        values = {value for selected in filters.values() for value in selected}
        parents = {parent for value in values for parent in catalogue.groups.get(value, ())}
        most = sum(map(len, filters.values())) + len(parents) + len(catalogue.facets)
        assert len(snapshot.masks._values) <= most
