"""How long the stages of an answer took, and how long all of them may take."""

from __future__ import annotations

from math import inf
from time import perf_counter


class OverBudget(Exception):
    """A search that takes longer than it may: the stage that it came to, and its milliseconds."""

    def __init__(self, stage: str, budget: float) -> None:
        super().__init__(f"a search was ended after {budget:.0f} ms, at the stage {stage}")
        self.stage, self.budget = stage, budget


class Stopwatch:
    """Takes the time from stage to stage, in milliseconds, of which there may be a budget.

    A stage that comes again adds to its time.
    """

    def __init__(self, budget: float = inf) -> None:
        self.stages: dict[str, float] = {}
        self.budget = budget
        self._last = perf_counter()
        self._end = self._last + budget / 1000

    def lap(self, stage: str) -> None:
        """What has passed since the last stage belongs to this one. Raises OverBudget."""
        now = perf_counter()
        self.stages[stage] = self.stages.get(stage, 0.0) + (now - self._last) * 1000
        self._last = now
        if now > self._end:
            raise OverBudget(stage, self.budget)

    @property
    def total(self) -> float:
        """The time of all stages together."""
        return sum(self.stages.values())
