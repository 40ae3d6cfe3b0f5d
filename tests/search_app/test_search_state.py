"""The URLs of the states that a page links to."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from search_app.search_state import SearchState

VALUES = st.lists(st.text(max_size=5), min_size=1, max_size=4, unique=True).map(tuple)
STATES = st.builds(
    SearchState,
    text=st.text(max_size=10),
    filters=st.dictionaries(st.sampled_from("abcd"), VALUES, max_size=3),
    fold=st.booleans(),
    page=st.integers(1, 3),
    prefix=st.sampled_from(("", "/catalogue")),
)


@given(STATES, st.sampled_from("abcd"), st.text(max_size=5))
def test_a_facet_url_is_the_url_of_its_state(state: SearchState, name: str, value: str) -> None:
    """The URL that selects a value is the URL of the state with it."""
    if value not in state.filters.get(name, ()):
        assert (
            state.make_filter_links(name).make_url(value)
            == state.with_filter(name, value).make_url()
        )
