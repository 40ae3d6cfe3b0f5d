"""The URLs of the states that a page links to."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from search_app.search_state import SearchState

VALUES = st.lists(st.text(max_size=5), min_size=1, max_size=4, unique=True).map(tuple)
FILTERS = st.dictionaries(st.sampled_from("abcd"), VALUES, max_size=3)
STATES = st.builds(
    SearchState,
    text=st.text(max_size=10),
    filters=FILTERS,
    excluded=FILTERS,
    fold=st.booleans(),
    page=st.integers(1, 3),
    prefix=st.sampled_from(("", "/catalogue")),
)


@given(STATES, st.sampled_from("abcd"), st.text(max_size=5))
def test_a_facet_url_is_the_url_of_its_state(state: SearchState, name: str, value: str) -> None:
    """The URL that selects or excludes a value is the URL of the state with it."""
    if value in (*state.filters.get(name, ()), *state.excluded.get(name, ())):
        return
    selecting, excluding = state.make_filter_links(name), state.make_exclusion_links(name)
    assert selecting.make_url(value) == state.with_filter(name, value).make_url()
    assert excluding.make_url(value) == state.with_exclusion(name, value).make_url()


@given(STATES, st.sampled_from("abcd"), st.text(max_size=5))
def test_a_value_is_selected_or_excluded(state: SearchState, name: str, value: str) -> None:
    """Selecting a value includes it again, and excluding it clears its selection."""
    selected = state.with_exclusion(name, value).with_filter(name, value)
    assert value in selected.filters[name]
    assert value not in selected.excluded.get(name, ())
    excluded = state.with_filter(name, value).with_exclusion(name, value)
    assert value in excluded.excluded[name]
    assert value not in excluded.filters.get(name, ())
