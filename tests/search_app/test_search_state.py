"""The URLs of the states that a page links to."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict

from indexer.catalogue.fields import Catalogue, Field
from search_app import search_state
from search_app.engine.request import AllOf
from search_app.search_state import BadParameter, SearchState, has_several

VALUES = st.lists(st.text(max_size=5), min_size=1, max_size=4, unique=True).map(tuple)
FILTERS = st.dictionaries(st.sampled_from("abcd"), VALUES, max_size=3)
FACETS = st.dictionaries(st.just("a"), st.just(("a", "b")), max_size=1)


def make_state(state: SearchState, all_of: AllOf) -> SearchState:
    kept = {facet: fields for facet, fields in all_of.items() if has_several(state.filters, fields)}
    return msgspec.structs.replace(state, all_of=kept)


STATES = st.builds(
    make_state,
    st.builds(
        SearchState,
        text=st.text(max_size=10),
        filters=FILTERS,
        excluded=FILTERS,
        inside=st.booleans(),
        fold=st.booleans(),
        page=st.integers(1, 3),
        prefix=st.sampled_from(("", "/catalogue")),
    ),
    FACETS,
)


@given(STATES, st.sampled_from("abcd"), st.text(max_size=5))
def test_a_facet_url_is_the_url_of_its_state(state: SearchState, name: str, value: str) -> None:
    if value in (*state.filters.get(name, ()), *state.excluded.get(name, ())):
        return
    selecting, excluding = state.make_links(name), state.make_links(name, excludes=True)
    assert selecting.make_url(value) == state.with_filter(name, value).make_url()
    assert excluding.make_url(value) == state.with_exclusion(name, value).make_url()


@given(STATES, st.sampled_from("abcd"), st.text(max_size=5))
def test_a_value_is_selected_or_excluded(state: SearchState, name: str, value: str) -> None:
    """Selecting a value includes it again, and excluding it clears its selection.

    Both lead to the first page.
    """
    selected = state.with_exclusion(name, value).with_filter(name, value)
    assert value in selected.filters[name]
    assert value not in selected.excluded.get(name, ())
    excluded = state.with_filter(name, value).with_exclusion(name, value)
    assert value in excluded.excluded[name]
    assert value not in excluded.filters.get(name, ())
    assert selected.page == excluded.page == 1


def test_urls_need_all_values_only_of_several() -> None:
    """A URL says that all values are needed, unless fewer than two are selected in its fields."""
    state = SearchState(filters={"a": ("1",), "b": ("2",)}).with_all_of("a", ("a", "b"))
    assert state.make_url() == "/?a=1&b=2&match.a=all"
    assert state.with_any_of("a").make_url() == "/?a=1&b=2"
    assert state.without_filter("b", "2").make_url() == "/?a=1"
    assert state.without_filters().make_url() == "/"


def test_a_choice_without_valid_values_is_an_error_without_a_list() -> None:
    """No field of this catalogue has several values, so there is none to list."""
    catalogue = Catalogue("Test", "", (Field("title", "Title", role="title"),))
    with pytest.raises(BadParameter, match=r"^match\.topic=all is not valid\.$") as error:
        search_state.read(MultiDict({"match.topic": "all"}), catalogue)
    assert error.value.expected == ""
