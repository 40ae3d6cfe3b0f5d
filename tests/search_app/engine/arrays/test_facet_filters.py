"""Facet counts equal a count over the publications, one at a time."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from indexer.catalogue.fields import MISSING
from indexer.catalogue.records import Publication
from search_app.engine import Engine
from search_app.engine.arrays.reply import ArrayReply
from search_app.engine.request import Match, SearchRequest
from search_app.engine.snapshot.snapshot import Snapshot
from tests.search_app.engine.arrays.below import reply_to, snapshot_of
from tests.search_app.engine.catalogues import FACETS, FILTERS, WORDS, in_facet, index, publications

pytestmark = pytest.mark.slow

Filters = Mapping[str, tuple[str, ...]]

TYPED = st.lists(
    st.sampled_from(
        (*WORDS, '"organ removal"', '"police law"', "pol*", "*or*", "OR", "NOT", "-victim",
         "title:law", "(", ")", "AND", "region:North", "year:2001..2004", "topic:crime")
    ),
    max_size=5,
).map(" ".join)  # fmt: skip
"""Words, phrases, wildcards, operators, and filters, in any order."""

MATCHES: st.SearchStrategy[Match] = st.sampled_from(("auto", "all", "any"))


def plain(found: Iterable[Publication], row: str) -> Counter[str]:
    """Return the number of publications with each value of a field, or with none."""
    return Counter(str(value) for each in found for value in each.values.get(row, (MISSING,)))


def told(reply: ArrayReply, row: str, snapshot: Snapshot) -> dict[str, int]:
    """Return the count of each value, without those of 0."""
    values = snapshot.columns[row].values
    return {
        value: count
        for value, count in zip(values, reply.count()[row].tolist(), strict=True)
        if count
    }


def passing(
    found: Iterable[Publication], filters: Filters, facets: Sequence[str]
) -> list[Publication]:
    """Return the publications that pass the selected values of some facets."""
    return [each for each in found if all(in_facet(each, facet, filters) for facet in facets)]


@given(
    made=publications(most=150),
    searches=st.lists(st.tuples(TYPED, MATCHES, FILTERS), min_size=1, max_size=8),
    by_kinds=st.booleans(),
)
@settings(max_examples=60, suppress_health_check=list(HealthCheck))
def test_facet_counts_equal_a_plain_count(
    made: list[Publication], searches: list[tuple[str, Match, Filters]], by_kinds: bool
) -> None:
    """A facet counts the hits that pass the other facets, whatever its own selection.

    The counts are the same whether publications are counted one by one or by kinds.
    """
    with tempfile.TemporaryDirectory() as folder:
        searcher = Engine(index(Path(folder), made)).get_searcher()
        snapshot = snapshot_of(searcher)
        snapshot.table.profiles.min_documents = 0 if by_kinds else len(made)
        for text, match, filters in searches:
            found = reply_to(SearchRequest(text, match=match), searcher).documents
            answered = [made[number] for number in found]
            reply = reply_to(SearchRequest(text, filters, match=match), searcher)
            left = passing(answered, filters, FACETS)
            assert [made[number] for number in reply.documents] == left
            for facet in FACETS:
                others = passing(answered, filters, [each for each in FACETS if each != facet])
                for row in (facet, "country") if facet == "region" else (facet,):
                    assert told(reply, row, snapshot) == plain(others, row)


@given(made=publications(most=150), text=TYPED, filters=FILTERS, most=st.integers(1, 4))
@settings(max_examples=40, suppress_health_check=list(HealthCheck))
def test_the_largest_values_come_in_the_order_of_their_counts(
    made: list[Publication], text: str, filters: Filters, most: int
) -> None:
    """The requested number of values is returned, the commonest first, then by name."""
    with tempfile.TemporaryDirectory() as folder:
        searcher = Engine(index(Path(folder), made)).get_searcher()
        reply = reply_to(SearchRequest(text, filters), searcher)
        for facet in FACETS:
            counted = told(reply, facet, snapshot_of(searcher))
            named = [(value, count) for value, count in counted.items() if value != MISSING]
            best = sorted(named, key=lambda each: (-each[1], each[0]))[:most]
            assert reply.count().list_largest(facet, most) == best
