"""Repeated ids get numbers."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from indexer.ingest import ids
from tests.cpu_time import limit_cpu_time


@given(st.lists(st.sampled_from(["a", "a-2", "a-3", "b"]), max_size=12))
def test_repeated_names_get_the_first_free_number(names: list[str]) -> None:
    """Unique names differ, and a name that is free stays."""
    unique = ids.unique_names(names)
    assert len(set(unique)) == len(names)
    for number, (old, new) in enumerate(zip(names, unique, strict=True)):
        earlier = unique[:number]
        candidates = [old, *(f"{old}-{at}" for at in range(2, len(names) + 2))]
        assert new == next(name for name in candidates if name not in earlier)


def test_many_equal_names_take_linear_time() -> None:
    """100,000 equal names are numbered within seconds."""
    with limit_cpu_time(5):
        assert ids.unique_names(["a"] * 100_000)[-1] == "a-100000"
