"""The time budget of a search, and the times of its stages."""

from math import inf
from time import perf_counter, sleep

from search_app.engine.deadline import Deadline


def test_remote_time_is_taken_from_the_next_stage() -> None:
    began, deadline = perf_counter(), Deadline()
    sleep(0.02)
    deadline.count_remote("cluster", 15)
    deadline.checkpoint("match")
    assert deadline.stages["cluster"] == 15
    assert deadline.stages["match"] >= 5
    assert deadline.total <= (perf_counter() - began) * 1000


def test_remote_time_is_at_most_the_time_that_passed() -> None:
    """A machine that reports too much time does not make the following stage negative."""
    deadline = Deadline()
    deadline.count_remote("cluster", 60_000)
    deadline.checkpoint("match")
    assert 0 <= deadline.stages["cluster"] < 60_000
    assert deadline.stages["match"] >= 0


def test_remote_time_within_a_common_stage_counts_as_that_stage() -> None:
    deadline = Deadline()
    with deadline.count_as("diagnosis"):
        sleep(0.001)
        deadline.count_remote("cluster", 1)
    assert set(deadline.stages) == {"diagnosis"}


def test_the_remaining_time_ends_with_the_budget() -> None:
    deadline = Deadline(60_000)
    first = deadline.remaining
    assert 0 < deadline.remaining < first <= 60_000
    expired = Deadline(1)
    sleep(0.002)
    assert expired.remaining < 0
    assert Deadline().remaining == inf
