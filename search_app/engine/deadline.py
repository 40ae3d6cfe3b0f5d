"""The time budget of a search, and the time of each stage.

A search checks its budget at the end of each stage only. No timer interrupts it.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from math import inf
from time import perf_counter

YIELDED = "yielded"
"""The stage for the time that an expensive search paused while cheap ones ran."""


class BudgetExceeded(Exception):
    """A search exceeded its time budget.

    `stage` is the stage at whose end it was stopped, `budget` the limit in milliseconds.
    """

    def __init__(self, stage: str, budget: float) -> None:
        super().__init__(f"the search was stopped after {budget:.0f} ms, at the stage {stage}")
        self.stage, self.budget = stage, budget


class Deadline:
    """A stopwatch for the stages of a search, with a time budget. All times are in milliseconds.

    `stages` gives the time of each stage. A repeated stage adds to its time. After each stage
    `yield_to_others` may pause the search and returns whether it did. Pauses count as the stage
    YIELDED.
    """

    def __init__(
        self, budget: float = inf, yield_to_others: Callable[[], bool] = lambda: False
    ) -> None:
        self.stages: dict[str, float] = {}
        self.budget, self._yield_to_others = budget, yield_to_others
        self._common_stage: str | None = None
        self._last = perf_counter()
        self._end = self._last + budget / 1000

    def checkpoint(self, stage: str) -> None:
        """Add the time since the last stage to this one. Raise BudgetExceeded if it is too late."""
        stage = self._common_stage or stage
        now = self.finish(stage)
        if self._yield_to_others():
            now = self.finish(YIELDED)
        if now > self._end:
            raise BudgetExceeded(stage, self.budget)

    def finish(self, stage: str) -> float:
        """Add the time since the last stage to this one, whatever the budget. Return the time."""
        now = perf_counter()
        self.stages[stage] = self.stages.get(stage, 0.0) + (now - self._last) * 1000
        self._last = now
        return now

    @contextmanager
    def count_as(self, stage: str) -> Iterator[None]:
        """Add the time of all stages within the context to one stage. Raise BudgetExceeded."""
        self._common_stage = stage
        try:
            yield
            self.checkpoint(stage)
        finally:
            self._common_stage = None

    def count_remote(self, stage: str, milliseconds: float) -> None:
        """Count some of the time since the last stage as a stage of its own.

        The next stage has the rest. A clock of another machine may report more than there was.
        """
        stage = self._common_stage or stage
        passed = min(milliseconds, (perf_counter() - self._last) * 1000)
        self.stages[stage] = self.stages.get(stage, 0.0) + passed
        self._last += passed / 1000

    @property
    def remaining(self) -> float:
        """The time until the budget is exceeded, in milliseconds. It is negative after that."""
        return (self._end - perf_counter()) * 1000

    @property
    def total(self) -> float:
        """The time of all stages, in milliseconds."""
        return sum(self.stages.values())
