"""Reading lists: their URLs, and the changes of a list."""

from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict

from search_app import search_state
from search_app.search_state import MAX_LIST_BYTES, MAX_LISTED, BadParameter, ReadingList

ids = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)
lists = st.lists(ids, unique=True, max_size=12).map(tuple).map(ReadingList)


def follow(url: str) -> ReadingList:
    return search_state.read_list(MultiDict(parse_qsl(urlsplit(url).query, keep_blank_values=True)))


@given(lists)
def test_the_url_of_a_list_leads_to_it(stated: ReadingList) -> None:
    assert follow(stated.make_url()) == stated


@given(lists, ids)
def test_an_added_publication_is_the_last_and_can_be_removed(
    stated: ReadingList, identity: str
) -> None:
    longer = stated.with_id(identity)
    assert longer.ids == (stated.ids if identity in stated.ids else (*stated.ids, identity))
    assert identity not in longer.without_id(identity).ids
    assert set(longer.ids) - {identity} == set(longer.without_id(identity).ids)


@given(lists.filter(lambda stated: len(stated.ids) > 1), st.data())
def test_a_move_can_be_undone(stated: ReadingList, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, len(stated.ids) - 2))
    moved = stated.with_moved(index, +1)
    assert moved.ids[index : index + 2] == stated.ids[index : index + 2][::-1]
    assert moved.ids[:index] + moved.ids[index + 2 :] == (
        stated.ids[:index] + stated.ids[index + 2 :]
    )
    assert moved.with_moved(index + 1, -1) == stated


def test_an_id_that_occurs_again_is_left_out() -> None:
    assert follow("/list?id=a&id=b&id=&id=a").ids == ("a", "b")


@pytest.mark.parametrize("stated", [
    [f"{number}" for number in range(MAX_LISTED + 1)],
    ["x" * MAX_LIST_BYTES],
    ["法" * (MAX_LIST_BYTES // 9 + 1)],
])  # fmt: skip
def test_a_list_that_is_too_long_is_an_error(stated: list[str]) -> None:
    with pytest.raises(BadParameter, match="id="):
        search_state.read_list(MultiDict([("id", identity) for identity in stated]))
    assert not ReadingList(tuple(stated)).fits
    assert ReadingList(tuple(stated[:-1])).fits
