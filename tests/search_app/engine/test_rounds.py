"""Work that asks a store in rounds: alone, together, and nested."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, cast

from hypothesis import given
from hypothesis import strategies as st

from search_app.engine.deadline import Deadline
from search_app.engine.request import SearchRequest
from search_app.engine.store import Reply, Rounds, Store, StoreRequest, known, run, together


class Echo:
    """A store that replies with the text of a search. `rounds` contains the texts of each round."""

    def __init__(self) -> None:
        self.rounds: list[list[str]] = []

    def answer(
        self, groups: Sequence[Iterable[StoreRequest]], _deadline: Deadline
    ) -> list[Iterator[str]]:
        """Return the texts of the searches, group by group."""
        texts = [[store_request.request.text for store_request in group] for group in groups]
        self.rounds.append([text for group in texts for text in group])
        return [*map(iter, texts)]


def echo(lines: Sequence[Sequence[str]]) -> Rounds[list[str]]:
    """Ask for each line in a round, and return all replies."""
    found: list[Reply] = []
    for line in lines:
        [replies] = yield [[StoreRequest(SearchRequest(text)) for text in line]]
        found += replies
    return cast(list[str], found)


def run_all(rounds: Rounds[list[Any]]) -> tuple[list[Any], list[list[str]]]:
    """Return the result of rounds, and the texts of each of them."""
    store = Echo()
    return run(rounds, cast(Store, store), Deadline()), store.rounds


LINES = st.lists(st.lists(st.sampled_from("abcdef"), max_size=3), max_size=4)


@given(st.lists(LINES, max_size=5), st.integers(0, 5))
def test_independent_work_shares_its_rounds(works: list[list[list[str]]], cut: int) -> None:
    """Each work gets its own replies, and all need as many rounds as the longest, also nested."""
    results, rounds = run_all(together(map(echo, works)))
    assert results == [[text for line in work for text in line] for work in works]
    assert len(rounds) == max(map(len, works), default=0)
    for number, asked in enumerate(rounds):
        assert asked == [text for work in works for text in (*work, *[[]] * 4)[number]]
    nested, same_rounds = run_all(
        together([together(map(echo, works[:cut])), together(map(echo, works[cut:]))])
    )
    assert [*nested[0], *nested[1]] == results
    assert same_rounds == rounds


def test_a_known_value_asks_nothing() -> None:
    """A known value takes no round, and has its place among the results."""
    results, rounds = run_all(together([known(["x"]), echo([["a"]])]))
    assert (results, rounds) == ([["x"], ["a"]], [["a"]])
