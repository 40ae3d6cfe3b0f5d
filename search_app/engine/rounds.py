"""Rounds: work that asks a store several times, written as one function.

Such a function is a generator. It yields the searches of a round, and gets an iterator of replies
for each group of them. A local index evaluates a search when its reply is taken. An index in a
cluster is asked once a round, so what is independent runs `together`:

    [[reply]] = yield [[ask]]
    first, second = yield from together([count(one), count(other)])
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Sequence
from typing import Any, TypeVar

from search_app.engine.deadline import Deadline
from search_app.engine.store import Reply, Store, StoreRequest

Result = TypeVar("Result")
Asked = Sequence[Iterable[StoreRequest]]
"""The searches of a round, in groups. The next search of a group is made when its turn comes."""
Replies = Sequence[Iterator[Reply]]
"""The replies to each group."""
Rounds = Generator[Asked, Replies, Result]


def run(rounds: Rounds[Result], store: Store, deadline: Deadline) -> Result:
    """Return the result of rounds. Raise BudgetExceeded."""
    try:
        asked = next(rounds)
        while True:
            asked = rounds.send(store.answer(asked, deadline))
    except StopIteration as done:
        result: Result = done.value
        return result


def together(all_rounds: Iterable[Rounds[Any]]) -> Rounds[list[Any]]:
    """Return the results of several rounds, which ask the store at the same time."""
    results: list[Any] = []
    waiting: dict[int, tuple[Rounds[Any], Asked]] = {}
    for number, rounds in enumerate(all_rounds):
        results.append(None)
        try:
            waiting[number] = rounds, next(rounds)
        except StopIteration as done:
            results[number] = done.value
    while waiting:
        replies = iter((yield [group for _, asked in waiting.values() for group in asked]))
        for number, (rounds, asked) in [*waiting.items()]:
            try:
                waiting[number] = rounds, rounds.send([next(replies) for _ in asked])
            except StopIteration as done:
                results[number] = done.value
                del waiting[number]
    return results


def known(value: Result) -> Rounds[Result]:
    """Return a value without asking a store."""
    yield from ()
    return value
